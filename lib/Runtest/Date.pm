# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Date;

use strict;
use warnings;

use Time::Local qw(timegm_modern);

use Exporter 'import';
our @EXPORT_OK = qw(epoch_of);

=head1 NAME

Runtest::Date - dates of scripts and of the command line

=head2 epoch_of($text)

The seconds since 1970 of C<YYYY>, C<YYYY-MM-DD> or C<YYYY-MM-DD HH:MM[:SS]> (a T may stand for the blank), in UTC; undef for
anything else.

=cut

sub epoch_of {
    my ($text) = @_;
    my ($year, $month, $day, $hour, $minute, $second) =
      $text =~ /\A(\d{4})(?:-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?)?\z/
      or return undef;
    return eval { timegm_modern($second // 0, $minute // 0, $hour // 0, $day // 1, ($month // 1) - 1, $year) };
}

1;
