# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Case;

use strict;
use warnings;

use List::Util qw(first);
use Path::Tiny qw(path);

use Runtest::Commands qw(command_named);
use Runtest::Error;
use Runtest::Munge::Rules qw(rule_set_named);
use Runtest::Plan qw(substitution_for plan_for);
use Runtest::Requirements qw(unmet);
use Runtest::Script;

=head1 NAME

Runtest::Case - a test in a lane

=head2 new(test => $test, lane => $lane, tree => $tree, host => $host, timeout_factor => N, tls_client => NAME,
date => SECONDS)

The test is Runtest::Suite's, the lane a Runtest::Lane whose facts are known, the host a Runtest::Host.

=cut

sub new {
    my ($class, %given) = @_;
    return bless {%given}, $class;
}

=head2 test, lane

What it was made of.

=cut

sub test { return $_[0]{test} }
sub lane { return $_[0]{lane} }

=head2 key, label, name

The key is NNNN.LANE. The label has the number of the repetition behind it, the name also that of the try, both from 2 on:
each run of a case has a name of its own.

=cut

sub key   { return "$_[0]{test}{number}." . $_[0]{lane}->name }
sub label { return $_[0]->key . _from_2($_[0]{repetition}) }
sub name  { return $_[0]->label . _from_2($_[0]{try}, 'try') }

sub _from_2 {
    my ($number, $word) = @_;
    return ($number // 1) > 1 ? '.' . ($word // '') . $number : '';
}

=head2 repeated($number), tried_again, try_number

The same case for another repetition; for another try; the number of this try.

=cut

sub repeated {
    my ($self, $number) = @_;
    return bless { %$self, repetition => $number }, ref $self;
}

sub tried_again {
    my ($self) = @_;
    return bless { %$self, try => $self->try_number + 1 }, ref $self;
}

sub try_number { return $_[0]{try} // 1 }

=head2 plan($place)

Understands script and configuration for a place (Runtest::Sandbox) and returns the plan (Runtest::Plan). Dies (wrong) of
what is wrong with the test.

=cut

sub plan {
    my ($self, $place) = @_;
    return $self->{planned}{ $place->{directory} } //= $self->_made_plan($place);
}

sub _made_plan {
    my ($self, $place) = @_;
    my $substitution = substitution_for($self->{test}, $self->{lane}, $self->{host}, $place->{directory});
    $self->{script} = Runtest::Script->parse($self->{tree}, $self->{test}{path}, $substitution);
    for my $set (grep { !rule_set_named($_) } @{ $self->directives->{munge} || [] }) {
        my $place_of_it = "$self->{test}{path}:$self->{script}{munge_line}{$set}";
        Runtest::Error->throw(wrong => "$place_of_it: there is no munge rule set '$set' (lib/Runtest/Munge/Rules.pm)");
    }
    return plan_for(%$self, place => $place, substitution => $substitution);
}

=head2 directives

The script's directives, once a plan was made.

=cut

sub directives { return $_[0]{script}{directives} }

=head2 is_exclusive

Whether the case wants to run alone. To be asked once a plan was made.

=cut

sub is_exclusive { return $_[0]{script}{exclusive} }

=head2 is_interactive

Whether a person takes part, at a terminal.

=cut

sub is_interactive { return $_[0]{debug}{shell} || $_[0]{debug}{gdb} }

=head2 clock

The date at which the case starts, in seconds since 1970: the script's, or that of the whole run (C<date>); undef for the host's.
To be asked once a plan was made.

=cut

sub clock { return $_[0]{script}{clock} // $_[0]{date} }

=head2 has_own_clock

Whether C<clock> is the script's. To be asked once a plan was made.

=cut

sub has_own_clock { return defined $_[0]{script}{clock} }

=head2 has_slow_clock

Whether the script wants a C<clock slow>. To be asked once a plan was made.

=cut

sub has_slow_clock { return $_[0]{script}{slow_clock} }

=head2 skip_reason

Why the case cannot be run in its lane and on this host, or undef. To be asked once a plan was made.

=cut

sub skip_reason {
    my ($self) = @_;
    my $unmet = $self->_unmet($self->{lane}, $self->_requirements);
    return "needs $unmet" if defined $unmet;
    return 'needs a clock of its own, which only a sandbox has' if defined $self->clock && !$self->{host}{clock};
    my ($missing) = sort keys %{ $self->{script}{missing} };
    return "uses $missing, and this host has no such address" if defined $missing;
    my @commands = map { command_named($_->{command}) } @{ $self->{script}{steps} };
    my $lacks    = first { !$self->{lane}->has_utility($_) } map { @{ $_->{utilities} // [] } } @commands;
    return "needs $lacks, which is not beside the MTA" if defined $lacks;
    return (grep { !$_->{idle} } @commands) ? undef : 'its script runs nothing';
}

=head2 is_for($lane)

Whether another lane has what the test needs of its own. To be asked once a plan was made.

=cut

sub is_for {
    my ($self, $lane) = @_;
    return !defined $self->_unmet($lane, $self->_requirements);
}

sub _requirements {
    my ($self) = @_;
    return (@{ $self->{test}{requirements} }, @{ $self->{script}{requirements} });
}

sub _unmet {
    my ($self, $lane, @requirements) = @_;
    return unmet(\@requirements, $lane, { %{ $self->{host} }, tree => $self->{tree} });
}

=head2 expected_failure

The reason why the case has to fail for now, or undef.

=cut

sub expected_failure {
    my ($self) = @_;
    for my $expected (@{ $self->{script}{expect_fail} }) {
        next if defined $self->_unmet($self->{lane}, @{ $expected->{requirements} });
        return join(', ', map { $_->{text} } @{ $expected->{requirements} }) . ": $expected->{reason}";
    }
    return;
}

=head2 munge_values($directory)

The values of this case that Runtest::Munge replaces.

=cut

sub munge_values {
    my ($self, $directory) = @_;
    my $host = $self->{host};
    return {
        directory => $directory,
        caller    => $host->{caller}{name},
        eximuser  => $self->{lane}->user->{name},
        hostname  => $host->{hostname},
        ipv4      => $host->{HOSTIPV4},
        ipv6      => $host->{HOSTIPV6},
        version   => $self->{lane}->version_name,
        neutral   => $self->{lane}->is_for_every_lane($self->{test}),
    };
}

=head2 options

The names of what the test's own configuration sets (options, macros and variables), as keys.

=cut

sub options {
    my ($self) = @_;
    my $text = path("$self->{tree}/confs/$self->{test}{number}")->slurp_raw;
    return { map { $_ => 1 } $text =~ /^[ \t]*(?:hide[ \t]+)?(\w+)[ \t]*=/mg };
}

1;
