#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Which file --update writes for a lane: its golden, a flavour, or none; and what it says then.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Case;
use Runtest::Destination;
use Runtest::Host;
use Runtest::Lane;

my $tree = Path::Tiny->tempdir;

sub put {
    my ($path, $content) = @_;
    my $file = $tree->child($path);
    $file->parent->mkpath;
    $file->spew_raw($content);
    return;
}
put('confs/0001', '');

# name => [whether --mta added it, library, its version, Exim's version]
my %LANE = (
    gnutls   => [0, 'gnutls',  '3.7.9',  '4.96'],
    openssl  => [0, 'openssl', '3.0.15', '4.96'],
    old      => [1, 'gnutls',  '3.7.9',  '4.94.2'],
    same     => [1, 'gnutls',  '3.7.9',  '4.96'],
    library  => [1, 'gnutls',  '3.8.9',  '4.96'],
    letter   => [1, 'openssl', '1.1.1w', '4.96'],
    new      => [1, 'gnutls',  '3.8.9',  '4.98.2'],
    newest   => [1, 'openssl', '3.0.15', '4.100'],
    none     => [1, 'none',    undef,    '4.96'],
);

sub lane {
    my ($name) = @_;
    my ($added, $library, $library_version, $exim) = @{ $LANE{$name} };
    my $lane = Runtest::Lane->new($name, __FILE__, $added);
    $lane->learn(
        {
            library => $library, versions => { exim => $exim, defined $library_version ? ($library => $library_version) : () },
            lists   => {}, macros => [], user => { name => 'Debian-exim', group => 'mail', uid => 106, gid => 107 },
        }
    );
    return $lane;
}

# Where a lane that has written $text to the log would put it: with these other lanes, these files in the tree, a script that has this head, and
# what other lanes have written in this run (LANE=TEXT).
sub destination {
    my ($name, $others, $files, $head, $said) = @_;
    $_->remove_tree for map { $tree->child($_) } qw(log stdout scripts);
    put($_, 'golden') for split ' ', $files;
    put('scripts/1-A/0001', "# Title\n$head");
    my %lane = map { $_ => lane($_) } $name, split ' ', $others;
    my $case = Runtest::Case->new(
        test => { number => '0001', path => 'scripts/1-A/0001', title => 'Title', requirements => [] },
        lane => $lane{$name}, tree => "$tree", host => Runtest::Host::sandboxed(), timeout_factor => 1,
    );
    $case->plan({ directory => '/case' });
    my %said = map { my ($of, $text) = split /=/; ($of => { log => $text }) } split ' ', $said;
    my ($path, $why_not) = Runtest::Destination->new(map { $lane{$_} } sort keys %lane)->find($case, { stream => 'log', text => 'text' }, \%said);
    return $path // "not: $why_not";
}

my $INSTEAD = 'if both are right, let the script say what it needs (need exim ..., need feature NAME), or let a munge rule make them one; '
  . 'if the test was changed, --update all of them in one run';
my $BOTH    = 'gnutls openssl';

