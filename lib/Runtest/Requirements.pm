# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Requirements;

use strict;
use warnings;

use File::Spec;

use Exporter 'import';
our @EXPORT_OK = qw(parse_requirement unmet compare_versions);

=head1 NAME

Runtest::Requirements - what a test needs of the lane and of the host

=head1 DESCRIPTION

One requirement a line, in a folder's REQUIRES or as C<need ...> at a script's head. A requirement that does
not hold makes the case a SKIP; one that is not understood is an error of the test.

=cut

# The MTA's list in -bV by the word that a requirement uses.
my %LISTED = (
    support       => 'Support for',
    lookup        => 'Lookups',
    router        => 'Routers',
    transport     => 'Transports',
    authenticator => 'Authenticators',
    malware       => 'Malware',
);

my %HOLDS = (
    '<'  => sub { $_[0] < 0 },
    '<=' => sub { $_[0] <= 0 },
    '='  => sub { $_[0] == 0 },
    '!=' => sub { $_[0] != 0 },
    '>=' => sub { $_[0] >= 0 },
    '>'  => sub { $_[0] > 0 },
);

# The library versions from which on a protocol is offered by default.
my %PROTOCOL = (
    'TLS1.2' => { gnutls => '2.12', openssl => '1.0.1' },
    'TLS1.3' => { gnutls => '3.6.5', openssl => '1.1.1' },
);
my $PROTOCOLS = join '|', map { quotemeta } sort keys %PROTOCOL;

my %OLDER_SPELLING = (
    need_ipv4                 => 'running IPv4',
    need_ipv6                 => 'running IPv6',
    need_largefiles           => undef,    # every MTA from 4.84 on has them
    need_move_frozen_messages => 'support move_frozen_messages',
);

# [pattern, function(lane, host, captures...) that returns true where the requirement holds]
my @KINDS = (
    [
        qr/(support|lookup|router|transport|authenticator|malware) (\S+)/,
        sub {
            my ($lane, undef, $list, $word) = @_;
            return $lane->lists($LISTED{$list}, $word);
        }
    ],
    [qr/added/,                      sub { my ($lane) = @_; return $lane->is_added }],
    [qr/running IPv([46])/,          sub { my (undef, $host, $v) = @_; return defined $host->{"HOSTIPV$v"} }],
    [qr/ipv6-non-linklocal/,         sub { my (undef, $host) = @_; return defined $host->{HOSTIPV6} }],
    [qr/feature ([A-Za-z_]\w*)/,     sub { my ($lane, undef, $name) = @_; return $lane->has_macro($name) }],
    [qr/not feature ([A-Za-z_]\w*)/, sub { my ($lane, undef, $name) = @_; return !$lane->has_macro($name) }],
    [qr/file (\S+)/,                 sub { my (undef, $host, $path) = @_; return -e File::Spec->rel2abs($path, $host->{tree}) }],
    [
        qr/(gnutls|openssl|exim) *(<=|<|!=|=|>=|>) *([0-9]+(?:\.[0-9]+)*)/,
        sub {
            my ($lane, undef, $what, $operator, $version) = @_;
            my $actual = $lane->version_of($what);
            return defined $actual && $HOLDS{$operator}->(compare_versions($actual, $version));
        }
    ],
    [
        qr/protocol ($PROTOCOLS)/,
        sub {
            my ($lane, undef, $protocol) = @_;
            my $since = $PROTOCOL{$protocol}{ $lane->library } // return 0;
            return compare_versions($lane->version_of($lane->library), $since) >= 0;
        }
    ],
);

=head2 parse_requirement($text)

Returns a requirement: C<< { text => ..., holds => sub ($lane, $host) } >>, the text without superfluous blanks. Dies of one line
of text if it is not understood.

=cut

sub parse_requirement {
    my ($text) = @_;
    $text = join ' ', split ' ', $text;
    for my $kind (@KINDS) {
        my ($pattern, $holds) = @$kind;
        my @captures = $text =~ /\A$pattern\z/ or next;
        return { text => $text, holds => sub { return $holds->(@_[0, 1], @captures) } };
    }
    die "requirement '$text' is not understood\n";
}

=head2 older_spelling($line)

Whether the line is one of need_ipv4, need_ipv6, need_largefiles, need_move_frozen_messages; and the requirement in
today's spelling, undef where it always holds.

=cut

sub older_spelling {
    my ($line) = @_;
    return (exists $OLDER_SPELLING{$line}, $OLDER_SPELLING{$line});
}

=head2 unmet(\@requirements, $lane, \%host)

The text of the first one that does not hold, or undef. %host has HOSTIPV4 and HOSTIPV6, undef where there is none,
and C<tree>, the directory that the paths of files are relative to.

=cut

sub unmet {
    my ($requirements, $lane, $host) = @_;
    for my $requirement (@$requirements) {
        return $requirement->{text} if !$requirement->{holds}->($lane, $host);
    }
    return undef;
}

=head2 compare_versions($a, $b)

-1, 0 or 1, by number, part for part; a missing part is 0. Letters behind a number ("1.1.1w") do not count.

=cut

sub compare_versions {
    my ($left, $right) = @_;
    my @left  = $left =~ /([0-9]+)/g;
    my @right = $right =~ /([0-9]+)/g;
    while (@left || @right) {
        my $order = (shift(@left) // 0) <=> (shift(@right) // 0);
        return $order if $order;
    }
    return 0;
}

1;
