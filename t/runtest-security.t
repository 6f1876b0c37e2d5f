#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hostile test, with root's and the caller's means and with the MTA's, gets at nothing outside of its sandbox. To be run as root and
# as an ordinary user: what keeps them in differs.

use strict;
use warnings;

use Data::Dumper ();
use File::Temp qw(tempdir);
use FindBin;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h);
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";
use Test::More;

use TestRuntest qw(top);
use Attacks qw(on_the_host leave_traces number_of);
use TestTree qw(has_sandbox is_run);

has_sandbox();

my @ONE  = ('--lane', 'gnutls');
my $host = tempdir('runtest-host-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $tree = TestTree->new;

# ----- What the user has on the host -----

chmod oct('755'), $host;
mkdir "$host/mine" or die "$host/mine: $!\n";
chmod oct('777'), "$host/mine";
open my $file, '>', "$host/file" or die "$host/file: $!\n";
print {$file} "the user's secret\n";
close $file or die "$host/file: $!\n";
my $abstract = IO::Socket::UNIX->new(Local => "\0runtest-$$", Listen => 9, Type => SOCK_STREAM) or die "abstract socket: $!\n";
my $unix     = IO::Socket::UNIX->new(Local => "$host/socket", Listen => 9, Type => SOCK_STREAM) or die "socket: $!\n";
my $tcp4     = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 9) or die "127.0.0.1: $!\n";
my $tcp6     = IO::Socket::IP->new(LocalHost => '::1', LocalPort => $tcp4->sockport, Listen => 9);
my $udp      = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp') or die "UDP: $!\n";
my $shared   = shmget($$, 4096, oct '1600') // die "shmget: $!\n";
my $marker   = "31415.$$";
my $victim   = fork // die "fork: $!\n";
if (!$victim) {
    exec 'sleep', $marker or POSIX::_exit(127);
}

END {
    my $status = $?;
    if ($victim) {
        kill KILL => $victim;
        shmctl $shared, 0, 0;
    }
    $? = $status;    ## no critic (RequireLocalizedPunctuationVars)
}

# A key in the user's keyring, add_key(2); -4 is KEY_SPEC_USER_KEYRING.
my @key = ('user', "runtest-$$", 'secret');
my $serial = syscall number_of('add_key'), @key, length $key[2], -4;

# name_to_handle_at(2), for those who may use it: struct file_handle with room for 120 bytes.
my ($handle, $path, $mount) = (pack('Ii x120', 120, 0), "$host/file", pack 'i', 0);
my $has_handle = syscall(number_of('name_to_handle_at'), -100, $path, $handle, $mount, 0) == 0;

my $device = (stat '/usr')[0];
my %target = (
    directory => "$host/mine",
    file      => "$host/file",
    paths     => [$tree->path, top(), glob('/home/*'), '/mnt', '/srv', '/var/lib', '/boot', '/sys/kernel', '/proc/1/cwd/boot'],
    pid       => $victim,
    marker    => $marker,
    port      => $tcp4->sockport,
    udp       => $udp->sockport,
    abstract  => "runtest-$$",
    path      => "$host/socket",
    key       => $$,
    serial    => $serial,
    handle    => $has_handle ? $handle : undef,
    disk      => [$device >> 8, $device & 255],
);

# What is to be seen of an attack on the host.
sub traces {
    my ($patience) = @_;
    my @traces;
    push @traces, 'file' if unlink "$host/mine/written";
    push @traces, 'datagram' if IO::Select->new($udp)->can_read($patience);
    my $deadline = time + $patience;
    my $ended;
    while (!($ended = waitpid $victim, WNOHANG) && time < $deadline) {
        sleep 0.01;
    }
    push @traces, 'signal' if $ended;
    push @traces, 'mine' if glob "$host/mine/*";
    return @traces;
}

# ----- Steps -----

$tree->file('aux-fixed/target', Data::Dumper->new([\%target])->Terse(1)->Dump);
for my $module ('Attacks.pm') {
    open my $in, '<', "$FindBin::Bin/lib/$module" or die "$module: $!\n";
    local $/ = undef;
    $tree->file("aux-fixed/$module", readline $in);
}
my $ATTACK = <<'END';
use lib "aux-fixed"; use Attacks qw(successes leave_traces);
my $host = do "./aux-fixed/target" or die "no target";
mkdir "attack-$>"; chdir "attack-$>";
print map { "$_ as uid $>\n" } successes($host);
leave_traces($host);
****
END
$tree->test('0001', "# attacks by steps\nsudo perl\n${ATTACK}perl\n${ATTACK}sudo -u userx perl\n${ATTACK}sudo -u EXIMUSER perl\n$ATTACK");

# The MTA reads and writes where its configuration says: as root, into files, through links, by commands.
$tree->test('0002', <<"END", <<"CONFIGURATION");
# attacks by the MTA
sudo exim -be '\${readfile{$host/file}}' '\${run{/bin/cat $host/file}}'
****
exim -be '\${readsocket{$host/socket}{x}}' '\${readsocket{inet:127.0.0.1:$target{port}}{x}}'
****
sudo perl
symlink "$host/file", "test-mail/link"; symlink "$host/mine", "spool/msglog/mine"; symlink "$host/file", "spool/log/rejectlog";
****
sudo exim -odi file\@test.ex pipe\@test.ex
Subject: hostile
****
END
qualify_domain = test.ex
begin routers
file:
  driver = accept
  local_parts = file
  transport = file
