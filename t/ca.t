#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The test CA as it lies in aux-fixed/exim-ca: the files of the table and no others, and every certificate, key and
# chain what the table says, in the eyes of openssl and of GnuTLS's tools. The CRLs are for t/ca-crl.t, the OCSP
# responses for t/ca-ocsp.t; that lost files come back the same is for t/ca-generate.t.

use strict;
use warnings;

use lib 't/lib';

use File::Find qw(find);
use Socket qw(AF_INET6 inet_pton);
use Test::More;

use TestCA qw(@DOMAINS table leaves crls_of responses_of run output_of slurp moment day_of);
use TestCA::Verdict qw($DAY by_date worst openssl_verdict gnutls_verdict both_say);

# ----- The table -----

# The promises that it keeps, whatever the files are.
sub test_table {
    my @names = qw(server1 revoked1 expired1 future1 server2 revoked2 expired2);
    for my $domain (@DOMAINS) {
        my %row = map { $_->{name} => $_ } table($domain);
        is_deeply( [ map { $_->{serial} } @row{@names} ], [ 101 .. 104, 201 .. 203 ], "$domain: serials" );
        my %seen;
        ok( !( grep { $seen{"$_->{issuer} $_->{serial}"}++ } values %row ), "$domain: serials are unique" );
    }
    for my $row ( table() ) {
        my $dates =
              $row->{name} =~ /^expired/ ? '20121101 20121201'
            : $row->{name} =~ /^future/  ? '20980101 20991231'
            :                              '20121101 20991231';
        is( "$row->{from} $row->{to}", $dates, "$row->{pem}: dates" );
    }
    return;
}

# ----- Files -----

sub files_of {
    my ($row)   = @_;
    my %company = (
        'authority'   => [],
        'self-signed' => [qw(NAME.key pwdfile)],
        'leaf'        => [qw(NAME.key pwdfile NAME.chain.pem fullchain.pem ca_chain.pem)],
    );
    my $name = "$row->{name}.$row->{domain}";
    my @files = map { "$row->{folder}/" . s/NAME/$name/r } @{ $company{ $row->{kind} } };
    return ( $row->{pem}, $row->{private}, @files, responses_of($row) );
}

# Links by subject hash, and where they lead.
sub certdir_of {
    my ($domain) = @_;
    my %links;
    for my $authority (qw(CA Signer)) {
        my ($hash) = output_of( qw(openssl x509 -noout -hash -in), "$domain/CA/$authority.pem" ) =~ /^(\w{8})$/m;
        $links{"$domain/server1.$domain/certdir/$hash.0"} = "../../CA/$authority.pem";
    }
    return %links;
}

sub test_files {
    my %links = map { certdir_of($_) } @DOMAINS;
    my @files = qw(certificates generate openssl.cnf dh1024.pem dh2048.pem dh3072.pem);
    for my $domain (@DOMAINS) {
        my %crls = crls_of($domain);
        push @files, map { ( "$domain/CA/$_", "$domain/CA/$_.pem" ) } keys %crls;
        push @files, "$domain/CA/crl.chain.pem";
    }
    push @files, map { files_of($_) } table();
    my @present;
    find( { no_chdir => 1, wanted => sub { push @present, s{^[.]/}{}r if -l || !-d } }, q{.} );
    is_deeply( [ sort @present ], [ sort @files, keys %links ], 'those that the table asks for, and no others' );
    is_deeply( { map { $_ => readlink } grep { -l } @present }, \%links, 'certdir: links to the CAs' );
    return;
}

# ----- Certificates and keys -----

# As openssl shows them.
my @EXTENSIONS = ( 'Basic Constraints', 'Key Usage', 'Extended Key Usage', 'Subject Alternative Name' );
my %USAGE      = (
    root      => [ 'CA:TRUE',            'Certificate Sign, CRL Sign',                    q{} ],
    signer    => [ 'CA:TRUE, pathlen:0', 'Digital Signature, Certificate Sign, CRL Sign', q{} ],
    responder => [ 'CA:FALSE',           'Digital Signature',                             'OCSP Signing' ],
    server => [ 'CA:FALSE', undef, 'TLS Web Server Authentication' ],
    client => [ 'CA:FALSE', undef, 'TLS Web Client Authentication' ],
    both   => [ 'CA:FALSE', undef, 'TLS Web Client Authentication, TLS Web Server Authentication' ],
);
my %LEAF_KEY_USAGE = ( rsa => 'Digital Signature, Key Encipherment', ec => 'Digital Signature', none => q{} );

