#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# runtest is interrupted or killed at any moment: every process of its tests ends, no file is left but results, goldens stay whole,
# and the next run is as if nothing had been. RUNTEST_LONG=1 does it 200 times instead of 10, RUNTEST_SEED=N as in another run.

use strict;
use warnings;

use FindBin;
use POSIX ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use TestTree qw(has_sandbox is_run);

has_sandbox();

my $COUNT = $ENV{RUNTEST_LONG} ? 200 : 10;
my $seed  = srand($ENV{RUNTEST_SEED} // time);

my $SCRIPT = <<'END';
exim -DSERVER=server -bd -oX PORT_D
****
client 127.0.0.1 PORT_D
??? 220
helo x
??? 250
mail from:<x@test.ex>
??? 250
rcpt to:<y@test.ex>
??? 250
quit
??? 221
****
killdaemon
no_stdout_check
END

# The first test's golden is as it has to be, the second one's is old: --update writes it anew.
my ($LOG, $OLD) = (<<'END', "old\n" x 1000);
1999-03-02 09:44:33 exim x.yz daemon started: pid=pppp, no queue runs, listening for SMTP on port 1225
END
my $tree = TestTree->new;
for my $number (qw(0001 0002)) {
    $tree->test($number, "# $number\n$SCRIPT", "acl_smtp_rcpt = accept\n");
}

sub reset_goldens { return $tree->file('log/0001', $LOG)->file('log/0002', $OLD) }

# How long runs take that nobody interrupts.
my %seconds;
for my $options ('0001', '0001 0002 --update') {
    reset_goldens();
    my $began = time;
    is $tree->run(split ' ', $options)->{status}, 0, "a run that nobody interrupts: $options";
    $seconds{$options} = time - $began;
}
ok $tree->content('log/0002') eq $LOG, 'and what it writes';

# [name, whether all of the process group gets it as from a terminal, what runtest's status may be]
my @SIGNALS = (
    [INT  => 1, qr/\A(?:130|signal 2)\z/],
    [TERM => 0, qr/\A(?:143|signal 15)\z/],
    [KILL => 0, qr/\Asignal 9\z/],
    [HUP  => 1, qr/\A(?:129|signal 1)\z/],
);

my %troubles;    # what went wrong => when
my $interrupted = 0;

sub expect {
    my ($holds, $what, $when) = @_;
    push @{ $troubles{$what} }, $when if !$holds;
    return;
}

sub kill_once {
    my ($number) = @_;
    my ($signal, $group, $status) = @{ $SIGNALS[$number % @SIGNALS] };
    my $options = $number % 3 ? '0001' : '0001 0002 --update';
    my $delay   = rand 0.8 * $seconds{$options};
    my $when    = sprintf 'number %d, SIG%s after %.3f s of %s', $number, $signal, $delay, $options;
    reset_goldens();
    my %kit = map { $_ => 1 } glob $tree->path('results/*/kit');
    my $run = $tree->start({}, split ' ', $options);
    sleep $delay;
    kill $signal => $group ? -$run->{pid} : $run->{pid};
    my $ended = $tree->finish($run);
    return if $ended->{status} eq '0' && $ended->{out} =~ /^[0-9]+ cases: /m;    # it was faster
    $interrupted++;
    expect($ended->{status} =~ $status, "status $ended->{status}", $when);
    expect($ended->{out} !~ /^(?:FAIL|ERROR)/m, "a verdict: $ended->{out}", $when);
    expect($ended->{err} !~ /internal error/, "message: $ended->{err}", $when);
    my @survivors = TestRuntest::survivors($signal eq 'KILL' ? 30 : 0);
    expect(!@survivors, "left behind: @survivors", $when);
    expect($signal eq 'KILL' || !(grep { !$kit{$_} } glob $tree->path('results/*/kit')), 'a kit is left', $when);
    expect($signal eq 'KILL' || !$tree->files('tmp'), 'a temporary file is left', $when);
    my $golden = $tree->content('log/0002');
    expect($golden eq $OLD || ($options =~ /--update/ && $golden eq $LOG), 'a golden is broken', $when);
    expect($tree->content('log/0001') eq $LOG, 'a golden that was right has changed', $when);
    return;
}

for my $number (1 .. 3 * $COUNT) {
    kill_once($number);
    last if $interrupted == $COUNT;
}
ok !%troubles, "no trouble with seed $seed" or diag explain \%troubles;
is $interrupted, $COUNT, 'so many runs were not over yet when the signal came';

# Before the first case: runtest reads a script, which it opens a second time to understand it, and nobody writes any more.
my $fifo = $tree->path('scripts/0000-Inner/0009');
POSIX::mkfifo($fifo, oct '600') or die "$fifo: $!\n";
for my $signal (qw(INT TERM HUP)) {
    my %before = map { $_ => 1 } map { glob $tree->path("results/*/$_") } qw(lock kit);    # also of a run that was killed
    my $run = $tree->start({}, '0009');
    open my $title, '>', $fifo or die "$fifo: $!\n";
    print {$title} "# a FIFO\n";
    close $title;
    my $deadline = time + 60;
    sleep 0.02 while time < $deadline && !grep { !$before{$_} } glob $tree->path('results/*/lock');
    kill $signal => $run->{pid};
    my %status = (INT => 130, TERM => 143, HUP => 129);
    is_run $tree->finish($run), { status => $status{$signal}, out => '', err => '' }, "SIG$signal before the first case";
    is_deeply [TestRuntest::survivors(0)], [], '- nothing is left';
    is_deeply [grep { !$before{$_} } glob $tree->path('results/*/kit')], [], '- and no file';
}
unlink $fifo;

# A step that would last a minute is ended at once.
$tree->test('0003', "# long\nperl -e 'sleep 50'\n****\n");
for my $signal (qw(INT TERM HUP)) {
    my $last     = readlink $tree->path('results/last');
    my $run      = $tree->start({}, '0003');
    my $deadline = time + 60;
    sleep 0.05 while time < $deadline && (readlink $tree->path('results/last') eq $last || !-d $tree->path('results/last/0003.gnutls'));
    my $when = time;
    kill $signal => $run->{pid};
    my $ended = $tree->finish($run);
    cmp_ok time - $when, '<', 20, "SIG$signal ends a step that takes long";
    is $ended->{out}, "0 cases: 0 passed, 0 failed, 0 skipped, 0 errors\n", 'nothing is said of it';
    is $ended->{err}, "runtest: interrupted by SIG$signal: all processes of the tests have ended\n", 'but that it was interrupted';
    is_deeply [TestRuntest::survivors()], [], 'which is true';
}
unlink $tree->path($_) for qw(confs/0003 scripts/0000-Inner/0003);

reset_goldens();
is_run $tree->run('0001'), { out => <<'END' }, 'the next run is as always';
PASS 0001 gnutls N.NNs 0001
PASS 0001 openssl N.NNs 0001
2 cases: 2 passed, 0 failed, 0 skipped, 0 errors
END
is_deeply [glob $tree->path('results/*/kit')], [], 'and takes away what killed ones have left';
is_deeply [TestRuntest::survivors()], [], 'no process is left';
is_deeply [map { my $folder = $_; map { "$folder/$_" } $tree->files($folder) } qw(confs log scripts stdout stderr)],
  [qw(confs/0001 confs/0002 log/0001 log/0002 scripts/0000-Inner/0001 scripts/0000-Inner/0002)], 'no file is left in the tree';

done_testing;
