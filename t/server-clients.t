#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted servers with the scripted clients, each library with each: stapled responses, and sessions that are resumed. What they
# get wrong on purpose is in server-misbehaviour.t.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program connect_to did failed spew @CLIENTS $STARTED);
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

for my $server (@SERVERS) {
    for my $client (@CLIENTS) {
        for my $version (qw(TLS1.2 TLS1.3)) {
            staple_is_seen( $server, $client, $version, @$_ ) for @STAPLES;
            session_is_resumed( $server, $client, $version, @$_ ) for [], [ '-ca', $ROOT ];
        }
    }
}

done_testing;
