# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Capture;

use strict;
use warnings;

use IO::Handle;
use POSIX ();

use Runtest::Error;

use Exporter 'import';
our @EXPORT_OK = qw(output_of must_run);

=head1 NAME

Runtest::Capture - what a command says

=head2 output_of(@command)

Runs the command, without a shell and with an empty standard input; returns what it wrote to stdout and stderr, and leaves
its wait status in $?.

=cut

sub output_of {
    my (@command) = @_;
    my $pid = open(my $out, '-|') // Runtest::Error->throw(broken => "fork: $!");
    if (!$pid) {
        eval { _become(@command); 1 } or print "$command[0]: $@";
        STDOUT->flush;
        POSIX::_exit(127);
    }
    local $/ = undef;
    my $said = <$out> // '';
    close $out;    # the status is the caller's to read
    return $said;
}

sub _become {
    my (@command) = @_;
    open STDERR, '>&', \*STDOUT    or die "stderr: $!\n";
    open STDIN,  '<',  '/dev/null' or die "/dev/null: $!\n";
    no warnings 'exec';    # it is said, and without our file and line
    exec { $command[0] } @command or die "$!\n";
}

=head2 must_run(@command)

The same for a command that the harness cannot do without. Dies (broken) of the first line that it says when it fails.

=cut

sub must_run {
    my (@command) = @_;
    my $said = output_of(@command);
    return $said if !$?;
    my ($first) = grep { /\S/ } split /\n/, $said;
    return Runtest::Error->throw(broken => $first // "$command[0] has failed (@command)");
}

1;
