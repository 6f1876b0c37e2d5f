# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Substitution;

use strict;
use warnings;

=head1 NAME

Runtest::Substitution - CALLER, DIR, PORT_D and their like

=head1 DESCRIPTION

Configurations, command lines, auxiliary files, zones and most data lines name what differs between the
sandbox and a real host by whole words. They are replaced in one pass: results are not looked at again.

=head2 new(%values)

Takes the values by name; DIR without a slash at its end. A name whose value is undef is known, but this
host has no such thing (HOSTIPV6 on a host without IPv6).

=cut

# What may stand next to "_", too; the others are whole words.
my $LOOSE = 'V4NET';

my %pattern;    # names => their pattern: every case has the same ones

sub new {
    my ($class, %values) = @_;
    my %text = (%values, DIR => "$values{DIR}/");
    my $words = join '|', grep { $_ ne $LOOSE } sort keys %text;
    my $pattern = $pattern{$words} //= qr{(\bDIR/|\b(?:$words)\b|(?<![A-Za-z0-9])$LOOSE(?![A-Za-z0-9]))};
    return bless { values => \%values, text => \%text, pattern => $pattern }, $class;
}

=head2 with(%values)

Another one, with some values changed.

=cut

sub with {
    my ($self, %values) = @_;
    return ref($self)->new(%{ $self->{values} }, %values);
}

=head2 signature

The same text for substitutions that do the same.

=cut

sub signature {
    my ($self) = @_;
    my $values = $self->{values};
    return join "\0", map { ($_, $values->{$_} // ()) } sort keys %$values;
}

=head2 apply($text, \%missing)

The text with everything replaced. Names that this host has no value for stay, and become keys of
%missing.

=cut

sub apply {
    my ($self, $text, $missing) = @_;
    $text =~ s{$self->{pattern}}{$self->_value($1, $missing)}ge;
    return $text;
}

sub _value {
    my ($self, $name, $missing) = @_;
    my $value = $self->{text}{ $name eq 'DIR/' ? 'DIR' : $name };
    return $value if defined $value;
    $missing->{$name} = 1;
    return $name;
}

1;
