#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without a sandbox: the patched setuid MTA is out of reach of all but root and the MTA's group, and gone with the run, however that
# ends; no link in a case's directory is followed when it goes; nothing listens on the host's addresses. Root's only.

use strict;
use warnings;

use FindBin;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";

use Attacks qw(number_of);
use TestTree qw(has_sandbox is_run);

plan skip_all => 'only root runs tests without a sandbox' if $> != 0;
my ($caller, $mta) = map { [getpwnam $_] } qw(mtacaller Debian-exim);
plan skip_all => 'the users mtacaller and Debian-exim are not here' if !@$caller || !@$mta;
has_sandbox();

my $tree   = TestTree->new->file('precious/file', "precious\n");
my $folder = $tree->path('precious');
$tree->test('0001', <<"END");
# hostile
sudo perl
mkdir "folder"; symlink "$folder", "folder/link"; symlink "$folder/file", "link"; symlink "$folder", "spool/link";
symlink "$folder", "folder/test"; open my \$out, ">", "ready"; close \$out; sleep 100;
****
END

# The case's area, another one than that of an earlier run, once the step is there.
sub start {
    my ($earlier) = @_;
    my $run      = $tree->start({}, '--no-sandbox', '--lane', 'gnutls', '0001');
    my $deadline = time + 60;
    while (time < $deadline) {
        my ($ready) = grep { !defined $earlier || !/\A\Q$earlier\E/ } glob $tree->path('tmp/runtest-case-*/case/ready');
        return ($run, $ready =~ s{/case/ready\z}{}r) if defined $ready;
        sleep 0.01;
    }
    die "the case has not begun in 60 s\n";
}

sub may {
    my ($uid, $groups, @command) = @_;
    my @groups = @$groups ? '--groups=' . join ',', @$groups : '--clear-groups';
    return system('setpriv', "--reuid=$uid", "--regid=$uid", @groups, @command) == 0;
}

sub seen {
    my ($path) = @_;
    my (undef, undef, $mode, undef, $uid, $gid) = stat $path or return "$path: $!";
    return sprintf '%04o %d %d', $mode & oct('7777'), $uid, $gid;
}

sub end_by {
    my ($run, $signal) = @_;
    kill $signal => $run->{pid};
    my $result = $tree->finish($run);
    is_deeply [TestRuntest::survivors(30)], [], "SIG$signal: no process is left";
    is $tree->content('precious/file'), "precious\n", '- and what links lead to is';
    return $result;
}

my ($run, $area) = start();
my $exim = "$area/case/eximdir/exim";
is seen("$area/case/eximdir"), "0750 0 $mta->[3]", 'the MTA lies where only root and its group can enter';
is seen($exim), '4755 0 0', '- and is setuid root';
is seen($area), '0711 0 0', 'the names of what is in the area are nobody\'s business';
ok may($caller->[2], [$mta->[3]], 'test', '-x', $exim), 'the caller reaches it';
ok !may(65_534, [], 'test', '-e', $exim), 'nobody else does';
ok !may(65_534, [], 'test', '-r', "$area/case/eximdir"), '- or sees what is there';
my @kit = glob $tree->path('results/last/kit/*.tar');
ok @kit && !(grep { may(65_534, [], 'test', '-r', $_) } @kit), '- or reads the kit';
is_deeply [grep { seen($_) =~ /\A[4-7]/ } @kit], [], 'the kit has no setuid file';

is end_by($run, 'TERM')->{status}, 143, '- which ended runtest';
is_deeply [$tree->files('tmp')], [], '- and the MTA is gone';

($run) = start();
is end_by($run, 'INT')->{status}, 130, '- which ended runtest';
is_deeply [$tree->files('tmp')], [], '- and the MTA is gone';

($run, $area) = start();
end_by($run, 'KILL');
ok -e "$area/case/eximdir/exim", '- and the MTA is there still';
is seen("$area/case/eximdir"), "0750 0 $mta->[3]", '- where nobody else can enter';
($run) = start($area);
ok !-e $area, 'the next run removes it';
end_by($run, 'TERM');
is_deeply [$tree->files('tmp')], [], '- and nothing is left';

