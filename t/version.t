#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# As which release a build of Exim counts, whoever made it: from a release, a release candidate, or a checkout.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Version qw(counted_version);

# [what the build calls itself, as what it counts]
for my $case (
    ['4.96',                      '4.96'],
    ['4.98.2',                    '4.98.2'],
    ['4.100',                     '4.100'],

    # commits behind a release
    ['4.99.1-148-13835a3c1',      '4.100'],
    ['4.99.1-148-g13835a3c1',     '4.100'],
    ['4.99.1-148-13835a3c1-XX',   '4.100'],
    ['4.96-58-gabcdef012',        '4.97'],
    ['4.96-58',                   '4.97'],
    ['4.96-10-0123abc',           '4.97'],
    ['4.9-1-gabcdef0',            '4.10'],
    ['4.99-1-gabcdef0',           '4.100'],
    ['4.99.1-0-g13835a3c1',       '4.99.1'],
    ['4.99.1-XX',                 '4.99.1'],

    # candidates, and commits behind those
    ['4.100-RC3',                 '4.100'],
    ['4.99_RC1',                  '4.99'],
    ['4.99-RC1-XX',               '4.99'],
    ['4.98-RC2-17-0123456ab',     '4.98'],
    ['4.98-RC2-17-g0123456ab-XX', '4.98'],

    # branches, and what a distribution adds
    ['4.96+fixes',                '4.96'],
    ['4.94.2+fixes-3-gabcdef0',   '4.94.2'],
    ['4.95-dev-2021-07-01',       '4.95'],
    ['4.95-dev',                  '4.95'],
    ['4.96-58-gabcdef0+local',    '4.97'],
    ['4.96-15+deb12u5',           '4.96'],
    ['4.96-1.el9',                '4.96'],
    ['4.95-2021-07-01',           '4.95'],
    ['4.97-mine.12',              '4.97'],
    ['4.96-58-',                  '4.96'],
    ["4.96-58\n",                 '4.96'],

    ['4',                         undef],
    ['RC3',                       undef],
    ['',                          undef],
  )
{
    my ($name, $counted) = @$case;
    is counted_version($name), $counted, "'$name' counts as " . ($counted // 'none');
}

done_testing;
