# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Aside;

use strict;
use warnings;

use IO::Async::Process;
use Storable qw(freeze thaw);

use Runtest::Error;
use Runtest::Process qw(describe_status);

use Exporter 'import';
our @EXPORT_OK = qw(aside end_aside);

=head1 NAME

Runtest::Aside - work that takes long, beside the driver's loop

=head2 aside($loop, \&work, \&done)

Calls work() in a process of its own, a copy of this one, and returns that (an IO::Async::Process). When it has ended,
done($result, $error) is called from the loop: with the reference that work() has returned, which has to be nothing but
data, or with a Runtest::Error (broken), which says what work() died of or how the process ended. Dies (broken) when
there can be no such process.

=cut

sub aside {
    my ($loop, $work, $done) = @_;
    my $frozen  = '';
    my $process = IO::Async::Process->new(
        code         => sub { return _send(freeze($work->())) },
        stdout       => { into => \$frozen },
        on_exception => sub { my (undef, $why) = @_; $done->(undef, Runtest::Error->from($why)) },
        on_finish    => sub { my (undef, $status) = @_; $done->(_result($status, $frozen)) },
    );
    eval { $loop->add($process); 1 } or Runtest::Error->throw(broken => "fork: $!");
    return $process;
}

sub _result {
    my ($status, $frozen) = @_;
    my $result = $status ? undef : eval { thaw($frozen) };
    return $result if $result;
    my $how = $status ? describe_status($status) : 'half a result';
    return (undef, Runtest::Error->new(broken => "the process that compares the streams ended with $how"));
}

=head2 end_aside($process)

Tells the process to end. It may have ended already, and done() not have been called yet.

=cut

sub end_aside {
    my ($process) = @_;
    kill TERM => $process->pid;
    return;
}

sub _send {
    my ($bytes) = @_;
    for (my $sent = 0; $sent < length $bytes;) {    ## no critic (ProhibitCStyleForLoops)
        $sent += syswrite(STDOUT, $bytes, length($bytes) - $sent, $sent) // return 1;
    }
    return 0;
}

1;
