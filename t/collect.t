#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What a case has written becomes streams; what only looks like that does not.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp qw(tempdir);
use Path::Tiny qw(path);
use POSIX qw(mkfifo);
use Test::More;

use Runtest::Collect qw(collect_streams excess);

local $Runtest::Collect::MOST_OF_A_STREAM    = 1000;
local $Runtest::Collect::MOST_OF_ALL_STREAMS = 2500;

# What a function finds in a directory in which these files are (and others that the code makes).
sub in_directory_of {
    my ($find, $files, $code) = @_;
    my $directory = tempdir(CLEANUP => 1);
    chdir $directory or die "$directory: $!\n";
    for my $name (keys %$files) {
        path($name)->parent->mkpath;
        path($name)->spew_raw($files->{$name});
    }
    $code->() if $code;
    my $found = $find->();
    chdir '/' or die "/: $!\n";
    return $found;
}

sub streams {
    my (@files) = @_;
    my %streams;
    my $take = sub { my ($name, $bytes) = @_; $streams{$name} = $bytes };
    return in_directory_of(sub { collect_streams($take); \%streams }, @files);
}

is_deeply streams({}), {}, 'nothing';

my %FILE = (
    'stdout'           => 'test-stdout',
    'stdout.server'    => 'test-stdout-server',
    'stderr'           => 'test-stderr',
    'stderr.server'    => 'test-stderr-server',
    'log'              => 'spool/log/mainlog',
    'log.server'       => 'spool/log/servermainlog',
    'rejectlog'        => 'spool/log/rejectlog',
    'rejectlog.server' => 'spool/log/serverrejectlog',
    'paniclog'         => 'spool/log/paniclog',
    'paniclog.server'  => 'spool/log/serverpaniclog',
    'fakens.log'       => 'fakens.log',
);
is_deeply streams({ map { $FILE{$_} => "$_\xff\n" } keys %FILE }), { map { $_ => "$_\xff\n" } keys %FILE }, 'every file';
is_deeply streams({ 'test-stdout' => '' }), { stdout => '' }, 'one that is empty';
is_deeply streams({ 'test-mail/a' => 1, 'test-mail/b c' => 2, 'test-mail/.d' => 3, 'test-mail/e/f/g' => 4, 'spool/msglog/1' => 5, 'spool/msglog/x/2' => 6 }),
  { 'mail/a' => 1, 'mail/b c' => 2, 'mail/.d' => 3, 'mail/e/f/g' => 4, 'msglog/1' => 5, 'msglog/x/2' => 6 }, 'folders, with all below them';
is_deeply streams({ 'test-config' => 1, 'spool/input/1-H' => 1, 'mainlog' => 1, 'log' => 1 }), {}, 'other files';

is_deeply streams(
    { secret => 'x', 'dir/secret' => 'x' },
    sub {
        mkdir 'test-mail' or die "test-mail: $!\n";
        symlink '../secret', 'test-mail/link' or die "link: $!\n";
        symlink '../dir', 'test-mail/dir' or die "link: $!\n";
        symlink 'secret', 'test-stdout' or die "link: $!\n";
        mkfifo('test-stderr', oct '600') or die "fifo: $!\n";
        mkfifo('test-mail/fifo', oct '600') or die "fifo: $!\n";
        mkdir 'fakens.log' or die "fakens.log: $!\n";
    }
  ),
  {}, 'links, pipes and directories are no streams, and nobody waits for them';

# What is too much: [name, files, what is said of it, the lengths that are taken].
my %MANY  = map { sprintf('test-mail/%04d', $_) => '' } 1 .. 980;
my %TAKEN = map { s/test-//r => 0 } keys %MANY;
my $LONG  = 'x' x 200;
my %TWO   = ('test-stdout' => 'x' x 1000, 'test-stderr' => 'x' x 1000);
for my $row (
    ['as much as can be', { %TWO, 'test-mail/a' => 'x' x 500 }, undef,
        { stdout => 1000, stderr => 1000, 'mail/a' => 500 }],
    ['a long stream', { 'test-stdout' => "one\ntwo\nthree\nfour\n" . 'x' x 1000 },
        "the stream stdout is longer than 1000 bytes; it begins:\none\ntwo\nthree", { stdout => 1000 }],
    ['a long line', { 'test-mail/a' => 'x' x 1001 },
        "the stream mail/a is longer than 1000 bytes; it begins:\n" . 'x' x 300, { 'mail/a' => 1000 }],
    ['much in all', { %TWO, 'test-mail/a' => "y\n" x 251, 'test-mail/b' => 'z' },
        "the streams have more than 2500 bytes, the last one is mail/a; it begins:\ny\ny\ny",
        { stdout => 1000, stderr => 1000, 'mail/a' => 500, 'mail/b' => 0 }],
    ['many streams', \%MANY, undef, \%TAKEN],
    ['too many', { %MANY, map { ("test-mail/z$_" => '') } 10 .. 30 },
        'there are more than 1000 streams, the last one is mail/z30',
        { %TAKEN, map { ("mail/z$_" => 0) } 10 .. 29 }],
    ['a name', { "test-mail/$LONG/$LONG" => '' }, undef, { "mail/$LONG/$LONG" => 0 }],
    ['a long name', { "test-mail/x$LONG" => '' },
        "a part of the name of the stream mail/x$LONG is longer than 200 bytes", {}],
    ['what is no stream', { 'spool/input/1-D' => 'x' x 5000 }, undef, {}],
  )
{
    my ($name, $files, $excess, $lengths) = @$row;
    is in_directory_of(\&excess, $files), $excess, $name;
    my $streams = streams($files);
    is_deeply { map { $_ => length $streams->{$_} } keys %$streams }, $lengths, '- what is taken';
}

done_testing;
