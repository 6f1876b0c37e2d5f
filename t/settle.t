#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# settle, as the worker of a case calls it: below the launcher, here without a sandbox. Each test is a small worker that starts
# processes, calls settle, and prints what it has found.

use strict;
use warnings;

use FindBin ();
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program run refusal write_tar);

my $work = tempdir( 'settle-test-XXXXXX', TMPDIR => 1, CLEANUP => 1 );
chdir $work or die "$work: $!";

# What every worker has. gate() makes a FIFO that a process can wait at until it is opened, so that nothing here depends on how
# long anything takes; start() runs code in a child; orphan() in a process that nobody waits for, in a session of its own.
my $WORKER = <<'END';
use strict; use warnings; use POSIX qw(mkfifo setsid _exit);
my $settle = shift; $| = 1;
sub settle { open my $in, '-|', $settle, @_ or die "$settle: $!"; my $out = join q{}, <$in>; close $in; return ($? >> 8) . " $out" }
sub gate { mkfifo($_[0], 0600) or die "$_[0]: $!" }
sub pass { open my $in, '<', $_[0] or die "$_[0]: $!" }
sub open_gate { open my $out, '>', $_[0] or die "$_[0]: $!" }
sub start { my ($code) = @_; my $pid = fork // die "fork: $!"; if (!$pid) { $code->(); _exit(0) } return $pid }
sub orphan { my ($code) = @_; waitpid start(sub { start(sub { setsid; $code->() }) }), 0 }
sub touch { open my $out, '>', $_[0] or die "$_[0]: $!" }
sub seen { return -e $_[0] ? 1 : 0 }
END

# Runs a worker; `expected` is what it has to print.
sub worker {
    my ( $name, $expected, $code ) = @_;
    system 'sh', '-c', "rm -f $work/*";
    my $end = run( program('sandbox'), '--host', '--timeout', 50, '--', $^X, '-e', $WORKER . $code, program('settle') );
    my $test = ref $expected ? \&like : \&is;
    subtest $name => sub {
        is( $end->{status}, 0, 'the worker' ) or diag $end->{err};
        $test->( $end->{out}, $expected, 'what it saw' );
    };
    return;
}

worker( 'nothing to wait for', '0 ', 'print settle("--timeout", 20)' );
worker( 'a time limit of nothing is enough for that', '0 ', 'print settle("--timeout", 0)' );

# Settles while another process, which is not waited for, opens a gate as soon as settle sleeps: so what waits at the gate ends only
# if it is waited for, and what it does afterwards is seen only if settle has waited to the end.
my $OPEN_MEANWHILE = <<'END';
sub is_asleep { my ($parent) = @_; for my $file (glob "/proc/[0-9]*/stat") { open my $in, '<', $file or next;
    return 1 if (<$in> // q{}) =~ /\(settle\) S $parent / } return 0 }
sub settle_opening { my ($gate, @arguments) = @_; my $worker = $$;
    my $opener = start(sub { 1 while !is_asleep($worker); open_gate($gate) });
    return settle("--timeout", 20, "--tree", $opener, @arguments) }
END

sub worker_at_gate {
    my ( $name, $expected, $code ) = @_;
    return worker( $name, $expected, $OPEN_MEANWHILE . 'gate("g"); gate("r"); ' . $code );
}

worker_at_gate( 'a child', '0 1', 'start(sub { pass("g"); touch("x") }); print settle_opening("g"), seen("x")' );
worker_at_gate( 'an orphan in a session of its own', '0 1', 'orphan(sub { pass("g"); touch("x") }); print settle_opening("g"), seen("x")' );
worker_at_gate( 'one that goes on as its own child, again and again',
    '0 1', 'orphan(sub { pass("g"); fork and _exit(0) for 1 .. 300; touch("x") }); print settle_opening("g"), seen("x")' );
worker_at_gate( 'a hundred at once', '0 100',
    'gate("g$_") for 1 .. 100; for my $n (1 .. 100) { orphan(sub { pass("g$n"); touch("x$n") }) }
    orphan(sub { pass("g"); open_gate("g$_") for reverse 1 .. 100 }); print settle_opening("g"), scalar grep seen("x$_"), 1 .. 100' );
# On a busy machine it may not have done so by then: name and arguments are of the same program anyway.
worker_at_gate( 'one that has become another program meanwhile', qr{\A1 [0-9]+ (?:sleep sleep 77|perl \S*perl -e use .*)\n\z}s,
    'start(sub { pass("g"); exec "sleep", 77 }); print settle_opening("g", "--timeout", 3)' );
worker_at_gate( 'a process that has ended and was not waited for', '0 ', 'start(sub { open_gate("r") }); pass("r"); print settle("--timeout", 20)' );

worker( 'a daemon that is kept', '0 0', 'my $pid = start(sub { sleep 1000 }); print settle("--timeout", 20, "--keep", $pid), kill(0 => $pid) - 1' );
worker_at_gate( 'the children of a daemon that is kept', '0 1',
    'my $pid = start(sub { start(sub { pass("g"); touch("x") }); open_gate("r"); sleep 1000 }); pass("r"); print settle_opening("g", "--keep", $pid), seen("x")' );
worker( 'a tree that is kept: children', '0 ',
    'gate("r"); my $pid = start(sub { start(sub { open_gate("r"); sleep 1000 }); sleep 1000 }); pass("r"); print settle("--timeout", 20, "--tree", $pid)' );
worker( 'a tree that is kept: its session, without its leader', '0 ',
    'gate("r"); gate("s"); my $pid = start(sub { setsid; start(sub { setpgrp; start(sub { open_gate("r"); sleep 1000 }); sleep 1000 }) }); pass("r");
    waitpid $pid, 0; print settle("--timeout", 20, "--tree", $pid)' );
worker( 'a tree that is kept: its process group, without its leader', '0 ',
    'gate("r"); my $pid = start(sub { setpgrp; start(sub { open_gate("r"); sleep 1000 }) }); pass("r"); waitpid $pid, 0; print settle("--timeout", 20, "--tree", $pid)' );
worker( 'several that are kept, and one that is not there any more', '0 ',
    'my @pids = map { start(sub { sleep 1000 }) } 1 .. 3; my $gone = start(sub {}); waitpid $gone, 0;
    print settle("--timeout", 20, (map { ("--keep", $_) } @pids[0, 1]), "--tree", $pids[2], "--keep", $gone)' );

worker( 'one that stays', qr/\A1 (\d+) sleep sleep 1000\nexpected \1\n\z/,
    'my $pid = start(sub { exec "sleep", "1000" }); 1 while readlink("/proc/$pid/exe") !~ /sleep/; print settle("--timeout", 0.2), "expected $pid\n"' );
worker( 'several that stay, with odd names', qr/\A1 (?:\d+ a\?b\) R perl \?\?\?odd args\n){2}\z/,
    'gate("r"); for (1, 2) { orphan(sub { $0 = "perl \x01\n\xffodd args"; open my $name, ">", "/proc/self/comm"; syswrite $name, "a\nb) R";
        open_gate("r"); sleep 1000 }); pass("r") } print settle("--timeout", 0.2)' );
worker( 'the limit is one for all', qr/\A1 \d+ .*\n(?:0\.[4-9]|[1-9])/,
    'use Time::HiRes qw(time); start(sub { select undef, undef, undef, 0.1 }) for 1; start(sub { sleep 1000 }); my $t = time; print settle("--timeout", 0.5), time - $t' );

SKIP: {
    my %exit = ( x86_64 => 60, aarch64 => 93 );
    my $exit = $exit{ ( POSIX::uname() )[4] };
    skip 'no threads in this perl', 1 if !$exit || !eval { require threads };
    worker_at_gate( 'one whose first thread has ended', '0 1',
        "use threads; my \$pid = start(sub { threads->create(sub { pass('g'); touch('x'); _exit(0) }); syscall $exit, 0 });"
        . q(sub state { open my $in, '<', "/proc/$pid/stat" or die; (split ' ', <$in>)[2] } 1 while state() ne 'Z'; print settle_opening('g'), seen('x')) );
}

worker( 'waiting costs no time', '0 1',
    'start(sub { select undef, undef, undef, 1 }); my $r = settle("--timeout", 20); my (undef, undef, $user, $system) = times; print $r, $user + $system < 0.3 ? 1 : "$user $system"' );

SKIP: {
    my $refusal = refusal();
    skip "no sandbox here: $refusal", 1 if $refusal;
    open my $in, '<:raw', program('settle') or die program('settle') . ": $!";
    write_tar( 'settle.tar', 'runtest/settle' => { text => do { local $/ = undef; scalar readline $in }, mode => oct '755' } );
    my $code = $WORKER . $OPEN_MEANWHILE . 'gate("g"); orphan(sub { pass("g"); touch("x") });
        my $pid = start(sub { sleep 1000 }); print settle_opening("g", "--keep", $pid), seen("x")';
    my $end = run( program('sandbox'), '--unpack', 'settle.tar', '--timeout', 50, '--', 'perl', '-e', $code, '/runtest/settle' );
    is( "$end->{status} $end->{out}$end->{err}", '0 0 1', 'in a sandbox' );
}

my @wrong = (
    [ [], '--timeout is missing' ],
    [ [qw(--timeout)],               'requires an argument' ],
    [ [qw(--timeout x)],             '--timeout x: a number of seconds' ],
    [ [qw(--timeout -1)],            '--timeout -1: a number of seconds' ],
    [ [qw(--timeout 1 --keep x)],    'x: a process id' ],
    [ [qw(--timeout 1 --tree 0)],    '0: a process id' ],
    [ [qw(--timeout 1 --tree 1x)],   '1x: a process id' ],
    [ [qw(--timeout 1 --nonsense)],  'unrecognized option' ],
    [ [qw(--timeout 1 more)],        'more: an option is expected' ],
);
for my $case (@wrong) {
    my ( $arguments, $message ) = @$case;
    my $said = run( program('settle'), @$arguments );
    is( "$said->{status} $said->{out}", '2 ', "settle @$arguments" );
    like( $said->{err}, qr/\Q$message\E.*see --help$/s, '- says what is wrong' );
}
is( run( program('settle'), '--help' )->{status}, 0, '--help' );

chdir q{/};
done_testing();
