#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Munged streams against goldens, and the diffs that are shown.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use List::Util qw(sum0);
use Path::Tiny qw(path);
use Test::More;

use Runtest::Capture qw(output_of);
use Runtest::Compare qw(compare_streams);
use Runtest::Diff qw(unified_diff visible);
use Runtest::Golden;
use Runtest::Lane;

my $directory = Path::Tiny->tempdir;
my $lane = Runtest::Lane->new('mine', __FILE__);
$lane->learn({ library => 'gnutls', versions => { exim => '4.96', gnutls => '3.7.9' } });

# What differs when a test has these goldens (path => content) and wrote these streams.
sub differences {
    my ($goldens, $munged, %directives) = @_;
    my $tree = Path::Tiny->tempdir;
    for my $path (keys %$goldens) {
        my $file = $tree->child($path);
        $file->parent->mkpath;
        $file->spew_raw($goldens->{$path});
    }
    my $golden = Runtest::Golden->new("$tree", '0001', $lane);
    return eval { [compare_streams($munged, $golden, \%directives, '/munged')] } // $@->kind . ": $@";
}

# The same, as "stream path" of each difference.
sub differing {
    my (@arguments) = @_;
    my $differences = differences(@arguments);
    return ref $differences ? [map { "$_->{stream} $_->{path}" } @$differences] : $differences;
}

# [name, goldens, streams, what differs, directives]
my @CASES = (
    ['nothing at all',            {}, {}, []],
    ['equal',                     { 'log/0001' => "a\n", 'mail/0001.x' => "b\n" }, { log => "a\n", 'mail.x' => "b\n" }, []],
    ['no golden',                 {}, { log => "a\n" }, ['log log/0001']],
    ['no golden, empty stream',   {}, { log => '' }, []],
    ['a golden of nothing',       { 'log/0001' => "a\n" }, {}, ['log log/0001']],
    ['an empty golden',           { 'log/0001' => '' }, {}, []],
    ['an empty golden, a stream', { 'log/0001' => '' }, { log => "\n" }, ['log log/0001']],
    ['a mailbox not written',     { 'mail/0001.x' => "b\n", 'mail/0001.y' => "b\n" }, { 'mail.x' => "b\n" }, ['mail.y mail/0001.y']],
    ['one more mailbox',          { 'mail/0001.x' => "b\n" }, { 'mail.x' => "b\n", 'mail.y' => "b\n" }, ['mail.y mail/0001.y']],
    ['the line end counts',       { 'log/0001' => "a\n" }, { log => 'a' }, ['log log/0001']],
    ['a flavour of the lane',     { 'log/0001' => "a\n", 'log/0001.gnutls' => "b\n" }, { log => "a\n" }, ['log log/0001.gnutls']],
    ['- equal',                   { 'log/0001' => "a\n", 'log/0001.gnutls' => "b\n" }, { log => "b\n" }, []],
    ['a flavour of others',       { 'log/0001.openssl' => "b\n" }, {}, []],
    ['carriage returns of old goldens', { 'stdout/0001' => "221\r\n" }, { stdout => "221\\r\n" }, []],
    ['several, by name',          {}, { stdout => 'a', log => 'a', 'mail.x' => 'a' }, ['log log/0001', 'mail.x mail/0001.x', 'stdout stdout/0001']],
    ['a conflict marker',         { 'log/0001' => "<<<<<<< x\n" }, { log => "<<<<<<< x\n" },
        'wrong: log/0001:1: this golden has a conflict marker of a merge: resolve it first'],
);
for my $case (@CASES) {
    my ($name, $goldens, $munged, $wanted, %directives) = @$case;
    is_deeply differing($goldens, $munged, %directives), $wanted, $name;
}

my %ALL = map { $_ => 'x' } qw(stdout stderr log rejectlog paniclog mail.x mail.gnutls msglog.1);
delete $ALL{'mail.gnutls'};
my @all = sort keys %ALL;
for my $case (
    [no_stdout_check  => qr/^stdout/],
    [no_stderr_check  => qr/^stderr/],
    [no_message_check => qr/^mail/],
    [no_msglog_check  => qr/^msglog/],
    [sortlog          => qr/^nothing/],
  )
{
    my ($directive, $uncompared) = @$case;
    my $differing = differing({}, \%ALL, $directive => 1);
    is_deeply [map { (split)[0] } @$differing], [grep { !/$uncompared/ } @all], "what $directive leaves";
}
is_deeply differing({ 'mail/0001.gnutls' => "x\n" }, { 'mail.gnutls' => 'x' }, no_message_check => 1), [], 'what is not compared has any name';

