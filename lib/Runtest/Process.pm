# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Process;

use strict;
use warnings;

use Config;
use Time::HiRes qw(time);

use Runtest::Native ();

use Exporter 'import';
our @EXPORT_OK = qw(start_process wait_process end_process describe_status);

=head1 NAME

Runtest::Process - processes of a case: started as some user, waited for with a deadline

=cut

=head2 start_process(%how)

Starts C<argv>, a list without a shell, and returns the pid. C<user> is C<< { uid, gid, groups } >>, C<environment> the
whole environment, C<stdin> a handle, C<stdout> and C<stderr> paths to append to or handles; C<session> gives it a
session of its own. In the child, what fails is written to its stderr and ends it with status 127.

=cut

sub start_process {
    my (%how) = @_;
    my %user = %{ $how{user} || {} };
    return Runtest::Native::spawn(
        $how{argv},
        [map { "$_=$how{environment}{$_}" } sort keys %{ $how{environment} }],
        fileno $how{stdin},
        (map { ref ? \fileno $_ : $_ } @how{qw(stdout stderr)}),
        $how{session},
        %user ? [@user{qw(uid gid)}, @{ $user{groups} }] : undef
    ) // die "fork: $!\n";
}

=head2 wait_process($pid, $deadline, $handle)

Waits until the process has ended and returns its wait status; undef once the time $deadline (of Time::HiRes::time) has
passed, and, if $handle is given, also when that is readable. A deadline of 0 asks without waiting. Dies of a process that was waited for already.

=cut

sub wait_process {
    my ($pid, $deadline, $handle) = @_;
    return Runtest::Native::wait_child($pid, $deadline - time, defined $handle ? fileno $handle : ());
}

=head2 end_process($pid, $patience, $told)

Ends it with SIGTERM (which process $told gets, if that is another one: its child), after $patience seconds with
SIGKILL, and waits. Returns its wait status, and whether SIGTERM was enough. In that time it is told several times: an
Exim that gets the signal after it has asked whether there was one, and before it waits for connections, learns of it
only when something else wakes it.

=cut

my $TIMES_TOLD = 6;

sub end_process {
    my ($pid, $patience, $told) = @_;
    for (1 .. $TIMES_TOLD) {
        kill TERM => $told // $pid;
        my $status = wait_process($pid, time + $patience / $TIMES_TOLD);
        return ($status, 1) if defined $status;
    }
    kill KILL => $pid;
    return (wait_process($pid, time + $patience), 0);
}

=head2 describe_status($status)

A wait status in words: C<exit status 1>, C<signal 9 (KILL)>.

=cut

sub describe_status {
    my ($status) = @_;
    return 'exit status ' . ($status >> 8) if !($status & 127);
    my $name = (split ' ', $Config{sig_name})[ $status & 127 ];
    return 'signal ' . ($status & 127) . " ($name)" . ($status & 128 ? ', core dumped' : '');
}

1;
