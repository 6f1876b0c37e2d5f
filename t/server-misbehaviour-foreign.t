#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the scripted servers do wrong on purpose, how TLS ends, and what a flood of bytes does to them, with openssl s_client and gnutls-cli,
# which we did not write. Our own clients are in server-misbehaviour.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program small_program run_client $STARTED);
use TestServer qw(serve);
use TestTLS;

my @SERVERS  = qw(server-gnutls server-ssl);
my $ACCEPTED = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";

# `closes`: what makes it end with its input.
my %PEER = (
    's_client'   => { command => sub { return ( qw(openssl s_client -quiet -connect), "127.0.0.1:$_[0]" ) }, closes => ['-no_ign_eof'] },
    'gnutls-cli' => { command => sub { return ( qw(gnutls-cli --no-ca-verification 127.0.0.1 -p), $_[0] ) }, closes => [] },
);

sub server {
    my ( $program, $script, @options ) = @_;
    return serve( [ program($program), TestTLS->identity('server1'), @options ], $script );
}

sub run_peer {
    my ( $peer, $server, @options ) = @_;
    return run_client( [ $PEER{$peer}{command}->( $server->port ), @options ], q{} );
}

# The script, with which status it ends, what it says after the line that starts TLS, and options: one deadline is for all of *data.
my $FLOOD  = 100_000_000;
my @FLOODS = (
    [ "x\n",             73, "Input line too long\n" ],
    [ ".\n",             73, "Input line too long\n" ],
    [ "*eof\n",          73, "Input line too long\n" ],
    [ "*data $FLOOD\n",   0, "*data $FLOOD\nEnd of script\n", '-t30' ],
);

for my $program (@SERVERS) {
    for my $peer ( sort keys %PEER ) {

        # In place of a handshake.
        for my $line ( '*tls-garbage', '*tls-close', map {"*tls-alert $_"} qw(handshake_failure certificate_required internal_error) ) {
            my $server = server( $program, $line eq '*tls-close' ? "$line\n" : "$line\n*eof\n" );
            is run_peer( $peer, $server )->{status}, 1, "$program, $peer, $line: the client fails";
            $server->wait;
            is $server->status, 0, '… and the server does not';
        }

        for my $version (qw(TLS1.2 TLS1.3)) {
            my $server = server( $program, "220 hello\n*eof\n", '-tls', '-protocol', $version );
            run_peer( $peer, $server, @{ $PEER{$peer}{closes} } );
            $server->is_done( "$program, $peer, $version: close_notify at its end", 0, "$ACCEPTED${STARTED}220 hello\nExpected EOF read from client\nEnd of script\n" );
        }
    }

    # Our clients take both for an end; s_client tells them apart.
    my %truncated = ( '*tls-truncate' => 1, '>*eof' => 0 );
    for my $version (qw(TLS1.2 TLS1.3)) {
        for my $line ( sort keys %truncated ) {
            my $server = server( $program, "220 hello\n$line\n", '-tls', '-protocol', $version );
            is run_peer( 's_client', $server )->{err} =~ /unexpected eof/ ? 1 : 0, $truncated{$line}, "$program, s_client, $version: $line";
            $server->wait;
        }
        for my $flood (@FLOODS) {
            my ( $script, $status, $golden, @options ) = @$flood;
            my $server = serve( [ small_program($program), TestTLS->identity('server1'), '-tls', '-protocol', $version, @options ], $script );
            my $client = TestTLS->command( qr/./, qw(openssl s_client -ign_eof -connect), '127.0.0.1:' . $server->port );
            $client->say_all( 'x' x $FLOOD );
            $server->is_done( "$program, s_client, $version: 100 MB without a line end, $script", $status, "$ACCEPTED$STARTED$golden" );
            $client->stop;
        }
    }
}

done_testing;
