#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes: how they are started, waited for and ended. The clock is never what decides: processes say when they are ready.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum);
use Path::Tiny qw(path);
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

use Runtest::Capture qw(output_of must_run);
use Runtest::Process qw(start_process wait_process end_process describe_status);

my $PATIENCE = 60;    # far more than any of this takes
my $work = Path::Tiny->tempdir;
open my $null, '<', '/dev/null' or die "/dev/null: $!\n";

sub deadline { return time + $PATIENCE }

sub start {
    my ($argv, %how) = @_;
    my %default = (environment => {}, stdin => $null, stdout => $work->child('out'), stderr => $work->child('err'));
    $_ = "$_" for @default{qw(stdout stderr)};
    return start_process(%default, argv => $argv, %how);
}

# Runs it to its end: [wait status, what it wrote to stdout, and to stderr].
sub run {
    my (@arguments) = @_;
    $_->remove for $work->children;
    my $status = wait_process(start(@arguments), deadline());
    return [$status, map { -e $_ ? $_->slurp_raw : undef } map { $work->child($_) } qw(out err)];
}

sub perl { my ($code, %how) = @_; return ([$^X, '-e', $code], %how) }

# ----- Starting -----

is_deeply run(['printf', '%s|', '$HOME', '*', "a  b\n"]), [0, "\$HOME|*|a  b\n|", ''], 'a list, and no shell';
is_deeply run(['env'], environment => { A => 'b c' }), [0, "A=b c\n", ''], 'the whole environment';
is_deeply run(perl('print STDERR "e"; exit 3')), [3 << 8, '', 'e'], 'stderr, and an exit status';
is_deeply run(perl('kill 9, $$')), [9, '', ''], 'a signal';
is_deeply run(['/nonexistent/program', 'x']), [127 << 8, '', "/nonexistent/program: No such file or directory\n"], 'no such program';
is_deeply run(['nonexistent']), [127 << 8, '', "nonexistent: No such file or directory\n"], '- of a name without slash';
is_deeply run(perl('print getppid == $ENV{PARENT} && getpgrp != $$ ? 1 : 0', environment => { PARENT => $$ })), [0, '1', ''], 'no session of its own';
is_deeply run(perl('use POSIX; print getpgrp == $$ && tcgetpgrp(0) ? 1 : 0', session => 1)), [0, '1', ''], 'a session of its own';

my $input = Path::Tiny->tempfile;
$input->spew_raw("a\nb\n");
my $in = $input->openr_raw;
is_deeply run(['cat'], stdin => $in), [0, "a\nb\n", ''], 'standard input';

my $both = Path::Tiny->tempfile;
$both->spew_raw("before\n");
run(perl('print "o\n"; print STDERR "e\n"'), stdout => "$both", stderr => "$both");
is join(' ', sort $both->lines({ chomp => 1 })), 'before e o', 'files are appended to';
my $out = $both->opena_raw;
run(perl('print "h\n"'), stdout => $out);
is(($both->lines)[-1], "h\n", 'a handle');

is_deeply run(['true'], stdout => '/nonexistent/out'), [127 << 8, undef, "true: cannot open /nonexistent/out: No such file or directory\n"],
  'a file that cannot be written';

SKIP: {
    skip 'only root can become another user', 2 if $> != 0;
    my $who = 'print join " ", $<, $>, $(, $)';
    chmod oct('0755'), $work;
    is_deeply run(perl($who, user => { uid => 1234, gid => 2345, groups => [2345, 3456] })), [0, '1234 1234 2345 2345 3456 2345 2345 3456', ''],
      'another user, with groups';
    is_deeply run(perl('$> = 0; $< = 0; print "$< $>"', user => { uid => 1234, gid => 2345, groups => [2345] })), [0, '1234 1234', ''],
      '- and for good';
}

# ----- Waiting -----

# A process that says that it is ready, and then does what the code says. Returns its pid and the handle that it speaks to.
sub ready {
    my ($code) = @_;
    pipe my $said, my $say or die "pipe: $!\n";
    my $pid = start(perl("\$| = 1; $code", stdout => $say));
    close $say;
    is wait_process($pid, deadline(), $said), undef, 'a handle that can be read ends the waiting';
    sysread $said, my $word, 100;
    return ($pid, $said);
}

