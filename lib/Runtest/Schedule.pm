# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Schedule;

use strict;
use warnings;

use IO::Async::Loop;
use IO::Async::Timer::Periodic;
use Time::HiRes qw(time);

use Runtest::Aside qw(aside end_aside);
use Runtest::ByteJSON qw(encode_bytes);
use Runtest::Error;
use Runtest::Launch;
use Runtest::Outcome;
use Runtest::Plan;
use Runtest::Process qw(describe_status);

=head1 NAME

Runtest::Schedule - runs cases side by side

=head2 new(%given)

Takes C<where> (a sandbox), C<lanes>, C<results>, C<jobs>, C<progress>, C<decide> (a function) and C<terminal>.

$sandbox is a Runtest::Sandbox or a Runtest::NoSandbox, the lanes are those of all cases, $progress a
Runtest::Report::Progress, decide($outcome) what there is to be known of a case that has ended, as data; the terminal
a handle or undef: it becomes the worker's descriptor 4. Starts the zygote, which takes a while, and does not wait for
it.

=cut

# How often the progress is shown, and who has been silent for too long is looked for.
my $TICK_SECONDS = 0.25;

sub new {
    my ($class, %given) = @_;
    my $loop = IO::Async::Loop->new;
    my $launch = Runtest::Launch->new($loop, sub { return $given{where}->zygote(@{ $given{lanes} }) });
    return bless { %given, loop => $loop, launch => $launch, running => {}, queue => [], ended => 0 }, $class;
}

=head2 run(\@cases, \&done)

Runs the cases and calls done($outcome, $exception, $decision) as each ends, in the order in which they do; done may
return a case that is to run (again). The exception is set, and there is no decision, when a case could not be run. An
outcome that is large is decided on beside the loop, which obeys signals and runs other cases meanwhile. Returns
undef, or the name of the signal (INT, TERM, HUP) that ended the run: then every case's processes have ended. Dies,
when they have, if the zygote was ended by somebody (broken), or could not be made.

=cut

sub run {
    my ($self, $cases, $done) = @_;
    @$self{qw(queue done)} = ([@$cases], $done);
    my $loop = $self->{loop};
    for my $signal (qw(INT TERM HUP)) {
        $loop->attach_signal($signal => sub { $self->_interrupt($signal) });
    }
    $loop->attach_signal(USR1 => sub { $self->{progress}->explain($self->_state) });
    my $timer = IO::Async::Timer::Periodic->new(
        interval => $TICK_SECONDS,
        on_tick  => sub { $self->_end_silent; $self->{progress}->tick($self->_state) },
    );
    $loop->add($timer->start);
    $self->_fill;
    $loop->run if %{ $self->{running} };
    my ($status, $error) = $self->{launch}->end;
    $loop->remove($timer);
    $self->{progress}->clear;
    return $self->{interrupted} if $self->{interrupted} || !$self->{lost};
    die $error if $error;
    return Runtest::Error->throw(broken => 'the process that starts the cases has ended before them: ' . describe_status($status));
}

=head2 end()

Ends what new() has started if run() was not called, and what run() has left if it died; waits for that.

=cut

sub end {
    my ($self) = @_;
    @$self{qw(queue lost)} = ([], 1);
    $self->_end_all;
    $self->{launch}->end;
    return;
}

=head2 drop_waiting()

What has not begun yet is not run any more.

=cut

sub drop_waiting {
    my ($self) = @_;
    $self->{queue} = [];
    return;
}

sub _state {
    my ($self) = @_;
    my @running = map { $self->{running}{$_}{outcome} } sort keys %{ $self->{running} };
    return { done => $self->{ended}, waiting => $self->{queue}, running => \@running };
}

sub _fill {
    my ($self) = @_;
    while (!$self->_is_over && $self->_may_start($self->{queue}[0])) {
        my $case = shift @{ $self->{queue} };
        eval { $self->_start($case); 1 } or $self->_ended(Runtest::Outcome->new($case), $@);
    }
    $self->{loop}->stop if !%{ $self->{running} };
    return;
}

