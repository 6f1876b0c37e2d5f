#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run leaves on disk: which directories stay, which go, and what is written into them.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Cpanel::JSON::XS qw(decode_json);
use Fcntl qw(LOCK_EX LOCK_NB);
use Path::Tiny qw(path);
use Test::More;

use Runtest::Capture qw(output_of);
use Runtest::Results;

my $tree = Path::Tiny->tempdir('runtest results-XXXXXX');
my $top  = $tree->child('results');

sub left { return join ' ', sort map { $_->basename } grep { !-l } $top->children }

# The directory of a run that began so many seconds ago, and has ended.
sub earlier_run {
    my ($name, $ago) = @_;
    my $run = $top->child($name);
    $run->child('0001.gnutls')->mkpath;
    $run->child('lock')->touch(time - $ago);
    return $run;
}

# ----- A run's own directory -----

my $run  = Runtest::Results->new("$tree");
my $name = $run->directory->basename;
like $name, qr/\A[0-9]{8}-[0-9]{6}-$$\z/, 'a run has a directory of its own';
is $run->directory->parent, $top, '- among the results';
ok !-e $top->child('last'), 'before it begins nothing points there';
$run->end;
is left(), '', 'a run that has not begun leaves nothing';

my $other = Path::Tiny->tempdir;
output_of(qw(chattr +T --), "$other");
SKIP: {
    my $kept_apart = qr/\A\S*T/;
    skip 'this file system cannot keep directories apart', 1 if output_of(qw(lsattr -d --), "$other") !~ $kept_apart;
    like output_of(qw(lsattr -d --), "$top"), $kept_apart, 'runs are kept apart on the disk';
}

$run = Runtest::Results->new("$tree");
$run->directory->child('kit/x')->mkpath;
symlink 'killed', $top->child(".last-$$") or die "symlink: $!\n";    # what a killed run of this pid can have left
$run->begin;
open my $mine, '<', $run->directory->child('lock') or die "lock: $!\n";
ok !flock($mine, LOCK_EX | LOCK_NB), 'a run holds its lock';
is readlink $top->child('last'), $run->directory->basename, 'results/last is the run that has begun';
$run->end;
is join(' ', sort map { $_->basename } $run->directory->children), 'lock', '- it stays, without its kit';
undef $run;

# ----- The newest five -----

$top->remove_tree;
my @names = map { "20200101-00000$_-100" } 1 .. 7;
earlier_run($names[$_], 100 * (7 - $_)) for 0 .. 6;
my $running = $names[0];
open my $lock, '<', $top->child($running, 'lock') or die "lock: $!\n";
flock $lock, LOCK_EX | LOCK_NB or die "flock: $!\n";
$top->child($names[1])->child('lock')->remove;
$top->child($_)->mkpath for qw(other 20200101-000000 2020-1);
$top->child($names[6], 'kit')->mkpath;
$top->child($running, 'kit')->mkpath;
$run = Runtest::Results->new("$tree");
is scalar(split ' ', left()), 11, 'a run that has not begun removes nothing';
$run->begin;
is scalar(split ' ', left()), 11, 'nor does one that begins: a case waits for it';
ok !-e $top->child($names[6], 'kit'), 'but a kit that a killed run has left goes';
ok -e $top->child($running, 'kit'), '- and stays in a run that still runs';
$run->end;
is left(), join(' ', sort @names[0, 3 .. 6], $run->directory->basename, qw(other 20200101-000000 2020-1)),
  'the newest five stay, this one among them, and those that still run, and what is no run';
close $lock;

my $pid = fork // die "fork: $!\n";
if (!$pid) {
    my $second = eval { Runtest::Results->new("$tree") };
    $second->begin if $second;
    require POSIX;
    POSIX::_exit($second && $second->directory ne $run->directory ? 0 : 1);
}
waitpid $pid, 0;
is $?, 0, 'a run at the same time has another directory';
ok -d $run->directory, '- and leaves this one';

# ----- Cases, streams, objects -----

my $case = $run->case('0001.gnutls');
is $case, $run->directory->child('0001.gnutls'), 'the directory of a case';
is join(' ', sort map { $_->basename } $case->children), 'munged raw', '- is empty';
$case->child('old')->touch;
$case = $run->case('0001.gnutls');
ok !-e $case->child('old'), '- also when there was one of that name';

sub write_stream { return eval { Runtest::Results::write_stream($case, @_); 'written' } // $@->kind . ": $@" }

is write_stream(raw => 'mail/a/b', "x\xff\r\n"), 'written', 'a stream';
is $case->child('raw/mail/a/b')->slurp_raw, "x\xff\r\n", '- as it is';
is write_stream(munged => 'log', ''), 'written', 'an empty one';
is $case->child('munged/log')->slurp_raw, '', '- in the other folder';
is write_stream(raw => 'mail/..a b', 'x'), 'written', 'a name that only looks bad';
for my $bad ('', '/etc/passwd', '..', '../x', 'mail/../../x', 'mail/..', './x', 'mail/./x', '.', "mail/a\0b") {
    is write_stream(raw => $bad, 'x'), "broken: the worker sent a stream of a bad name, '$bad'", 'a bad name: ' . $bad =~ s/\0/\\0/r;
}
is join(' ', sort map { $_->basename } $case->child('raw')->children), 'mail', '- of which nothing was written';

my $file = $case->child('steps.jsonl');
Runtest::Results::write_json($file, { b => 1, a => "x\n" }, { c => undef });
is $file->slurp_raw, qq({"a":"x\\n","b":1}\n{"c":null}\n), 'objects, one a line';
Runtest::Results::write_json($file, { a => "caf\xc3\xa9" }, { a => "caf\xe9" }, { a => "\xff\x{263a}" }, { a => "\xc3\xa9" });
is_deeply [map { decode_json($_)->{a} } $file->lines_raw], ["caf\xe9", "caf\xe9", "\xff\x{263a}", "\xe9"], '- whatever is in them, it is JSON';
Runtest::Results::write_json($file);
is $file->slurp_raw, '', '- none';

# ----- What cannot be -----

my $no_directory = Path::Tiny->tempdir;
$no_directory->child('results')->touch;
like eval { Runtest::Results->new("$no_directory") } // $@->kind . ": $@", qr{\Abroken: \Q$no_directory\E/results/\S+ cannot be made: [^\n]*File exists\z},
  'no directory for results';

$run->end;
done_testing;
