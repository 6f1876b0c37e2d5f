#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever ends the launcher, and whenever, nothing that it has started is left; in a sandbox, and without one. With RUNTEST_LONG
# in the environment there are 200 random kills each instead of 10.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin ();
use Test::More;
use Time::HiRes qw(sleep);

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program launch finish run refusal all_gone left_with child_of write_tar ignore_signals);

my $sandbox = program('sandbox');
my $kills   = $ENV{RUNTEST_LONG} ? 200 : 10;
my $why_not = refusal();
my $seed    = $ENV{RUNTEST_SEED} // time;
my $work    = tempdir( 'sandbox-test-XXXXXX', TMPDIR => 1, CLEANUP => 1 );
my $archive = "$work/archive.tar";
my %number  = ( KILL => 9, TERM => 15, INT => 2, HUP => 1 );

local @SIG{qw(INT HUP)} = qw(DEFAULT DEFAULT);    # whoever has started this may ignore them (nohup)
write_tar( $archive, map { ( "testsuite/$_" => { text => 'x' x 500_000 } ) } 1 .. 10 );
chdir $work or die "$work: $!";

# Processes of several kinds: a child, one in a session of its own, an orphan. All have the marker in their arguments.
my $script = 'sleep $0 & setsid sleep $0 & (setsid sleep $0 &); exec sleep $0';

sub start {
    my ( $marker, @options ) = @_;
    return launch( {}, $sandbox, @options, '--', 'sh', '-c', $script, $marker );
}

# Kills a launcher at a random moment of its first 30 ms. Returns what is wrong with its end, if anything.
sub kill_one {
    my ( $signal, $marker, @options ) = @_;
    my $started = start( $marker, @options );
    my $moment  = rand 0.03;
    sleep $moment;
    kill $signal => $started->{pid};
    waitpid $started->{pid}, 0;
    my $ended = $? & 127 ? $? & 127 : ( $? >> 8 ) - 128;
    my $patience = $signal eq 'KILL' ? undef : 0;    # the launcher itself waits, unless it cannot
    my @wrong;
    push @wrong, "it ended with $?" if $ended != $number{$signal};
    push @wrong, 'a process held its standard error' if !all_gone( $started, $patience );
    push @wrong, map { "process $_ is left" } left_with($marker);
    return map { sprintf '%s after %.1f ms: %s', $signal, 1000 * $moment, $_ } @wrong;
}

sub kill_at_random {
    my @options = @_;
    my @signals = qw(KILL TERM KILL INT KILL HUP);
    srand $seed;
    my @wrong = map { kill_one( $signals[ $_ % @signals ], sprintf( "1000.%d%03d", $$, $_ ), @options ) } 1 .. $kills;
    is_deeply( \@wrong, [], "$kills kills leave nothing behind" ) or diag "RUNTEST_SEED=$seed: @wrong";
    is_deeply( [ grep { $_ ne $archive } glob "$work/*" ], [], 'and no file' );
    return;
}

# The launcher's caller is killed, without a chance to tell it.
sub kill_the_caller {
    my @options = @_;
    my $marker  = "2000.$$";
    my $caller  = launch( {}, $^X, '-e', 'system @ARGV', $sandbox, @options, '--', 'sh', '-c', $script, $marker );
    child_of( child_of( $caller->{pid} ) );
    kill KILL => $caller->{pid};
    waitpid $caller->{pid}, 0;
    ok( all_gone($caller), 'all ends when the caller is killed' );
    is_deeply( [ left_with($marker) ], [], '- and nothing is left' );
    return;
}

sub kill_the_supervisor {
    my @options = @_;
    my $marker  = "3000.$$";
    my $started = start( $marker, @options );
    my $supervisor = child_of( $started->{pid} );
    child_of($supervisor);
    kill KILL => $supervisor;
    my $end = finish($started);
    is( $end->{status}, 137, 'a supervisor that was killed shows in the exit status' );
    is_deeply( [ left_with($marker) ], [], '- and nothing is left' );
    return;
}

# After HUP the launcher is asked to end by TERM: that its status tells of the latter shows that the former was ignored.
sub ignore_a_signal {
    my @options = @_;
    my $started = launch( { before => sub { ignore_signals('HUP') } },
        $sandbox, @options, '--', 'sh', '-c', $script, "4000.$$" );
    child_of( child_of( $started->{pid} ) );
    kill $_ => $started->{pid} for qw(HUP TERM);
    is( finish($started)->{status}, 143, 'a signal that the caller ignores (nohup) is ignored' );
    return;
}

for my $mode ( [ 'in a sandbox', $why_not, '--unpack', $archive ], [ 'without a sandbox', undef, '--host' ] ) {
    my ( $name, $refusal, @options ) = @$mode;
    subtest $name => sub {
        plan skip_all => "no sandbox here: $refusal" if $refusal;
        kill_at_random(@options);
        kill_the_caller(@options);
        kill_the_supervisor(@options);
        ignore_a_signal(@options);
    };
}

chdir q{/};
done_testing();
