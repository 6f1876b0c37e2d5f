# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Update;

use strict;
use warnings;

use Runtest::Compare qw(is_compared);
use Runtest::Diff qw(unified_diff);
use Runtest::Golden;
use Runtest::Verdict qw(munge_outcome);

=head1 NAME

Runtest::Update - --update: writes the goldens of what ran, twice the same

=head2 new

For one run.

=cut

sub new {
    my ($class) = @_;
    return bless { first => {}, settled => {} }, $class;
}

=head2 take($outcome, \%verdict)

Takes a case's verdict, which it may change. Returns whether the case is to run again, and notes on what was written. A case
that failed in itself, that has to fail, or that differs from run to run, gets no golden.

=cut

sub take {
    my ($self, $outcome, $verdict) = @_;
    my $case = $outcome->case;
    return (0, 'its goldens are left as they are')
      if $verdict->{failure} || $verdict->{verdict} eq 'ERROR' || defined $case->expected_failure;
    my $name   = $case->key;
    my $munged = munge_outcome($outcome);
    my $first  = delete $self->{first}{$name};
    if (!$first) {
        $self->{first}{$name} = $munged;
        return (1);
    }
    my @flaky = _differing($first, $munged, $case->directives);
    return (0, $self->_write($case, $munged, $verdict)) if !@flaky;
    %$verdict = (
        %$verdict,
        verdict     => 'FLAKY',
        reason      => 'two runs gave different results, so its goldens are left as they are',
        differences => \@flaky,
        acceptable  => 0,
        exit_status => 1,
    );
    return (0);
}

sub _differing {
    my ($first, $second, $directives) = @_;
    my %streams = map { $_ => 1 } keys %$first, keys %$second;
    return map { { stream => $_, diff => [unified_diff("first run's $_", $first->{$_} // '', "second run's $_", $second->{$_} // '')] } }
      grep { ($first->{$_} // '') ne ($second->{$_} // '') } grep { is_compared($_, $directives) } sort keys %streams;
}

# A golden that another lane has written or passed with in this run is not written over: the lanes disagree, and a person has to
# decide.
sub _write {
    my ($self, $case, $munged, $verdict) = @_;
    my $golden = Runtest::Golden->new($case->{tree}, $case->test->{number}, $case->lane);
    my @differences = @{ $verdict->{differences} };
    my $others = $self->{settled}{ $case->test->{number} } //= [];
    if (my ($conflict) = map { _conflict($_, @$others) } @differences) {
        @$verdict{qw(reason acceptable)} = ($conflict, 0);
        return;
    }
    push @$others, { lane => $case->lane->name, golden => $golden, munged => $munged };
    my @notes;
    for my $difference (@differences) {
        $golden->replace($difference->{path}, $difference->{text});
        push @notes, (length $difference->{text} ? 'wrote ' : 'removed ') . $difference->{path};
    }
    @$verdict{qw(verdict reason differences exit_status)} = ('PASS', undef, [], 0) if $verdict->{verdict} eq 'FAIL';
    return @notes;
}

sub _conflict {
    my ($difference, @others) = @_;
    my ($stream, $path) = @$difference{qw(stream path)};
    my ($other) = grep { $_->{golden}->path_of($stream) eq $path && ($_->{munged}{$stream} // '') ne $difference->{text} } @others;
    return $other ? "lane $other->{lane} settled $path in this run, and this lane differs" : ();
}

1;