pipe:
  driver = accept
  local_parts = pipe
  transport = pipe
begin transports
file:
  driver = appendfile
  file = $host/mine/written
  create_directory
  create_file = anywhere
  user = CALLER
pipe:
  driver = pipe
  command = /bin/sh -c "cat $host/file; mkdir -p $host/mine; echo x >$host/mine/written; kill $victim"
  return_output
  user = CALLER
CONFIGURATION

# ----- In the sandbox nothing of it succeeds -----

my $run = $tree->run('-j2', @ONE);
like $run->{out}, qr/^PASS 0001 gnutls /m, 'steps as root, as the caller, as another user';
is_deeply [traces(0)], [], 'nothing is to be seen of them on the host';
is_deeply [$tree->files('stdout'), $tree->files('tmp')], [], 'nor in the tree';

my $raw = 'results/last/0002.gnutls/raw';
is $tree->content("$raw/stdout"), <<"END", 'what the MTA is told to read is not there';
Failed: failed to open $host/file: No such file or directory

Failed: failed to connect to socket $host/socket: No such file or directory
Failed: failed to connect to any address for 127.0.0.1: Connection refused
END
like $tree->content("$raw/log"), $_, 'what it is told to write it writes into the sandbox' for qr/ => file .* T=file$/m, qr/ \*\* pipe@.* T=pipe: /;
is_deeply [grep { $tree->content("$raw/$_") =~ /the user's secret/ } $tree->files($raw)], [], 'the secret is nowhere';

# ----- Nothing listens on the host -----

# The inodes of listening sockets and of those for datagrams, proc(5).
sub listening {
    my ($process) = @_;
    my %inodes;
    for my $table (qw(tcp tcp6 udp udp6)) {
        open my $in, '<', "/proc/$process/net/$table" or next;
        my ($head, @lines) = readline $in;
        for my $line (@lines) {
            my ($local, $state, $inode) = (split ' ', $line)[1, 3, 9];
            $inodes{$inode} = $local if $state eq '0A' || $table =~ /udp/;
        }
    }
    return \%inodes;
}

# The process that has a text in its arguments, once there is one.
sub process_with {
    my ($text) = @_;
    my $deadline = time + 60;
    while (time < $deadline) {
        my ($found) = grep { Attacks::content($_) =~ /$text/ } glob '/proc/[0-9]*/cmdline';
        return $found =~ /([0-9]+)/ if $found;
        sleep 0.02;
    }
    die "there is no process with '$text' after 60 s\n";
}

$tree->test('0003', <<"END");
# a daemon
exim -DSERVER=server -bd -oX PORT_D
****
perl -e 'sleep 100; # the daemon of 0003, $marker'
****
killdaemon
END
my $listening = $tree->start({}, @ONE, '0003');
my $inside    = listening(process_with("the daemon of 0003, $marker"));
my $outside   = listening('self');
ok scalar(grep { /:04C9\z/ } values %$inside), 'a daemon listens in its sandbox, seen from outside';
is_deeply [map { $inside->{$_} } grep { $outside->{$_} } keys %$inside], [], 'and none of its sockets is the host\'s';
kill TERM => $listening->{pid};
is $tree->finish($listening)->{status}, 143, 'it ends with runtest';

# ----- The terminal of --shell is a person's, not the steps' -----

$tree->test('0004', <<'END');
# descriptors
perl
use lib "aux-fixed"; use Attacks; print "inherited:", (map { " $_" } Attacks::inherited_descriptors()), ".\n";
****
exim -be
****
no_stdout_check
END
$tree->file('typed', "exit\n");
my $shell = join ' ', top() . '/runtest', '--tree', $tree->path, @ONE, '--shell', '0004';
open my $terminal, '-|', 'sh', '-c', 'exec script -qec "$0" /dev/null <"$1" 2>&1', $shell, $tree->path('typed') or die "script: $!\n";
my $shown = join '', readline $terminal;
ok close $terminal, 'a case with a shell';
like $shown, qr/exit goes on/, '- at a terminal';
is $tree->content('results/last/0004.gnutls/raw/stdout') =~ s/\n.*//sr, 'inherited:.', '- that the steps do not get at';

# ----- The same on the host -----

my %impossible = (
    'a file by its handle' => $> != 0 || !$has_handle,
    'a key'                => $serial < 0,
    'TCP on ::1'           => !$tcp6,
);
my @possible = grep { !$impossible{$_} } Attacks::harmless();
is_deeply [on_the_host(\%target)], \@possible, 'all that is harmless succeeds without a sandbox';
leave_traces(\%target);
is_deeply [traces(10)], [qw(file datagram signal)], 'and leaves traces';

is_deeply [TestRuntest::survivors()], [], 'no process is left';

done_testing;
