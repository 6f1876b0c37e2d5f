# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Diff;

use strict;
use warnings;

use Text::Diff ();

use Exporter 'import';
our @EXPORT_OK = qw(unified_diff visible);

=head1 NAME

Runtest::Diff - what differs, for people

=head2 unified_diff($old_name, $old, $new_name, $new)

The lines of a unified diff of two texts, odd bytes made visible; none if they are equal.

=cut

sub unified_diff {
    my ($old_name, $old, $new_name, $new) = @_;
    return if $old eq $new;
    my $diff = Text::Diff::diff(\_shown($old), \_shown($new), { STYLE => 'Unified' });
    return ('--- ' . visible($old_name), '+++ ' . visible($new_name), split /\n/, $diff);
}

# A missing line end is shown as well: it is a difference.
sub _shown {
    my ($text) = @_;
    my $shown = join "\n", map { visible($_) } split /\n/, $text, -1;
    return $shown eq '' || $shown =~ /\n\z/ ? $shown : "$shown\\ (no line end)\n";
}

=head2 visible($line)

The line with everything that a terminal does not show as itself written as C<\xHH>.

=cut

sub visible {
    my ($line) = @_;
    $line =~ s/([^\x20-\x7e\t])/sprintf '\\x%02X', ord $1/ge;
    return $line;
}

1;
