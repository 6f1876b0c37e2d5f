#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted servers through TLS, with both libraries, against openssl s_client and gnutls-cli, which we did not write. One
# golden serves all where the peers can do the same. Our own clients are in t/server-clients.t, what the dialogue does in clear
# is in t/server.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use TestClient qw(program run_client failed $STARTED);
use TestServer qw(serve);
use TestTLS;

my $CA        = $TestTLS::CA;
my $ROOT      = "$CA/CA/CA.pem";
my @SERVERS   = qw(server-gnutls server-ssl);
my @VERSIONS  = qw(TLS1.2 TLS1.3);
my $CONNECTED = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";
my $work      = tempdir( CLEANUP => 1 );

# How the foreign clients are told what a test wants of them.
my %PEER = (
    's_client' => {
        command => sub { my ($port) = @_; return ( qw(openssl s_client -quiet -connect), "127.0.0.1:$port" ) },
        starttls => [qw(-starttls smtp)],
        options => {
            ca       => sub { return ( '-verify_return_error', '-CAfile', @_ ) },
            name     => sub { return ( '-verify_hostname', @_ ) },
            sni      => sub { return ( '-servername', @_ ) },
            alpn     => sub { return ( '-alpn', @_ ) },
            identity => sub { return ( '-cert', TestTLS->certificate(@_), '-cert_chain', "$CA/CA/Signer.pem", '-key', TestTLS->key(@_) ) },
            version  => sub { my ($version) = @_; return '-' . lc $version =~ s/[.]/_/r },
        },
        always => { sni => ['-noservername'], ca => [] },
    },
    'gnutls-cli' => {
        command => sub { my ($port) = @_; return ( qw(gnutls-cli -p), $port, '127.0.0.1' ) },
        starttls => [qw(--starttls-proto=smtp)],
        options => {
            ca       => sub { return ( '--x509cafile', @_ ) },
            name     => sub { return ( '--verify-hostname', @_ ) },
            sni      => sub { return ( '--sni-hostname', @_ ) },
            alpn     => sub { return map { ( '--alpn', $_ ) } split /,/, $_[0] },
            identity => sub { return ( '--x509certfile', TestTLS->certificate(@_), '--x509keyfile', TestTLS->key(@_) ) },
            version  => sub { my ($version) = @_; return "--priority=NORMAL:-VERS-ALL:+VERS-$version" },
        },
        always => { sni => ['--disable-sni'], ca => ['--no-ca-verification'] },
    },
);
my @PEERS = sort keys %PEER;

