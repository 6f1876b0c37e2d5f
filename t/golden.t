#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Goldens: which file is a lane's, what is in it, what belongs to a test, and writing them.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Golden qw(flavour_of is_prefix);
use Runtest::Lane;

my $tree = Path::Tiny->tempdir('runtest golden-XXXXXX');    # with a blank in its name

sub lane {
    my ($exim, $library, $version) = @_;
    my $lane = Runtest::Lane->new('mine', __FILE__);
    $lane->learn({ library => $library, versions => { exim => $exim, $library => $version } });
    return $lane;
}

my %lane = (
    gnutls      => lane('4.96',   gnutls  => '3.7.9'),
    openssl     => lane('4.96.2', openssl => '1.1.1w'),
    new_openssl => lane('4.100',  openssl => '3.0.11'),
);

# The tree with these files and no others, each with its own path as content.
sub put {
    my (@paths) = @_;
    $_->remove_tree for $tree->children;
    for my $path (@paths) {
        my $file = $tree->child($path);
        $file->parent->mkpath;
        $file->spew_raw($path);
    }
    return;
}

sub golden { my ($lane) = @_; return Runtest::Golden->new("$tree", '2132', $lane{$lane}) }

# ----- The most specific flavour of the lane wins -----

# [files, lane, stream, path]
my @PATHS = (
    ['',                                          'gnutls',      'log',         'log/2132'],
    ['log/2132',                                  'gnutls',      'log',         'log/2132'],
    ['log/2132 log/2132.openssl',                 'gnutls',      'log',         'log/2132'],
    ['log/2132 log/2132.openssl',                 'openssl',     'log',         'log/2132.openssl'],
    ['log/2132 log/2132.openssl log/2132.openssl-1.1', 'openssl', 'log',        'log/2132.openssl-1.1'],
    ['log/2132 log/2132.openssl log/2132.openssl-1.1', 'new_openssl', 'log',    'log/2132.openssl'],
    ['log/2132.openssl-1 log/2132.openssl-1.1.1 log/2132.openssl-1.1', 'openssl', 'log', 'log/2132.openssl-1.1.1'],
    ['log/2132 log/2132.openssl-1.1.2',           'openssl',     'log',         'log/2132'],
    ['log/2132 log/2132.openssl-1.1.1.1',         'openssl',     'log',         'log/2132'],
    ['log/2132 log/2132.openssl-1.1.1.0',         'openssl',     'log',         'log/2132'],
    ['log/2132 log/2132.openssl-3',               'new_openssl', 'log',         'log/2132.openssl-3'],
    ['log/2132 log/2132.exim-4.96',               'gnutls',      'log',         'log/2132.exim-4.96'],
    ['log/2132 log/2132.exim-4.96',               'openssl',     'log',         'log/2132.exim-4.96'],
    ['log/2132 log/2132.exim-4.96.3',             'openssl',     'log',         'log/2132'],
    ['log/2132 log/2132.exim-4.96.2',             'openssl',     'log',         'log/2132.exim-4.96.2'],
    ['log/2132 log/2132.exim-4.84',               'gnutls',      'log',         'log/2132.exim-4.84'],
    ['log/2132 log/2132.exim-4.9',                'gnutls',      'log',         'log/2132.exim-4.9'],
    ['log/2132 log/2132.exim-4.98',               'gnutls',      'log',         'log/2132'],
    ['log/2132 log/2132.exim-4.98',               'new_openssl', 'log',         'log/2132.exim-4.98'],
    ['log/2132 log/2132.exim-4.98.2 log/2132.exim-4.84 log/2132.exim-4.101', 'new_openssl', 'log', 'log/2132.exim-4.98.2'],
    ['log/2132 log/2132.exim-4.100 log/2132.exim-4.99', 'new_openssl', 'log',   'log/2132.exim-4.100'],
    ['log/2132 log/2132.exim log/2132.exim-4',    'gnutls',      'log',         'log/2132.exim-4'],
    ['log/2132 log/2132.exim log/2132.exim-4.98', 'gnutls',      'log',         'log/2132.exim'],
    ['log/2132.exim-4.96 log/2132.exim-4.96.0',   'gnutls',      'log',         'log/2132.exim-4.96.0'],
    ['log/2132.exim-4.100 log/2132.openssl',      'new_openssl', 'log',         'log/2132.openssl'],
    ['log/2132.exim-4.96 log/2132.gnutls',        'gnutls',      'log',         'log/2132.gnutls'],
    ['log/2132.exim-4.96 log/2132.gnutls-3.7 log/2132.gnutls', 'gnutls', 'log',  'log/2132.gnutls-3.7'],
    ['log/2132.gnutls-x log/2132.gnutls- log/2132.GnuTLS log/2132.gnutls-3.', 'gnutls', 'log', 'log/2132'],
    ['log/21321.gnutls log/2132-gnutls',          'gnutls',      'log',         'log/2132'],
    ['mail/2132.CALLER mail/2132.CALLER.gnutls',  'gnutls',      'mail.CALLER', 'mail/2132.CALLER.gnutls'],
    ['mail/2132.CALLER mail/2132.CALLER.gnutls',  'openssl',     'mail.CALLER', 'mail/2132.CALLER'],
    ['mail/2132.a.b mail/2132.a.b.exim-4.96',     'gnutls',      'mail.a.b',    'mail/2132.a.b.exim-4.96'],
    ['mail/2132.a/b mail/2132.a/b.gnutls',        'gnutls',      'mail.a/b',    'mail/2132.a/b.gnutls'],
);
for my $case (@PATHS) {
    my ($files, $lane, $stream, $path) = @$case;
    put(split ' ', $files);
    is golden($lane)->path_of($stream), $path, "golden of $stream in lane $lane, of: $files";
}

