# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Await;

use strict;
use warnings;

use Linux::Inotify2;
use Time::HiRes qw(time);

use Runtest::Process qw(wait_process describe_status);

use Exporter 'import';
our @EXPORT_OK = qw(await_file);

=head1 NAME

Runtest::Await - waits for a file to say that a process is ready

=head2 await_file(%for)

Takes C<directory>, C<ready> (a function), C<who> and C<what> (a name and a verb), C<pid>, C<deadline> and
C<next_look> (a function).

Returns once is_ready() is true. It is asked at first, and then whenever a file in the directory has changed. $who and
$what name what is waited for: C<the server> to C<listen>. Dies when the process ends before that, at the deadline, or
as next_look() does, which says when it is to be called again. Returns undef; or, if the process was ready and has
ended by now, its wait status.

=cut

sub await_file {
    my (%for) = @_;
    my $inotify = Linux::Inotify2->new or die "inotify: $!\n";
    $inotify->watch($for{directory}, IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO) or die "inotify $for{directory}: $!\n";
    open my $events, '<&', $inotify->fileno or die "inotify: $!\n";
    $events->blocking(0);
    while (!$for{ready}->()) {
        my $status = wait_process($for{pid}, $for{next_look}->(), $events);
        return $status if defined $status && $for{ready}->();
        die "$for{who} ended and did not $for{what}: " . describe_status($status) . "\n" if defined $status;
        die "timeout: waited for $for{who} to $for{what}\n" if time >= $for{deadline};
        sysread $events, my $drained, 4096;
    }
    return undef;
}

1;
