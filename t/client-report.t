#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# -report, -ocsp and -session of the scripted clients. Whatever the library, and whatever the server's, the same session
# gives the same text; so each golden here serves two clients and, where it can, two servers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use TestClient qw(program run_client connect_to did failed slurp spew @CLIENTS $CONNECTED $STARTED $ECHO $ECHO_GOLDEN);
use TestTLS;

my $CA   = $TestTLS::CA;
my $ROOT = "$CA/CA/CA.pem";
my $work = tempdir( CLEANUP => 1 );

my %server = (
    's_server'    => sub { my ( $leaf, %with ) = @_; return TestTLS->openssl_server( $leaf, map { ( "-$_", $with{$_} ) } sort keys %with ) },
    'gnutls-serv' => sub {
        my ( $leaf, %with ) = @_;
        my %name = ( status_file => '--ocsp-response', alpn => '--alpn' );
        my @any  = $with{status_file} ? '--ignore-ocsp-response-errors' : ();
        return TestTLS->gnutls_server( $leaf, @any, map { ( $name{$_}, $with{$_} ) } sort keys %with );
    },
);
my @SERVERS  = sort keys %server;
my @VERSIONS = qw(TLS1.2 TLS1.3);

my $ISSUER = "TLS issuer: CN=Signing CA,O=example.com\n";

# Runs both clients and compares with one golden for what they say about TLS.
sub both {
    my ( $name, $server, $options, $golden ) = @_;
    for my $client (@CLIENTS) {
        my $failed = $golden =~ /^Failed/m;
        my $run = connect_to( $client, $server, $failed ? q{} : $ECHO, '-report', @$options );
        did( $run, "$client: $name", 0, "${CONNECTED}Attempting to start TLS\n$golden" . ( $failed ? "End of script\n" : $ECHO_GOLDEN ) );
    }
    return;
}

sub refused { my ($reason) = @_; return "TLS error: certificate ($reason)\nFailed to start TLS\n" }

# ----- The facts -----

my %suite = (
    'TLS1.2' => { RSA => 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', ECDSA => 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' },
    'TLS1.3' => { RSA => 'TLS_AES_128_GCM_SHA256',                ECDSA => 'TLS_AES_128_GCM_SHA256' },
);
my %leaf = ( RSA => 'server1', ECDSA => 'server1_ec' );

for my $name (@SERVERS) {
    for my $key ( sort keys %leaf ) {
        my $server = $server{$name}->( $leaf{$key}, alpn => 'smtp' );
        for my $version (@VERSIONS) {
            my $suite = $suite{$version}{$key};
            my $begin = "TLS protocol: $version\nTLS cipher: $suite\nTLS peer: CN=$leaf{$key}.example.com\n$ISSUER";
            my @on    = ( '-protocol', $version, '-cipher', $suite );
            both( "$name, $key, $version", $server, \@on, "Succeeded in starting TLS\n${begin}TLS resumed: no\n" );
            both( "$name, $key, $version, everything", $server, [ @on, '-verify', $ROOT, '-alpn', 'imap,smtp', '-sni', 'server1.example.com' ],
                "Succeeded in starting TLS\n${begin}TLS verify: ok\nTLS alpn: smtp\nTLS resumed: no\n" );
        }
    }
}

for my $suite (
    qw(TLS_CHACHA20_POLY1305_SHA256 TLS_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    TLS_RSA_WITH_AES_128_CBC_SHA256 TLS_RSA_WITH_AES_256_GCM_SHA384 TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 TLS_RSA_WITH_AES_128_CCM)
    )
{
    my $server  = TestTLS->openssl_server( 'server1', '-cipher', 'ALL' );
    my $version = $suite =~ /WITH/ ? 'TLS1.2' : 'TLS1.3';
    both( $suite, $server, [ '-cipher', $suite ],
        "Succeeded in starting TLS\nTLS protocol: $version\nTLS cipher: $suite\nTLS peer: CN=server1.example.com\n${ISSUER}TLS resumed: no\n" );
}

