# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Report::Progress;

use strict;
use warnings;

use Time::HiRes qw(time);

use Runtest::Diff qw(visible);

=head1 NAME

Runtest::Report::Progress - what is going on, on stderr, for those who watch

=head2 new(durations => $durations, jobs => N, live => 0 or 1)

With a Runtest::Durations. Live is for terminals: one line that is written again and again.

=cut

# After how many seconds a step that has not ended is named. Most take tenths of a second.
my $LONG = 20;

my $WIDTH = 100;

sub new {
    my ($class, %given) = @_;
    return bless { %given, failed => 0, named => {}, shown => 0 }, $class;
}

=head2 failed(), any_failed

One more case did not pass; whether there was one.

=cut

sub failed     { my ($self) = @_; $self->{failed}++; return }
sub any_failed { my ($self) = @_; return $self->{failed} > 0 }

=head2 clear()

Takes the live line away, before something else is printed.

=cut

sub clear {
    my ($self) = @_;
    print {*STDERR} "\r\e[K" if $self->{shown};
    $self->{shown} = 0;
    return;
}

=head2 tick(\%state)

To be called now and then with C<< { done => N, waiting => [cases], running => [outcomes] } >>.

=cut

sub tick {
    my ($self, $state) = @_;
    $self->_name_the_silent($state);
    return if !$self->{live};
    my $line = sprintf '%d done, %d failed, %d waiting', $state->{done}, $self->{failed}, scalar @{ $state->{waiting} };
    $line .= $self->_rest($state);
    $line .= '; ' . join ', ', map { _short($_) } @{ $state->{running} };
    print {*STDERR} "\r\e[K", substr $line, 0, $WIDTH;
    $self->{shown} = 1;
    return;
}

sub _rest {
    my ($self, $state) = @_;
    my $seconds = $self->{durations}->estimate($self->{jobs}, @{ $state->{waiting} }, map { $_->case } @{ $state->{running} });
    return defined $seconds ? sprintf(', at most %d s left', $seconds + 1) : '';
}

sub _short {
    my ($outcome) = @_;
    my $step = $outcome->running;
    return $outcome->case->name . ($step ? ":$step->{line}" : '');
}

# Once a step: who may be hanging, long before the time limit.
sub _name_the_silent {
    my ($self, $state) = @_;
    for my $outcome (@{ $state->{running} }) {
        my $step = $outcome->running or next;
        next if time - $step->{begun} < $LONG || $self->{named}{ $outcome->case->name . ":$step->{line}" }++;
        $self->clear;
        print {*STDERR} 'runtest: ', _long($outcome), "\n";
    }
    return;
}

sub _long {
    my ($outcome) = @_;
    my $step = $outcome->running or return $outcome->case->name . ': no step yet, or none any more';
    return sprintf '%s: in %s:%d for %.1f s: %s', $outcome->case->name, $outcome->case->test->{path}, $step->{line}, time - $step->{begun},
      visible($step->{text});
}

=head2 explain(\%state)

Prints what everybody does (SIGUSR1).

=cut

sub explain {
    my ($self, $state) = @_;
    $self->clear;
    my @waiting = map { $_->name } @{ $state->{waiting} };
    print {*STDERR} "runtest: $state->{done} done, $self->{failed} failed, waiting: @waiting\n";
    print {*STDERR} 'runtest: ', _long($_), "\n" for @{ $state->{running} };
    return;
}

1;
