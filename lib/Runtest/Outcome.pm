# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Outcome;

use strict;
use warnings;

use Time::HiRes qw(time);

use Runtest::Collect;
use Runtest::Error;
use Runtest::Process qw(describe_status);
use Runtest::Results;
use Runtest::Wire;

=head1 NAME

Runtest::Outcome - what came out of one run of a case: its steps and raw streams

=head2 new($case, $directory, $case_directory)

$directory is where the results go (Runtest::Results::case), $case_directory what DIR was.

=cut

sub new {
    my ($class, $case, $directory, $case_directory) = @_;
    return bless {
        case           => $case,
        directory      => $directory,
        case_directory => $case_directory,
        wire           => Runtest::Wire->new,
        steps          => [],
        raw            => {},
        stderr         => '',
    }, $class;
}

=head2 case, directory, case_directory, raw, failure

What it was made of; the raw streams by name; the failure that the worker reported, C<< { line, step, reason } >>, or undef.

=cut

sub case           { return $_[0]{case} }
sub directory      { return $_[0]{directory} }
sub case_directory { return $_[0]{case_directory} }
sub raw            { return $_[0]{raw} }
sub failure        { return ($_[0]{verdict} // {})->{failure} }

=head2 running

The step that was begun last and has not ended, or undef; C<begun> is when, by this clock.

=cut

sub running { return $_[0]{running} }

# What a record must have, all of it text. The worker's side runs what the test says: nothing is taken for granted.
my %FIELDS = (begin => [qw(line text)], step => [qw(line text)], stream => [qw(name bytes)], failure => [qw(step reason)]);

sub _check {
    my ($type, $record) = @_;
    ref $record eq 'HASH' && ($record->{line} // 0) =~ /\A[0-9]+\z/
      or Runtest::Error->throw(broken => "the worker sent a $type that is none");
    for my $field (@{ $FIELDS{$type} || [] }) {
        next if defined $record->{$field} && !ref $record->{$field};
        Runtest::Error->throw(broken => "the worker sent a $type without '$field'");
    }
    return;
}

my %TAKE = (
    begin   => sub { my ($self, $record) = @_; $self->{running} = { %$record, begun => time } },
    step    => sub { my ($self, $record) = @_; $self->{running} = undef; push @{ $self->{steps} }, $record },
    verdict => sub { my ($self, $record) = @_; $self->{verdict} = $record },
    stream  => sub {
        my ($self, $record) = @_;
        Runtest::Results::write_stream($self->{directory}, 'raw', $record->{name}, $record->{bytes});
        $self->{raw}{ $record->{name} } = $record->{bytes};
        $self->_limit($record) if $record->{name} ne 'case.tar';
    },
);

# More of a stream, or of all of a case's, is not munged and compared; and no worker sends it.
sub _limit {
    my ($self, $record) = @_;
    my ($stream, $all) = ($Runtest::Collect::MOST_OF_A_STREAM, $Runtest::Collect::MOST_OF_ALL_STREAMS);
    $self->{streamed} += length $record->{bytes};
    $self->{excess} //= "the stream $record->{name} is longer than $stream bytes" if length $record->{bytes} > $stream;
    $self->{excess} //= "the streams have more than $all bytes" if $self->{streamed} > $all;
    return;
}

=head2 is_large

Whether it takes long to munge and compare the streams.

=cut

my $LARGE = 256 * 1024;

sub is_large { return ($_[0]{streamed} // 0) > $LARGE }

=head2 excess

What is too long to be judged, and has not come from our worker; or undef.

=cut

sub excess { return $_[0]{excess} }

=head2 take_wire($bytes), take_stderr($bytes)

Takes what the worker, or the launcher, has written. Dies (broken) of what is no record, or of a full disk.

=cut

sub take_wire {
    my ($self, $bytes) = @_;
    for my $record ($self->{wire}->feed($bytes)) {
        my $type = $record->{type} // '';
        my $take = $TAKE{$type} // next;
        _check($type => $record);
        _check(failure => $record->{failure}) if $type eq 'verdict' && defined $record->{failure};
        $take->($self, $record);
    }
    return;
}

# Of what nobody should have to say, so much is kept.
my $MOST_STDERR = 65_536;

sub take_stderr {
    my ($self, $bytes) = @_;
    $self->{stderr} .= substr $bytes, 0, $MOST_STDERR - length $self->{stderr};
    return;
}

=head2 finish($status, $seconds)

The launcher has ended with a wait status. Writes steps.jsonl.

=cut

sub finish {
    my ($self, $status, $seconds) = @_;
    @$self{qw(status seconds)} = ($status, $seconds);
    my @steps = @{ $self->{steps} };
    push @steps, { %{ $self->{running} }, failed => 'not ended' } if $self->{running};
    my $path = $self->{case}->test->{path};
    Runtest::Results::write_json($self->{directory}->child('steps.jsonl'), map { _step($path, $_) } @steps);
    return;
}

sub _step {
    my ($path, $record) = @_;
    my %step = (%$record, file => $path);
    delete $step{type};
    return \%step;
}

=head2 seconds

How long the case took.

=cut

sub seconds { return $_[0]{seconds} }

=head2 trouble

Why there is no verdict of the worker's to go by (the harness or the machine is broken), or undef.

=cut

sub trouble {
    my ($self) = @_;
    return undef if $self->{verdict} && !$self->{status};
    return $self->{silence} if defined $self->{silence};
    my $said = $self->{stderr} =~ s/\s+\z//r;
    my $exit = $self->{status} >> 8;    # the launcher's 128+N is the worker's signal N
    my $how  = 'the worker ended with ' . describe_status($exit > 128 ? $exit - 128 : $self->{status});
    return $how . $self->_position . (length $said ? ": $said" : '');
}

sub _position {
    my ($self) = @_;
    return $self->{running} ? " in line $self->{running}{line}, $self->{running}{text}" : '';
}

=head2 note_silence($seconds)

The worker has been silent for so long that it will be ended.

=cut

sub note_silence {
    my ($self, $seconds) = @_;
    $self->{silence} = "the worker has said nothing for $seconds s" . $self->_position;
    return;
}

1;