my $difference = differences({ 'log/0001' => "a\nb\rx\n" }, { log => "a\nc\n" })->[0];
is_deeply $difference,
  {
    stream => 'log',
    path   => 'log/0001',
    golden => "a\nb\\rx\n",
    text   => "a\nc\n",
    diff   => ['--- log/0001', "+++ this run's log", '@@ -1,2 +1,2 @@', ' a', '-b\rx', '+c'],
  },
  'a difference';

# ----- Diffs -----

sub diff { my ($old, $new) = @_; return [unified_diff('old', $old, 'new', $new, '/the whole')] }

is_deeply diff("a\n", "a\n"), [], 'equal texts have no diff';
is_deeply diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
  ['--- old', '+++ new', '@@ -2,7 +2,7 @@', ' 2', ' 3', ' 4', '-5', '+x', ' 6', ' 7', ' 8'], 'three lines of context';
is_deeply diff('', "a\nb\n"), ['--- old', '+++ new', '@@ -0,0 +1,2 @@', '+a', '+b'], 'from nothing';
is_deeply diff("a\n", ''), ['--- old', '+++ new', '@@ -1 +0,0 @@', '-a'], 'to nothing';
is_deeply diff("a\n", 'a'), ['--- old', '+++ new', '@@ -1 +1 @@', '-a', '+a\ (no line end)'], 'a missing line end';
is_deeply diff("a \n", "a\t\0\xc3\n"), ['--- old', '+++ new', '@@ -1 +1 @@', '-a ', "+a\t\\x00\\xC3"], 'odd bytes';

# Long texts and lines.
my @NAMES = ('--- old', '+++ new');
sub numbered { my (@numbers) = @_; return join '', map { "$_\n" } @numbers }

is_deeply diff(numbered(1 .. 30_000), numbered(1 .. 14_999, 'x', 15_001 .. 30_000)),
  [@NAMES, '@@ -14997,7 +14997,7 @@', (map { " $_" } 14_997 .. 14_999), '-15000', '+x', (map { " $_" } 15_001 .. 15_003)],
  'one line of a long text';
is_deeply diff(numbered(0 .. 40_000), numbered(1 .. 40_000)), [@NAMES, '@@ -1,4 +1,3 @@', '-0', ' 1', ' 2', ' 3'],
  'one line less';
is_deeply diff('', numbered(1 .. 200)),
  [@NAMES, '@@ -0,0 +1,200 @@', (map { "+$_" } 1 .. 199), '... 1 more: /the whole'], 'many lines are cut';
my $long = diff(numbered(1 .. 26_000), numbered(map { "x$_" } 1 .. 26_000));
is_deeply [@$long[0 .. 3], scalar @$long, $long->[-1]],
  ['--- old', '+++ new', '@@ -1,10000 +1,10000 @@', '-1', 203, '... 51,801 more: /the whole'], 'so are those that were not compared';
is_deeply diff("a\n", 'b' x 5_000_000 . "\n"),
  [@NAMES, '@@ -1 +1 @@', '-a', '+' . 'b' x 699 . ' ... 4,999,101 more ... ' . 'b' x 200],
  'a long line is cut in its middle';
is_deeply diff("a\n", 'b' x 1000 . "\n")->[-1], '+' . 'b' x 1000, '- if it is long indeed';

# What takes a Perl of its own hours: the same few lines in another order. Seconds of processor time, with those of the
# children.
srand 1;
my $before = sum0(times);
diff(map { numbered(map { int rand 3 } 1 .. 400_000) } 1, 2);
cmp_ok sum0(times) - $before, '<', 10, 'the time is bounded';

# Beginnings and ends that are the same are not compared: so they must not be taken for the same where they are not.
for my $try (1 .. 50) {
    my ($old, $new) = map { join '', map { ('a', 'b', "\n", "a\nb\n")[rand 4] } 0 .. rand 12 } 1, 2;
    my @wanted = ('# equal') x 2;
    my @given  = map { $_ eq '' || /\n\z/ ? $_ : "$_\\ (no line end)\n" } $old, $new;
    if ($old ne $new) {
        path("$directory/$_")->spew_raw($given[$_]) for 0, 1;
        @wanted = split /\n/, output_of('diff', '-u', "$directory/0", "$directory/1");
    }
    my (undef, undef, @got) = @{ diff($old, $new) };
    is_deeply \@got, [@wanted[2 .. $#wanted]], 'the lines that diff(1) finds' or diag explain [$old, $new];
}

# [line, what is shown]
for my $case (["a ~\t", "a ~\t"], ["\r\e[1m\x7f", '\x0D\x1B[1m\x7F'], ["\xe9\xff", '\xE9\xFF'], ['', '']) {
    my ($line, $shown) = @$case;
    is visible($line), $shown, "visible: $shown";
}

done_testing;