# A case that is exclusive runs alone.
sub _may_start {
    my ($self, $case) = @_;
    my @running = values %{ $self->{running} };
    return 0 if !$case || @running >= $self->{jobs};
    return !@running if $case->is_exclusive;
    return !grep { $_->{outcome}->case->is_exclusive } @running;
}

sub _interrupt {
    my ($self, $signal) = @_;
    $self->{interrupted} //= $signal;
    $self->_end_all;
    return;
}

sub _end_all {
    my ($self) = @_;
    $self->{launch}->kill_all;
    end_aside($_) for grep { defined } map { $_->{deciding} } values %{ $self->{running} };
    return;
}

sub _start {
    my ($self, $case) = @_;
    my $place = $self->{where}->place($case);
    my $plan  = $case->plan($place);
    my $outcome = Runtest::Outcome->new($case, $self->{results}->case($case->name), $place->{directory});
    my $started = time;
    $self->{running}{ $case->name } = { outcome => $outcome, heard => $started, patience => Runtest::Plan::silence_seconds($plan) };
    $self->{launch}->start(
        name     => $case->name,
        options  => [$place->{options}->(Runtest::Plan::backstop_seconds($plan))],
        input    => encode_bytes($plan),
        terminal => $self->{terminal},
        on_said  => $self->_reader($outcome, 'take_stderr'),
        on_wire  => $self->_reader($outcome, 'take_wire'),
        on_end   => sub {
            my ($status) = @_;
            my $failed = $outcome->{exception};
            $self->{lost} = 1 if !defined $status;
            eval { $outcome->finish($status // 0, time - $started); $place->{clean}->(); 1 } or $failed //= $@;
            $self->_ended($outcome, $failed);
        },
    );
    return;
}

# A worker that has stopped (SIGSTOP) would keep its place until the launcher's time limit.
sub _end_silent {
    my ($self) = @_;
    my $now = time;
    for my $running (grep { $_->{patience} && $now - $_->{heard} > $_->{patience} } values %{ $self->{running} }) {
        $running->{outcome}->note_silence(delete $running->{patience});
        $self->_stop($running->{outcome});
    }
    return;
}

# What cannot be taken (a full disk) is kept as the case's exception, and ends it; the rest is read and dropped.
sub _reader {
    my ($self, $outcome, $take) = @_;
    my $running = $self->{running}{ $outcome->case->name };
    return sub {
        my ($bytes) = @_;
        return if $outcome->{exception};
        $running->{heard} = time;
        return if eval { $outcome->$take($bytes); 1 };
        $outcome->{exception} = $@;
        $self->_stop($outcome);
        return;
    };
}

sub _stop {
    my ($self, $outcome) = @_;
    $self->{launch}->kill_case($outcome->case->name);
    return;
}

# From a terminal ^C comes to all processes at once: what ended by it must not be judged before we know of it ourselves.
# So what follows the end of a process is always for later.
sub _ended {
    my ($self, $outcome, $exception) = @_;
    $self->{running}{ $outcome->case->name } = { outcome => $outcome };
    $self->{loop}->later(sub {
        return $self->_finished($outcome, $exception) if defined $exception || $self->_is_over;
        return $self->_finished($outcome, undef, $self->{decide}->($outcome)) if !$outcome->is_large;
        eval { $self->_decide_aside($outcome); 1 } or $self->_finished($outcome, $@);
    });
    return;
}

sub _decide_aside {
    my ($self, $outcome) = @_;
    $self->{running}{ $outcome->case->name }{deciding} = aside(
        $self->{loop},
        sub { return $self->{decide}->($outcome) },
        sub {
            my ($decision, $failed) = @_;
            $self->{loop}->later(sub { $self->_finished($outcome, $failed, $decision) });
        }
    );
    return;
}

sub _is_over {
    my ($self) = @_;
    return $self->{interrupted} || $self->{lost};
}

sub _finished {
    my ($self, $outcome, $exception, $decision) = @_;
    delete $self->{running}{ $outcome->case->name };
    $self->{ended}++;
    $self->{progress}->clear;
    my $again = $self->_is_over ? undef : $self->{done}->($outcome, $exception, $decision);
    push @{ $self->{queue} }, $again if $again;
    $self->_fill;
    return;
}

1;
