#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a command sees in the sandbox, and how the launcher tells of its end. Run it as root and as an ordinary user: the maps
# differ, and nothing else may.

use strict;
use warnings;

use Cwd qw(getcwd);
use Fcntl qw(F_SETFD);
use File::Temp qw(tempdir);
use FindBin ();
use JSON::PP qw(decode_json);
use POSIX ();
use Test::More;

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program run launch finish refusal left_with write_tar ignore_signals);

my $sandbox = program('sandbox');
my $work    = tempdir( 'sandbox-test-XXXXXX', TMPDIR => 1, CLEANUP => 1 );

sub inside {
    my @arguments = @_;
    return run( $sandbox, @arguments );
}

sub shell {
    my ( $script, @options ) = @_;
    return inside( @options, '--', 'sh', '-c', $script );
}

if ( my $why = refusal() ) {
    plan skip_all => "no sandbox here: $why";
}

# One run that looks at everything.
my $LOOK = <<'END';
use JSON::PP; use POSIX;
sub text { open my $in, '<', $_[0] or return "$!"; local $/; my $text = <$in>; return $text }
my %status = text('/proc/self/status') =~ /^(\w+):\s*(.*)$/mg;
my %limits = text('/proc/self/limits') =~ /^(Max .*?)\s{2,}(\S+)/mg;
my @found = map { [ (stat)[2, 4, 5] ] } '/testsuite', '/etc/passwd', '/tmp', '/run', '/etc/ssl/openssl.cnf';
print encode_json({
    pid => $$, parent => getppid, session => text('/proc/1/stat') =~ /\) \S+ \S+ (\d+ \d+)/, cwd => getcwd, umask => umask,
    ids => [$<, $>, $(, $)], environment => \%ENV, host => (uname)[1],
    map(($_ => text("/proc/self/$_")), qw(uid_map gid_map setgroups)),
    privileges => $status{NoNewPrivs},
    core => $limits{'Max core file size'}, files => $limits{'Max open files'},
    zone => scalar(`date +%Z`), localtime => readlink '/etc/localtime',
    root => [ sort grep { !/^\.\.?$/ } do { opendir my $d, '/'; readdir $d } ],
    devices => [ sort map { s{/dev/}{}r } glob '/dev/*' ],
    map({ my $d = $_; ($d => [ glob "$d/* $d/.[!.]*" ]) } qw(/home /root /var /var/tmp /tmp /run /testsuite)),
    modes => [ map { sprintf '%o %d %d', @$_ } @found ],
    fds => [ sort map { m{(\d+)$} } grep { -e } glob '/proc/self/fd/*' ],
    map(($_ => text($_)), qw(/etc/hosts /etc/group /etc/hostname /etc/mailname /proc/sys/net/ipv4/ip_unprivileged_port_start
        /proc/sys/net/ipv4/tcp_syn_retries)),
});
END

sub look {
    my ( $options, @arguments ) = @_;
    my $seen = run( $options, 'sh', '-c', 'ulimit -Sn 300; exec "$0" "$@"', $sandbox, @arguments, '--', 'perl', '-e', $LOOK );
    is( $seen->{status}, 0, 'a command that looks around' ) or diag $seen->{err};
    return eval { decode_json( $seen->{out} ) } // {};
}

# What a caller can hand down, besides its environment, and that must not arrive.
sub disturb {
    umask oct '077';
    ignore_signals(qw(PIPE HUP CHLD USR1));
    POSIX::sigprocmask( POSIX::SIG_BLOCK(), POSIX::SigSet->new( POSIX::SIGALRM(), POSIX::SIGTERM() ) );
    open my $file, '<', '/etc/passwd' or POSIX::_exit(1);
    POSIX::dup2( fileno $file, 9 );
    return;
}

sub id_map {
    my ($own) = @_;
    return $> == 0 ? qr/\A 0 100000 65536\n\z/ : qr/\A 0 $own 1\n 1 [0-9]+ 65535\n\z/;
}

