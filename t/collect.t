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

use Runtest::Collect qw(collect_streams);

my $MOST = 1000;

# The streams of a directory in which these files are (and others that the code makes).
sub streams {
    my ($files, $code) = @_;
    my $directory = tempdir(CLEANUP => 1);
    chdir $directory or die "$directory: $!\n";
    for my $name (keys %$files) {
        path($name)->parent->mkpath;
        path($name)->spew_raw($files->{$name});
    }
    $code->() if $code;
    my %streams;
    collect_streams($MOST, sub { my ($name, $bytes) = @_; $streams{$name} = $bytes });
    chdir '/' or die "/: $!\n";
    return \%streams;
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

my $streams = streams({ 'test-stdout' => 'x' x ($MOST + 1), 'test-mail/a' => 'x' x (2 * $MOST), 'test-stderr' => 'x' x $MOST });
is_deeply { map { $_ => length $streams->{$_} } keys %$streams }, { stdout => $MOST, stderr => $MOST, 'mail/a' => $MOST }, 'no more than so much of each';

done_testing;
