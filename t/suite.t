#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of a tree, and which of them a command line names.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Suite;

# A tree with these files: path under scripts/ => content.
sub tree_of {
    my (%files) = @_;
    my $tree = Path::Tiny->tempdir('runtest suite-XXXXXX');    # with a blank in its name
    $tree->child('scripts')->mkpath;
    for my $path (sort keys %files) {
        my $file = $tree->child('scripts', $path);
        $file->parent->mkpath;
        $file->spew_raw($files{$path});
    }
    return $tree;
}

my $tree = tree_of(
    '2100-OpenSSL/2132'      => "# certificates in a directory \nexim\n",
    '2100-OpenSSL/REQUIRES'  => "# a comment\n\n  support  OpenSSL\t\n \n",
    '2000-GnuTLS/2032'       => "#title\n",
    '2000-GnuTLS/2001'       => '# no line end',
    '2000-GnuTLS/REQUIRES'   => "support GnuTLS\nfile /dev/null\n",
    '0001-Basic/0001'        => "#  a b  c\n",
    '0001-Basic/2050'        => "# x\n",
    '0001-Basic/8999'        => "# x\n",
    '0001-Basic/9000'        => "# x\n",
    '9100-Special/9101'      => "# x\n",
    '9100-Special/910'       => "no test\n",
    '9100-Special/91011'     => "no test\n",
    '9100-Special/9101~'     => "no test\n",
    'README'                 => "no folder\n",
);
my $suite = Runtest::Suite->new("$tree");

my @tests = $suite->tests;
is join(' ', map { $_->{number} } @tests), '0001 2001 2032 2050 2132 8999 9000 9101', 'all tests, by number';
my ($test) = grep { $_->{number} eq '2132' } @tests;
is_deeply [@$test{qw(number folder path title)}], ['2132', '2100-OpenSSL', 'scripts/2100-OpenSSL/2132', 'certificates in a directory'], 'a test';
is_deeply [map { $_->{text} } @{ $test->{requirements} }], ['support OpenSSL'], '- and what it requires';
my %title = map { $_->{number} => $_->{title} } @tests;
is_deeply [@title{qw(0001 2001 2032)}], ['a b  c', 'no line end', 'title'], 'titles';
is_deeply [map { $_->{text} } @{ $tests[2]{requirements} }], ['support GnuTLS', 'file /dev/null'], 'requirements of a folder';
is_deeply $tests[0]{requirements}, [], '- and of one that has none';

# ----- Selection -----

# [arguments, numbers]
my @SELECTIONS = (
    [[],                         '0001 2001 2032 2050 2132 8999'],
    [['2032'],                   '2032'],
    [['2132', '2032', '2132'],   '2032 2132'],
    [['9000'],                   '9000'],
    [['2001-2050'],              '2001 2032 2050'],
    [['2002-2131'],              '2032 2050'],
    [['2032-2032'],              '2032'],
    [['8000-9050'],              '8999 9000'],
    [['2050+'],                  '2050 2132 8999'],
    [['8999+'],                  '8999'],
    [['9000+'],                  '9000 9101'],
    [['9001+'],                  '9101'],
    [['2000-GnuTLS'],            '2001 2032'],
    [['scripts/2000-GnuTLS/'],   '2001 2032'],
    [['*GnuTLS', '*SSL'],        '2001 2032 2132'],
    [['20*'],                    '2001 2032 2050'],
    [['?00[01]'],                '0001 2001'],
    [['0001-Basic'],             '0001 2050 8999'],
    [['*', '9000'],              '0001 2001 2032 2050 2132 8999 9000'],
    [['{2132,0001}', '9101'],    '0001 2132 9101'],
);
for my $case (@SELECTIONS) {
    my ($arguments, $numbers) = @$case;
    is join(' ', map { $_->{number} } $suite->select(@$arguments)), $numbers, "selection: @$arguments";
}

for my $argument ('2033', '32', '2050-2001', '3000-4000', '9102+', 'GnuTLS', '3*', 'scripts/', 'a/b', '', '-1', '20320', '9100-Special', '9*') {
    is eval { $suite->select('2032', $argument); 'selected' } // $@->kind . ": $@",
      "wrong: no test is named by '$argument' (runtest --list shows what there is; from 9000 on by number or range only)", "selection: '$argument' names none";
}

# [arguments, hint]
my @HINTS = (
    [[qw(2001 2050)],      'these two tests only; all 3 from 2001 to 2050: runtest 2001-2050'],
    [[qw(2132 2001)],      'these two tests only; all 4 from 2001 to 2132: runtest 2001-2132'],
    [[qw(2001 2032)],      undef],
    [[qw(2032 2032)],      undef],
    [[qw(2001 2050 2132)], undef],
    [[qw(2001)],           undef],
    [[],                   undef],
    [[qw(2001 2100+)],     undef],
    [[qw(2001 2132-OpenSSL)], undef],
);
for my $case (@HINTS) {
    my ($arguments, $hint) = @$case;
    is $suite->range_hint(@$arguments), $hint, "hint: @$arguments";
}

# ----- Trees that are wrong -----

sub error_of {
    my ($wrong) = @_;
    return eval { Runtest::Suite->new("$wrong"); 'no error' } // $@->kind . ": $@";
}

my $no_scripts = Path::Tiny->tempdir;
is error_of($no_scripts), "wrong: $no_scripts has no scripts/: it is not a tree of tests", 'a directory without scripts/';
my $TITLE = "wrong: scripts/1-A/0001:1: the first line must be '# one-line title'";
for my $content ('', "\n# title\n", "exim\n", "#\n", "# \t\n", " # title\n") {
    is error_of(tree_of('1-A/0001' => $content)), $TITLE, 'no title: ' . $content =~ s/\n/\\n/gr;
}
is error_of(tree_of('1-A/0001' => "# x\n", '2-B/0001' => "# x\n")), 'wrong: scripts/2-B/0001: number 0001 is taken by scripts/1-A/0001',
  'a number twice';
is error_of(tree_of('1-A/REQUIRES' => "# x\nsupport GnuTLS\nsupport\n")), "wrong: scripts/1-A/REQUIRES:3: requirement 'support' is not understood",
  'a requirement that is not understood';
my $unreadable = tree_of('1-A/0001' => "# x\n");
symlink 'REQUIRES', $unreadable->child('scripts/1-A/REQUIRES') or die "REQUIRES: $!\n";
is error_of($unreadable), 'wrong: scripts/1-A/REQUIRES: cannot be read: Too many levels of symbolic links', 'requirements that cannot be read';
symlink '0002', $unreadable->child('scripts/1-A/0002') or die "0002: $!\n";
$unreadable->child('scripts/1-A/REQUIRES')->remove;
is error_of($unreadable), 'wrong: scripts/1-A/0002: cannot be read: Too many levels of symbolic links', 'a test that cannot be read';

done_testing;