subtest 'what a command sees' => sub {
    local @ENV{qw(EVIL LC_ALL TZ)} = qw(1 de_DE.UTF-8 Asia/Tokyo);
    my $seen = look( { before => \&disturb } );
    is( $seen->{pid},    2, 'the command is process 2' );
    is( $seen->{parent}, 1, 'below the init' );
    is_deeply( $seen->{session}, '1 1', 'which has a session and a group of its own' );
    is( $seen->{cwd},   '/testsuite', 'working directory' );
    is( $seen->{umask}, oct '022',    'umask' );
    is_deeply( $seen->{ids}, [ 0, 0, 0, 0 ], 'root, and no supplementary group' );
    is_deeply(
        $seen->{environment},
        { LC_ALL => 'C', PATH => '/usr/sbin:/usr/bin:/sbin:/bin', HOME => q{/} },
        'environment'
    );
    is( $seen->{host}, 'myhost.test.ex', 'host name' );
    like( $seen->{uid_map} =~ s/ +/ /gr, id_map($<), 'uids' );
    like( $seen->{gid_map} =~ s/ +/ /gr, id_map( POSIX::getgid() ), 'gids' );
    is( $seen->{setgroups}, "allow\n", 'setgroups is allowed' );
    my $signals = run( { before => \&disturb }, $sandbox, '--', 'grep', '-E', '^Sig(Blk|Ign)', '/proc/self/status' );
    is( $signals->{out} =~ s/0+//r =~ s/0+//r, "SigBlk:\t\nSigIgn:\t\n", 'no signal is blocked or ignored' );
    is( $seen->{privileges}, 0,    'no_new_privs is not set' );
    is( $seen->{core},       0,    'no core files' );
    is( $seen->{files},      1024, 'open files' );
    is( $seen->{zone}, "UTC\n", 'time zone' );
    is_deeply( $seen->{fds}, [ 0, 1, 2 ], 'open descriptors' );
    is( $seen->{'/proc/sys/net/ipv4/ip_unprivileged_port_start'}, "0\n", 'low ports for all' );
    is( $seen->{'/proc/sys/net/ipv4/tcp_syn_retries'},            "1\n", 'short connection timeouts' );
};

subtest 'files' => sub {
    my $seen = look( { before => \&disturb } );
    my @system = grep { -e "/$_" } qw(bin sbin), map { m{/(.*)} } glob '/lib*';
    is_deeply(
        $seen->{root},
        [ sort @system, qw(dev etc home proc root run testsuite tmp usr var) ],
        'the root directory is an allow list'
    );
    is_deeply( $seen->{devices},
        [qw(fd full null ptmx pts random shm stderr stdin stdout tty urandom zero)], 'devices, and no /dev/log' );
    is_deeply( $seen->{$_}, [], "$_ is empty" ) for qw(/home /root /var/tmp /tmp /run /testsuite);
    is_deeply( $seen->{'/var'}, ['/var/tmp'], '/var has nothing else' );
    is_deeply(
        $seen->{modes},
        [ '40755 0 0', '100644 0 0', '41777 0 0', '40755 0 0', '100644 0 0' ],
        'owners and modes, whatever the umask'
    );
    is( $seen->{localtime},         '/usr/share/zoneinfo/Etc/UTC', '/etc/localtime' );
    is( $seen->{"/etc/${_}name"},   "myhost.test.ex\n",            "/etc/${_}name" ) for qw(host mail);
    is( $seen->{'/etc/hosts'}, <<'END', '/etc/hosts' );
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
198.51.100.10 myhost.test.ex myhost
2001:db8::10 myhost.test.ex myhost
END
    like( $seen->{'/etc/group'}, qr/^EXIMGROUP:x:106:mtacaller$/m, 'the caller is in the group of the MTA' );
};

subtest 'users' => sub {
    my %expected = (
        root      => 'root:x:0:0:root:/root:/bin/sh',
        mtacaller => 'mtacaller:x:1000:1000:CALLER_NAME:/tmp:/bin/sh',
        userx     => 'userx:x:1001:1001:Test User X:/tmp:/bin/sh',
        usery     => 'usery:x:1002:1002:Test User Y:/tmp:/bin/sh',
        nobody    => 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
        EXIMUSER  => 'EXIMUSER:x:106:106::/var/spool:/usr/sbin/nologin',
    );
    for my $name ( sort keys %expected ) {
        is( shell("getent passwd $name")->{out}, "$expected{$name}\n", $name );
    }
    my $own = getpwuid $>;
    isnt( shell("getent passwd $own")->{status}, 0, "the host's users are unknown" ) if !$expected{$own};
    my @mta = qw(--user first:8:9 --user mail:500:501 --group firsts:9 --group mail:501);
    is( shell( 'getent passwd mail', @mta )->{out}, "mail:x:500:501::/var/spool:/usr/sbin/nologin\n", '--user' );
    is( shell( 'getent group mail',  @mta )->{out}, "mail:x:501:mtacaller\n",                        '--group' );
    is( shell( 'grep -c ^mail: /etc/passwd /etc/group', @mta )->{out}, "/etc/passwd:1\n/etc/group:1\n", 'once each' );
    is( shell( 'getent passwd EXIMUSER; getent group EXIMGROUP', @mta )->{out}, q{}, 'instead of the defaults' );
    my @both = qw(--user first:8:8 --user second:8:8 --group firsts:8 --group seconds:8);
    is( shell( 'getent passwd 8; getent group 8', @both )->{out}, "first:x:8:8::/var/spool:/usr/sbin/nologin\nfirsts:x:8:mtacaller\n",
        'an id has the first name, in front of those that are always there' );
    is( shell( 'id -u second mail; getent group seconds', @both )->{out}, "8\n8\nseconds:x:8:mtacaller\n", '- and others besides' );
};

subtest 'nothing else of the host can be read' => sub {
    my $secret = "$work/secret";
    open my $out, '>', $secret or die "$secret: $!";
    print {$out} "secret\n";
    close $out or die "$secret: $!";
    chmod 0755, $work;
    chmod 0644, $secret;
    isnt( shell('cat /proc/1/environ')->{status}, 0, "the caller's environment" );
    for my $file ( $secret, getcwd() . '/Makefile', '/sys/kernel', '/boot', '/var/lib', '/../boot', '/proc/1/root/boot', '/proc/1/cwd/boot' ) {
        isnt( inside( '--', 'ls', '-d', $file )->{status}, 0, $file );
    }
};

subtest 'what can be written' => sub {
    for my $directory (qw(/ /usr /usr/bin /bin /etc /etc/ssl /dev /home /root /var /dev/pts)) {
        my $tried = shell("umask 0; : >$directory/x");
        isnt( $tried->{status}, 0, "not $directory" );
        like( $tried->{err}, $directory eq '/dev/pts' ? qr/Permission denied/ : qr/Read-only file system/, '- because' );
    }
    like( shell('grep " /usr " /proc/mounts')->{out}, qr/ ro,nosuid,nodev/, '/usr is mounted so that it cannot do harm' );
    for my $directory (qw(/testsuite /tmp /var/tmp /run /dev/shm)) {
        is( shell("echo x >$directory/x && cat $directory/x")->{out}, "x\n", $directory );
    }
    is( shell('echo x >/dev/null && head -c 2 /dev/zero | wc -c')->{out}, "2\n", 'devices work' );
};

subtest 'what its root may not do' => sub {
    like( shell("mount $_")->{err}, qr/permission denied/, "mount $_" ) for '-o remount,rw,bind /usr', '-t tmpfs none /tmp';
    my ($low_bits) = shell('cat /proc/self/status')->{out} =~ /^CapBnd:.*([0-9a-f]{8})$/m;
    is( hex($low_bits) >> 21 & 1, 0, 'nor does a setuid program get CAP_SYS_ADMIN' );
    my %family = ( AF_UNIX => 1, AF_INET => 2, AF_INET6 => 10, AF_NETLINK => 16, AF_ALG => 38, AF_VSOCK => 40 );
    my %can    = ( AF_ALG => 'Address family not supported by protocol', AF_VSOCK => 'Address family not supported by protocol' );
    for my $name ( sort keys %family ) {
        my $tried = inside( '--', 'perl', '-e', 'socket my $socket, $ARGV[0], 2, 0 or print $!', $family{$name} );
        is( $tried->{out}, $can{$name} // q{}, "socket $name" );
    }
SKIP: {
        my %keyctl = ( x86_64 => 250, aarch64 => 219 );
        my $keyctl = $keyctl{ ( POSIX::uname() )[4] } or skip 'the number of keyctl is not known here', 1;
        is( inside( '--', 'perl', '-e', "syscall $keyctl, 0, -3, 0; print \$!" )->{out}, 'Function not implemented', 'keyctl' );
    }
};

subtest 'limits' => sub {
    is( shell('cat /proc/self/oom_score_adj')->{out}, "1000\n", 'should memory run out, all of it goes before others' );
    my @small = ( '--size', 2**20 );
    for my $directory (qw(/testsuite /tmp)) {
        my $full = shell( "head -c 1048577 /dev/zero >$directory/x", @small );
        isnt( $full->{status}, 0, "$directory is full at --size" );
        like( $full->{err}, qr/No space left/, '- and says so' );
    }
    is( shell( 'head -c 1048577 /dev/zero >/tmp/x; head -c 1048576 /dev/zero >x; echo $?', @small )->{out},
        "0\n", 'each has that size for itself' );
SKIP: {
        my ( $major, $minor ) = ( POSIX::uname() )[2] =~ /(\d+)\.(\d+)/;
        skip 'pid_max is not a namespace\'s own before Linux 6.14', 2 if $major < 6 || $major == 6 && $minor < 14;
        my $forks = inside( '--', 'perl', '-e', 'while () { my $p = fork; if (!defined $p) { print $n; exit }
            if (!$p) { sleep 1000; exit } $n++ }' );
        is( $forks->{status}, 0, 'too many forks are refused' );
        cmp_ok( $forks->{out}, '<', 1000, '- in time' );
    }
};

subtest 'network' => sub {
    my $bind = 'use IO::Socket::IP; for (@ARGV) { my $s = IO::Socket::IP->new(LocalAddr => $_, LocalPort => 25, Listen => 1)
        or print("$_: $@\n"), next; my $c = IO::Socket::IP->new(PeerAddr => $_, PeerPort => 25) or print "$_: $@\n"; }
        print "done\n"';
    my @addresses = qw(127.0.0.1 ::1 198.51.100.10 2001:db8::10);
    is( inside( '--', 'perl', '-e', $bind, @addresses )->{out}, "done\n", 'addresses that can be used at once' );
    is( inside( '--', 'setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', 'perl', '-e', $bind, '127.0.0.1' )->{out},
        "done\n", 'by every user, with every port' );
    my @own = qw(--address 192.0.2.7 --address 2001:db8::7);
    is( inside( @own, '--', 'perl', '-e', $bind, '192.0.2.7', '2001:db8::7' )->{out}, "done\n", '--address' );
    like( inside( @own, '--', 'perl', '-e', $bind, '198.51.100.10' )->{out}, qr/Cannot assign/, 'instead of the default' );
    is( shell( 'getent hosts 192.0.2.7', @own )->{out} =~ s/\s+/ /gr, '192.0.2.7 myhost.test.ex myhost ', '- in /etc/hosts' );
    my $peer = 'use IO::Socket::IP; IO::Socket::IP->new(PeerAddr => $ARGV[0], PeerPort => 25); print $!{ENETUNREACH} ? 1 : $!';
    is( inside( '--', 'perl', '-e', $peer, '192.0.2.99' )->{out}, 1, 'no other network can be reached' );
    isnt( shell('getent hosts runtest.example.com')->{status}, 0, 'no name server' );
    is( shell( 'hostname; cat /etc/hostname', '--hostname', 'other.example' )->{out}, "other.example\nother.example\n", '--hostname' );
    is( shell( 'pwd; stat -c "%U %a" .', '--case', '/some/where' )->{out}, "/some/where\nroot 755\n", '--case' );
};

subtest 'libraries have no policy of the host' => sub {
    unlike( shell('cat /etc/ssl/openssl.cnf /etc/gnutls/config')->{out}, qr/^\s*[^#\s]/m, 'nothing but comments' );
    my $ssl = shell('openssl ciphers -s -tls1_2 ALL');
    is( "$ssl->{status} $ssl->{err}", '0 ', 'openssl accepts that' );
SKIP: {
        skip 'no gnutls-cli here', 1 if system('command -v gnutls-cli >/dev/null');
        my $tls = shell('gnutls-cli --list --priority NORMAL');
        is( "$tls->{status} $tls->{err}", '0 ', 'gnutls accepts that' );
    }
};

subtest 'unpacking' => sub {
    my ( $first, $second ) = map { "$work/$_.tar" } qw(first second);
    open my $id, '<:raw', '/usr/bin/id' or die "/usr/bin/id: $!";
    my $program = do { local $/ = undef; <$id> };
    write_tar(
        $first,
        'testsuite/bin/id' => { text => $program, mode => oct '4755' },
        'testsuite/mtas'   => { text => "x\n", mode => oct '600', uid => 106 },
        'runtest/lib/file' => { text => "one\n" },
        'tmp/id'           => { text => $program, mode => oct '4755' },
    );
    write_tar( $second, 'runtest/lib/file' => { text => "two\n" } );
    my @both = map { ( '--unpack' => $_ ) } $first, $second;
    my $as_caller = 'setpriv --reuid=1000 --regid=1000 --clear-groups';
    my $listed    = run( { before => \&disturb }, $sandbox, @both, '--', 'stat', '-c', '%n %a %u %g', '/runtest', 'bin', 'bin/id', 'mtas' );
    is( $listed->{out}, "/runtest 755 0 0\nbin 755 0 0\nbin/id 4755 0 0\nmtas 600 106 106\n", 'modes and owners, whatever the umask' );
    is( shell( 'cat /runtest/lib/file', @both )->{out},         "two\n", 'in the order given' );
    is( shell( 'echo $$',               @both )->{out},         "2\n",   'the command is process 2 still' );
    is( shell( "$as_caller bin/id -u",  @both )->{out},         "0\n",   'setuid root works in the case\'s directory' );
    is( shell( "$as_caller /tmp/id -u", @both )->{out},         "1000\n", 'and nowhere else' );
    like( shell( ': >/runtest/x', @both )->{err}, qr/Read-only/, 'the rest is read-only afterwards' );
    my $absent = inside( '--unpack', "$work/absent", '--', 'true' );
    is( $absent->{status}, 125, 'an archive that is not there' );
    like( $absent->{err}, qr{\Asandbox: unpack: open \Q$work\E/absent: No such file or directory\. .+\n\z}, '- is named' );
    my $wrong = inside( '--unpack', $0, '--', 'true' );
    is( $wrong->{status}, 125, 'a file that is no archive' );
    like( $wrong->{err}, qr{^sandbox: unpack: \Q$0\E: tar failed\. .+\n\z}m, '- is named' );
    like( inside( '--size', 4096, @both, '--', 'true' )->{err}, qr/No space left.*^sandbox: unpack: \Q$first\E/ms, 'one that is too large' );
};

subtest 'descriptors' => sub {
    pipe my $reader, my $writer or die "pipe: $!";
    my $fd = fileno $writer;
    my $started = launch( { before => sub { fcntl $writer, F_SETFD, 0 } },
        $sandbox, '--fd', $fd, '--', 'sh', '-c', "echo through >&$fd; exec $fd>&- 1>&-; exec sleep 1000" );
    close $writer;
    local $SIG{ALRM} = sub { die "no end of file\n" };
    alarm 60;
    is( eval { local $/ = undef; <$reader> } // $@, "through\n", 'an inherited one, and its end when the command closes it' );
    alarm 0;
    kill TERM => $started->{pid};
    is( finish($started)->{status}, 143, 'while the command goes on' );
    my $seen = run( { before => sub { POSIX::dup2( 1, 7 ); POSIX::dup2( 1, 8 ) } }, $sandbox, '--fd', 8, '--', 'sh', '-c', 'echo 7 >&7; echo 8 >&8' );
    is( $seen->{out}, "8\n", 'only what was asked for' );
    my $closed = run( { before => sub { POSIX::close($_) for 0, 1 } }, $sandbox, '--', 'sh', '-c', 'cat; echo >&2 $?' );
    is( $closed->{err}, "0\n", 'standard ones that are closed become /dev/null' );
};

subtest 'exit statuses' => sub {
    my %scripts = ( 'exit 0' => 0, 'exit 3' => 3, 'exit 255' => 255, 'kill -9 $$' => 137, 'kill -TERM $$' => 143 );
    is( shell($_)->{status}, $scripts{$_}, $_ ) for sort keys %scripts;
    my $absent = inside( '--', 'no-such-command' );
    is( $absent->{status}, 127, 'a command that does not exist' );
    is( $absent->{err}, "sandbox: command: no-such-command: No such file or directory\n", '- is named' );
    my $denied = inside( '--', '/etc/passwd' );
    is( $denied->{status}, 126, 'one that cannot be run' );
    is( $denied->{err}, "sandbox: command: /etc/passwd: Permission denied\n", '- is named' );
    my $marker = "1000.$$";
    is( shell("sleep $marker & setsid sleep $marker & exit 5")->{status}, 5, 'processes that a command leaves are killed' );
    is_deeply( [ left_with($marker) ], [], '- all of them' );
    is( shell('kill -9 1; exit 4')->{status}, 4, 'a command cannot kill the init' );
    is( shell('kill 0')->{status}, 143, 'and nobody outside with its process group' );
};

subtest 'time limit' => sub {
    my $marker = "2000.$$";
    my $late   = shell( "setsid sleep $marker & sleep $marker", '--timeout', '0.2' );
    is( $late->{status}, 124, 'exit status' );
    is( $late->{err}, "sandbox: timeout: sh was still running after 0.2 s, and was killed\n", 'message' );
    is_deeply( [ left_with($marker) ], [], 'nothing is left' );
    is( shell( 'exit 6', '--timeout', 50 )->{status}, 6, 'one that is not reached' );
};

subtest 'probe' => sub {
    my $name = getpwuid $>;
    is_deeply( inside('--probe'), { status => 0, out => "sandbox: ok (as $name)\n", err => q{} }, 'says that a sandbox can be had' );
    my $end = inside('--probe-setuid');
    is( $end->{status}, $> == 0 ? 0 : 125, 'its own test program tells root from others' );
    like( $end->{err}, $> == 0 ? qr/\A\z/ : qr/\Asandbox: setuid: geteuid: a setuid program did not become root\. /, '- and says so' );
};

done_testing();
