#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Dates of scripts and of the command line.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Date qw(epoch_of);

my %SECONDS = (
    '1970'                => 0,
    '2030'                => 1893456000,
    '2031-01-01'          => 1924992000,
    '2031-01-01 00:01'    => 1924992060,
    '2031-01-01T00:00:02' => 1924992002,
    '2090-12-31 23:59:59' => 3818447999,
    '2020-02-29'          => 1582934400,
    '2021-02-29'          => undef,
    '2021-13-01'          => undef,
    '2021-01-01 24:00'    => undef,
    'tomorrow'            => undef,
    '21-01-01'            => undef,
    "2021-01-01\n"        => undef,
    ''                    => undef,
);
is epoch_of($_), $SECONDS{$_}, "'$_'" for sort keys %SECONDS;

done_testing;
