# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Update;

use strict;
use warnings;

use Runtest::Compare qw(compare_streams is_compared);
use Runtest::Diff qw(unified_diff);
use Runtest::Golden;
use Runtest::Requirements qw(compare_versions);
use Runtest::Verdict qw(in_error munge_outcome);

=head1 NAME

Runtest::Update - --update: writes the goldens of what ran, twice the same

=head1 DESCRIPTION

The lanes of F<mta/> write their goldens as they end. One that C<--mta> has added waits until all other lanes of the
test have ended, since what it may write depends on what they have written (Runtest::Destination).

=head2 new($destination, @cases)

For one run: where it writes, and all cases that it has.

=cut

sub new {
    my ($class, $destination, @cases) = @_;
    my $self = bless { destination => $destination, first => {}, said => {}, settled => {}, waiting => {} }, $class;
    $self->{open}{ $_->test->{number} }++ for @cases;
    return $self;
}

=head2 take($outcome, \%verdict)

Takes a case's verdict. Returns whether the case is to run again, and if not what is decided now, of this case and of
others: C<[\%verdict, notes on what was written]>. A case that failed in itself, that has to fail, or that differs from
run to run, gets no golden.

=cut

sub take {
    my ($self, $outcome, $verdict) = @_;
    my $case = $outcome->case;
    my ($again, @decided) = eval { $self->_look_at($outcome, $verdict) };
    return (1) if $again;
    @decided = (_error($verdict, $@)) if !defined $again;
    my $number = $case->test->{number};
    push @decided, map { $self->_written_late($_) } $self->_waiting($number) if !--$self->{open}{$number};
    return (0, @decided);
}

# The newest MTA first: its flavour ends those of the others.
sub _waiting {
    my ($self, $number) = @_;
    my @waiting = sort _newest_first @{ $self->{waiting}{$number} // [] };
    return @waiting;
}

sub _newest_first {
    my ($one, $other) = map { $_->{case}->lane->version_of('exim') } $a, $b;
    return compare_versions($other, $one);
}

sub _error {
    my ($verdict, $exception) = @_;
    my %error = (%$verdict, %{ in_error($verdict->{case}, $exception) });
    return [\%error];
}

# As take, for the case alone.
sub _look_at {
    my ($self, $outcome, $verdict) = @_;
    my $case = $outcome->case;
    return (0, [$verdict, 'its goldens are left as they are'])
      if $verdict->{failure} || $verdict->{verdict} eq 'ERROR' || defined $case->expected_failure;
    my $name   = $case->key;
    my $munged = munge_outcome($outcome);
    my $first  = delete $self->{first}{$name};
    if (!$first) {
        $self->{first}{$name} = $munged;
        return (1);
    }
    if (my @flaky = _differing($first, $munged, $case->directives)) {
        _fail($verdict, 'FLAKY', 'two runs gave different results, so its goldens are left as they are', @flaky);
        return (0, [$verdict]);
    }
    my $number = $case->test->{number};
    $self->{said}{$number}{ $case->lane->name } = $munged;
    return (0, [$verdict, $self->_write($case, $verdict, @{ $verdict->{differences} })]) if !$case->lane->is_added;
    push @{ $self->{waiting}{$number} }, $verdict;
    return (0);
}

sub _fail {
    my ($verdict, $name, $reason, @differences) = @_;
    @$verdict{qw(verdict reason differences acceptable exit_status)} = ($name, $reason, \@differences, 0, 1);
    return;
}

sub _differing {
    my ($first, $second, $directives) = @_;
    my %streams = map { $_ => 1 } keys %$first, keys %$second;
    return map { { stream => $_, diff => [unified_diff("first run's $_", $first->{$_} // '', "second run's $_", $second->{$_} // '')] } }
      grep { ($first->{$_} // '') ne ($second->{$_} // '') } grep { is_compared($_, $directives) } sort keys %streams;
}

# What is decided of a case that has waited: the goldens may have changed meanwhile.
sub _written_late {
    my ($self, $verdict) = @_;
    my $case = $verdict->{case};
    my @notes;
    my $done = eval {
        my $golden = Runtest::Golden->new($case->{tree}, $case->test->{number}, $case->lane);
        my $munged = $self->{said}{ $case->test->{number} }{ $case->lane->name };
        @notes = $self->_write($case, $verdict, compare_streams($munged, $golden, $case->directives));
        1;
    };
    return $done ? [$verdict, @notes] : _error($verdict, $@);
}

# All of the differences, or none.
sub _write {
    my ($self, $case, $verdict, @differences) = @_;
    my $golden = Runtest::Golden->new($case->{tree}, $case->test->{number}, $case->lane);
    my @paths;
    for my $difference (@differences) {
        my ($path, $why_not) = $self->_destination($case, $difference);
        return _fail($verdict, 'FAIL', $why_not, @differences) if !defined $path;
        push @paths, $path;
    }
    push @{ $self->{settled}{ $case->test->{number} } }, { lane => $case->lane->name, golden => $golden };
    my @notes = map { my $path = $paths[$_]; $golden->replace($path, $differences[$_]{text}) . " $path" } 0 .. $#paths;
    @$verdict{qw(verdict reason differences exit_status)} = ('PASS', undef, [], 0);
    return @notes;
}

# Of lanes of mta/, too, none writes over a golden that another one has written or passed with in this run: they
# disagree, and a person has to decide.
sub _destination {
    my ($self, $case, $difference) = @_;
    my ($number, $stream) = ($case->test->{number}, $difference->{stream});
    my $said = $self->{said}{$number};
    my ($path, $why_not) = $self->{destination}->find($case, $difference, $said);
    return ($path, $why_not) if $case->lane->is_added;
    my @sharing = grep { $_->{golden}->path_of($stream) eq $path } @{ $self->{settled}{$number} };
    my ($other) = grep { ($said->{ $_->{lane} }{$stream} // '') ne $difference->{text} } @sharing;
    return $other ? (undef, "lane $other->{lane} settled $path in this run, and this lane differs") : $path;
}

1;