# One that is not there yet.
put('log/2132', 'log/2132.gnutls');
my $new = golden('openssl')->flavour('log', exim => '4.96.2');
is $new, 'log/2132.exim-4.96.2', 'the path of a flavour';
is golden('gnutls')->flavour('mail.a.b', gnutls => '3.7'), 'mail/2132.a.b.gnutls-3.7', '- of a mailbox';
is golden('openssl')->path_of('log', $new), $new, 'a flavour that would be the lane\'s';
is golden('new_openssl')->path_of('log', $new, 'log/2132.exim-4.99'), 'log/2132.exim-4.99', '- and another one that would';
is golden('gnutls')->path_of('log', $new), 'log/2132.gnutls', '- and would not';

# [path, name, version]
for my $case (['log/2132'], ['log/2132.gnutls', 'gnutls', undef], ['mail/2132.a.exim-4.98.2', 'exim', '4.98.2'], ['log/2132.exim-x']) {
    my ($path, @flavour) = @$case;
    is_deeply [flavour_of($path)], \@flavour, "the flavour of $path";
}

# [version, of, whether it is its beginning]
for my $case (['4.98', '4.98.2', 1], ['4.98', '4.98', 1], ['4', '4.98', 1], ['4.9', '4.98', ''], ['4.98.2', '4.98', ''], ['1.1.1', '1.1.1w', 1]) {
    my ($version, $of, $wanted) = @$case;
    is is_prefix($version, $of), $wanted, "$version is " . ($wanted ? '' : 'not ') . "the beginning of $of";
}

# A mailbox named like a flavour would make its golden another one's.
put();
for my $stream (qw(mail.gnutls mail.CALLER.openssl-1.1 mail.a/b.exim msglog.exim-4)) {
    is eval { golden('gnutls')->path_of($stream) } // $@->kind . ": $@",
      "wrong: test 2132 has written $stream, and a name that ends like a flavour's cannot have a golden: rename it", "no golden for $stream";
}
is golden('gnutls')->path_of('mail.agnutls'), 'mail/2132.agnutls', 'one for mail.agnutls';

# ----- Goldens of a test -----

