# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Retry;

use strict;
use warnings;

=head1 NAME

Runtest::Retry - --retry: runs what failed again, and calls it FLAKY if it passes then

=head2 new($most, $strict)

For one run: $most more tries for a case; a flaky one is a failure of the run if $strict.

=cut

sub new {
    my ($class, $most, $strict) = @_;
    return bless { most => $most, strict => $strict, first => {} }, $class;
}

=head2 take($outcome, \%verdict)

Takes a case's verdict, which it may change. Returns whether the case is to run again, and if not the verdict, as
Runtest::Update does. The results of every try stay.

=cut

sub take {
    my ($self, $outcome, $verdict) = @_;
    my $case = $outcome->case;
    if ($verdict->{verdict} eq 'FAIL') {
        $self->{first}{ $case->label } //= $verdict;
        return $case->try_number <= $self->{most} ? (1) : (0, [$verdict]);
    }
    my $first = $self->{first}{ $case->label };
    return (0, [$verdict]) if !$first || $verdict->{verdict} ne 'PASS';
    %$verdict = (
        %$first,
        verdict     => 'FLAKY',
        reason      => 'passed at try ' . $case->try_number . ", after: $first->{reason}",
        acceptable  => 0,
        refusal     => undef,
        exit_status => $self->{strict} ? 1 : 0,
    );
    return (0, [$verdict]);
}

1;
