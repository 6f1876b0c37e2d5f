#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every test notices the loss of what it is about. t/sabotage/NNNN says what is turned off in the configuration of test NNNN (its first
# line), and how: lines s/PATTERN/TEXT/ (with $&, $1 and \n), applied to each line of confs/NNNN. Each of these tests, and only these, has to fail.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Temp ();
use Path::Tiny qw(path);
use Test::More;

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
    my ($number) = @_;
    my (undef, @lines) = path("$Bin/sabotage/$number")->lines({ chomp => 1 });
    my @configuration = path("$Bin/../confs/$number")->lines_raw({ chomp => 1 });
    for my $substitution (map { substitution($_) } @lines) {
        my ($pattern, $text) = @$substitution;
        my $count = 0;
        for my $line (@configuration) {
            $count += $line =~ s{$pattern}{ filled_in($text, $&, @{^CAPTURE}) }e;
        }
        $count or die "t/sabotage/$number: $pattern is not in confs/$number\n";
    }
    return join "\n", @configuration, '';
}

my @numbers = sort map { $_->basename } path("$Bin/sabotage")->children;
my $tree    = File::Temp->newdir('runtest-sabotage-XXXXXX', TMPDIR => 1);
for my $part (grep { -d "$Bin/../$_" } qw(scripts stdout stderr log rejectlog paniclog msglog mail aux-fixed aux-var-src dnszones-src)) {
    symlink "$Bin/../$part", "$tree/$part" or die "$part: $!\n";
}
mkdir "$tree/confs" or die "confs: $!\n";
path("$tree/confs/$_")->spew_raw(sabotaged($_)) for @numbers;

my %verdicts;
open my $run, '-|', "$Bin/../runtest", '--color=never', '--tree', "$tree", @numbers or die "runtest: $!\n";
while (my $line = readline $run) {
    push @{ $verdicts{$2} }, $1 if $line =~ /\A([A-Z]+) ([0-9]{4}) /;
}
close $run;

# A test that has to fail anyway, for a bug of the MTA, shows nothing in that lane.
for my $number (@numbers) {
    my ($what) = path("$Bin/sabotage/$number")->lines({ chomp => 1, count => 1 });
    my @telling = grep { $_ ne 'XFAIL' } @{ $verdicts{$number} || ['not run'] };
    my @missed  = grep { $_ ne 'FAIL' } @telling;
    is "@missed", '', "$number notices: $what";
}

done_testing;
