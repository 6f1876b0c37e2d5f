#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TLSA records that fakens computes from certificates are what openssl makes of them, RFC 6698 section 2.1.

use strict;
use warnings;

use lib 't/lib';

use Cwd qw(getcwd);
use Digest::SHA qw(sha256_hex sha512_hex);
use Test::More;

use FakeDNS qw(new_case write_file slurp program run ask);

my $CA   = getcwd() . '/aux-fixed/exim-ca/example.com';
my %FILE = (
    'RSA leaf'        => "$CA/server1.example.com/server1.example.com.pem",
    'ECDSA leaf'      => "$CA/server1_ec.example.com/server1_ec.example.com.pem",
    'first of a chain' => "$CA/server1.example.com/fullchain.pem",
    'CA'              => "$CA/CA/CA.pem",
);

sub der {
    my ($file, $selector) = @_;
    my $certificate = run({}, '/usr/bin/openssl', 'x509', '-in', $file, '-outform', 'der')->{stdout};
    return $certificate if $selector == 0;
    my $key  = run({}, '/usr/bin/openssl', 'x509', '-in', $file, '-noout', '-pubkey')->{stdout};
    my $case = new_case();
    write_file("$case/key", $key);
    return run({}, '/usr/bin/openssl', 'pkey', '-pubin', '-in', "$case/key", '-outform', 'der')->{stdout};
}

my @MATCHING = (sub { unpack 'H*', $_[0] }, \&sha256_hex, \&sha512_hex);

sub test_computed {
    for my $what (sort keys %FILE) {
        for my $selector (0, 1) {
            my $der = der($FILE{$what}, $selector);
            cmp_ok(length $der, '>', 80, "$what: openssl's DER");
            for my $matching (0 .. 2) {
                my $case = new_case('db.test.ex' => "\@ TLSA 3 $selector $matching file:$FILE{$what}\n");
                is(ask($case, 'test.ex TLSA'),
                    "0 NOERROR\nquestion: test.ex TLSA\ntest.ex 3600 TLSA 3 $selector $matching "
                        . $MATCHING[$matching]->($der) . "\n",
                    "$what, selector $selector, matching type $matching"
                );
            }
        }
    }
    return;
}

# A relative name begins in the case's directory, wherever fakens is told to look.
sub test_relative {
    my $case = new_case('db.test.ex' => "\@ TLSA 2 0 1 file:certificates/my ca.pem  ; a comment\n");
    mkdir "$case/certificates" or die "$!\n";
    write_file("$case/certificates/my ca.pem", slurp($FILE{CA}));
    my $expected = "0 NOERROR\nquestion: test.ex TLSA\ntest.ex 3600 TLSA 2 0 1 " . sha256_hex(der($FILE{CA}, 0)) . "\n";
    is(ask($case, 'test.ex TLSA'), $expected, 'beside dnszones');
    is(ask($case, 'test.ex TLSA', argument => "$case/spool"), $expected, '… from the spool');
    for my $directory ($case, "$case/", "$case/dnszones") {
        is_deeply(run({}, program('fakens'), '--check', $directory),
            { status => 0, stdout => q{}, stderr => q{} }, '… in --check');
    }
    return;
}

# What is no certificate, or one behind a password: libcrypto must not ask for it.
sub test_no_certificate {
    my $key = slurp("$CA/server1.example.com/server1.example.com.key");
    my $encrypted = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
        . "DEK-Info: AES-128-CBC,00000000000000000000000000000000\n\nAAAA\n-----END CERTIFICATE-----\n";
    my $broken = slurp($FILE{CA}) =~ s/\n[^\n]+\n-----END/\n-----END/xr;
    my %text = (key => $key, encrypted => $encrypted, broken => $broken, empty => q{}, der => der($FILE{CA}, 0));
    for my $name (sort keys %text) {
        my $case = new_case('db.test.ex' => "\@ TLSA 2 0 1 file:x.pem\n");
        write_file("$case/x.pem", $text{$name});
        is(run({}, program('fakens'), '--check', $case)->{stdout},
            "$case/dnszones/db.test.ex:1: $case/x.pem: no certificate in PEM format in it\n", "--check: $name");
        is(ask($case, 'test.ex TLSA'), "3 REFUSED\nquestion: test.ex TLSA\n", '… and no answer');
    }
    return;
}

test_computed();
test_relative();
test_no_certificate();

done_testing();
