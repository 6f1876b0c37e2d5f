# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Facts;

use strict;
use warnings;

use Runtest::Error;
use Runtest::MTA qw(facts_from_output facts_key cached_facts keep_facts);

use Exporter 'import';
our @EXPORT_OK = qw(learn_facts);

=head1 NAME

Runtest::Facts - asks the MTAs what they are

=head2 learn_facts($where, $file, @lanes)

Gives each lane its facts: the answers of an earlier run from $file where binary and libraries are the same, else asked of
the MTA in $where (Runtest::Sandbox or Runtest::NoSandbox). Dies (wrong) of one that does not answer as an Exim does.

=cut

# Distributions' builds look this user up by its name, before they look at anything else.
my $LIKELY_USER = 'Debian-exim';

sub learn_facts {
    my ($where, $file, @lanes) = @_;
    for my $lane (@lanes) {
        my $key = facts_key($lane->path);
        my $facts = cached_facts($file, $key);
        if (!$facts) {
            $facts = eval { facts_from_output(_answers($where, $lane)) } // _not_an_exim($lane, $@);
            keep_facts($file, $key, $facts);
        }
        $lane->learn({ %$facts, user => $where->mta_user($facts->{names}) });
    }
    return;
}

sub _not_an_exim {
    my ($lane, $why) = @_;
    die $why if ref $why;
    chomp $why;
    return Runtest::Error->throw(wrong => 'the MTA of lane ' . $lane->name . ', ' . $lane->path . ", cannot be used: $why");
}

sub _answers {
    my ($where, $lane) = @_;
    my $user = $LIKELY_USER;
    my $said = $where->ask($lane, $user, '-d', '-bV');
    if ($said =~ /failed to find uid for user name "([^"]+)"/) {
        $user = $1;
        $said = $where->ask($lane, $user, '-d', '-bV');
    }
    return $said . $where->ask($lane, $user, qw(-bP exim_user exim_group macros));
}

1;
