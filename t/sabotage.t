#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every test notices the loss of what it is about. t/sabotage/NNNN says what is turned off in the configuration of test NNNN (its first
# line), and how: lines s/PATTERN/TEXT/ (with $&, $1 and \n), applied to each line of confs/NNNN. Each of these tests has to fail.
#
#   perl t/sabotage.t 1111 2032    only these
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;

use TestCorpus;
use TestTree qw(has_sandbox);

has_sandbox();

# The parts of s/PATTERN/TEXT/; a slash inside has a backslash.
sub substitution {
    my ($line) = @_;
    my ($pattern, $text) = $line =~ m{\As/((?:\\.|[^/\\])+)/((?:\\.|[^/\\])*)/\z} or die "not understood: $line\n";
    s{\\/}{/}g for $pattern, $text;
    return [qr/$pattern/, $text];
}

# The text with its $&, $1 and \n.
sub filled_in {
    my ($text, @parts) = @_;
    $text =~ s{\\n|\$([&0-9])}{ !defined $1 ? "\n" : $1 eq '&' ? $parts[0] : $parts[$1] }ge;
    return $text;
}

# The configuration with the feature off; dies if it has no such line.
sub sabotaged {
    my ($corpus, $number) = @_;
    my (undef, @lines) = $corpus->lines("t/sabotage/$number");
    my @configuration = $corpus->lines("confs/$number");
    for my $substitution (map { substitution($_) } @lines) {
        my ($pattern, $text) = @$substitution;
        my $count = 0;
        for my $line (@configuration) {
            $count += $line =~ s{$pattern}{ filled_in($text, $&, @{^CAPTURE}) }e;
        }
        $count or die "t/sabotage/$number: $pattern is not in confs/$number\n";
    }
    return [map { split /\n/, $_, -1 } @configuration];
}

my $corpus  = TestCorpus->new;
my @numbers = @ARGV ? @ARGV : $corpus->numbers('t/sabotage');

# A test that has to fail anyway, for a bug of the MTA, shows nothing in that lane.
sub telling {
    my ($number, $verdict) = @_;
    my @verdicts = map { $verdict->{$_} } grep { /\A$number / } sort keys %$verdict;
    return grep { $_ ne 'XFAIL' } @verdicts ? @verdicts : 'not run';
}

# That tests fail shows something only where they would not fail anyway. One that is for a newer MTA than this lane's is skipped: the
# controls are not.
my @CONTROLS = qw(1102 1202 2032 2132 5600 5801);
my $intact   = $corpus->verdicts(@CONTROLS);
is join(' ', telling($_, $intact)) =~ s/PASS *//gr, '', "$_ passes with nothing turned off" for @CONTROLS;

$corpus->change(map { ("confs/$_" => sabotaged($corpus, $_)) } @numbers);
my $verdict = $corpus->verdicts(@numbers);
for my $number (@numbers) {
    my ($what) = $corpus->lines("t/sabotage/$number");
    is join(' ', grep { !/\A(?:FAIL|SKIP)\z/ } telling($number, $verdict)), '', "$number notices: " . $what =~ s/\A# //r;
}

done_testing;