put(
    qw(log/2132 log/2132.gnutls log/21321 log/2131 log/2132~ stdout/2132.openssl stderr/2132.exim-4.96 rejectlog/2132 paniclog/2132
      mail/2132.CALLER mail/2132.CALLER.gnutls mail/2132.openssl-1.1 mail/2132.sub/deep/x mail/2132.sub/y.gnutls mail/2132.a.exim.b msglog/2132.10HmaX-0005vi-00
      other/2132)
);
is join(' ', golden('gnutls')->streams),
  'log mail.CALLER mail.a.exim.b mail.sub/deep/x mail.sub/y msglog.10HmaX-0005vi-00 paniclog rejectlog stderr', 'goldens for a GnuTLS lane';
is join(' ', golden('openssl')->streams),
  'log mail mail.CALLER mail.a.exim.b mail.sub/deep/x msglog.10HmaX-0005vi-00 paniclog rejectlog stderr stdout', 'goldens for an OpenSSL lane';
put();
is join(' ', golden('gnutls')->streams), '', 'no goldens';

# ----- A folder that changes -----

put('log/2132');
utime 1e9, 1e9, $tree->child('log') or die "utime: $!\n";    # so old that its names are kept
is golden('gnutls')->path_of('log'), 'log/2132', 'no flavour';
is join(' ', golden('gnutls')->streams), 'log', '- the stream';
put('log/2132', 'log/2132.gnutls');
is golden('gnutls')->path_of('log'), 'log/2132.gnutls', 'a flavour that came later';
$tree->child('log')->remove_tree;
is join(' ', golden('gnutls')->streams), '', 'a folder that has gone';

# ----- What is in them -----

sub text { my ($content) = @_; $tree->child('log')->mkpath; $tree->child('log/2132')->spew_raw($content); return golden('gnutls')->text_of('log/2132') }

is golden('gnutls')->text_of('log/2132'), undef, 'no golden: no text';
is text("a\nb \xff\x{e9}\n\n"), "a\nb \xff\x{e9}\n\n", 'bytes as they are';
is text(''), '', 'an empty one';
is text("a\r\nb\rc"), "a\\r\nb\\rc", 'carriage returns are shown';
is text("<<< 250\n>>> x\n======= =\n========\n=======x\n <<<<<<< a\n<<<<<<<\n"), "<<< 250\n>>> x\n======= =\n========\n=======x\n <<<<<<< a\n<<<<<<<\n",
  'what is no conflict marker';
for my $case (["<<<<<<< HEAD\n", 1], ["a\nb\n=======\n", 3], ["a\n\n>>>>>>> topic\n", 3], ["a\n<<<<<<< x\nb\n=======\n", 2]) {
    my ($content, $line) = @$case;
    is eval { text($content) } // $@->kind . ": $@", "wrong: log/2132:$line: this golden has a conflict marker of a merge: resolve it first",
      "a conflict marker in line $line";
}

# ----- Writing -----

put('log/2132');
is golden('gnutls')->replace('log/2132', "new\xff\n"), 'wrote', 'writing is told';
is $tree->child('log/2132')->slurp_raw, "new\xff\n", 'written over';
golden('gnutls')->replace('mail/2132.a/b', "x\n");
is $tree->child('mail/2132.a/b')->slurp_raw, "x\n", 'written where there was no folder';
is golden('gnutls')->replace('log/2132', ''), 'removed', 'removing is told';
ok !-e $tree->child('log/2132'), 'empty: removed';
is eval { golden('gnutls')->replace('log/2132', ''); 1 } // $@, 1, '- also when there was none';
put('log/2132', 'log/2132.gnutls');
is golden('gnutls')->replace('log/2132.gnutls', ''), 'wrote', 'an empty flavour is written';
is golden('gnutls')->path_of('log'), 'log/2132.gnutls', 'an empty flavour stays: it is not what the other lanes write';
is golden('gnutls')->text_of('log/2132.gnutls'), '', '- and is empty';

# A kill in the middle of writing leaves the old golden whole: the new one gets its name when it is complete.
my $old = $tree->child('stdout/2132');
$old->parent->mkpath;
$old->spew_raw("old\n");
my $inode = (stat $old)[1];
golden('gnutls')->replace('stdout/2132', "new\n");
isnt((stat $old)[1], $inode, 'a new file takes the place of the old one');
is join(' ', map { $_->basename } $tree->child('stdout')->children), '2132', '- and none is left beside it';

done_testing;
