# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Verdict;

use strict;
use warnings;

use Runtest::Compare qw(compare_streams);
use Runtest::Diff qw(visible);
use Runtest::Error;
use Runtest::Golden;
use Runtest::Munge;
use Runtest::Release qw(release);
use Runtest::Results;

use Exporter 'import';
our @EXPORT_OK = qw(judge decide with_case munge_outcome skipped in_error write_result);

=head1 NAME

Runtest::Verdict - PASS, FAIL, SKIP, XFAIL, XPASS, FLAKY or ERROR, and why

=head1 DESCRIPTION

A verdict is C<< { verdict, case, reason, seconds, failure, differences, munged, acceptable, flavours, refusal,
directory, exit_status } >>: C<failure> is the step's (the worker's), C<differences> are Runtest::Compare's, C<munged>
are the streams that were compared, C<acceptable> says that --update would take them, C<flavours> are those that it
would make for that, C<refusal> is why it would not, C<exit_status> is what a run that has it ends with
(docs/architecture.md).

=head2 judge($outcome, $destination)

Munges and compares what a case wrote, and decides. With a Runtest::Destination it is asked what --update would do.

=head2 decide($outcome, $destination), with_case($outcome, \%decision)

Its two parts. A decision is nothing but data, so it can come from another process.

=cut

sub judge {
    my ($outcome, $destination) = @_;
    return with_case($outcome, decide($outcome, $destination));
}

sub with_case {
    my ($outcome, $decision) = @_;
    return { %$decision, case => $outcome->case, seconds => $outcome->seconds, directory => $outcome->directory };
}

sub decide {
    my ($outcome, $destination) = @_;
    my $case = $outcome->case;
    my $decision = eval {
        Runtest::Error->throw(broken => $outcome->excess) if defined $outcome->excess;
        my $munged = munge_outcome($outcome);
        my $golden = Runtest::Golden->new($case->{tree}, $case->test->{number}, $case->lane);
        my @differences = compare_streams($munged, $golden, $case->directives, $outcome->directory . '/munged');
        my $trouble = $outcome->trouble;
        Runtest::Error->throw(broken => $trouble) if defined $trouble;
        my $judged     = _decision($case, $outcome->failure, @differences);
        my $may_accept = $destination && $judged->{acceptable};
        +{ %$judged, munged => $munged, $may_accept ? _acceptance($case, $judged, $destination) : () };
    } // in_error($case, $@);
    delete $decision->{case};    # an object, and no data
    return $decision;
}

sub _acceptance {
    my ($case, $verdict, $destination) = @_;
    my @flavours;
    for my $difference (@{ $verdict->{differences} }) {
        my ($path, $why_not) = $destination->find($case, $difference, {});
        return (acceptable => 0, refusal => $why_not) if !defined $path;
        push @flavours, $path if $path ne $difference->{path};
    }
    return (flavours => \@flavours);
}

# What an added lane's version had wrong may have been mended in that MTA, whose source nobody here knows.
sub _decision {
    my ($case, $failure, @differences) = @_;
    my $expected = $case->expected_failure;
    my $failed   = $failure || @differences;
    my %details  = (failure => $failure, differences => \@differences);
    if (defined $expected) {
        return { %details, verdict => 'XFAIL', reason => $expected, exit_status => 0 } if $failed;
        my @passed = $case->{lane}->is_added ? ('XPASS', 0) : ('FAIL', 1);
        my $reason = "it passed, and expect-fail says: $expected";
        return { verdict => $passed[0], reason => $reason, exit_status => $passed[1], differences => [] };
    }
    return { verdict => 'PASS', exit_status => 0, differences => [] } if !$failed;
    return {
        %details,
        verdict     => 'FAIL',
        reason      => _reason($case, $failure, @differences),
        acceptable  => !$failure,
        exit_status => 1,
    };
}

sub _reason {
    my ($case, $failure, @differences) = @_;
    if ($failure) {
        my $place = defined $failure->{line} ? $case->test->{path} . ":$failure->{line}" : $case->test->{path};
        my ($first) = split /\n/, $failure->{reason};
        return "$place: $first";
    }
    return join(', ', map { visible($_->{stream}) } @differences) . (@differences > 1 ? ' differ' : ' differs');
}

=head2 munge_outcome($outcome)

The munged streams by golden name; they are written to the results as well.

=cut

sub munge_outcome {
    my ($outcome) = @_;
    my $case  = $outcome->case;
    my $munge = Runtest::Munge->new(
        values     => $case->munge_values($outcome->case_directory),
        sets       => $case->directives->{munge} || [],
        directives => $case->directives,
        options    => $case->options,
    );
    my $munged = $munge->streams($outcome->raw);
    Runtest::Results::write_stream($outcome->directory, 'munged', $_, $munged->{$_}) for sort keys %$munged;
    return $munged;
}

=head2 skipped($case, $reason), in_error($case, $exception)

The verdicts of cases that were not run, or that the harness could not judge.

=cut

sub skipped {
    my ($case, $reason) = @_;
    return { verdict => 'SKIP', case => $case, reason => $reason, seconds => 0, exit_status => 0, differences => [] };
}

sub in_error {
    my ($case, $exception) = @_;
    my $error = Runtest::Error->from($exception);
    return {
        verdict     => 'ERROR',
        case        => $case,
        reason      => $error->message,
        seconds     => 0,
        exit_status => $error->exit_status,
        acceptable  => 0,
        differences => [],
    };
}

=head2 write_result($verdict)

Writes result.json of a case that was run.

=cut

sub write_result {
    my ($verdict) = @_;
    my $directory = $verdict->{directory} // return;
    my ($test, $lane) = ($verdict->{case}->test, $verdict->{case}->lane);
    Runtest::Results::write_json(
        $directory->child('result.json'),
        {
            test     => $test->{number},
            title    => $test->{title},
            lane     => $lane->name,
            versions => $lane->facts->{versions},
            verdict  => $verdict->{verdict},
            reason   => $verdict->{reason},
            seconds  => 0 + sprintf('%.3f', $verdict->{seconds}),
            failure  => $verdict->{failure},
            streams  => [map { $_->{stream} } @{ $verdict->{differences} }],
            harness_version => release(),
        }
    );
    return;
}

1;
