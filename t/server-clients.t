#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted servers with the scripted clients, each library with each: stapled responses, sessions that are resumed, the key
# log, and -d. What they get wrong on purpose is in server-misbehaviour.t.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program connect_to did failed slurp spew @CLIENTS $STARTED);
use TestServer qw(serve);
use TestTLS;

my @SERVERS   = qw(server-gnutls server-ssl);
my $ROOT      = "$TestTLS::CA/CA/CA.pem";
my $CONNECTED = "Connecting to 127.0.0.1 port PORT ... connected\n";
my $ACCEPTED  = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";
my $WITH_OCSP = "Attempting to start TLS\nSucceeded in starting TLS (with OCSP)\n";
my $work      = tempdir( CLEANUP => 1 );

# The staple, and why the client refuses it.
my @STAPLES = (
    [ 'good',    TestTLS->file( 'server1', 'ocsp.good.resp' ) ],
    [ 'revoked', TestTLS->file( 'server1', 'ocsp.revoked.resp' ), 'revoked' ],
    [ 'rubbish', spew( "$work/rubbish", 'rubbish' ), 'bad OCSP response' ],
);

sub staple_is_seen {
    my ( $server, $client, $version, $name, $response, $reason ) = @_;
    my $listener = serve( [ program($server), '-tls', '-protocol', $version, '-ocsp', $response, TestTLS->identity('server1') ], "*eof\n" );
    my $start    = defined $reason ? failed("certificate ($reason)") : $WITH_OCSP;
    my $end      = defined $reason ? failed('alert received bad_certificate_status_response') . "Expected EOF read from client\n" : "${STARTED}Expected EOF read from client without close_notify\n";
    did( connect_to( $client, $listener, q{}, '-ocsp', $ROOT ), "$server, $client, $version: a $name staple", 0, "$CONNECTED${start}End of script\n" );
    return $listener->is_done( '… as the server sees it', 0, "$ACCEPTED${end}End of script\n" );
}

sub session_is_resumed {
    my ( $server, $client, $version, @ca ) = @_;
    my $script   = "NOOP\n250 OK\nquit\n221 bye\n>*eof\n" x 2;
    my $listener = serve( [ program($server), '-tls', '-report', '-protocol', $version, TestTLS->identity('server1'), @ca ], $script, 2 );
    my @options  = ( '-report', '-session', "$work/$server.$version.$client" . @ca, TestTLS->identity('server2') );
    my @runs     = map { connect_to( $client, $listener, "NOOP\n??? 250\nquit\n??? 221\n", @options )->{out} } 1 .. 2;
    is join( q{ }, $listener->wait =~ /^TLS resumed: (\S+)$/gm ), 'no yes', "$server, $client, $version @ca: resumption";
    return is join( q{ }, map {/^TLS resumed: (\S+)$/m} @runs ), 'no yes', '… as the client sees it';
}

# Both ends log the same keys, by which tshark reads what passed.
sub keys_are_logged {
    my ( $server, $client, $version ) = @_;
    my ( $ours, $theirs ) = map {"$work/$server.$client.$version.$_"} qw(server client);
    my $listener = serve( [ program($server), '-tls', '-protocol', $version, '-keylog', $ours, TestTLS->identity('server1') ], "NOOP\n250 OK\n" );
    connect_to( $client, $listener, "NOOP\n??? 250\n", '-keylog', $theirs );
    $listener->wait;
    my @lines = map { join "\n", sort split /\n/, lc slurp($_) } $ours, $theirs;
    like $lines[0], $version eq 'TLS1.2' ? qr/^client_random [0-9a-f]{64} [0-9a-f]{96}$/m : qr/^client_traffic_secret_0 [0-9a-f]{64} [0-9a-f]{64,96}$/m,
        "$server, $client, $version: -keylog";
    return is $lines[0], $lines[1], '… has what the client logs';
}

# -d: the library's own words.
my %WORDS = ( 'server-gnutls' => qr/^TLS info: ./m, 'server-ssl' => qr/^SSL info: ./m );

sub says_more {
    my ( $server, $client ) = @_;
    for my $case ( [ '-d', 1 ], [ '-t5', 0 ] ) {
        my ( $option, $more ) = @$case;
        my $listener = serve( [ program($server), '-tls', $option, TestTLS->identity('server1') ], "*eof\n" );
        connect_to( $client, $listener, q{}, '-verify', "$TestTLS::CA/../example.net/CA/CA.pem" );
        is $listener->wait =~ $WORDS{$server} ? 1 : 0, $more, "$server, $client: $option";
    }
    return;
}

for my $server (@SERVERS) {
    for my $client (@CLIENTS) {
        for my $version (qw(TLS1.2 TLS1.3)) {
            staple_is_seen( $server, $client, $version, @$_ ) for @STAPLES;
            keys_are_logged( $server, $client, $version );
            session_is_resumed( $server, $client, $version, @$_ ) for [], [ '-ca', $ROOT ];
        }
        says_more( $server, $client );
    }
}

done_testing;
