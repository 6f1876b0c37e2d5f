# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Launch;

use strict;
use warnings;

use Cpanel::JSON::XS ();
use IO::Async::Process;
use IO::Async::Stream;
use Socket qw(AF_UNIX SOCK_SEQPACKET);

use Runtest::Error;
use Runtest::Native qw(send_descriptors);

=head1 NAME

Runtest::Launch - the driver's end of the zygote: starts it, and has it start launchers

=cut

# As much as a pipe holds.
my $AT_ONCE = 65_536;

=head2 new($loop, @command)

Starts the zygote (Runtest::Zygote) by this command line, in which it finds the socket as descriptor 3.

=cut

sub new {
    my ($class, $loop, @command) = @_;
    my $self = bless { loop => $loop }, $class;
    socketpair my $ours, my $theirs, AF_UNIX, SOCK_SEQPACKET, 0 or Runtest::Error->throw(broken => "socketpair: $!");
    # In a process group of its own: what a terminal sends is for the driver, who ends all cases, and knows why they ended.
    my $process = $self->{process} = IO::Async::Process->new(
        code      => sub { setpgrp; exec @command or die "$command[0]: $!\n" },
        setup     => [fd3 => ['dup', $theirs]],
        on_finish => sub { $self->{status} = $_[1] },
    );
    $loop->add($process);
    close $theirs;    # so that an end of the zygote is an end of the socket
    $self->{socket} = $ours;
    return $self;
}

=head2 start(%case)

Has a launcher started, with its C<options>, for the case C<name>. Its worker reads C<input> from standard input; C<on_said> and C<on_wire> are on_read
functions of IO::Async::Stream for what it writes to standard output and error, and to descriptor 3; C<terminal>, if there is one,
becomes its descriptor 4. C<on_end> is called with the launcher's wait status when all of this has ended; with undef if the zygote has ended.

=cut

sub start {
    my ($self, %case) = @_;
    my ($input, $feed) = _pipe();
    my $status  = '';
    my $pending = 3;
    my $on_end  = sub { $case{on_end}->($status =~ /\A([0-9]+)\n/ ? $1 : undef) if !--$pending };
    my @theirs  = map { $self->_read($_, $on_end) } sub { $status = ${ $_[1] }; return 0 }, @case{qw(on_said on_wire)};
    splice @theirs, 1, 0, $input;
    $self->_request({ name => $case{name}, options => $case{options} }, @theirs, $case{terminal} // ());
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

# The end that is written to of a pipe that the loop reads.
sub _read {
    my ($self, $on_read, $on_end) = @_;
    my ($out, $in) = _pipe();
    $self->{loop}->add(IO::Async::Stream->new(read_handle => $out, read_len => $AT_ONCE, on_read => $on_read, on_closed => $on_end));
    return $in;
}

sub _pipe {
    pipe my $out, my $in or Runtest::Error->throw(broken => "pipe: $!");
    return ($out, $in);
}

sub _request {
    my ($self, $request, @handles) = @_;
    return if send_descriptors(fileno $self->{socket}, Cpanel::JSON::XS->new->encode($request), map { fileno $_ } @handles);
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

No more launchers are wanted: returns the zygote's wait status when it has ended.

=cut

sub end {
    my ($self) = @_;
    close delete $self->{socket};
    $self->{loop}->loop_once while $self->{process}->is_running;
    return $self->{status};
}

1;
