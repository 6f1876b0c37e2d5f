#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A hostile case, as its root and as its caller, gets at nothing of the cases that run at the same time, though their sandboxes lie
# side by side in the run's. To be run as root and as an ordinary user.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use TestTree qw(has_sandbox);

has_sandbox();

my $marker = "27182.$$";

# What a case has that others might get at, and how they would; the same pids, ports and names as in every other.
my $PREPARE = <<"END";
use strict; use warnings; use IO::Socket::INET; use IO::Socket::UNIX; use Socket;
\$SIG{PIPE} = "IGNORE";
sub secret { my (\$path) = \@_; open my \$out, ">", \$path or die "\$path: \$!"; print {\$out} "$marker"; close \$out; chmod 0666, \$path }
secret(\$_) for qw(/tmp/secret /var/tmp/secret /dev/shm/secret /run/secret /testsuite/secret);
our \@sockets = (IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 1226, Listen => 9), IO::Socket::INET->new(LocalAddr => "198.51.100.10", LocalPort => 1226, Listen => 9),
    IO::Socket::UNIX->new(Local => "\\0neighbour", Listen => 9, Type => SOCK_STREAM));
our \$shared = shmget 4711, 4096, 01666;
my \$sleeper = fork // die; if (!\$sleeper) { exec "sleep", "$marker" }
while (1) { open my \$in, "<", "/proc/\$sleeper/cmdline" or die; last if readline(\$in) =~ /^sleep/; select undef, undef, undef, 0.01 }
END

# Prints the names of the attempts that succeed.
my $ATTACK = <<"END";
use strict; use warnings; use IO::Socket::INET; use IO::Socket::UNIX; use Socket;
sub content { my (\$path) = \@_; open my \$in, "<", \$path or return ""; local \$/; return <\$in> // "" }
sub tcp { return IO::Socket::INET->new(PeerAddr => \$_[0], PeerPort => 1226, Timeout => 5) }
my %attack = (
    process  => sub { grep { content(\$_) =~ /sleep.$marker/s } glob "/proc/[0-9]*/cmdline" },
    zygote   => sub { grep { content(\$_) =~ /Zygote/ } glob "/proc/[0-9]*/cmdline" },
    workers  => sub { grep { content(\$_) =~ /worker (?!0002|0004)/ } glob "/proc/[0-9]*/cmdline" },
    file     => sub { grep { content(\$_) eq "$marker" } map { ("\$_/secret", glob "/proc/[0-9]*/root\$_/secret") } qw(/tmp /var/tmp /dev/shm /run /testsuite) },
    loopback => sub { tcp("127.0.0.1") },
    address  => sub { tcp("198.51.100.10") },
    abstract => sub { IO::Socket::UNIX->new(Peer => "\\0neighbour", Type => SOCK_STREAM) },
    pipes    => sub { my %pipe = map { \$_ => 1 } grep { /pipe/ } map { readlink // () } glob "/proc/" . getppid . "/fd/*"; keys %pipe > 3 },    # output, wire, children
    shared   => sub { defined shmget 4711, 0, 0 },
);
print map { "\$_\\n" } grep { \$attack{\$_}->() } sort keys %attack;
END

# The attacker begins when it is told, from outside: the other case is there then.
my $WAIT = 'our $go; $SIG{USR1} = sub { $go = 1 }; $0 = "attacker ' . $marker . '"; select undef, undef, undef, 0.02 until $go;';

my $tree = TestTree->new;
$tree->test('0001', "# the victim\nsudo perl\n${PREPARE}wait; sleep 100;\n****\n");
$tree->test('0002', "# the attacker\nsudo perl\n$WAIT\n****\nsudo perl\n${ATTACK}****\nperl\n${ATTACK}****\nno_stdout_check\n");
$tree->test('0003', "# the killer\nsudo perl\n${WAIT}kill KILL => -1;\n****\n");
$tree->test('0004', "# both in one\nsudo perl\n$PREPARE\n$ATTACK\nkill KILL => \$sleeper;\n****\nno_stdout_check\n");

my @ONE = ('--lane', 'gnutls');

# In the victim's own sandbox all of it succeeds, but for what is in none.
$tree->run(@ONE, '0004');
is $tree->content('results/last/0004.gnutls/raw/stdout'), "abstract\naddress\nfile\nloopback\nprocess\nshared\n", 'the attempts succeed where there is something';

sub processes_with {
    my ($pattern) = @_;
    my @found;
    for my $file (glob '/proc/[0-9]*/cmdline') {
        open my $in, '<', $file or next;
        local $/ = undef;
        push @found, $file =~ /([0-9]+)/ if (readline($in) // '') =~ $pattern;
    }
    return @found;
}

sub wait_for {
    my ($what, $condition) = @_;
    my $deadline = time + 60;
    while (time < $deadline) {
        return 1 if $condition->();
        sleep 0.02;
    }
    die "waited 60 s for $what\n";
}

my $run = $tree->start({}, @ONE, '-j3', '0001', '0002', '0003');
wait_for('the cases', sub { processes_with(qr/\Asleep\x00\Q$marker\E/) && processes_with(qr/\Aattacker \Q$marker\E/) == 2 });
my ($victim) = processes_with(qr/\Asleep\x00\Q$marker\E/);
kill USR1 => processes_with(qr/\Aattacker \Q$marker\E/);
wait_for('the attackers', sub { seek $run->{out}, 0, 0; 2 == grep { /^[A-Z]+ 000[23] / } readline $run->{out} });
ok kill(0 => $victim), 'the victim lives';
kill TERM => $run->{pid};
my $end = $tree->finish($run);
like $end->{out}, qr/^PASS 0002 /m, 'the attacker was there';
is $tree->content('results/last/0002.gnutls/raw/stdout'), '', 'none of it succeeds from another case, as root or as the caller';
like $end->{out}, qr/^ERROR 0003 \S+ \S+ the killer: the worker ended with signal 9 \(KILL\) in line 2, sudo perl$/m, 'who kills all that it sees kills itself';
is $end->{status}, 143, 'and not the run';
is_deeply [TestRuntest::survivors()], [], 'no process is left';

done_testing;
