#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What runtest dies of, and files that are written whole or not at all.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Atomic qw(write_atomically);
use Runtest::Error;

# [kind, exit status]
for my $row ([wrong => 2], [broken => 3], [missing => 4]) {
    my ($kind, $status) = @$row;
    my $error = Runtest::Error->new($kind => "a\nb");
    is_deeply [$error->kind, $error->message, $error->exit_status, "$error"], [$kind, "a\nb", $status, "a\nb"], "an error: $kind";
    is eval { Runtest::Error->throw($kind => 'x'); 'alive' } // 'dead', 'dead', '- is thrown';
    is_deeply [$@->kind, "$@"], [$kind, 'x'], '- as it is';
    is(Runtest::Error->from($error), $error, '- and stays what it is');
}
like eval { Runtest::Error->new(odd => 'x') } // $@, qr/\Aunknown kind of error 'odd' /, 'a kind that there is not';

# What dies of something else.
sub dying { my ($code) = @_; eval { $code->(); 1 } and return 'alive'; my $error = Runtest::Error->from($@); return $error->kind . ": $error" }

is dying(sub { die "oops\n" }), 'broken: internal error: oops', 'a line';
like dying(sub { die 'oops' }), qr/\Abroken: internal error: oops at \S+ line \d+\.\z/, '- with file and line';
is dying(sub { die bless {}, 'Other' }) =~ s/=.*//r, 'broken: internal error: Other', 'an object of another class';
is dying(sub { path('/nonexistent/x')->slurp }), 'broken: /nonexistent/x: No such file or directory', 'a file of Path::Tiny';

# ----- Files -----

my $directory = Path::Tiny->tempdir;
my $file      = $directory->child('a');

sub names { return join ' ', sort map { $_->basename } $directory->children }
sub written { my (@arguments) = @_; return eval { write_atomically(@arguments); 'written' } // $@->kind . ": $@" }

is written($file, "x\xff\r\n"), 'written', 'a new file';
is $file->slurp_raw, "x\xff\r\n", '- byte for byte';
open my $old, '<', $file or die "$file: $!\n";
is written("$file", ''), 'written', 'an old one';
is $file->slurp_raw, '', '- has the new content';
is scalar <$old>, "x\xff\r\n", '- and who has opened it before reads the old one to its end';
is names(), 'a', 'nothing is left beside it';

symlink 'a', $directory->child('link') or die "link: $!\n";
is written($directory->child('link'), 'through'), 'written', 'through a link';
is $file->slurp_raw, 'through', '- what it leads to is written';
ok -l $directory->child('link'), '- and it stays a link';

is written("$directory/none/x", 'x'), "broken: $directory/none/x: No such file or directory", 'a folder that is not there';
$directory->child('folder')->mkpath;
is written("$directory/folder", 'x'), "broken: $directory/folder: Is a directory", 'a folder';
is names(), 'a folder link', 'nothing is left beside these';

SKIP: {
    skip 'no /dev/full here', 2 if !-c '/dev/full';
    $file->spew_raw('old');
    symlink '/dev/full', $directory->child('.a.' . $$) or die "link: $!\n";    # where the new content goes first
    is written($file, 'x'), "broken: $file: No space left on device", 'a full disk is noticed';
    is $file->slurp_raw, 'old', '- and leaves the old content';
}
is names(), 'a folder link', '- and nothing beside it';

done_testing;