# What openssl shows of a certificate. The extended key usages are a set: the tools order them differently.
sub fields_found {
    my ($row)  = @_;
    my @fields = qw(-serial -subject -issuer -startdate -enddate -pubkey -nameopt);
    push @fields, 'sep_multiline,utf8,sname', '-ext', 'basicConstraints,keyUsage,extendedKeyUsage,subjectAltName';
    my $text  = output_of( qw(openssl x509 -noout -in), $row->{pem}, @fields );
    my %found = map { $_ => ( $text =~ /^X509v3 $_:[^\n]*\n +([^\n]*?) *$/m )[0] // q{} } @EXTENSIONS;
    $found{'Extended Key Usage'} = join ', ', sort split /, /, $found{'Extended Key Usage'};
    ( $found{serial} ) = map {hex} $text =~ /^serial=(\w+)$/m;
    ( $found{key} ) = $text =~ /(-----BEGIN PUBLIC KEY.*KEY-----\n)/s;
    @found{qw(from to)} = map { day_of($_) } $text =~ /^not(?:Before|After)=(.*)$/mg;
    for my $name (qw(subject issuer)) {
        my ($lines) = $text =~ /^$name=((?:\n +[^\n]+)+)$/m;
        $found{$name} = ( $lines // q{} ) =~ s/^\s+//gmr;
    }
    return \%found;
}

sub fields_meant {
    my ($row) = @_;
    my ($issuer) = grep { $_->{name} eq $row->{issuer} } table( $row->{domain} );
    my ( $constraints, $key_usage, $purpose ) = @{ $USAGE{ $row->{usage} } };
    return {
        'Basic Constraints'        => $constraints,
        'Key Usage'                => $key_usage // $LEAF_KEY_USAGE{ $row->{kind} eq 'leaf' ? $row->{key} : 'none' },
        'Extended Key Usage'       => $purpose,
        'Subject Alternative Name' => plain_names( $row->{names} ),
        serial                     => $row->{serial},
        from                       => $row->{from},
        to                         => $row->{to},
        subject                    => plain_subject( $row->{subject} ),
        issuer                     => plain_subject( ( $issuer // $row )->{subject} ),
        key                        => public_key($row),
    };
}

# A line for each part, as sep_multiline has it.
sub plain_subject {
    my ($subject) = @_;
    return join "\n", map { s/\\(.)/$1/gr } $subject =~ m{/((?:[^/\\]|\\.)+)}g;
}

# openssl shows IPv6 addresses as eight numbers.
sub plain_names {
    my ($names) = @_;
    my @plain;
    for ( split q{ }, $names ) {
        my ( $type, $value ) = split /:/, $_, 2;
        $value = join q{:}, map { sprintf '%X', $_ } unpack 'n8', inet_pton( AF_INET6, $value )
            if $type eq 'IP' && $value =~ /:/;
        push @plain, ( $type eq 'IP' ? 'IP Address' : $type ) . ":$value";
    }
    return join ', ', @plain;
}

sub public_key {
    my ($row) = @_;
    return output_of( qw(openssl pkey -pubout -in), $row->{private} );
}

sub test_fields {
    is_deeply( fields_found($_), fields_meant($_), $_->{pem} ) for table();
    return;
}

# NAME.key is the unlocked key, and only what is in pwdfile opens it.
sub test_encrypted_keys {
    for my $row ( grep { $_->{kind} ne 'authority' } table() ) {
        my ( $file, $folder ) = ( "$row->{stem}.key", $row->{folder} );
        my @read = ( qw(openssl pkey -pubout -in), $file, '-passin' );
        is( slurp("$folder/pwdfile"), "password\n", "$folder/pwdfile" );
        is( output_of( @read, "file:$folder/pwdfile" ), public_key($row), "$file: openssl" );
        isnt( ( run( @read, 'pass:wrong' ) )[0], 0, "$file: is locked" );
        is(
            key_pin( qw(certtool --key-info --password password --infile), $file ),
            key_pin( qw(certtool --certificate-info --infile), $row->{pem} ),
            "$file: GnuTLS"
        );
    }
    return;
}

sub key_pin {
    my @command = @_;
    return output_of(@command) =~ /pin-sha256:(\S+)/ ? $1 : "no key: @command";
}

# ----- Verifying -----

# Before anything has expired, when nothing lies in the future any more, on the last day. One domain is enough: all of
# them are looked at in "fields" and "trust".
sub test_dates {
    for my $row ( grep { $_->{kind} ne 'self-signed' } table('example.com') ) {
        for my $day (qw(20121115 20980601 20991230)) {
            is( openssl_verdict( $row, $day, '-x509_strict' ), by_date( $row, $day ), "$row->{pem} on $day: openssl" );
        }
    }
    return;
}

sub test_trust {
    my $expected = sub {
        my ( $row, $day ) = @_;
        return $row->{kind} eq 'self-signed' ? 'unknown issuer' : by_date( $row, $day );
    };
    both_say( 'trust', [ grep { $_->{kind} ne 'authority' } table() ], $expected, [], [] );
    for my $row ( grep { $_->{kind} eq 'authority' } table() ) {
        my $cas = "$row->{domain}/server1.$row->{domain}/ca_chain.pem";
        is( gnutls_verdict( $cas, $row->{pem} ), 'ok', "$row->{pem}: trust: GnuTLS" );
    }
    return;
}

sub test_purposes {
    for ( [qw(sslserver 1.3.6.1.5.5.7.3.1 client)], [qw(sslclient 1.3.6.1.5.5.7.3.2 server)] ) {
        my ( $purpose, $oid, $wrong ) = @{$_};
        my $expected = sub {
            my ( $row, $day ) = @_;
            return worst( by_date( $row, $day ), $row->{usage} eq $wrong ? 'wrong purpose' : 'ok' );
        };
        both_say( $purpose, [ leaves('example.com') ], $expected, [ '-purpose', $purpose ], [ '--verify-purpose', $oid ] );
    }
    return;
}

# ----- Chains and directories of CAs -----

sub test_chains {
    for my $row ( leaves() ) {
        my ( $stem, $folder, $ca ) = ( @{$row}{qw(stem folder)}, "$row->{domain}/CA" );
        my ( $leaf, $signer, $root ) = map { slurp($_) } $row->{pem}, "$ca/$row->{issuer}.pem", "$ca/CA.pem";
        is( slurp("$stem.chain.pem"),       $leaf . $signer,         "$stem.chain.pem" );
        is( slurp("$folder/fullchain.pem"), $leaf . $signer . $root, "$folder/fullchain.pem" );
        is( slurp("$folder/ca_chain.pem"),  $signer . $root,         "$folder/ca_chain.pem" );
    }
    return;
}

# The leaf alone is good with ca_chain.pem or certdir, which hold the same, and not without the signer.
sub test_signer_is_needed {
    for my $domain (@DOMAINS) {
        my $folder = "$domain/server1.$domain";
        my ( $leaf, $root ) = ( "$folder/server1.$domain.pem", "$domain/CA/CA.pem" );
        is( gnutls_verdict( "$folder/ca_chain.pem", $leaf ), 'ok', "$domain: leaf, ca_chain.pem: GnuTLS" );
        is( gnutls_verdict( $root, $leaf ), 'unknown issuer', "$domain: leaf, root only: GnuTLS" );
        my @verify = ( qw(openssl verify -attime), moment($DAY) );
        like( output_of( @verify, '-CApath', "$folder/certdir", $leaf ), qr/: OK$/, "$domain: leaf, certdir: openssl" );
        like( output_of( @verify, '-CAfile', $root, $leaf ), qr/^error 20 /m, "$domain: leaf, root only: openssl" );
    }
    return;
}

# ----- Diffie-Hellman -----

sub test_dh {
    for my $bits (qw(1024 2048 3072)) {
        my $file = "dh$bits.pem";
        like( output_of( qw(openssl dhparam -noout -text -in), $file ), qr/[(]$bits bit[)]/, "$file: openssl" );
        my ($prime) = output_of( qw(certtool --dh-info --infile), $file ) =~ /^prime:\s*((?:[0-9a-f]{2}:?\s*)+)/m;
        my $digits = ( $prime // q{} ) =~ s/[^0-9a-f]//gr =~ s/^00//r;
        is( 4 * length $digits, $bits, "$file: GnuTLS" );
    }
    return;
}

chdir 'aux-fixed/exim-ca' or die "aux-fixed/exim-ca: $!\n";
subtest 'the table'            => \&test_table;
subtest 'the files'            => \&test_files;
subtest 'fields'               => \&test_fields;
subtest 'encrypted keys'       => \&test_encrypted_keys;
subtest 'dates'                => \&test_dates;
subtest 'trust'                => \&test_trust;
subtest 'purposes'             => \&test_purposes;
subtest 'chains'               => \&test_chains;
subtest 'the signer is needed' => \&test_signer_is_needed;
subtest 'DH parameters'        => \&test_dh;
done_testing();
