#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The TLS options of the scripted clients, with both libraries: what they do, seen from the server's side too, and what is
# said when they cannot be obeyed. -ocsp, -session and -report are for t/client-report.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use TestClient
    qw(program run_client connect_to did failed instrumented slurp spew @CLIENTS $CONNECTED $STARTED $ECHO $ECHO_GOLDEN);
use TestServer qw(serve);
use TestTLS;

my $CA     = $TestTLS::CA;
my $ROOT   = "$CA/CA/CA.pem";
my $ECHOED = "$CONNECTED$STARTED$ECHO_GOLDEN";
my $work   = tempdir( CLEANUP => 1 );

# What both clients do with a server: an echo, or an alert.
sub both {
    my ( $name, $server, $options, $golden ) = @_;
    for my $client (@CLIENTS) {
        my $run = connect_to( $client, $server, defined $golden ? q{} : $ECHO, @$options );
        did( $run, "$client: $name", 0, $golden // $ECHOED );
    }
    return;
}

# What s_server says about sessions with the option, one for each client.
sub server_says {
    my ( $name, $server_options, $options, @patterns ) = @_;
    for my $client (@CLIENTS) {
        my $server = TestTLS->openssl_server( 'server1', @$server_options );
        my $run    = connect_to( $client, $server, $ECHO, @$options );
        my $said   = $server->stop;
        $run->{out} =~ s/^(?:Certificate|Key) file = .*\n//gm;
        did( $run, "$client: $name", 0, $ECHOED );
        like $said, $_, "… and the server saw $_" for @patterns;
    }
    return;
}

# ----- -protocol -----

for my $version (qw(TLS1.2 TLS1.3)) {
    ( my $shown = $version ) =~ s/TLS/TLSv/;
    server_says( "-protocol $version", [], [ '-protocol', $version ], qr/^Protocol version: $shown$/m );
    server_says( "-protocol TLS1.2-TLS1.3 with a server of $version", [ $version eq 'TLS1.2' ? '-tls1_2' : '-tls1_3' ], [ '-protocol', 'TLS1.2-TLS1.3' ],
        qr/^Protocol version: $shown$/m );
}
{
    my @weak = ( -cipher => 'ALL:@SECLEVEL=0', '-tls1_1' );
    my %priority = ( 'client-ssl' => 'ALL:@SECLEVEL=0', 'client-gnutls' => 'NORMAL:%COMPAT' );
    for my $client (@CLIENTS) {
        my $server = TestTLS->openssl_server( 'server1', @weak );
        did( connect_to( $client, $server, $ECHO, '-protocol', 'TLS1.1', '-p', $priority{$client} ), "$client: -protocol TLS1.1 with -p", 0, $ECHOED );
        like $server->stop, qr/^Protocol version: TLSv1.1$/m, '… and the server saw it';
    }
}

# ----- -cipher, -p -----

for my $case (
    [ 'TLS_AES_128_GCM_SHA256',                                                     'TLS_AES_128_GCM_SHA256' ],
    [ 'TLS_CHACHA20_POLY1305_SHA256',                                               'TLS_CHACHA20_POLY1305_SHA256' ],
    [ 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',                                      'ECDHE-RSA-AES128-GCM-SHA256' ],
    [ 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',                                'ECDHE-RSA-CHACHA20-POLY1305' ],
    [ 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',                                         'ECDHE-RSA-AES256-SHA' ],
    [ 'TLS_RSA_WITH_AES_128_CBC_SHA256',                                            'AES128-SHA256' ],
    [ 'TLS_RSA_WITH_AES_256_GCM_SHA384',                                            'AES256-GCM-SHA384' ],
    [ 'TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_GCM_SHA256',                     'TLS_AES_128_GCM_SHA256' ],
    [ 'TLS_AES_128_GCM_SHA256:TLS_RSA_WITH_AES_128_GCM_SHA256',                     'AES128-GCM-SHA256', '-tls1_2' ],
    )
{
    my ( $iana, $openssl, @server ) = @$case;
    server_says( "-cipher $iana @server", \@server, [ '-cipher', $iana ], qr/^Ciphersuite: \Q$openssl\E$/m );
}
server_says( '-cipher of TLS 1.2 alone offers no TLS 1.3', [], [ '-cipher', 'TLS_RSA_WITH_AES_256_GCM_SHA384' ], qr/^Protocol version: TLSv1.2$/m );
both( '-cipher of TLS 1.3 alone offers no TLS 1.2', TestTLS->openssl_server( 'server1', '-tls1_2' ), [ '-cipher', 'TLS_AES_128_GCM_SHA256' ],
    $CONNECTED . failed('alert received protocol_version') . "End of script\n" );

{
    my %priority = ( 'client-ssl' => 'ECDHE-RSA-AES128-GCM-SHA256', 'client-gnutls' => 'NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM' );
    my $server = TestTLS->openssl_server( 'server1', '-tls1_2' );
    for my $client (@CLIENTS) {
        did( connect_to( $client, $server, $ECHO, '-p', $priority{$client} ), "$client: -p", 0, $ECHOED );
    }
    is scalar( () = $server->stop =~ /^Ciphersuite: ECDHE-RSA-AES128-GCM-SHA256$/gm ), 2, '… and the server saw it twice';
}

# ----- -sni, -alpn -----

{
    my $server = TestTLS->openssl_server(
        'server1', qw(-servername server2.example.com -servername_fatal -cert2),
        TestTLS->certificate('server2'), '-key2', TestTLS->key('server2')
    );
    my @named = ( '-verify', "$CA/server1.example.com/certdir", '-verify-name' );
    both( 'no -sni', $server, [ @named, 'server1.example.com' ] );
    both( '-sni', $server, [ '-sni', 'server2.example.com', @named, 'server2.example.com' ] );
    both( '-sni that the server does not know', $server, [ '-sni', 'server3.example.com' ], $CONNECTED . failed('alert received unrecognized_name') . "End of script\n" );
}

both( '-alpn', TestTLS->openssl_server( 'server1', '-alpn', 'smtp' ), [ '-alpn', 'imap,smtp' ] );
both( '-alpn that the server does not speak', TestTLS->openssl_server( 'server1', '-alpn', 'smtp' ), [ '-alpn', 'imap,pop3' ],
    $CONNECTED . failed('alert received no_application_protocol') . "End of script\n" );

# ----- -verify, -verify-name -----

{
    my $empty = "$work/empty";
    mkdir $empty or die "$empty: $!\n";
    my $hashed = "$CA/server1.example.com/certdir";
    for my $ca ( $ROOT, $hashed, "$CA/server1.example.com/ca_chain.pem" ) {
        my $short = $ca =~ s{.*/}{}r;
        both( "-verify $short", TestTLS->openssl_server('server1'), [ '-verify', $ca ] );
        both( "-verify $short, no certificate of the signer from the server", TestTLS->command( qr/^ACCEPT[ ]\S+:(\d+)$/mx, qw(openssl s_server -rev -accept 127.0.0.1:0 -cert),
                TestTLS->file( 'server1', 'pem' ), '-key', TestTLS->key('server1') ), [ '-verify', $ca ],
            $ca eq $ROOT ? $CONNECTED . failed('certificate (untrusted issuer)') . "End of script\n" : undef );
    }
    my $server1      = TestTLS->openssl_server('server1');
    for my $case (
        [ 'an empty directory', $empty, [], 'untrusted issuer' ],
        [ 'another CA', "$CA/../example.net/CA/CA.pem", [], 'untrusted issuer' ],
        [ 'another name', $ROOT, [ '-verify-name', 'server2.example.com' ], 'name mismatch' ],
        [ 'a name that the wildcard does not cover', $ROOT, [ '-verify-name', 'a.b.test.ex' ], 'name mismatch' ],
        [ 'an address', $ROOT, [ '-verify-name', '127.0.0.1' ], 'name mismatch' ],
        )
    {
        my ( $name, $ca, $options, $reason ) = @$case;
        both( "-verify: $name", $server1, [ '-verify', $ca, @$options ], $CONNECTED . failed("certificate ($reason)") . "End of script\n" );
    }
    both( "-verify-name $_", $server1, [ '-verify', $ROOT, '-verify-name', $_ ] )
        for qw(server1.example.com alternatename.server1.example.com foo.test.ex SERVER1.example.com);

    my @named = ( '-verify', $ROOT, '-verify-name' );
    my $address1 = TestTLS->openssl_server('address1');
    both( "-verify-name $_", $address1, [ @named, $_ ] ) for qw(127.0.0.1 ::1 2001:db8::10);
    both( "-verify-name $_", $address1, [ @named, $_ ], $CONNECTED . failed('certificate (name mismatch)') . "End of script\n" )
        for qw(127.0.0.2 address1.example.com);
    my $odd1 = TestTLS->openssl_server('odd1');
    both( '-verify-name and a partial wildcard', $odd1, [ @named, 'world.example.com' ], $CONNECTED . failed('certificate (name mismatch)') . "End of script\n" );

    # RFC 9525: a CN is no name.
    my ( $cn, $cn_key ) = ( "$work/cn.pem", "$work/cn.key" );
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=cn.example.com -out $cn -keyout $cn_key >/dev/null 2>&1")
        == 0 or die "openssl req failed\n";
    my $cn_server = TestTLS->command( qr/^ACCEPT[ ]\S+:(\d+)$/mx, qw(openssl s_server -rev -accept 127.0.0.1:0 -cert), $cn, '-key', $cn_key );
    both( '-verify: no name but a CN', $cn_server, [ '-verify', $cn ] );
    both( '-verify-name: no name but a CN', $cn_server, [ '-verify', $cn, '-verify-name', 'cn.example.com' ],
        $CONNECTED . failed('certificate (name mismatch)') . "End of script\n" );

    for my $case (
        [ expired1    => 'expired' ],
        [ expired1_ec => 'expired' ],
        [ future1     => 'not yet valid' ],
        [ clientonly1 => 'wrong purpose' ],
        [ selfsigned1 => 'untrusted issuer' ],
        )
    {
        my ( $leaf, $reason ) = @$case;
        for my $version (qw(TLS1.2 TLS1.3)) {
            both( "-verify: $leaf, $version", TestTLS->openssl_server( $leaf, "-$version" =~ s/TLS1[.]/tls1_/r ), [ '-verify', $ROOT ],
                $CONNECTED . failed("certificate ($reason)") . "End of script\n" );
        }
        both( "$leaf is not verified without -verify", TestTLS->openssl_server($leaf), [] );
    }
    both( '-verify: ECDSA', TestTLS->openssl_server('server1_ec'), [ '-verify', $ROOT ] );
    both( '-verify: what takes precedence: name and date', TestTLS->openssl_server('expired1'), [ @named, 'server1.example.com' ],
        $CONNECTED . failed('certificate (expired)') . "End of script\n" );
    both( '-verify: what takes precedence: issuer and date', TestTLS->openssl_server('expired1'), [ '-verify', "$CA/../example.net/CA/CA.pem" ],
        $CONNECTED . failed('certificate (untrusted issuer)') . "End of script\n" );
}

# The server is told why.
for my $case (
    [ 'untrusted issuer', 'unknown ca',              'server1',     [ '-verify', "$CA/../example.net/CA/CA.pem" ] ],
    [ 'expired',          'certificate expired',     'expired1',    [ '-verify', $ROOT ] ],
    [ 'wrong purpose',    'unsupported certificate', 'clientonly1', [ '-verify', $ROOT ] ],
    )
{
    my ( $reason, $alert, $leaf, $options ) = @$case;
    for my $client (@CLIENTS) {
        my $server = TestTLS->openssl_server($leaf);
        connect_to( $client, $server, "???*\n", @$options );
        like $server->stop, qr/alert $alert/, "$client: an alert tells the server of: $reason";
    }
}

# ----- -keylog -----

for my $client (@CLIENTS) {
    my $server = TestTLS->openssl_server('server1');
    my $log    = "$work/$client.keys";
    connect_to( $client, $server, $ECHO, '-protocol', 'TLS1.2', '-keylog', $log );
    like slurp($log), qr/\ACLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}\n\z/i, "$client: -keylog, TLS 1.2";
    connect_to( $client, $server, $ECHO, '-protocol', 'TLS1.3', '-keylog', $log );
    my $keys = slurp($log);
    like $keys, qr/^$_ [0-9a-f]{64} [0-9a-f]{64,96}$/mi, "$client: -keylog, TLS 1.3, $_"
        for qw(CLIENT_HANDSHAKE_TRAFFIC_SECRET SERVER_HANDSHAKE_TRAFFIC_SECRET CLIENT_TRAFFIC_SECRET_0 SERVER_TRAFFIC_SECRET_0);
    like $keys, qr/\ACLIENT_RANDOM /, '… is appended';
}

# ----- -v, -tls-quiet -----

{
    my $server = TestTLS->openssl_server('server1');
    for my $client (@CLIENTS) {
        my @failing = ( '-verify', "$CA/../example.net/CA/CA.pem" );
        my $run = connect_to( $client, $server, q{}, '-v', @failing );
        like $run->{out}, qr/^(?:SSL|TLS) info: .*certificate/im, "$client: -v shows the library's words";
        ( my $rest = $run->{out} ) =~ s/^(?:SSL|TLS) (?:info:|connection using) .*\n//gm;
        is $rest =~ s/port \d+/port PORT/r, $CONNECTED . failed('certificate (untrusted issuer)') . "End of script\n", '… besides the others';
        $run = connect_to( $client, $server, q{}, '-v', '-tls-quiet', @failing );
        did( $run, "$client: -tls-quiet", 0, $CONNECTED . failed('certificate (untrusted issuer)') . "End of script\n" );
    }
    like connect_to( 'client-ssl', $server, q{}, '-v' )->{out}, qr/^SSL connection using TLS_/m, 'client-ssl: -v shows the connection line of old';
}

# ----- What cannot be set up -----

{
    my ( $cert, $key ) = ( TestTLS->certificate('server1'), TestTLS->key('server1') );
    my $none    = "$work/none";
    my $rubbish = spew( "$work/rubbish", "rubbish\n" );
    my $locked  = TestTLS->file( 'server1', 'key' );
    for my $case (
        [ 83, [ '-cert', $none ],                                   qr/certificate \Q$none\E: No such file or directory/ ],
        [ 83, [ '-cert', $rubbish ],                                qr/certificate \Q$rubbish\E: ./ ],
        [ 82, [ '-cert', $cert, '-key', $none ],                    qr/key \Q$none\E: No such file or directory/ ],
        [ 82, [ '-cert', $cert, '-key', $rubbish ],                 qr/key \Q$rubbish\E: ./ ],
        [ 82, [ '-cert', $cert ],                                   qr/key \Q$cert\E: ./ ],
        [ 82, [ '-cert', $cert, '-key', $locked ],                  qr/key \Q$locked\E: ./ ],
        [ 82, [ '-cert', $cert, '-key', TestTLS->key('server2') ],  qr/key \S+server2\S+: .*(?:mismatch|match)/ ],
        [ 82, [ '-cert', $cert, '-key', TestTLS->key('server1_ec') ], qr/key \S+server1_ec\S+: ./ ],
        [ 84, [ '-cipher', 'TLS_NO_SUCH' ],                         qr/-cipher TLS_NO_SUCH: no such cipher suite/ ],
        [ 84, [ '-p', 'NONSENSE' ],                                 qr/(?:-p|priority string) NONSENSE: ./ ],
        [ 90, [ '-verify-name', 'x' ],                              qr/-verify-name needs -verify/ ],
        [ 90, [ '-key', $key ],                                     qr/-key needs -cert/ ],
        [ 92, [ '-protocol', 'TLS1.4' ],                            qr/-protocol TLS1.4: not TLS1.2, TLS1.3, or a range of two/ ],
        [ 92, [ '-protocol', 'TLS1.3-TLS1.2' ],                     qr/-protocol TLS1.3-TLS1.2: not/ ],
        [ 92, [ '-protocol', 'TLS1.2', '-cipher', 'TLS_AES_128_GCM_SHA256' ], qr/-cipher TLS_AES_128_GCM_SHA256: not of the protocol version asked for/ ],
        [ 97, [ '-verify', $none ],                                 qr/CA \Q$none\E: No such file or directory/ ],
        [ 97, [ '-verify', $rubbish ],                              qr/CA \Q$rubbish\E: ./ ],
        [ 97, [ '-keylog', "$none/keys" ],                          qr{-keylog \Q$none\E/keys: No such file or directory} ],
        )
    {
        my ( $status, $options, $message ) = @$case;
        for my $client (@CLIENTS) {
            my $run  = run_client( [ program($client), @$options, '127.0.0.1', 25 ], q{} );
            my $what = join q{ }, map { s{.*/}{}r } @$options;
            did( $run, "$client $what", $status, q{}, qr/\A\Q$client\E: $message[^\n]*\n\z/ );
        }
    }
}

{
    my $list = 'TLS_AES_128_GCM_SHA256:TLS_RSA_WITH_AES_256_GCM_SHA384';
    did( run_client( [ program('client-gnutls'), '-cipher', $list, '127.0.0.1', 25 ], q{} ), 'client-gnutls: a list that GnuTLS cannot offer alone', 84, q{},
        "client-gnutls: -cipher $list: GnuTLS would also offer TLS_AES_256_GCM_SHA384\n" );
}

SKIP: {
    skip 'what watches the programs opens files of its own', 2 if instrumented();
    for my $client (@CLIENTS) {
        my $run = run_client( [ qw(prlimit --nofile=4), program($client), '-keylog', "$work/keys", '127.0.0.1', 25 ], q{} );
        did( $run, "$client: no socket to be had", 88, q{}, "$client: socket: Too many open files\n" );
    }
}

# ----- Two reasons to refuse a server -----

for my $client (@CLIENTS) {
    my $server = serve( [ program('server-ssl'), '-tls', TestTLS->identity('server1') ], "NOOP\n" );
    did( connect_to( $client, $server, q{}, '-verify', "$CA/../example.net/CA/CA.pem", '-verify-name', 'wrong.example.com' ), "$client: an untrusted issuer and another name", 0,
        $CONNECTED . failed('certificate (untrusted issuer)') . "End of script\n" );
    $server->is_done( '… and the alert tells of the same reason', 80,
        "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n" . failed('alert received unknown_ca') . "Unexpected EOF read from client\n" );
}

done_testing;
