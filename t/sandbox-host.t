#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sandbox --host: no sandbox, but the same control of processes. (Kills of the launcher are in sandbox-kill.t.)

use strict;
use warnings;

use Cwd qw(getcwd);
use FindBin ();
use POSIX ();
use Test::More;

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program run launch finish left_with child_of ignore_signals);

my $sandbox = program('sandbox');

sub host {
    my @arguments = @_;
    return run( $sandbox, '--host', @arguments );
}

sub shell {
    my ( $script, @options ) = @_;
    return host( @options, '--', 'sh', '-c', $script );
}

subtest 'exit statuses' => sub {
    my %scripts = ( 'exit 0' => 0, 'exit 3' => 3, 'exit 255' => 255, 'kill -9 $$' => 137, 'kill -TERM $$' => 143 );
    is( shell($_)->{status}, $scripts{$_}, $_ ) for sort keys %scripts;
    is( host( '--', 'no-such-command' )->{status}, 127, 'a command that does not exist' );
    is( host( '--', '/etc/passwd' )->{status},     126, 'one that cannot be run' );
    my $late = shell( 'sleep 1000', '--timeout', '0.2' );
    is( $late->{status}, 124, 'one that takes too long' );
    is( $late->{err}, "sandbox: timeout: sh was still running after 0.2 s, and was killed\n", '- is named' );
    is( shell( 'kill -STOP 0', '--timeout', '0.2' )->{status}, 124, '- or has stopped with all of its process group' );
    my $stopped = launch( {}, $sandbox, '--host', '--', 'sleep', '1000' );
    kill TERM => $stopped->{pid} if child_of( child_of( $stopped->{pid} ) );
    is( finish($stopped)->{status}, 143, 'SIGTERM' );
};

subtest 'what a command inherits' => sub {
    local $ENV{EVIL} = 1;
    is( shell('echo ${EVIL-none} $LC_ALL $HOME')->{out}, "none C /\n", 'a clean environment' );
    is( shell('pwd')->{out}, getcwd() . "\n", 'the working directory' );
    my $disturb = sub { umask oct '077'; POSIX::dup2( 1, $_ ) for 7, 8; ignore_signals('PIPE') };
    my $seen = run( { before => $disturb }, $sandbox, '--host', '--fd', 8, '--', 'sh', '-c', 'umask; echo 7 >&7; echo 8 >&8' );
    is( $seen->{out}, "0022\n8\n", 'umask, and the descriptors that were asked for' );
    like(
        run( { before => $disturb }, $sandbox, '--host', '--', 'grep', 'SigIgn', '/proc/self/status' )->{out},
        qr/^SigIgn:\t0+$/, 'no ignored signal'
    );
    is( shell('id -u')->{out}, "$>\n", 'the user' );
};

# prctl(2), for PR_SET_CHILD_SUBREAPER.
my %prctl = ( x86_64 => 157, aarch64 => 167 );
my $prctl = $prctl{ ( POSIX::uname() )[4] };

subtest 'a network of its own' => sub {
    my @wanted = ( '--address', '10.1.2.3', '--address', '2001:db8::3' );
    my $seen   = shell( 'cat /proc/net/fib_trie /proc/net/if_inet6 /proc/net/dev', @wanted );
    if ( $seen->{status} == 125 ) {
        like( $seen->{err}, qr/\Asandbox: own network: unshare CLONE_NEWNET: Operation not permitted\. Root needs CAP_SYS_ADMIN/, 'is root\'s' );
        return;
    }
    like( $seen->{out}, qr/ 10\.1\.2\.3\n.*20010db8000000000000000000000003/s, 'has the addresses' );
    is_deeply( [ $seen->{out} =~ /^ *([a-z]\w*): /mg ], ['lo'], '- and loopback only' );
    my $host = sub { return shell('cat /proc/sys/net/ipv4/tcp_syn_retries')->{out} };
    my $before = $host->();
    is( shell( 'cat /proc/sys/net/ipv4/tcp_syn_retries', @wanted )->{out}, "1\n", 'does not wait long' );
    is( $host->(), $before, '- unlike the host' );
};

# Each: what a command may leave behind. The marker is among its arguments.
my %left = (
    'a child'                           => 'sleep $0 & exit 5',
    'a session of its own'              => 'setsid sleep $0 & exit 5',
    'an orphan'                         => '(setsid sleep $0 &); exit 5',
    'one that ignores signals'          => q{(trap '' TERM INT HUP; sleep $0) & exit 5},
    'one that has stopped'              => q{(sh -c 'kill -STOP $$; :' "$0" &); exit 5},
    'a subreaper of its own'            => defined $prctl
        && qq{perl -e 'syscall $prctl, 36, 1, 0, 0, 0; fork || exec "setsid", "sleep", \$ARGV[0]; sleep 1000' \$0 & exit 5},
    'one that forks and ends all the time' => q{perl -e 'while () { exit if fork }' $0 & sleep 0.1; exit 5},
    'a tree'                            => q{perl -e 'fork for 1 .. 6; sleep 1000' $0 & sleep 0.1; exit 5},
);

subtest 'all processes end with the command' => sub {
    my $count = 0;
    for my $name ( sort grep { $left{$_} } keys %left ) {
        my $marker = sprintf '5000.%d%03d', $$, ++$count;
        my $end    = host( '--', 'sh', '-c', $left{$name}, $marker );
        is( $end->{status}, 5, $name );
        is_deeply( [ left_with($marker) ], [], '- is gone' );
    }
};

# The shell that starts the process is still about to when the command ends, so some are born between the look at what there is and the
# killing. It takes some 40 ends to meet with one.
subtest 'also one that is born while the others are killed' => sub {
    my $marker = "6000.$$";
    my %seen;
    $seen{ host( '--', 'sh', '-c', '(sleep $0 &) & exit 5', $marker )->{status} }++ for 1 .. 200;
    is_deeply( \%seen, { 5 => 200 }, 'the launcher ends each time' );
    is_deeply( [ left_with($marker) ], [], '- and nothing is left' );
};

subtest 'and not other processes' => sub {
    my $other = launch( {}, 'sleep', 1000 );
    is( shell('kill 0')->{status}, 143, 'a signal to its process group' );
    is( shell('exit 4')->{status}, 4,   'an end' );
    ok( kill( 0 => $other->{pid} ), 'leave processes of others alone' );
    kill KILL => $other->{pid};
    is( finish($other)->{status}, 'signal 9', '- which are still there then' );
};

done_testing();
