# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Report::Terminal;

use strict;
use warnings;

use Term::ANSIColor qw(colored);

use Runtest::Diff qw(visible);

=head1 NAME

Runtest::Report::Terminal - a line per case on stdout, and below it what is to be known of one that did not pass

=head1 DESCRIPTION

What comes out of a case, or out of its script, is shown by Runtest::Diff's visible(): it cannot speak to the terminal.

=head2 new(color => 0 or 1, command => $how_to_call_runtest)

=cut

sub new {
    my ($class, %given) = @_;
    return bless { %given, count => {} }, $class;
}

my %COLOR = (
    PASS  => 'green',
    FAIL  => 'bold red',
    SKIP  => 'yellow',
    XFAIL => 'cyan',
    XPASS => 'cyan',
    FLAKY => 'bold magenta',
    ERROR => 'bold red',
);

my %DIFF_COLOR = ('-' => 'red', '+' => 'green', '@' => 'cyan');

sub _colored {
    my ($self, $color, $text) = @_;
    return $self->{color} && defined $color ? colored($text, $color) : $text;
}

=head2 case($verdict, @notes)

Prints a case: its line, why it is not as it should be, and the notes.

=cut

sub case {
    my ($self, $verdict, @notes) = @_;
    my $case = $verdict->{case};
    $self->{count}{ $verdict->{verdict} }++;
    my ($reason, @more) = map { visible($_) } split /\n/, $verdict->{reason} // '';
    my @lines = (
        sprintf('%s %s %s %.2fs %s%s',
            $self->_colored($COLOR{ $verdict->{verdict} }, $verdict->{verdict}),
            $case->test->{number}, $case->lane->name, $verdict->{seconds}, visible($case->test->{title}),
            defined $reason ? ": $reason" : ''),
        map { "  $_" } @more, $self->_details($verdict), map { visible($_) } @notes
    );
    print map { "$_\n" } @lines;
    return;
}

sub _details {
    my ($self, $verdict) = @_;
    return if $verdict->{verdict} !~ /\A(?:FAIL|FLAKY|ERROR)\z/;
    return ($self->_failure($verdict), (map { $self->_diff($_) } @{ $verdict->{differences} }), $self->_what_to_do($verdict));
}

sub _failure {
    my ($self, $verdict) = @_;
    my $failure = $verdict->{failure} // return;
    my @reason = map { visible($_) } split /\n/, $failure->{reason};
    my $place = $verdict->{case}->test->{path} . (defined $failure->{line} ? ":$failure->{line}" : '');
    return ("step:   $place: " . visible($failure->{step}), "reason: $reason[0]", map { "        $_" } @reason[1 .. $#reason]);
}

sub _diff {
    my ($self, $difference) = @_;
    return map { $self->_colored($DIFF_COLOR{ substr $_, 0, 1 }, $_) } @{ $difference->{diff} };
}

sub _what_to_do {
    my ($self, $verdict) = @_;
    my $case   = $verdict->{case};
    my $which  = '--lane ' . $case->lane->name . ' ' . $case->test->{number};
    my @lines  = ((map { "results: $_" } grep { defined } $verdict->{directory}), "again:   $self->{command} $which");
    push @lines, "accept:  $self->{command} --update $which" if $verdict->{acceptable};
    push @lines, '         which makes ' . visible($_) for @{ $verdict->{flavours} || [] };
    push @lines, 'accept:  not by --update: ' . visible($verdict->{refusal}) if defined $verdict->{refusal};
    return @lines;
}

=head2 summary

Prints the last line.

=cut

sub summary {
    my ($self) = @_;
    my %count = %{ $self->{count} };
    my $all   = 0;
    $all += $_ for values %count;
    my @parts = map { ($count{ $_->[0] } // 0) . " $_->[1]" } [PASS => 'passed'], [FAIL => 'failed'], [SKIP => 'skipped'], [ERROR => 'errors'];
    push @parts, "$count{XFAIL} expected failures" if $count{XFAIL};
    push @parts, "$count{XPASS} unexpected passes" if $count{XPASS};
    push @parts, "$count{FLAKY} flaky"             if $count{FLAKY};
    print "$all cases: ", join(', ', @parts), "\n";
    return;
}

=head2 tests(@tests)

Prints what --list lists.

=cut

sub tests {
    my ($self, @tests) = @_;
    printf "%s  %-16s %s\n", $_->{number}, $_->{folder}, visible($_->{title}) for @tests;
    return;
}

1;
