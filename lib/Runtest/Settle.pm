# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Settle;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(unsettled);

=head1 NAME

Runtest::Settle - waits for the processes that a step caused

=head2 unsettled(%how)

Runs the program C<program> (src/settle.c) for at most C<seconds>. The processes C<keep> may stay, but their children may not;
the processes C<tree> may stay with all of theirs. Returns nothing when all have ended, else a line for each that has not.

=cut

sub unsettled {
    my (%how) = @_;
    my @command = ($how{program}, '--timeout', sprintf '%.3f', $how{seconds} > 0 ? $how{seconds} : 0);
    push @command, map { ('--keep', $_) } @{ $how{keep} };
    push @command, map { ('--tree', $_) } @{ $how{tree} };
    open my $answer, '-|', @command or die "$how{program}: $!\n";
    my @lines = <$answer>;
    chomp @lines;
    return if close $answer;
    return @lines if @lines;
    die "$how{program}: " . ($! ? "$!" : "exit status " . ($? >> 8)) . "\n";
}

1;
