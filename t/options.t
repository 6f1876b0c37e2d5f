#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: what each option becomes, and what is refused.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Options qw(parse_options);

my %DEFAULT = (lane => [], mta => {}, wrap => {}, require => [], sandbox => 1, 'timeout-factor' => 1, color => 'auto', tests => []);

# [arguments, what differs from the defaults]
my @LINES = (
    ['',                                 {}],
    ['2032 2100-2150 2100+ 21*',         { tests => [qw(2032 2100-2150 2100+ 21*)] }],
    ['2032 --update 2132',               { tests => [qw(2032 2132)], update => 1 }],
    ['-- --update',                      { tests => ['--update'] }],
    ['--lane a --lane=b*',               { lane => [qw(a b*)] }],
    ['--mta a=/x --mta=b=/y=z',          { mta => { a => '/x', b => '/y=z' } }],
    ['--mta a=/x --mta a=/y',            { mta => { a => '/y' } }],
    ['--require sandbox --require a',    { require => [qw(sandbox a)] }],
    ['-j4',                              { jobs => 4 }],
    ['-j 4 2032',                        { jobs => 4, tests => ['2032'] }],
    ['--jobs=1',                         { jobs => 1 }],
    ['--no-sandbox',                     { sandbox => 0 }],
    ['--sandbox',                        {}],
    ['--timeout-factor 2.5',             { 'timeout-factor' => 2.5 }],
    ['--timeout-factor=0.5',             { 'timeout-factor' => 0.5 }],
    ['--tls-client gnutls',              { 'tls-client' => 'gnutls' }],
    ['--tls-client=openssl',             { 'tls-client' => 'openssl' }],
    ['--tree /',                         { tree => '/' }],
    ['--color never',                    { color => 'never' }],
    ['--color=always',                   { color => 'always' }],
    ['--list',                           { list => 1 }],
    ['-h',                               { help => 1 }],
    ['--version',                        { version => 1 }],
    ['--help --man',                     { help => 1, man => 1 }],
    ['--date 2019',                      { date => '2019' }],
    ['--date=2019-02-28',                { date => '2019-02-28' }],
    ['--repeat 3',                       { repeat => 3 }],
    ['--retry=1 --strict',               { retry => 1, strict => 1 }],
    ['--until-fail',                     { 'until-fail' => 1 }],
    ['--keep --shell',                   { keep => 1, shell => 1 }],
    ['--gdb mta',                        { gdb => 'mta' }],
    ['--wrap mta=a --wrap=clients=b=c',  { wrap => { mta => 'a', clients => 'b=c' } }],
    ['--shuffle 2032',                   { shuffle => 0, tests => ['2032'] }],
    ['--shuffle=7 2032',                 { shuffle => 7, tests => ['2032'] }],
);
for my $case (@LINES) {
    my ($line, $options) = @$case;
    is_deeply parse_options(split ' ', $line), { %DEFAULT, %$options }, "runtest $line";
}

# [arguments, message]
my @ERRORS = (
    ['--frobnicate',         'unknown option: frobnicate (runtest --help)'],
    ['-x',                   'unknown option: x (runtest --help)'],
    ['-list',                'unknown option: list (runtest --help)'],
    ['--upd',                'unknown option: upd (runtest --help)'],
    ['--LIST',               'unknown option: LIST (runtest --help)'],
    ['--update=1',           'option update does not take an argument (runtest --help)'],
    ['--jobs',               'option jobs requires an argument (runtest --help)'],
    ['--jobs x',             'value "x" invalid for option jobs (number expected) (runtest --help)'],
    ['-j 0',                 '--jobs 0: it has to be a number from 1 on'],
    ['--repeat 0',           '--repeat 0: it has to be a number from 1 on'],
    ['--retry -1',           '--retry -1: it has to be a number from 1 on'],
    ['--mta a',              '--mta a: it has to be NAME=VALUE'],
    ['--timeout-factor 0',   '--timeout-factor 0: it has to be a number above 0'],
    ['--timeout-factor -1',  '--timeout-factor -1: it has to be a number above 0'],
    ['--timeout-factor inf', 'value "inf" invalid for option timeout-factor (real number expected) (runtest --help)'],
    ['--tls-client nss',     '--tls-client nss: it has to be gnutls or openssl'],
    ['--color red',          '--color red: it has to be auto, always or never'],
    ['--tree /nonexistent',  '--tree /nonexistent: it has to be a directory'],
    ['--date soon',          '--date soon: it has to be a date: YYYY or YYYY-MM-DD'],
    ['--update --retry 2',   '--update does not go with --retry'],
    ['--update --repeat 2',  '--update does not go with --repeat'],
    ['--until-fail --repeat 2', '--until-fail does not go with --repeat'],
    ['--until-fail --update', '--update does not go with --until-fail'],
);
for my $case (@ERRORS) {
    my ($line, $message) = @$case;
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    is eval { parse_options(split ' ', $line); 'understood' } // $@->kind . ": $@", "wrong: $message", "runtest $line";
    is "@warnings", '', '- and nothing beside the message';
}

# The manual and the module know the same options.
open my $manual, '<', "$Bin/../runtest" or die "runtest: $!\n";
my @documented = map { m/B<--([a-z-]+)>/g } grep { /^=item / } <$manual>;
close $manual;
my %VALUE = (
    lane => 'x', mta => 'a=/x', jobs => 1, date => 2019, repeat => 1, retry => 1, require => 'x', 'timeout-factor' => 1, 'tls-client' => 'gnutls',
    tree => '/', color => 'auto', gdb => 'mta', wrap => 'mta=x',
);
for my $name (@documented) {
    my $option = defined $VALUE{$name} ? "--$name=$VALUE{$name}" : "--$name";
    is eval { parse_options($option); 1 } // $@, 1, "$option is documented, and understood";
}
my %documented = map { $_ => 1 } @documented;
my %used = map { $_ => 1 } map { /--(?:no-(?=sandbox))?([a-z-]+)/g } map { $_->[0] } @LINES;
is_deeply [grep { !$documented{$_} && !$documented{"no-$_"} } sort keys %used], [], 'what is tested here is documented';

done_testing;