# A handshake that fails on account of the certificate: what is known by then.
for my $case (
    [ expired1    => 'expired' ],
    [ future1     => 'not yet valid' ],
    [ clientonly1 => 'wrong purpose' ],
    [ selfsigned1 => 'untrusted issuer' ],
    )
{
    my ( $leaf, $reason ) = @$case;
    for my $name (@SERVERS) {
        my $server = $server{$name}->($leaf);
        my $issuer = $leaf eq 'selfsigned1' ? "TLS issuer: CN=selfsigned1.example.com\n" : $ISSUER;
        both( "$name, $leaf, $_", $server, [ '-protocol', $_, '-verify', $ROOT ],
            refused($reason) . "TLS peer: CN=$leaf.example.com\n${issuer}TLS verify: failed ($reason)\n" )
            for @VERSIONS;
    }
}
both( 'another name', $server{'s_server'}->('server1'), [ '-verify', $ROOT, '-verify-name', 'server2.example.com' ],
    refused('name mismatch') . "TLS peer: CN=server1.example.com\n${ISSUER}TLS verify: failed (name mismatch)\n" );
{
    my $old = TestTLS->openssl_server( 'server1', '-tls1_2' );
    both( 'a failure of another kind has nothing to report', $old, [ '-protocol', 'TLS1.3' ], "TLS error: alert received protocol_version\nFailed to start TLS\n" );
}

# ----- Names -----

# A server with a certificate that is made for it; its subject as openssl req takes it.
sub named {
    my ( $subject, $mask ) = @_;
    my $config = spew( "$work/req.cnf", "[req]\ndistinguished_name = dn\nstring_mask = $mask\nutf8 = yes\nprompt = yes\n[dn]\n" );
    my @new = qw(-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -utf8 -multivalue-rdn);
    my ( $certificate, $key ) = ( "$work/named.pem", "$work/named.key" );
    my $log = "$work/req.log";
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        open STDOUT, '>',  $log      or POSIX::_exit(1);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
        exec qw(openssl req -config), $config, @new, '-subj', $subject, '-out', $certificate, '-keyout', $key;
    }
    waitpid $pid, 0;
    die slurp($log) if $?;
    return TestTLS->command( qr/^ACCEPT[ ]\S+:(\d+)$/mx, qw(openssl s_server -rev -accept 127.0.0.1:0 -cert), $certificate, '-key', $key );
}

