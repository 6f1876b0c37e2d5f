# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Launch;

use strict;
use warnings;

use IO::Async::Process;
use IO::Async::Stream;
use POSIX ();
use Socket qw(AF_UNIX SHUT_WR SOCK_SEQPACKET);

use Runtest::ByteJSON qw(encode_bytes decode_bytes);
use Runtest::Error;
use Runtest::Native qw(send_descriptors receive_descriptors);

=head1 NAME

Runtest::Launch - the driver's end of the zygote: starts it, and has it start launchers

=cut

# As much as a pipe holds.
my $AT_ONCE = 65_536;

# The zygote's end of the socket, in the zygote.
my $CONTROL = 3;

=head2 new($loop, \&command)

Starts the zygote (Runtest::Zygote) by the command line that command() returns, in which it finds the socket as descriptor 3. What
command() has to prepare is done beside the caller: it is called in the process that becomes the zygote.

=cut

sub new {
    my ($class, $loop, $command) = @_;
    my $self = bless { loop => $loop }, $class;
    socketpair my $ours, my $theirs, AF_UNIX, SOCK_SEQPACKET, 0 or Runtest::Error->throw(broken => "socketpair: $!");
    my $process = $self->{process} = IO::Async::Process->new(
        code      => sub { return _become_zygote($command) },
        setup     => [fd3 => ['dup', $theirs]],
        on_finish => sub { $self->{status} = $_[1] },
    );
    $loop->add($process);
    close $theirs;    # so that an end of the zygote is an end of the socket
    $self->{socket} = $ours;
    return $self;
}

# In a process group of its own: what a terminal sends is for the driver, who ends all cases, and knows why they ended. What goes
# wrong is the driver's to say.
sub _become_zygote {
    my ($command) = @_;
    setpgrp;
    my $term = POSIX::SigSet->new(POSIX::SIGTERM());
    POSIX::sigprocmask(POSIX::SIG_BLOCK(), $term);    # until what is started meanwhile has ended and was waited for
    my $error = eval {
        my @command = $command->();
        POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $term);
        no warnings 'exec';    # it is said, and without our file and line
        exec @command or Runtest::Error->throw(broken => "$command[0]: $!");
    } // Runtest::Error->from($@);
    send_descriptors($CONTROL, encode_bytes({ kind => $error->kind, message => $error->message }));
    return $error->exit_status;
}

=head2 start(%case)

Has a launcher started, with its C<options>, for the case C<name>. Its worker reads C<input> from standard input; C<on_said> and C<on_wire> are called
with the bytes that it writes to standard output and error, and to descriptor 3, as they come; C<terminal>, if there is one,
becomes its descriptor 4. C<on_end> is called with the launcher's wait status when all of this has ended; with undef if the zygote has ended.

=cut

sub start {
    my ($self, %case) = @_;
    my ($input, $feed) = _pipe();
    my $status  = '';
    my $pending = 3;
    my $on_end  = sub { $case{on_end}->($status =~ /\A([0-9]+)\n/ ? $1 : undef) if !--$pending };
    my @reading = map { [$_, _pipe()] } sub { $status .= $_[0] }, @case{qw(on_said on_wire)};
    my ($report, @outputs) = map { $_->[2] } @reading;
    $self->_request({ name => $case{name}, options => $case{options} }, $report, $input, @outputs, $case{terminal} // ());
    $self->_read($_->[1], $_->[0], $on_end) for @reading;
    $self->_write($feed, $case{input});
    return;
}

# A pipe takes most plans at once.
sub _write {
    my ($self, $feed, $bytes) = @_;
    $feed->blocking(0);
    substr $bytes, 0, syswrite($feed, $bytes) // 0, '';
    return close $feed if $bytes eq '';
    my $stream = IO::Async::Stream->new(write_handle => $feed, on_write_error => sub { $_[0]->close_now });
    $self->{loop}->add($stream);
    $stream->write($bytes);
    $stream->close_when_empty;
    return;
}

# Has the loop read a pipe. Three a case: an IO::Async::Stream for each would cost more than all of the rest.
sub _read {
    my ($self, $out, $take, $on_end) = @_;
    my $loop = $self->{loop};
    $loop->watch_io(
        handle        => $out,
        on_read_ready => sub {
            my $count = sysread $out, my ($bytes), $AT_ONCE;
            return $take->($bytes) if $count;
            return if !defined $count && $!{EINTR};
            $loop->unwatch_io(handle => $out, on_read_ready => 1);
            close $out;
            $on_end->();
        },
    );
    return;
}

sub _pipe {
    pipe my $out, my $in or Runtest::Error->throw(broken => "pipe: $!");
    return ($out, $in);
}

sub _request {
    my ($self, $request, @handles) = @_;
    return if send_descriptors(fileno $self->{socket}, encode_bytes($request), map { fileno $_ } @handles);
    return if $!{EPIPE} || $!{ECONNRESET};    # the zygote has ended, and with it all cases
    return Runtest::Error->throw(broken => "sendmsg to the process that starts the cases: $!");
}

=head2 kill_case($name)

Ends the launcher of that case, and with it all of the case.

=cut

sub kill_case {
    my ($self, $name) = @_;
    $self->_request({ kill => $name });
    return;
}

=head2 kill_all()

Ends all cases, and the zygote.

=cut

sub kill_all {
    my ($self) = @_;
    kill TERM => $self->{process}->pid if $self->{process}->is_running;
    return;
}

=head2 end()

No more launchers are wanted: returns when the zygote has ended, with its wait status; and, if it could not begin, a Runtest::Error that says why.

=cut

sub end {
    my ($self) = @_;
    shutdown $self->{socket}, SHUT_WR;
    $self->{loop}->loop_once while $self->{process}->is_running;
    my ($said) = receive_descriptors(fileno $self->{socket});
    return ($self->{status}, defined $said ? Runtest::Error->new(@{ decode_bytes($said) }{qw(kind message)}) : ());
}

1;
