#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# CALLER, DIR, PORT_D and their like: what is replaced, and what only looks so.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Substitution;

my $substitution = Runtest::Substitution->new(
    DIR          => '/testsuite',
    CALLER       => 'fred',
    CALLER_UID   => 1000,
    CALLERGROUP  => 'CALLER',
    HOSTIPV4     => '192.0.2.1',
    HOSTIPV6     => undef,
    PORT_D       => 1225,
    PORT_D2      => 1226,
    PORT_DYNAMIC => 1229,
    TESTNUM      => 2032,
    V4NET        => 224,
    V6NET        => 'ff00',
);

# [text, what it becomes]
my @TEXTS = (
    ['CALLER',                  'fred'],
    ['<CALLER@test.ex> CALLER', '<fred@test.ex> fred'],
    ['-u "CALLER"-CALLER.x',    '-u "fred"-fred.x'],
    ['CALLER_UID CALLER_UIDS',  '1000 CALLER_UIDS'],
    ['gecos_name = CALLER_NAME', 'gecos_name = CALLER_NAME'],
    ['exim_path = EXIM_PATH',   'exim_path = EXIM_PATH'],
    ['XCALLER CALLERX CALLER1 _CALLER caller', 'XCALLER CALLERX CALLER1 _CALLER caller'],
    ['CALLERGROUP',             'CALLER'],

    # the case's directory ends in a slash, given or not
    ['DIR/spool DIRspool',      '/testsuite/spool DIRspool'],
    ['DIR DIR/',                '/testsuite/ /testsuite/'],
    ['DIR//spool DIR.DIR/x',    '/testsuite//spool /testsuite/./testsuite/x'],
    ['SUBDIR/x DIR_/x',         'SUBDIR/x DIR_/x'],
    ["x=DIR\nDIR/y\n",          "x=/testsuite/\n/testsuite/y\n"],

    # a word that begins as another one does
    ['PORT_D PORT_D2 PORT_DYNAMIC PORT_D5', '1225 1226 1229 PORT_D5'],
    ['[127.0.0.1]:PORT_D',      '[127.0.0.1]:1225'],
    ['TESTNUM.TESTNUM',         '2032.2032'],

    # networks: V4NET also next to _ and .
    ['V4NET.0.0.1 1.0.0.V4NET', '224.0.0.1 1.0.0.224'],
    ['db.ip4.V4NET ip4_V4NET_x', 'db.ip4.224 ip4_224_x'],
    ['XV4NET V4NETS V4NET4',    'XV4NET V4NETS V4NET4'],
    ['V6NET:0:: db.ip6.V6NET',  'ff00:0:: db.ip6.ff00'],
    ['V6NET_x _V6NET XV6NET',   'V6NET_x _V6NET XV6NET'],

    ["caf\xe9CALLER \xe9CALLER", "caf\xe9fred \xe9fred"],
    ['',                        ''],
);

for my $case (@TEXTS) {
    my ($text, $wanted) = @$case;
    my %missing;
    is $substitution->apply($text, \%missing), $wanted, "substitutions in $text";
    is_deeply \%missing, {}, '- and nothing is missing';
}

my %missing = (HOSTIPV9 => 1);
is $substitution->apply('HOSTIPV4 HOSTIPV6 HOSTIPV66', \%missing), '192.0.2.1 HOSTIPV6 HOSTIPV66', 'what the host has not stays';
is_deeply \%missing, { HOSTIPV9 => 1, HOSTIPV6 => 1 }, '- and is told, in addition';

my $other = $substitution->with(TESTNUM => '0001');
is $other->apply('TESTNUM CALLER DIR/x', {}), '0001 fred /testsuite/x', 'with: another value';
is $substitution->apply('TESTNUM', {}), '2032', '- and the first one is as it was';

done_testing;