for my $case (
    [ '/CN=a/O=b c/OU=d',                  'OU=d,O=b c,CN=a' ],
    [ '/C=DE/O=two+OU=parts/CN=x',         'CN=x,O=two+OU=parts,C=DE' ],
    [ '/DC=com/DC=example/UID=u/L=l/ST=s/street=t', 'STREET=t,ST=s,L=l,UID=u,DC=example,DC=com' ],
    [ '/CN= lead and trail ',              'CN=\\ lead and trail\\ ' ],
    [ '/CN=#hash#',                        'CN=\\#hash#' ],
    [ '/CN=a,b;c<d>e"f\\\\g\\+h=i',        'CN=a\\,b\\;c\\<d\\>e\\"f\\\\g\\+h=i' ],
    [ "/CN=line\nfeed\ttab",               'CN=line\\0Afeed\\09tab' ],
    [ '/CN=Größe €',                       'CN=Größe €' ],
    [ '/CN=Größe',                         'CN=Größe', 'pkix' ],
    [ '/CN=Größe €',                       'CN=Größe €', 'pkix' ],
    [ '/serialNumber=5/CN=x',              'CN=x,2.5.4.5=#130135' ],
    [ '/emailAddress=a@b.example',         'emailAddress=a@b.example' ],
    )
{
    my ( $subject, $name, $mask ) = @$case;
    my $server = named( $subject, $mask // 'utf8only' );
    both( "the name $subject" . ( $mask ? ", $mask" : q{} ) =~ s/\s/_/gr, $server, [ '-protocol', 'TLS1.3', '-cipher', 'TLS_AES_128_GCM_SHA256' ],
        "Succeeded in starting TLS\nTLS protocol: TLS1.3\nTLS cipher: TLS_AES_128_GCM_SHA256\nTLS peer: $name\n" . "TLS issuer: $name\nTLS resumed: no\n" );
}

# ----- OCSP -----

my %ocsp = (
    'good'               => [ 'good',    undef ],
    'signer.good'        => [ 'good',    undef ],
    'signernocert.good'  => [ 'good',    undef ],
    'revoked'            => [ 'revoked', 'revoked' ],
    'signer.revoked'     => [ 'revoked', 'revoked' ],
    'dated'              => [ 'unknown', 'stale OCSP response' ],
    'signernocert.dated' => [ 'unknown', 'stale OCSP response' ],
);

sub with_ocsp {
    my ( $name, $server, $version, $ca, $state, $reason ) = @_;
    my $peer  = "TLS peer: CN=server1.example.com\n$ISSUER";
    my $suite = $suite{$version}{RSA};
    my $end   = "TLS ocsp: $state\n";
    both( $name, $server, [ '-protocol', $version, '-cipher', $suite, '-ocsp', $ca ],
        defined $reason
        ? refused($reason) . $peer . $end
        : "Succeeded in starting TLS (with OCSP)\nTLS protocol: $version\nTLS cipher: $suite\n$peer${end}TLS resumed: no\n" );
    return;
}

for my $name (@SERVERS) {
    for my $response ( sort keys %ocsp ) {
        my $server = $server{$name}->( 'server1', status_file => TestTLS->file( 'server1', "ocsp.$response.resp" ) );
        for my $version (@VERSIONS) {
            with_ocsp( "$name, $response, $version, $_", $server, $version, "$CA/$_", @{ $ocsp{$response} } )
                for qw(CA/CA.pem server1.example.com/ca_chain.pem CA/Signer.pem);
        }
    }
    my $server = $server{$name}->( 'server1', status_file => TestTLS->file( 'server1', 'ocsp.good.resp' ) );
    with_ocsp( "$name, $_, another CA", $server, $_, "$CA/../example.net/CA/CA.pem", 'unknown', 'bad OCSP response' ) for @VERSIONS;
    with_ocsp( "$name, $_, no response", $server{$name}->('server1'), $_, $ROOT, 'none', 'no OCSP response' ) for @VERSIONS;
}
{
    my $server = $server{'s_server'}->( 'server1', status_file => TestTLS->file( 'server2', 'ocsp.good.resp' ) );
    with_ocsp( "$_, the response for another certificate", $server, $_, $ROOT, 'unknown', 'bad OCSP response' ) for @VERSIONS;
    my $bytes = slurp( TestTLS->file( 'server1', 'ocsp.good.resp' ) );
    my %damage = (
        'a changed serial number' => $bytes =~ s/\x02\x01\x65\x80/\x02\x01\x66\x80/r,
        'a changed signature'     => substr( $bytes, 0, 300 ) . chr( 1 ^ ord substr $bytes, 300, 1 ) . substr( $bytes, 301 ),
    );
    for my $what ( sort keys %damage ) {
        my $changed = $damage{$what};
        $changed ne $bytes or die "$what is no change\n";
        my $file = spew( "$work/changed.resp", $changed );
        $server = $server{'s_server'}->( 'server1', status_file => $file );
        with_ocsp( "$_, $what", $server, $_, $ROOT, 'unknown', 'bad OCSP response' ) for @VERSIONS;
    }
    for my $client (@CLIENTS) {
        my $refuser = TestTLS->openssl_server('server1');
        connect_to( $client, $refuser, "???*\n", '-ocsp', $ROOT );
        like $refuser->stop, qr/SSL alert number 113$/m, "$client: the server is told";
    }
}
both( '-ocsp and -verify, the chain is judged first', $server{'s_server'}->('expired1'), [ '-verify', $ROOT, '-ocsp', $ROOT ],
    refused('expired') . "TLS peer: CN=expired1.example.com\n${ISSUER}TLS verify: failed (expired)\nTLS ocsp: none\n" );

# ----- Sessions -----

my $serial = 0;
sub new_file { return sprintf '%s/session%d', $work, ++$serial }

# One run with a session file; is it resumed?
sub resumed {
    my ( $client, $server, $file, @options ) = @_;
    my $run = connect_to( $client, $server, $ECHO, '-report', '-session', $file, @options );
    return "status $run->{status} $run->{err}" if $run->{status} ne '0';
    my ($answer) = $run->{out} =~ /^TLS resumed: (\S+)$/m;
    return $answer;
}

for my $name (@SERVERS) {
    for my $client (@CLIENTS) {
        for my $version (@VERSIONS) {
            my $what   = "$client, $name, $version";
            my $server = $server{$name}->('server1');
            my @on     = ( '-protocol', $version );
            my $file   = new_file();
            is resumed( $client, $server, $file, @on ), 'no',  "$what: a new session";
            is resumed( $client, $server, $file, @on ), 'yes', '… is resumed';
            is resumed( $client, $server, $file, @on ), 'yes', '… and again';
            my $run = connect_to( $client, $server, $ECHO, '-report', '-session', $file, @on );
            like $run->{out}, qr/\Q$STARTED\ETLS protocol: $version\nTLS cipher: TLS_\w+\nTLS peer: CN=server1.example.com\n${ISSUER}TLS resumed: yes\n/,
                '… with the facts that it began with';
            is resumed( $client, $server, $file, @on, '-verify', $ROOT ), 'no', '… but not if it was not verified, and now shall be';
            is resumed( $client, $server, $file, @on, '-verify', $ROOT ), 'yes', '… unlike the next one';
            is resumed( $client, $server{$name}->('server1'), $file, @on ), 'no', '… and not by another server';
        }
    }
}

{
    my $server = $server{'s_server'}->('server1');
    my %file   = map { $_ => new_file() } @CLIENTS;
    resumed( $_, $server, $file{$_} ) for @CLIENTS;
    my $rubbish = spew( "$work/rubbish", "rubbish\n" );
    my ( $gnutls, $ssl ) = @CLIENTS;
    for my $case (
        [ $gnutls, $file{$ssl},    'this is a session of OpenSSL' ],
        [ $ssl,    $file{$gnutls}, 'this is a session of GnuTLS' ],
        [ $gnutls, $rubbish,       'this is not a saved session' ],
        [ $ssl,    $rubbish,       'this is not a saved session' ],
        [ $gnutls, $work,          'this is not a saved session' ],
        )
    {
        my ( $client, $file, $message ) = @$case;
        did( run_client( [ program($client), '-session', $file, '127.0.0.1', $server->port ], q{} ), "$client: $message", 97, q{},
            "$client: -session $file: $message\n" );
    }
    for my $client (@CLIENTS) {
        my $run = connect_to( $client, $server, $ECHO, '-session', "$work/none/session" );
        did( $run, "$client: a session that cannot be saved", 97, "$CONNECTED$STARTED$ECHO_GOLDEN", "$client: -session $work/none/session could not be written\n" );

        my $refuser = TestTLS->openssl_server( 'server1', '-Verify', 3, '-CAfile', $ROOT, '-verify_return_error' );
        my $file    = new_file();
        connect_to( $client, $refuser, "???alert\n", '-session', $file );
        ok !-e $file, "$client: a session that ended with an alert is not saved";
        did( run_client( [ program($client), '-ocsp', $rubbish, '127.0.0.1', 25 ], q{} ), "$client: -ocsp and a file without CAs", 97, q{}, qr/\A$client: -ocsp \Q$rubbish\E: ./ );
        did( run_client( [ program($client), '-ocsp', "$work/none", '127.0.0.1', 25 ], q{} ), "$client: -ocsp and no file", 97, q{},
            "$client: -ocsp $work/none: No such file or directory\n" );
    }
}

done_testing;
