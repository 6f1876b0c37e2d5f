#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What came out of one run of a case: records become steps and streams, and a worker that did not get to its end is trouble.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Cpanel::JSON::XS qw(encode_json decode_json);
use Path::Tiny qw(path);
use Test::More;

use Runtest::Case;
use Runtest::Outcome;

my $directory = Path::Tiny->tempdir;
$directory->child('raw')->mkpath;
my $case = Runtest::Case->new(test => { number => '0001', path => 'scripts/1-A/0001' });

sub outcome {
    my (@records) = @_;
    my $outcome = Runtest::Outcome->new($case, $directory, '/case');
    $outcome->take_wire(wire(@$_)) for @records;
    return $outcome;
}

# A record as the worker sends it.
sub wire {
    my ($record, $bytes) = @_;
    my %record = (%$record, defined $bytes ? (size => length $bytes) : ());
    return encode_json(\%record) . "\n" . ($bytes // '');
}

sub steps { return [map { decode_json($_) } $directory->child('steps.jsonl')->lines_raw] }

my %LS = (line => 2, text => 'ls');
my @LOG    = ({ type => 'stream', name => 'log' }, "a\n");
my @PASSED = ({ type => 'verdict', failure => undef });
my %FAILED = (line => 2, step => 'ls', reason => 'expected exit status 0, got exit status 1');

# ----- A run that came to its end -----

my $outcome = outcome([{ type => 'begin', %LS, time => 1 }], [{ type => 'step', %LS, start => 1, end => 2, status => 'exit status 0' }], \@LOG,
    [{ type => 'stream', name => 'mail/a' }, ''], \@PASSED);
is $outcome->running, undef, 'no step is running';
$outcome->finish(0, 1.5);
is $outcome->trouble, undef, 'no trouble';
is $outcome->failure, undef, 'no failure';
is $outcome->seconds, 1.5, 'seconds';
is $outcome->case, $case, 'the case';
is $outcome->directory, $directory, 'its results';
is $outcome->case_directory, '/case', 'where it was';
is_deeply $outcome->raw, { log => "a\n", 'mail/a' => '' }, 'streams';
is $directory->child('raw/log')->slurp_raw, "a\n", '- on disk as well';
is_deeply steps(), [{ file => 'scripts/1-A/0001', %LS, start => 1, end => 2, status => 'exit status 0' }], 'steps';

$outcome = outcome([{ type => 'verdict', failure => \%FAILED }]);
$outcome->finish(0, 1);
is_deeply $outcome->failure, \%FAILED, 'a failure';
is $outcome->trouble, undef, '- is no trouble';

# ----- A run that wrote too much -----

my $most = $Runtest::Collect::MOST_OF_A_STREAM;
is outcome([{ type => 'stream', name => 'log' }, 'x' x $most])->excess, undef, 'a long stream';
is outcome([{ type => 'stream', name => 'log' }, 'x' x ($most + 1)])->excess, "the stream log is longer than $most bytes", 'a longer one';
is outcome([{ type => 'stream', name => 'case.tar' }, 'x' x ($most + 1)])->excess, undef, 'an archive is none';
is outcome(map { [{ type => 'stream', name => "mail/$_" }, 'x' x $most] } 1 .. 5)->excess,
  "the streams have more than $Runtest::Collect::MOST_OF_ALL_STREAMS bytes", 'many long ones';

# ----- A run that did not -----

# [name, records, stderr, wait status, trouble]
my @TROUBLES = (
    ['a signal',              [], '', 9, 'the worker ended with signal 9 (KILL)'],
    ['a status',              [], "Can't locate x\n\n", 2 << 8, "the worker ended with exit status 2: Can't locate x"],
    ['no verdict',            [], '', 0, 'the worker ended with exit status 0'],
    ['a status after a verdict', [\@PASSED], '', 125 << 8, 'the worker ended with exit status 125'],
    ['in a step',             [[{ type => 'begin', %LS }]], 'why', 124 << 8, 'the worker ended with exit status 124 in line 2, ls: why'],
    ['between steps',         [[{ type => 'begin', %LS }], [{ type => 'step', %LS }]], '', 1 << 8, 'the worker ended with exit status 1'],
);
for my $try (@TROUBLES) {
    my ($name, $records, $stderr, $status, $trouble) = @$try;
    my $some = outcome(@$records);
    $some->take_stderr($_) for split //, $stderr;
    $some->finish($status, 1);
    is $some->trouble, $trouble, "trouble: $name";
}

$outcome = outcome([{ type => 'step', line => 1, text => 'x' }], [{ type => 'begin', %LS, time => 3 }]);
is $outcome->running->{text}, 'ls', 'the step that is running';
cmp_ok abs(time - $outcome->running->{begun}), '<=', 600, '- since when';
$outcome->finish(9, 1);
is_deeply [map { [@$_{qw(line text failed)}] } @{ steps() }], [[1, 'x', undef], [2, 'ls', 'not ended']], 'it is among the steps';
ok !grep({ exists $_->{type} } @{ steps() }), '- which look all alike';

$outcome = outcome([{ type => 'begin', %LS }]);
$outcome->note_silence(150);
$outcome->finish(143 << 8, 200);
is $outcome->trouble, 'the worker has said nothing for 150 s in line 2, ls', 'a worker that was ended for its silence';

# ----- More than can be judged -----

{
    local $Runtest::Collect::MOST_OF_A_STREAM    = 10;
    local $Runtest::Collect::MOST_OF_ALL_STREAMS = 25;
    my $stream = sub { my ($name, $length) = @_; return [{ type => 'stream', name => $name }, 'x' x $length] };
    # [name, streams, what is too much]
    for my $try (
        ['as much as can be',   [$stream->(log => 10), $stream->('mail/a' => 10), $stream->('mail/b' => 5)], undef],
        ['too long a stream',   [$stream->(log => 1), $stream->('mail/a' => 11)], 'the stream mail/a is longer than 10 bytes'],
        ['too much in all',     [map { $stream->("mail/$_" => 9) } 1 .. 3], 'the streams have more than 25 bytes'],
        ['what is not judged',  [$stream->('case.tar' => 100)], undef],
      )
    {
        my ($name, $records, $excess) = @$try;
        is outcome(@$records)->excess, $excess, $name;
    }
}
$outcome = outcome();
$outcome->take_stderr('x' x 60_000) for 1 .. 3;
$outcome->finish(1 << 8, 1);
cmp_ok length $outcome->trouble, '<', 70_000, 'no more of stderr than somebody could want';

# ----- What no worker sends -----

# [record, bytes, message]
my @NO_RECORDS = (
    [{ type => 'stream', name => 'log' }, undef,                   "the worker sent a stream without 'bytes'"],
    [{ type => 'stream' }, 'x',                                    "the worker sent a stream without 'name'"],
    [{ type => 'stream', name => {} }, 'x',                        "the worker sent a stream without 'name'"],
    [{ type => 'stream', name => '../x' }, 'x',                    "the worker sent a stream of a bad name, '../x'"],
    [{ type => 'begin', line => 1 }, undef,                        "the worker sent a begin without 'text'"],
    [{ type => 'step', text => 'x' }, undef,                       "the worker sent a step without 'line'"],
    [{ type => 'verdict', failure => 'x' }, undef,                 'the worker sent a failure that is none'],
    [{ type => 'verdict', failure => {} }, undef,                  "the worker sent a failure without 'step'"],
    [{ type => 'verdict', failure => { step => 1, reason => [] } }, undef, "the worker sent a failure without 'reason'"],
);
for my $try (@NO_RECORDS) {
    my ($record, $bytes, $message) = @$try;
    is eval { outcome([$record, $bytes]); 'taken' } // $@->kind . ": $@", "broken: $message", 'refused: ' . encode_json($record);
}
is eval { outcome([{ type => 'other' }], [{}], [{ type => {} }]); 1 } // $@, 1, 'records of other types are left alone';

done_testing;
