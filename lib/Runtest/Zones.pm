# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Zones;

use strict;
use warnings;

use Socket qw(AF_INET6 inet_pton);

use Exporter 'import';
our @EXPORT_OK = qw(zones_of_host);

=head1 NAME

Runtest::Zones - the fake DNS zones of the test host itself

=head2 zones_of_host(\%host, @there)

The zone files (docs/dns-zones.md) of a Runtest::Host's name and addresses, forward and reverse, as C<< { name, content } >>; without
those that are among the file names @there, or that lie in one of these zones.

=cut

sub zones_of_host {
    my ($host, @there) = @_;
    my %there = map { $_ => 1 } @there;
    my @zones = (_forward($host), _reverse4($host), _reverse6($host));
    return grep { !_covered($_->{name}, \%there) } @zones;
}

# db.myhost.test.ex is covered by db.test.ex, too; reverse zones by a file of their own name only.
sub _covered {
    my ($name, $there) = @_;
    return 1 if $there->{$name};
    return 0 if $name =~ /\Adb\.ip[46]\./;
    my @labels = split /\./, $name =~ s/\Adb\.//r;
    return !!grep { $there->{ join '.', 'db', @labels[$_ .. $#labels] } } 1 .. $#labels;
}

sub _forward {
    my ($host) = @_;
    my @records = ((map { "@ A $_\n" } $host->{HOSTIPV4} // ()), (map { "@ AAAA $_\n" } $host->{HOSTIPV6} // ()));
    return { name => "db.$host->{hostname}", content => join '', @records };
}

sub _reverse4 {
    my ($host) = @_;
    my ($first, @rest) = split /\./, $host->{HOSTIPV4} // return;
    return { name => "db.ip4.$first", content => join('.', reverse @rest) . " PTR $host->{hostname}.\n" };
}

sub _reverse6 {
    my ($host) = @_;
    my $digits = unpack 'H32', inet_pton(AF_INET6, $host->{HOSTIPV6} // return);
    my ($network, $rest) = unpack 'A4 A28', $digits;
    return { name => "db.ip6.$network", content => join('.', reverse split //, $rest) . " PTR $host->{hostname}.\n" };
}

1;