my ($first) = ready('print "ready"; sleep 1000');
is wait_process($first, 0), undef, 'a deadline of 0 asks only';
is wait_process($first, time - 1), undef, '- as does one that has passed';
my $second = start(perl('exit 5'));
wait_process($second, deadline());
my ($began, $used) = (time, sum(times));
is wait_process($first, time + 0.3), undef, 'a deadline passes';
cmp_ok time - $began, '>=', 0.29, '- and not before';
cmp_ok sum(times) - $used, '<=', 0.1, '- and waiting takes no processor time';
$second = start(perl('exit 5'));
kill TERM => $first;
is wait_process($first, deadline()), 15, 'a signal';
is wait_process($second, deadline()), 5 << 8, 'one that may have ended while another one was waited for';

# The one that is waited for ends after another one has: B holds the pipe whose end A waits for.
pipe my $for_a, my $from_b or die "pipe: $!\n";
my $process_a = start(perl('<STDIN>; select undef, undef, undef, 0.05; exit 4'), stdin => $for_a);
my $process_b = start(perl('select undef, undef, undef, 0.05; exit 6'), stdout => $from_b);
close $_ for $for_a, $from_b;
is wait_process($process_a, deadline()), 4 << 8, 'the end of another one does not end the waiting';
is wait_process($process_b, 0), 6 << 8, '- and is remembered';

my @pids = map { start(perl("exit $_")) } 1 .. 20;
is_deeply [map { wait_process($_, deadline()) >> 8 } reverse @pids], [reverse 1 .. 20], 'twenty at once, in another order';

# ----- Ending -----

my ($obeys) = ready('$SIG{TERM} = sub { exit 7 }; print "ready"; sleep 1000');
is_deeply [end_process($obeys, $PATIENCE)], [7 << 8, 1], 'it obeys SIGTERM';
my ($dies) = ready('print "ready"; sleep 1000');
is_deeply [end_process($dies, $PATIENCE)], [15, 1], 'it dies of SIGTERM';
my ($misses) = ready('$SIG{TERM} = sub { exit 7 if $told++ }; print "ready"; sleep 1000 while 1');
is_deeply [end_process($misses, 6)], [7 << 8, 1], 'it misses the first one, and is told again';
my ($does_not) = ready('$SIG{TERM} = "IGNORE"; print "ready"; sleep 1000 while 1');
is_deeply [end_process($does_not, 0.1)], [9, 0], 'it does not obey, and is killed';

# [wait status, words]
for my $case ([0, 'exit status 0'], [1 << 8, 'exit status 1'], [255 << 8, 'exit status 255'], [9, 'signal 9 (KILL)'], [15, 'signal 15 (TERM)'],
    [11 | 128, 'signal 11 (SEGV), core dumped'])
{
    my ($status, $words) = @$case;
    is describe_status($status), $words, $words;
}

# ----- What a command says -----

{
    local $SIG{CHLD} = 'DEFAULT';
    open STDIN, '<', $input or die "$input: $!\n";
    is output_of($^X, '-e', '$| = 1; print "o "; print STDERR "e "; print scalar(<STDIN>) // "eof"; exit 3'), 'o e eof', 'what a command says';
    is $? >> 8, 3, '- and its status';
    is output_of('printf', '%s', '$HOME *'), '$HOME *', 'no shell';
    is output_of('true'), '', 'a command that says nothing';
    is $?, 0, '- and succeeds';
    is output_of('/nonexistent/program'), "/nonexistent/program: No such file or directory\n", 'a command that is not there';
    is $? >> 8, 127, '- fails';
    is must_run('echo', 'x'), "x\n", 'what must run, runs';
    for my $case (
        ['echo; echo; echo first; echo second; exit 1', 'broken: first'],
        ['exit 1',     'broken: sh has failed (sh -c exit 1)'],
        ['kill -9 $$', 'broken: sh has failed (sh -c kill -9 $$)'],
      )
    {
        my ($command, $error) = @$case;
        is eval { must_run('sh', '-c', $command) } // $@->kind . ": $@", $error, "- or not: $error";
    }
}

done_testing;