# Runs a foreign client, which sends SCRIPT when TLS stands.
sub run_peer {
    my ( $peer, $port, $script, %want ) = @_;
    my $how     = $PEER{$peer};
    my @options = $want{starttls} ? @{ $how->{starttls} } : ();
    for my $what (qw(ca name sni alpn identity version)) {
        push @options, defined $want{$what} ? $how->{options}{$what}->( $want{$what} ) : @{ $how->{always}{$what} // [] };
    }
    # gnutls-cli closes at the end of its input, whatever the server still has to say.
    return run_client( [ $how->{command}->($port), @options, @{ $want{more} // [] } ], $script, 'held' );
}

# A server of LEAF with OPTIONS and SCRIPT, which must have said GOLDEN after a peer that wants what WANT says.
sub meets {
    my ( $name, $program, $peer, $server, $want, $golden, $status ) = @_;
    my ( $leaf, $options, $script ) = @$server;
    my $listener = serve( [ program($program), @$options, TestTLS->identity($leaf) ], $script );
    my $run = run_peer( $peer, $listener->port, "NOOP\r\nquit\r\n", %$want );
    $listener->is_done( "$program, $peer: $name", $status // 0, $CONNECTED . $golden );
    return $run;
}

my $SCRIPT = "NOOP\n250 OK\nquit\n221 bye\n>*eof\n";
my $AFTER  = "NOOP\n250 OK\nquit\n221 bye\n>*eof\nEnd of script\n";

# Each server with each foreign client.
sub with_all {
    my ($code) = @_;
    for my $program (@SERVERS) {
        for my $peer (@PEERS) {
            $code->( $program, $peer );
        }
    }
    return;
}

# ----- Sessions -----

with_all(
    sub {
        my ( $program, $peer ) = @_;
        my $starttls = serve( [ program($program), TestTLS->identity('server1') ], "220 hello\nEHLO\n>250-hello\n250 STARTTLS\nSTARTTLS\n220 go\n*starttls\n$SCRIPT" );
        my $run      = run_peer( $peer, $starttls->port, "NOOP\r\nquit\r\n", starttls => 1, ca => $ROOT, name => 'server1.example.com' );
        like $run->{out}, qr/^250 OK\r?\n.*^221 bye\r?$/ms, "$program, $peer: STARTTLS, seen by the client";
        my $name = $run->{err} =~ /openssl/ || $peer eq 's_client' ? 'mail.example.com' : '127.0.0.1';
        $starttls->is_done( '… and by the server', 0,
            "${CONNECTED}220 hello\nEHLO $name\n>250-hello\n250 STARTTLS\nSTARTTLS\n220 go\n*starttls\n$STARTED$AFTER" );

        for my $version (@VERSIONS) {
            for my $key ( [ server1 => 'RSA' ], [ server1_ec => 'ECDSA' ] ) {
                my ( $leaf, $kind ) = @$key;
                my $suite   = $version eq 'TLS1.3' ? 'TLS_AES_128_GCM_SHA256' : "TLS_ECDHE_${kind}_WITH_AES_128_GCM_SHA256";
                my @options = ( '-tls', '-report', '-protocol', $version, '-cipher', $suite );
                my $facts   = "TLS protocol: $version\nTLS cipher: $suite\n";
                $run = meets( "$version, $kind", $program, $peer, [ $leaf, \@options, $SCRIPT ], { ca => $ROOT, name => 'server1.example.com' },
                    "$STARTED${facts}TLS resumed: no\n$AFTER" );
                is $run->{status}, 0, '… and the client is content';
                meets(
                    "$version, $kind, everything", $program, $peer,
                    [ $leaf, [ @options, '-ca', $ROOT, '-alpn', 'smtp,lmtp', '-sni', 'server1.example.com' ], $SCRIPT ],
                    { ca => $ROOT, name => 'server1.example.com', sni => 'server1.example.com', alpn => 'imap,lmtp,smtp', identity => 'server2' },
                    $STARTED . $facts . "TLS peer: CN=server2.example.com\nTLS issuer: CN=Signing CA,O=example.com\nTLS verify: ok\n"
                        . "TLS sni: server1.example.com\nTLS alpn: smtp\nTLS resumed: no\n$AFTER"
                );
            }
        }
    }
);

# ----- Clients that are refused -----

my %foreign = ( 's_client' => 1, 'gnutls-cli' => 0 );    # gnutls-cli keeps a certificate back that nobody asks for

with_all(
    sub {
        my ( $program, $peer ) = @_;
        for my $version (@VERSIONS) {
            my @ca = ( '-tls', '-report', '-protocol', $version, '-ca', $ROOT );
            for my $case (
                [ 'no certificate',   undef,         'no certificate' ],
                [ 'expired',          'expired1',    'expired' ],
                [ 'not yet valid',    'future1',     'not yet valid' ],
                [ 'wrong purpose',    'serveronly1', 'wrong purpose' ],
                ( $foreign{$peer} ? [ 'self-signed', 'selfsigned1', 'untrusted issuer' ] : () ),
                )
            {
                my ( $what, $leaf, $reason ) = @$case;
                my $issuer = defined $leaf && $leaf eq 'selfsigned1' ? 'CN=selfsigned1.example.com' : 'CN=Signing CA,O=example.com';
                my $names = defined $leaf ? "TLS peer: CN=$leaf.example.com\nTLS issuer: $issuer\n" : q{};
                my $run = meets( "$version, $what", $program, $peer, [ 'server1', \@ca, q{} ], { identity => $leaf },
                    failed("certificate ($reason)") . $names . "TLS verify: failed ($reason)\nEnd of script\n" );
                my %alert = (
                    'no certificate'   => $version eq 'TLS1.2' ? qr/handshake fail/i : qr/certificate (?:is )?required/i,
                    'expired'          => qr/expired/i,
                    'not yet valid'    => qr/bad certificate|certificate is bad/i,
                    'wrong purpose'    => qr/unsupported certificate|certificate is not supported|certificate unsupported/i,
                    'untrusted issuer' => qr/unknown ca|CA is unknown/i,
                );
                like $run->{out} . $run->{err}, $alert{$reason}, '… and is told so' if !( $peer eq 'gnutls-cli' && $version eq 'TLS1.3' );
            }
        }

        # The server without -ca does not ask.
        meets( 'a certificate that nobody asked for', $program, $peer, [ 'server1', [ '-tls' ], $SCRIPT ], { identity => 'expired1' }, "$STARTED$AFTER" );

        meets( '-protocol', $program, $peer, [ 'server1', [ '-tls', '-protocol', 'TLS1.3' ], q{} ], { version => 'TLS1.2' },
            failed( 'alert sent ' . ( $program eq 'server-ssl' ? 'protocol_version' : 'handshake_failure' ) ) . "End of script\n" );
        meets( '-alpn', $program, $peer, [ 'server1', [ '-tls', '-alpn', 'smtp' ], q{} ], { alpn => 'imap,pop3' },
            failed('alert sent no_application_protocol') . "End of script\n" );
        meets( '-alpn, which the client does not know', $program, $peer, [ 'server1', [ '-tls', '-report', '-protocol', 'TLS1.3', '-cipher', 'TLS_AES_128_GCM_SHA256', '-alpn', 'smtp' ], $SCRIPT ], {},
            "${STARTED}TLS protocol: TLS1.3\nTLS cipher: TLS_AES_128_GCM_SHA256\nTLS resumed: no\n$AFTER" );
        meets( "-sni, $_", $program, $peer, [ 'server1', [ '-tls', '-sni', 'server1.example.com' ], q{} ], { $_ ? ( sni => $_ ) : () },
            failed('alert sent unrecognized_name') . "End of script\n" )
            for 'server2.example.com', q{};
        meets( '-sni, in capital letters', $program, $peer, [ 'server1', [ '-tls', '-sni', 'server1.example.com' ], $SCRIPT ], { sni => 'SERVER1.example.com' }, "$STARTED$AFTER" );
    }
);

# ----- Servers that are refused -----

with_all(
    sub {
        my ( $program, $peer ) = @_;
        for my $version (@VERSIONS) {
            for my $case (
                [ 'another name',  'server2', { ca => $ROOT, name => 'server1.example.com' }, 'bad_certificate' ],
                [ 'another CA',    'server1', { ca => "$CA/../example.net/CA/CA.pem" },       'unknown_ca' ],
                [ 'expired',       'expired1', { ca => $ROOT },                               'certificate_expired' ],
                )
            {
                my ( $what, $leaf, $want, $alert ) = @$case;
                my $server = serve( [ program($program), '-tls', '-protocol', $version, TestTLS->identity($leaf) ], "*eof\n" );
                run_peer( $peer, $server->port, q{}, %$want );
                my $said = $server->wait;
                like $said, qr/^TLS error: alert received (?:$alert|bad_certificate|unknown_ca)\n/m, "$program, $peer, $version: $what" if $peer eq 's_client';
                is $server->status, 0, "$program, $peer, $version: $what, … and the script goes on";
            }
        }
    }
);

# ----- OCSP -----

for my $program (@SERVERS) {
    for my $version (@VERSIONS) {
        my $server = sub {
            my ( $leaf, $response, $script ) = @_;
            return serve( [ program($program), '-tls', '-protocol', $version, '-ocsp', $response, TestTLS->identity($leaf) ], $script // $SCRIPT );
        };
        my $good    = TestTLS->file( 'server1', 'ocsp.good.resp' );
        my $revoked = TestTLS->file( 'server1', 'ocsp.revoked.resp' );

        my $s = $server->( 'server1', $good );
        my $run = run_client( [ qw(openssl s_client -connect), '127.0.0.1:' . $s->port, qw(-ign_eof -status -CAfile), $ROOT ], "NOOP\r\nquit\r\n" );
        like $run->{out}, qr/OCSP Response Status: successful.*Cert Status: good/s, "$program, s_client, $version: a good response is stapled";
        $s->is_done( '… and nothing else changes', 0, "$CONNECTED$STARTED$AFTER" );

        $s = $server->( 'server1', $revoked );
        $run = run_client( [ qw(openssl s_client -connect), '127.0.0.1:' . $s->port, qw(-ign_eof -status -CAfile), $ROOT ], "NOOP\r\nquit\r\n" );
        like $run->{out}, qr/Cert Status: revoked/, "$program, s_client, $version: a revoked one";
        $s->wait;

        $s = $server->( 'server1', $good );
        $run = run_peer( 'gnutls-cli', $s->port, "NOOP\r\nquit\r\n", ca => $ROOT, name => 'server1.example.com' );
        like $run->{out}, qr/OCSP status request/, "$program, gnutls-cli, $version: a good response is stapled";
        $s->is_done( '… and nothing else changes', 0, "$CONNECTED$STARTED$AFTER" );

        $s = $server->( 'server1', $revoked, q{} );
        $run = run_peer( 'gnutls-cli', $s->port, "NOOP\r\nquit\r\n", ca => $ROOT, name => 'server1.example.com' );
        like $run->{out}, qr/revoked/, "$program, gnutls-cli, $version: a revoked one";
        $s->wait;
    }
}

# ----- Resumption -----

for my $program (@SERVERS) {
    for my $version (@VERSIONS) {
        my $script = "NOOP\n250 OK\nquit\n221 bye\n>*eof\n" x 2;
        my $start  = sub {
            my (@options) = @_;
            return serve( [ program($program), '-tls', '-report', '-protocol', $version, TestTLS->identity('server1'), @options ], $script, 2 );
        };
        my $resumed = sub { my ($server) = @_; return join q{ }, $server->wait =~ /^TLS resumed: (\S+)$/gm };

        my $server  = $start->();
        my $session = "$work/$program.$version";
        my @s_client = ( qw(openssl s_client -quiet -connect), '127.0.0.1:' . $server->port );
        run_client( [ @s_client, '-sess_out', $session ], "NOOP\r\nquit\r\n" );
        run_client( [ @s_client, '-sess_in',  $session ], "NOOP\r\nquit\r\n" );
        is $resumed->($server), 'no yes', "$program, s_client, $version: resumption";
    }
}
done_testing;