# What looks like a leftover and is another user's, or a link, stays.
my $others = $tree->path('tmp/runtest-case-999999-aaaaaa');
mkdir $others or die "$others: $!\n";
chown 65_534, 65_534, $others;
symlink $folder, $tree->path('tmp/runtest-case-999999-bbbbbb') or die "symlink: $!\n";
($run) = start();
ok -d $others, 'a directory of another user stays';
ok -e "$folder/file", '- and what a link of such a name leads to';
end_by($run, 'TERM');

# ----- The network -----

# The daemon and the scripted server of this test listen on all addresses that they see; a port of theirs is taken on the host.
my $network = TestTree->new;
$network->file('log/0001', '1999-03-02 09:44:33 exim x.yz daemon started: pid=pppp, no queue runs, listening for SMTP on port 1225' . "\n");
$network->test('0001', <<'END');
# a network of its own
no_stdout_check
exim -DSERVER=server -bd -oX PORT_D
****
server PORT_S
****
sudo perl
open my $out, ">", "ready"; close $out; sleep 1 until -e "go";
****
client -t30 127.0.0.1 PORT_S
****
client -t30 HOSTIPV4 PORT_D
??? 220
****
client -t30 HOSTIPV6 PORT_D
??? 220
****
killdaemon
END

# Ports on which something listens here.
sub listening {
    my %ports;
    for my $table (qw(/proc/net/tcp /proc/net/tcp6)) {
        open my $in, '<', $table or next;
        while (my $line = <$in>) {
            $ports{ hex $1 } = 1 if $line =~ /\A\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ 0A /;
        }
    }
    return \%ports;
}

my @taken   = (IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 1224, Listen => 1, ReuseAddr => 1) // ());
my $before  = listening();
my $running = $network->start({}, '--no-sandbox', '--lane', 'gnutls', '0001');
my $is_ready = sub { my ($file) = glob $network->path('tmp/runtest-case-*/case/ready'); return $file };
my $limit   = time + 60;
sleep 0.01 while !$is_ready->() && time < $limit;
is_deeply [grep { !$before->{$_} } 1223 .. 1228], [grep { !$before->{$_} && !listening()->{$_} } 1223 .. 1228], 'nothing listens on the host';
my $ready = $is_ready->() // die "the case has not begun in 60 s\n";
open my $go, '>', $ready =~ s/ready\z/go/r or die "go: $!\n";
close $go;
is_run $network->finish($running), { out => <<'END', err => <<'ERR' }, '- though all listens to the case';
PASS 0001 gnutls N.NNs a network of its own
1 cases: 1 passed, 0 failed, 0 skipped, 0 errors
END
runtest: no sandbox, one case at a time on this host: --no-sandbox was given
ERR
undef @taken;

# Where root may not make networks, as in a container, there are none. prctl(2), PR_CAPBSET_DROP of CAP_SYS_ADMIN; unshare(2), CLONE_NEWNET.
sub without_admin { return syscall(number_of('prctl'), 24, 21, 0, 0, 0) == 0 || die "prctl: $!\n" }

my $offline = sub {
    syscall(number_of('unshare'), 0x4000_0000) == 0 or die "unshare: $!\n";
    system(qw(ip link set lo up)) == 0      or die "ip\n";
    return without_admin();
};

my $run_refused = $network->run({ before => \&without_admin }, '--no-sandbox', '--lane', 'gnutls', '0001');
like $run_refused->{err}, qr/servers would listen on the addresses of this host's \S+, and .* refused.*\(docker: --network none\)/, 'a host with a network: refused';
is $run_refused->{status}, 3, '- with its status';
my $port = TestTree->new->test('0001', "# here\nno_stdout_check\nserver PORT_S\n****\nclient 127.0.0.1 PORT_S\n****\n");
is $port->run({ before => $offline }, '--no-sandbox', '--lane', 'gnutls', '0001')->{status}, 0, 'a host without: there all runs';
my $busy = $port->run(
    {
        before => sub {
            $offline->();
            my $holder = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 1224, Listen => 1) or die "port 1224: $!\n";
            fcntl $holder, 2, 0;    # F_SETFD: runtest inherits it
            return push @taken, $holder;
        }
    },
    '--no-sandbox', '--lane', 'gnutls', '0001'
);
like $busy->{err}, qr/the tests need port 1224 of this host: Address already in use, it belongs to pid [0-9]+ \(/, '- unless a port is taken';

done_testing;
