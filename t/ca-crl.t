#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The CRLs of the test CA: their contents, in the eyes of openssl and of certtool, and what both make of every leaf
# with them.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use TestCA qw(@DOMAINS table leaves crls_of output_of slurp day_of);
use TestCA::Verdict qw($DAY by_date worst openssl_verdict both_say);

# ----- Contents -----

sub test_contents {
    for my $domain (@DOMAINS) {
        my %crls = crls_of($domain);
        for my $name ( sort keys %crls ) {
            my $file = "$domain/CA/$name";
            my @meant = ( '20121201', $name eq 'crl.expired' ? '20130101' : '20991231' );
            push @meant, revoked_by( $domain, $crls{$name} ) if $name ne 'crl.empty';
            is( output_of( qw(openssl crl -inform DER -in), $file ), slurp("$file.pem"), "$file is $file.pem" );
            is_deeply( crl_by_openssl($file), \@meant, "$file: openssl" );
            is_deeply( crl_by_gnutls($file),  \@meant, "$file: GnuTLS" );
        }
        my @parts = ( qw(crl.v2 crl.ca), grep {/retired/} keys %crls );
        my $whole = join q{}, map { slurp("$domain/CA/$_.pem") } @parts;
        is( slurp("$domain/CA/crl.chain.pem"), $whole, "$domain/CA/crl.chain.pem" );
    }
    return;
}

# Serial and day.
sub revoked_by {
    my ( $domain, $issuer ) = @_;
    my @rows = grep { $_->{revoked} && $_->{issuer} eq $issuer } table($domain);
    return map {"$_->{serial} $_->{revoked}"} sort { $a->{serial} <=> $b->{serial} } @rows;
}

sub crl_by_openssl {
    my ($file) = @_;
    my $text = output_of( qw(openssl crl -noout -text -inform DER -in), $file );
    return contents( $text, qr/(?:Last|Next) Update/, qr/Serial Number/, qr/Revocation Date/ );
}

sub crl_by_gnutls {
    my ($file) = @_;
    my $text = output_of( qw(certtool --crl-info --inder --infile), $file );
    return contents( $text, qr/(?:Issued|Next at)/, qr/Serial Number [(]hex[)]/, qr/Revoked at/ );
}

# By the tool's words: the CRL's two days, then serial and day of each entry, by serial.
sub contents {
    my ( $text, @words ) = @_;
    my ( $dates, $serials, $since ) = map { my $word = $_; [ $text =~ /^\s+$word: (.*?)\s*$/mg ] } @words;
    my %day; @day{ map {hex} @{$serials} } = map { day_of($_) } @{$since};
    return [ ( map { day_of($_) } @{$dates} ), map {"$_ $day{$_}"} sort { $a <=> $b } keys %day ];
}

# ----- Verdicts -----

sub test_signatures {
    for my $domain (@DOMAINS) {
        my %crls = crls_of($domain);
        for my $name ( sort keys %crls ) {
            my ( $file, $issuer ) = ( "$domain/CA/$name.pem", "$domain/CA/$crls{$name}.pem" );
            my $verdict = $name eq 'crl.expired' ? qr/data are old and have been superseded[.]/ : qr/is trusted[.]/;
            my $openssl = output_of( qw(openssl crl -noout -in), $file, '-CAfile', $issuer );
            my $gnutls  = output_of( qw(certtool --verify-crl --infile), $file, '--load-ca-certificate', $issuer );
            like( $openssl, qr/^verify OK$/m, "$file: openssl" );
            like( $gnutls, qr/^Verification output: .*$verdict *$/m, "$file: GnuTLS" );
        }
    }
    return;
}

sub test_leaves {
    my @signed = grep { $_->{issuer} eq 'Signer' } leaves();
    my $one = sub {
        my ( $row, $day ) = @_;
        return worst( $row->{revoked} ? 'revoked' : 'ok', by_date( $row, $day ) );
    };
    my $all = sub {
        my ( $row, $day ) = @_;
        return $row->{issuer} eq 'Retired' ? 'revoked' : $one->( $row, $day );
    };
    my @crls = (
        [ 'crl.empty', \@signed, \&by_date, '-crl_check' ],
        [ 'crl.v2',    \@signed, $one,      '-crl_check' ],
        [ 'crl.chain', [ leaves() ], $all, '-crl_check_all' ],
    );
    for (@crls) {
        my ( $crl, $rows, $expected, $check ) = @{$_};
        my $file = "%/CA/$crl.pem";
        both_say( $crl, $rows, $expected, [ $check, '-CRLfile', $file ], [ '--load-crl', $file ] );
    }
    return;
}

# To OpenSSL a CRL that is out of date is a fault. certtool --verify does not mind.
sub test_expired {
    for my $row ( grep { $_->{name} =~ /^(?:server|revoked)1$/ } table() ) {
        my @options = ( '-crl_check', '-CRLfile', "$row->{domain}/CA/crl.expired.pem" );
        my $expected = $row->{revoked} ? 'CRL expired revoked' : 'CRL expired';
        is( openssl_verdict( $row, $DAY, @options ), $expected, "$row->{pem}: openssl" );
    }
    return;
}

chdir 'aux-fixed/exim-ca' or die "aux-fixed/exim-ca: $!\n";
subtest 'contents'   => \&test_contents;
subtest 'signatures' => \&test_signatures;
subtest 'leaves'     => \&test_leaves;
subtest 'expired'    => \&test_expired;
done_testing();