# [what, lane, other lanes, files, head of the script, what was said, where]
my @CASES = (
    ['a lane of mta/',                 'gnutls', 'openssl new', 'log/0001', '', '', 'log/0001'],
    ['- a new test',                   'gnutls', 'openssl new', '', '', '', 'log/0001'],
    ['- its flavour',                  'gnutls', 'openssl new', 'log/0001 log/0001.gnutls', '', '', 'log/0001.gnutls'],

    ['a newer MTA',                    'new', $BOTH, 'log/0001', '', '', 'log/0001.exim-4.98.2'],
    ['- and nothing was written',      'new', $BOTH, 'stdout/0001', '', '', 'log/0001.exim-4.98.2'],
    ['- beside an older flavour',      'new', $BOTH, 'log/0001 log/0001.exim-4.97', '', '', 'log/0001.exim-4.98.2'],
    ['- with a flavour of its own',    'new', $BOTH, 'log/0001 log/0001.exim-4.98.2', '', '', 'log/0001.exim-4.98.2'],
    ['- or one of its minor release',  'new', $BOTH, 'log/0001 log/0001.exim-4.98', '', '', 'log/0001.exim-4.98'],
    ['- or one in other words',        'newest', $BOTH, 'log/0001 log/0001.exim-4.100.0', '', '', 'log/0001.exim-4.100.0'],
    ['- or one without a version',     'new', 'openssl', 'log/0001 log/0001.exim log/0001.openssl', '', '', 'log/0001.exim'],
    ['- or one of its library',        'new', $BOTH, 'log/0001 log/0001.gnutls-3.8', '', '', 'log/0001.gnutls-3.8'],
    ['- and all have one of the library', 'new', $BOTH, 'log/0001 log/0001.gnutls', '', '',
        "not: log/0001.gnutls is the golden of lane gnutls, too, and there is no flavour that goes before it: $INSTEAD"],
    ['- and a still newer one',        'new', "$BOTH newest", 'log/0001', '', '',
        "not: log/0001 is the golden of lanes gnutls, newest and openssl, too, and so would be log/0001.exim-4.98.2 (lane newest): $INSTEAD"],
    ['- that has a flavour',           'new', "$BOTH newest", 'log/0001 log/0001.exim-4.99', '', '', 'log/0001.exim-4.98.2'],
    ['- that shares the flavour',      'newest', "$BOTH new", 'log/0001 log/0001.exim-4.98', '', '', 'log/0001.exim-4.100'],
    ['- the other way round',          'new', "$BOTH newest", 'log/0001 log/0001.exim-4.98', '', '',
        "not: log/0001.exim-4.98 is the golden of lane newest, too, and so would be log/0001.exim-4.98.2 (lane newest): $INSTEAD"],

    ['an older MTA',                   'old', $BOTH, 'log/0001', '', '',
        "not: log/0001 is the golden of lanes gnutls and openssl, too, and so would be log/0001.exim-4.94.2 (lanes gnutls and openssl): $INSTEAD"],
    ['the same MTA and library',       'same', 'gnutls', 'log/0001', '', '',
        "not: log/0001 is the golden of lane gnutls, too, and so would be log/0001.exim-4.96 (lane gnutls) and log/0001.gnutls-3.7.9 (lane gnutls): $INSTEAD"],
    ['another version of the library', 'library', $BOTH, 'log/0001', '', '', 'log/0001.gnutls-3.8.9'],
    ['- with a letter',                'letter', $BOTH, 'log/0001', '', '', 'log/0001.openssl-1.1.1'],
    ['- and one like it',              'library', "$BOTH new", 'log/0001', '', '',
        "not: log/0001 is the golden of lanes gnutls, new and openssl, too, and so would be log/0001.exim-4.96 (lanes gnutls, new and openssl) and log/0001.gnutls-3.8.9 (lane new): $INSTEAD"],
    ['another library only',           'library', 'openssl', 'log/0001', '', '',
        "not: log/0001 is the golden of lane openssl, too, and so would be log/0001.exim-4.96 (lane openssl): $INSTEAD"],
    ['no library',                     'none', 'openssl', 'log/0001', '', '',
        "not: log/0001 is the golden of lane openssl, too, and so would be log/0001.exim-4.96 (lane openssl): $INSTEAD"],

    ['a new test',                     'new', $BOTH, '', '', '',
        'not: this test has no golden yet, and lanes gnutls and openssl run it, too: --update all of them in one run'],
    ['- that one other lane runs',     'new', 'gnutls', '', '', '',
        'not: this test has no golden yet, and lane gnutls runs it, too: --update all of them in one run'],
    ['- that no other lane runs',      'new', $BOTH, '', "need exim >= 4.98\n", '', 'log/0001'],
    ['- that one has run',             'new', $BOTH, '', '', 'gnutls=text',
        'not: this test has no golden yet, and lane openssl runs it, too: --update all of them in one run'],
    ['- that all have run alike',      'new', $BOTH, '', '', 'gnutls=text openssl=text', 'log/0001'],
    ['- or not',                       'new', $BOTH, '', '', 'gnutls=text openssl=other', 'log/0001.exim-4.98.2'],
    ['an old test that no other lane runs', 'new', $BOTH, 'log/0001', "need exim >= 4.98\n", '', 'log/0001'],

    ['all lanes write the same',       'new', $BOTH, 'log/0001', '', 'gnutls=text openssl=text', 'log/0001'],
    ['- but one',                      'new', $BOTH, 'log/0001', '', 'gnutls=text openssl=golden', 'log/0001.exim-4.98.2'],
    ['- and the flavour speaks of an earlier one', 'newest', "$BOTH new", 'log/0001 log/0001.exim-4.98', '', 'new=text', 'log/0001.exim-4.98'],
    ['two new ones write the same',    'newest', "$BOTH new", 'log/0001', '', 'new=text gnutls=golden openssl=golden', 'log/0001.exim-4.98.2'],
    ['- of three',                     'newest', "$BOTH new library", 'log/0001', '', 'new=other library=text', 'log/0001.exim-4.100'],
    ['two of one version do not',      'new', "$BOTH newest", 'log/0001', '', 'newest=text', 'log/0001.exim-4.98.2'],
);
for my $row (@CASES) {
    my ($what, $name, $others, $files, $head, $said, $wanted) = @$row;
    is destination($name, $others, $files, $head, $said), $wanted, $what;
}

done_testing;
