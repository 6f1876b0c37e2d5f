# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Release;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(release);

=head1 NAME

Runtest::Release - which version of the harness this is; CHANGES says what is new in it

=head2 release

The version.

=cut

sub release { return '0.12.0' }

1;
