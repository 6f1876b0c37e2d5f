#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The OCSP responses of the test CA: what each name promises, in the eyes of openssl and of ocsptool. Whether a
# response is out of date openssl judges as of today.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use TestCA qw(leaves responses_of run output_of day_of);

# What the name of a response promises: signed by the OCSP responder, or by the signer itself, whose certificate is
# in it or is not; good, revoked, or good until 2013.
sub response_meant {
    my ( $row, $by, $state ) = @_;
    return {
        verified     => 1,
        is_current   => $state ne 'dated',
        certificates => $by eq 'signernocert.' ? 0 : 1,
        responder    => $by ? 'Signing CA' : 'OCSP Responder',
        serial       => $row->{serial},
        status       => $state eq 'revoked' ? 'revoked' : 'good',
        revoked      => $state eq 'revoked' ? '20121115' : 'never',
        produced     => '20121201',
        this_update  => '20121201',
        next_update  => $state eq 'dated' ? '20130101' : '20991231',
    };
}

# Where both tools use the same words.
sub response_fields {
    my ($text) = @_;
    my %found;
    ( $found{serial} ) = map {hex} $text =~ /^\s+Serial Number: (\w+)$/m;
    ( $found{status} )    = $text =~ /^\s+Cert(?:ificate)? Status: (\w+)$/m;
    ( $found{responder} ) = $text =~ /^\s+Responder I[Dd]: .*?CN ?= ?([^,\n]+)/m;
    my %dates = (
        revoked     => 'Revocation time',
        produced    => 'Produced At',
        this_update => 'This Update',
        next_update => 'Next Update',
    );
    $found{$_} = $text =~ /^\s+$dates{$_}: (.*)$/mi ? day_of($1) : 'never' for keys %dates;
    return %found;
}

# (-issuer has to stand before -cert.)
sub response_by_openssl {
    my ( $row, $file ) = @_;
    my @command = ( qw(openssl ocsp -no_nonce -resp_text -respin), $file, '-issuer', "$row->{domain}/CA/Signer.pem" );
    my $text = output_of( @command, '-cert', $row->{pem}, '-CAfile', "$row->{folder}/ca_chain.pem" );
    return {
        response_fields($text),
        verified     => scalar( $text =~ /^Response verify OK$/m && $text =~ /^\Q$row->{pem}\E: /m ),
        is_current   => $text !~ /^\Q$row->{pem}\E: WARNING: Status times invalid/m,
        certificates => scalar( () = $text =~ /^-----BEGIN CERTIFICATE-----$/mg ),
    };
}

# GnuTLS 3.7.1 does not let a CA sign the responses for its own certificates unless it is named as the signer.
sub response_by_gnutls {
    my ( $row, $by, $file ) = @_;
    my @trust  = $by ? ( '--load-signer', "$row->{domain}/CA/Signer.pem" ) : ( '--load-trust', "$row->{folder}/ca_chain.pem" );
    my ( $status, $text ) = run( qw(ocsptool --verify-response --load-response), $file, @trust );
    my $verified = $status == 0 && $text =~ /^Verifying OCSP Response: Success[.]/m;
    return { response_fields($text), verified => $verified };
}

chdir 'aux-fixed/exim-ca' or die "aux-fixed/exim-ca: $!\n";
for my $row ( leaves() ) {
    for my $file ( responses_of($row) ) {
        my ( $by, $state ) = $file =~ /[.]ocsp[.](.*?)(\w+)[.]resp$/;
        my $meant = response_meant( $row, $by, $state );
        is_deeply( response_by_openssl( $row, $file ), $meant, "$file: openssl" );
        delete @{$meant}{qw(is_current certificates)};    # what ocsptool does not tell
        is_deeply( response_by_gnutls( $row, $by, $file ), $meant, "$file: GnuTLS" );
    }
}
done_testing();
