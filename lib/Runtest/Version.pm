# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Version;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(counted_version);

=head1 NAME

Runtest::Version - as which release of Exim a build counts, from what it calls itself

=cut

my $RELEASE = qr/[0-9]+(?:\.[0-9]+)+/;

# As git describes a checkout: so many commits behind the release, a hash, and -XX where files were changed.
my $COMMITS = qr/-0*[1-9][0-9]*(?:-g?[0-9a-f]{4,40}(?:[-+~].*)?)?/s;

# [what stands behind the release, function(release) that returns the version that counts]. The first one that fits
# wins; what stands behind is never a number of the version.
my @BEHIND = (
    [$COMMITS,  \&_next_minor],
    [qr/.*/s,   sub { return $_[0] }],    # -RC3, _RC1, +fixes, -dev-..., a distribution's word
);

=head2 counted_version($name)

The version as requirements (C<< exim >= 4.100 >>) and flavours (C<.exim-4.100>) count it: C<4.98.2> for itself,
C<4.100-RC3> as 4.100, C<4.99.1-148-13835a3c1> as 4.100. Undef where no version is in front.

=cut

sub counted_version {
    my ($name) = @_;
    my ($release, $behind) = $name =~ /\A($RELEASE)(.*)\z/s or return;
    my ($kind) = grep { $behind =~ /\A$_->[0]\z/ } @BEHIND;
    return $kind->[1]->($release);
}

# The commits behind 4.99 or 4.99.1 lead to 4.100.
sub _next_minor {
    my ($release) = @_;
    my ($major, $minor) = split /\./, $release;
    return "$major." . ($minor + 1);
}

1;
