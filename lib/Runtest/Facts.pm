# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Facts;

use strict;
use warnings;

use Runtest::Accounts;
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

# What facts look like, and how they are found out: another number where either changes.
my $FORMAT = 2;

sub learn_facts {
    my ($where, $file, @lanes) = @_;
    for my $lane (@lanes) {
        my $key = join ' ', $FORMAT, ref $where, facts_key($lane->path);
        my $facts = cached_facts($file, $key);
        if (!$facts) {
            $facts = eval { _asked($where, $lane) } // _not_an_exim($lane, $@);
            keep_facts($file, $key, $facts);
        }
        my $user = eval { $where->mta_user($facts->{names}) } // _not_an_exim($lane, $@);
        $lane->learn({ %$facts, user => $user });
    }
    return;
}

sub _not_an_exim {
    my ($lane, $why) = @_;
    die $why if ref $why;
    chomp $why;
    return Runtest::Error->throw(wrong => 'the MTA of lane ' . $lane->name . ', ' . $lane->path . ", cannot be used: $why");
}

# How often an MTA is asked at most: each time it may name one more user or group.
my $MOST_TIMES = 12;

sub _asked {
    my ($where, $lane) = @_;
    my $accounts = Runtest::Accounts->new;
    my $said;
    for (1 .. $MOST_TIMES) {
        $said = $where->ask($lane, $accounts, qw(-bP exim_user exim_group macros));
        last if !$accounts->learn($said);
    }
    my $facts = facts_from_output($where->ask($lane, $accounts, '-d', '-bV') . $said);
    return { %$facts, names => $accounts->names($said) };
}

1;
