#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Work beside the loop: what comes back from it, and what is said when nothing does.
use strict;
use warnings;

use Errno qw(EAGAIN);
use FindBin qw($Bin);
use lib "$Bin/../lib";
use IO::Async::Loop;
use POSIX ();
use Test::More;

use Runtest::Aside qw(aside end_aside);

my $loop = IO::Async::Loop->new;

# What done() gets; $meanwhile is called with the process.
sub outcome {
    my ($work, $meanwhile) = @_;
    my @got;
    my $process = aside($loop, $work, sub { @got = @_; $loop->stop });
    $meanwhile->($process) if $meanwhile;
    $loop->run;
    return { result => $got[0], error => defined $got[1] ? $got[1]->kind . ': ' . $got[1]->message : undef };
}

my $large = 'x' x 1_000_000;
is_deeply outcome(sub { return { pid => $$ == getppid, text => $large } }),
  { result => { pid => '', text => $large }, error => undef }, 'the result of the work comes back, however large it is';

# [what the work does, the error]
for my $row (
    [sub { die "no such thing\n" }, 'broken: internal error: no such thing'],
    [sub { return { code => sub { } } }, qr/\Abroken: internal error: Can't store CODE items/],
    [sub { kill KILL => $$ }, 'broken: the process that compares the streams ended with signal 9 (KILL)'],
    [sub { POSIX::_exit(7) }, 'broken: the process that compares the streams ended with exit status 7'],
    [sub { POSIX::_exit(0) }, 'broken: the process that compares the streams ended with half a result'],
  )
{
    my ($work, $wanted) = @$row;
    my $error = outcome($work)->{error};
    ref $wanted ? like $error, $wanted, "the error says: $wanted" : is $error, $wanted, "the error says: $wanted";
}

is outcome(sub { sleep 100 }, \&end_aside)->{error},
  'broken: the process that compares the streams ended with signal 15 (TERM)', 'the process ends when it is told to';

# The kernel may have forgotten a process before the loop knows that it has ended.
my $pid = fork // die "fork: $!\n";
POSIX::_exit(0) if !$pid;
waitpid $pid, 0;
my $told = eval { end_aside(bless { pid => $pid }, 'IO::Async::Process'); 1 };
ok $told, 'a process that is gone can be told to end' or diag $@;

{
    no warnings 'redefine';
    local *IO::Async::Loop::fork = sub { $! = EAGAIN; die "Cannot fork() - $!\n" };    ## no critic (RequireLocalized)
    my $process = eval { aside($loop, sub { }, sub { }) };
    ok !$process, 'there may be no process to be had';
    like $@, qr/\Afork: Resource temporarily unavailable\z/, 'then it dies at once';
}

done_testing;
