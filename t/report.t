#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What the terminal shows: a line per case and what is below it, the summary, what is going on; and how long cases took.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Case;
use Runtest::Durations;
use Runtest::Lane;
use Runtest::Report::Progress;
use Runtest::Report::Terminal;

# What the code prints to a handle.
sub printed {
    my ($handle, $code) = @_;
    open my $saved, '>&', $handle or die "$!\n";
    my $file = Path::Tiny->tempfile;
    $handle->flush;
    open $handle, '>', $file or die "$!\n";
    $code->();
    $handle->flush;
    open $handle, '>&', $saved or die "$!\n";
    return $file->slurp_raw;
}

my $lane = Runtest::Lane->new('mine', __FILE__);

sub case {
    my ($number, $title) = @_;
    return Runtest::Case->new(test => { number => $number, path => "scripts/1-A/$number", folder => '1-A', title => $title // 'Title' }, lane => $lane);
}

# ----- A line per case -----

sub report {
    my ($verdict, $notes, %given) = @_;
    my $report = Runtest::Report::Terminal->new(color => 0, command => './runtest', %given);
    my %verdict = (case => case('0001'), seconds => 1.234, differences => [], directory => '/r/0001.mine', %$verdict);
    return printed(\*STDOUT, sub { $report->case(\%verdict, @$notes) });
}

my %DIFFERENCE = (stream => 'log', diff => ['--- log/0001', "+++ this run's log", '@@ -1 +1 @@', ' same', '-a', '+b']);
my $WHAT_TO_DO = "  results: /r/0001.mine\n  again:   ./runtest --lane mine 0001\n";
my $DIFF = "  --- log/0001\n  +++ this run's log\n  \@\@ -1 +1 \@\@\n   same\n  -a\n  +b\n";
my %FAILURE = (line => 7, step => "ls \e", reason => "first\n  second\rline");

# [name, verdict, notes, what is printed]
my @CASES = (
    ['a pass', { verdict => 'PASS' }, [], "PASS 0001 mine 1.23s Title\n"],
    ['notes', { verdict => 'PASS' }, ['wrote log/0001', "odd\e"], "PASS 0001 mine 1.23s Title\n  wrote log/0001\n  odd\\x1B\n"],
    ['a skip', { verdict => 'SKIP', reason => 'needs x' }, [], "SKIP 0001 mine 1.23s Title: needs x\n"],
    ['an expected failure says no more', { verdict => 'XFAIL', reason => 'a bug', differences => [\%DIFFERENCE], failure => \%FAILURE }, [],
        "XFAIL 0001 mine 1.23s Title: a bug\n"],
    ['a difference', { verdict => 'FAIL', reason => 'log differs', differences => [\%DIFFERENCE], acceptable => 1 }, [],
        "FAIL 0001 mine 1.23s Title: log differs\n$DIFF$WHAT_TO_DO  accept:  ./runtest --update --lane mine 0001\n"],
    ['one that gets a flavour', { verdict => 'FAIL', reason => 'x', acceptable => 1, flavours => ['log/0001.exim-4.98', "mail/0001.\e.exim-4.98"] }, [],
        "FAIL 0001 mine 1.23s Title: x\n$WHAT_TO_DO  accept:  ./runtest --update --lane mine 0001\n"
          . "           which makes log/0001.exim-4.98\n           which makes mail/0001.\\x1B.exim-4.98\n"],
    ['one that is refused', { verdict => 'FAIL', reason => 'x', acceptable => 0, refusal => "log/0001 is another's\e" }, [],
        "FAIL 0001 mine 1.23s Title: x\n$WHAT_TO_DO  accept:  not by --update: log/0001 is another's\\x1B\n"],
    ['a failed step', { verdict => 'FAIL', reason => 'x:7: first', failure => \%FAILURE, differences => [\%DIFFERENCE] }, [],
        "FAIL 0001 mine 1.23s Title: x:7: first\n  step:   scripts/1-A/0001:7: ls \\x1B\n  reason: first\n            second\\x0Dline\n$DIFF$WHAT_TO_DO"],
    ['a failed end', { verdict => 'FAIL', reason => 'x', failure => { step => 'end of script', reason => 'r' } }, [],
        "FAIL 0001 mine 1.23s Title: x\n  step:   scripts/1-A/0001: end of script\n  reason: r\n$WHAT_TO_DO"],
    ['an error of several lines', { verdict => 'ERROR', reason => "one\ntwo\e" }, [], "ERROR 0001 mine 1.23s Title: one\n  two\\x1B\n$WHAT_TO_DO"],
    ['an error before there were results', { verdict => 'ERROR', reason => 'one', directory => undef }, [],
        "ERROR 0001 mine 1.23s Title: one\n  again:   ./runtest --lane mine 0001\n"],
    ['a flaky one', { verdict => 'FLAKY', reason => 'x', differences => [\%DIFFERENCE] }, [], "FLAKY 0001 mine 1.23s Title: x\n$DIFF$WHAT_TO_DO"],
    ['an odd title', { verdict => 'PASS', case => case('0001', "a\e[31mb") }, [], "PASS 0001 mine 1.23s a\\x1B[31mb\n"],
);
for my $row (@CASES) {
    my ($name, $verdict, $notes, $wanted) = @$row;
    is report($verdict, $notes), $wanted, $name;
}
is report({ verdict => 'PASS' }, [], color => 1), "\e[32mPASS\e[0m 0001 mine 1.23s Title\n", 'a colour';
like report({ verdict => 'FAIL', reason => 'x', differences => [\%DIFFERENCE] }, [], color => 1), qr/^  \e\[31m-a\e\[0m\n  \e\[32m\+b\e\[0m\n/m,
  '- and those of a diff';

# ----- All of them -----

sub summary {
    my (@verdicts) = @_;
    my $report = Runtest::Report::Terminal->new(color => 0, command => './runtest');
    printed(\*STDOUT, sub { $report->case({ verdict => $_, case => case('0001'), seconds => 0, reason => 'x', differences => [] }) for @verdicts });
    return printed(\*STDOUT, sub { $report->summary });
}

is summary(), "0 cases: 0 passed, 0 failed, 0 skipped, 0 errors\n", 'no case';
is summary(qw(PASS PASS FAIL SKIP SKIP SKIP ERROR)), "7 cases: 2 passed, 1 failed, 3 skipped, 1 errors\n", 'several';
is summary(qw(PASS XFAIL XPASS FLAKY FLAKY)),
  "5 cases: 1 passed, 0 failed, 0 skipped, 0 errors, 1 expected failures, 1 unexpected passes, 2 flaky\n", 'the rarer ones';
is printed(\*STDOUT, sub { Runtest::Report::Terminal->new->tests(map { case(@$_)->test } ['0001', 'One'], ['0002', "T\e"]) }),
  "0001  1-A              One\n0002  1-A              T\\x1B\n", '--list';

# ----- How long -----

my $folder = Path::Tiny->tempdir;
my $file   = $folder->child('durations.json');
my @cases = map { case($_) } qw(0001 0002 0003 0004);
my $durations = Runtest::Durations->new("$file");
sub order { my (@some) = @_; return join ' ', map { $_->test->{number} } $durations->longest_first(@some) }

is order(reverse @cases), '0001 0002 0003 0004', 'nothing is known: by name';
is $durations->estimate(2, @cases), undef, '- and no estimate';
is $durations->estimate(2), 0, 'no case takes no time';
$durations->remember($cases[0], 1);
$durations->remember($cases[1], 3.00049);
$durations->remember($cases[2], 2);
is order(@cases), '0004 0002 0003 0001', 'the unknown first, then the longest';
is $durations->estimate(2, @cases), undef, 'no estimate where one is unknown';
is $durations->estimate(1, @cases[0 .. 2]), 6, 'one after the other';
is $durations->estimate(2, @cases[0 .. 2]), 3, 'side by side';
is $durations->estimate(8, @cases[0 .. 2]), 3, 'no shorter than the longest';
$durations->keep;
$durations = Runtest::Durations->new("$file");
is order(@cases), '0004 0002 0003 0001', 'it is kept';
for my $damaged ('{', '[]', '') {
    $file->spew_raw($damaged);
    is(Runtest::Durations->new("$file")->estimate(1, $cases[0]), undef, "a damaged file is none: '$damaged'");
}

# ----- What is going on -----

# An outcome of a case in a step (or in none) since so many seconds.
package Going;
sub on      { my ($class, $case, $step, $ago) = @_; return bless { case => $case, step => $step && { %$step, begun => time - $ago } }, $class }
sub case    { my ($self) = @_; return $self->{case} }
sub running { my ($self) = @_; return $self->{step} }

package main;    ## no critic (ProhibitMultiplePackages)

my %LS = (line => 7, text => "ls \e");
sub progress { my (%given) = @_; return Runtest::Report::Progress->new(durations => $durations, jobs => 1, live => 0, %given) }
sub ticked { my ($progress, @state) = @_; return printed(\*STDERR, sub { $progress->tick({ done => 2, waiting => [], running => [], @state }) }) }

my $progress = progress();
is ticked($progress, running => [Going->on($cases[0], \%LS, 1), Going->on($cases[1])]), '', 'without a terminal nothing is said of what goes well';
like ticked($progress, running => [Going->on($cases[0], \%LS, 30)]), qr{\Aruntest: 0001\.mine: in scripts/1-A/0001:7 for 3\d\.\d s: ls \\x1B\n\z},
  'a step that takes long is named';
is ticked($progress, running => [Going->on($cases[0], \%LS, 60)]), '', '- once';
like ticked($progress, running => [Going->on($cases[0], { %LS, line => 8 }, 60)]), qr/0001:8 /, '- each';

$progress = progress(live => 1);
ok !$progress->any_failed, 'none has failed';
$progress->failed;
ok $progress->any_failed, 'one has';
is ticked($progress, waiting => [@cases[1, 2]], running => [Going->on($cases[0], \%LS, 1)]),
  "\r\e[K2 done, 1 failed, 2 waiting, at most 7 s left; 0001.mine:7", 'one line for those who watch';
is printed(\*STDERR, sub { $progress->clear }), "\r\e[K", '- which can be taken away';
is printed(\*STDERR, sub { $progress->clear }), '', '- once';
is ticked($progress, waiting => [$cases[3]], running => [Going->on($cases[0])]), "\r\e[K2 done, 1 failed, 1 waiting; 0001.mine", 'no estimate, no step';
cmp_ok length ticked($progress, running => [(Going->on($cases[0])) x 50]), '<=', 110, 'a line fits a terminal';
$progress->{shown} = 0;
like printed(\*STDERR, sub { $progress->explain({ done => 2, waiting => [$cases[2]], running => [Going->on($cases[0], \%LS, 5), Going->on($cases[1])] }) }),
  qr{\Aruntest: 2 done, 1 failed, waiting: 0003\.mine\nruntest: 0001\.mine: in scripts/1-A/0001:7 for \d+\.\d s: ls \\x1B\nruntest: 0002\.mine: no step yet, or none any more\n\z},
  'what everybody does';

done_testing;
