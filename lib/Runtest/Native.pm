# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Native;

use strict;
use warnings;

use File::Basename qw(dirname);
use XSLoader ();

use Exporter 'import';
our @EXPORT_OK = qw(launch settle cpu_of_children spawn wait_child send_descriptors receive_descriptors);

=head1 NAME

Runtest::Native - what Perl has no calls for, in C (src/native.c)

=head2 launch(\&inside, @options)

All that build/sandbox does with these options (src/sandbox_options.c), without starting a program: C<inside> is called in a process of its own, in
the sandbox, in place of the command, and must return that process's exit status. Returns the exit status that build/sandbox would
have. The calling process is the launcher: it is good for nothing else any more.

=head2 settle($seconds, \@keep, \@trees)

Waits until the processes of the test have ended (src/settling.h), but for those that may stay. Returns nothing; or, if C<seconds> have
passed, a line for each that is left. Dies of what F</proc> does not tell.

=head2 cpu_of_children(@pids)

The CPU time, in seconds, of the processes that have ended and that this one has waited for, and of theirs; and that of those processes, which is
counted in hundredths. One that there is not has none.

=head2 spawn(\@argv, \@environment, $input, $output, $error, $session, \@user)

Starts a program (src/spawn.h) and returns its pid, or undef with $!. The environment is a list of C<NAME=value>; C<input> is a descriptor; C<output> and
C<error> are paths to append to, or references to descriptors; the user is uid, gid and groups, or undef for the caller.

=head2 wait_child($pid, $seconds, $descriptor)

Waits until that child has ended and returns its wait status; undef once the time has passed (0 or less: at once), and, if there is a descriptor, also when
that is readable. Dies of a process that is no child of this one.

=head2 send_descriptors($socket, $bytes, @descriptors)

Sends one message with open files (src/descriptors.h), all of them by number. Returns whether it was sent, with $!.

=head2 receive_descriptors($socket)

Waits for one such message and returns its bytes and its descriptors; nothing when the other end is closed.

=cut

# What is built stays beside the modules, here as in the kit.
{
    local @INC = (dirname(__FILE__) . '/../../build/perl', @INC);
    XSLoader::load('Runtest::Native');
}

1;
