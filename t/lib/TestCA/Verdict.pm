# SPDX-License-Identifier: GPL-2.0-or-later
#
# What openssl and certtool think of a certificate, in one word that is the same for both, whatever the release of
# the library calls it; and that they agree.

package TestCA::Verdict;

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use TestCA qw(table run moment);

our @EXPORT_OK = qw($DAY by_date worst openssl_verdict gnutls_verdict both_say);

=head1 NAME

TestCA::Verdict - the judgement of both tools on the certificates of the test CA

=head1 SUBROUTINES

A verdict is C<ok>, C<future>, C<expired>, C<revoked>, C<CRL expired>, C<wrong purpose>, C<unknown issuer>, several of
them with blanks between, or the tool's own words.

=head2 $DAY

A day in the project's life, to judge at: the tests say the same every year. (certtool knows no day but today's.)

=cut

our $DAY = '20261122';

my %OPENSSL_WORD = (    # X509_V_ERR_*
    9  => 'future',
    10 => 'expired',
    12 => 'CRL expired',
    18 => 'unknown issuer',
    20 => 'unknown issuer',
    23 => 'revoked',
    26 => 'wrong purpose',
);

my $REFUSED     = 'Not verified. The certificate is NOT trusted. The certificate';
my %GNUTLS_WORD = (
    'Verified. The certificate is trusted.'               => 'ok',
    "$REFUSED chain is revoked."                          => 'revoked',
    "$REFUSED chain uses not yet valid certificate."      => 'future',
    "$REFUSED chain uses expired certificate."            => 'expired',
    "$REFUSED chain does not match the intended purpose." => 'wrong purpose',
    "$REFUSED issuer is unknown."                         => 'unknown issuer',
);

=head2 by_date(LINE, YYYYMMDD)

What its dates make of a certificate at the beginning of that day.

=cut

sub by_date {
    my ( $row, $day ) = @_;
    return $day < $row->{from} ? 'future' : $day > $row->{to} ? 'expired' : 'ok';
}

=head2 worst(VERDICT...)

The first that is not ok.

=cut

sub worst {
    my @verdicts = @_;
    return ( ( grep { $_ ne 'ok' } @verdicts ), 'ok' )[0];
}

=head2 openssl_verdict(LINE, YYYYMMDD, OPTION...)

C<openssl verify> of the certificate alone, at that day, with all signers of its domain at hand.

=cut

sub openssl_verdict {
    my ( $row, $day, @options ) = @_;
    my $domain  = $row->{domain};
    my @signers = map { ( '-untrusted', $_->{pem} ) } grep { $_->{usage} eq 'signer' } table($domain);
    my @command = ( qw(openssl verify -attime), moment($day), '-CAfile', "$domain/CA/CA.pem", @signers, @options );
    my ( $status, $text ) = run( @command, $row->{pem} );
    my @faults = map { $OPENSSL_WORD{$_} // $text } $text =~ /^error (\d+) at \d+ depth lookup/mg;
    my $ok = $status == 0 && $text =~ /^\Q$row->{pem}\E: OK$/m;
    return @faults ? "@faults" : $ok ? 'ok' : $text;
}

=head2 gnutls_verdict(CAS, FILE, OPTION...)

C<certtool --verify> of the chain in FILE, today, with the CAs in the file CAS.

=cut

sub gnutls_verdict {
    my ( $cas, $file, @options ) = @_;
    my ( $status, $text ) = run( qw(certtool --verify --load-ca-certificate), $cas, '--infile', $file, @options );
    my ($words) = $text =~ /^Chain verification output: (.*?) *$/m;
    my $verdict = $GNUTLS_WORD{ $words // q{} } // $text;
    return ( $status == 0 ) == ( $verdict eq 'ok' ) ? $verdict : "$verdict, wait status $status";
}

=head2 both_say(WHAT, LINES, EXPECTED, OPENSSL_OPTIONS, GNUTLS_OPTIONS)

Tests that both tools give the verdict on each of the lines that the function EXPECTED gives for (line, YYYYMMDD). In the
options C<%> stands for the domain.

=cut

sub both_say {
    my ( $what, $rows, $expected, $openssl, $gnutls ) = @_;
    for my $row ( @{$rows} ) {
        my $domain = $row->{domain};
        my $chain  = $row->{kind} eq 'leaf' ? "$row->{folder}/fullchain.pem" : $row->{pem};
        my %said   = (
            openssl => openssl_verdict( $row, $DAY, map { s/%/$domain/gr } @{$openssl} ),
            GnuTLS  => gnutls_verdict( "$domain/CA/CA.pem", $chain, map { s/%/$domain/gr } @{$gnutls} ),
        );
        is( $said{openssl}, $expected->( $row, $DAY ),    "$row->{pem}: $what: openssl" );
        is( $said{GnuTLS},  $expected->( $row, _today() ), "$row->{pem}: $what: GnuTLS" );
    }
    return;
}

sub _today {
    my ( undef, undef, undef, $day, $month, $year ) = gmtime;
    return sprintf '%04d%02d%02d', $year + 1900, $month + 1, $day;
}

1;
