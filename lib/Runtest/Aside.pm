# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Aside;

use strict;
use warnings;

use IO::Async::Process;
use Storable qw(freeze thaw);

use Runtest::Error;
use Runtest::Process qw(describe_status);

use Exporter 'import';
our @EXPORT_OK = qw(aside);

=head1 NAME

Runtest::Aside - work that takes long, beside the driver's loop

=head2 aside($loop, \&work, \&done)

Calls work() in a process of its own, a copy of this one, and returns that (an IO::Async::Process). When it has ended,
done($result, $error) is called, with the reference that work() has returned, which has to be nothing but data, or
with a Runtest::Error (broken).

=cut

sub aside {
    my ($loop, $work, $done) = @_;
    my $frozen  = '';
    my $process = IO::Async::Process->new(
        code      => sub { return _send(freeze($work->())) },
        stdout    => { into => \$frozen },
        on_finish => sub {
            my (undef, $status) = @_;
            my $result = $status ? undef : eval { thaw($frozen) };
            my $how    = 'the process that compares ended with ' . describe_status($status);
            $done->($result, $result ? undef : Runtest::Error->new(broken => $how));
        },
    );
    $loop->add($process);
    return $process;
}

sub _send {
    my ($bytes) = @_;
    for (my $sent = 0; $sent < length $bytes;) {    ## no critic (ProhibitCStyleForLoops)
        $sent += syswrite(STDOUT, $bytes, length($bytes) - $sent, $sent) // return 1;
    }
    return 0;
}

1;
