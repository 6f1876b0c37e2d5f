#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the scripted servers do wrong on purpose, as our clients see it; and what clients do wrong to the servers. Clients that we did
# not write are in server-misbehaviour-foreign.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program run_client connect_to did failed @CLIENTS $CONNECTED $STARTED);
use TestPeer;
use TestServer qw(serve);
use TestTLS;

my @SERVERS  = qw(server-gnutls server-ssl);
my $ACCEPTED = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";

sub server {
    my ( $program, $script, @options ) = @_;
    return serve( [ program($program), TestTLS->identity('server1'), @options ], $script );
}

# ----- In place of a handshake -----

my @INSTEAD = (
    [ '*tls-garbage', 'protocol', "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8garbage, not a TLS record" ],
    [ '*tls-close', 'closed' ],
    [ '*tls-alert handshake_failure',   'alert received handshake_failure' ],
    [ '*tls-alert certificate_required', 'alert received certificate_required' ],
    [ '*tls-alert internal_error',      'alert received internal_error' ],
);

for my $program (@SERVERS) {
    for my $case (@INSTEAD) {
        my ( $line, $reason, $text ) = @$case;
        my $left = defined $text ? "??? \\xff\n" : q{};
        my $left_golden = defined $text ? "??? \\xff\n<<< $text\n" : q{};
        for my $client (@CLIENTS) {
            my $server = server( $program, "220 hello\nSTARTTLS\n220 go\n$line\n*eof\n" =~ s/[*]tls-close\n[*]eof/*tls-close/r );
            my $run    = run_client( [ program($client), '127.0.0.1', $server->port ], "??? 220\nSTARTTLS\n??? 220\n${left}???*\n" =~ s/[?]{3}[*]\n\z//r );
            did( $run, "$program, $client, $line", 0,
                "$CONNECTED??? 220\n<<< 220 hello\n>>> STARTTLS\n??? 220\n<<< 220 go\n" . failed($reason) . "${left_golden}End of script\n" );
            my $eof = $line eq '*tls-close' ? q{} : "Expected EOF read from client\n";
            $server->is_done( '… as the server tells it', 0, "${ACCEPTED}220 hello\nSTARTTLS\n220 go\n$line\n${eof}End of script\n" );
        }
    }
}

# Silence: the client is the one who has to give up.
for my $program (@SERVERS) {
    for my $client (@CLIENTS) {
        my $server = server( $program, "220 hello\nSTARTTLS\n220 go\n*tls-silence\n*eof\n", '-t60' );
        my $run    = run_client( [ program($client), '-t2', '127.0.0.1', $server->port ], "??? 220\nSTARTTLS\n??? 220\n" );
        did( $run, "$program, $client, *tls-silence", 0,
            "$CONNECTED??? 220\n<<< 220 hello\n>>> STARTTLS\n??? 220\n<<< 220 go\n" . failed('timeout') . "End of script\n" );
        $server->is_done( '… as the server tells it', 0,
            "${ACCEPTED}220 hello\nSTARTTLS\n220 go\n*tls-silence\nExpected EOF read from client\nEnd of script\n" );
    }
}

# After an alert both may go on in clear.
for my $program (@SERVERS) {
    for my $client (@CLIENTS) {
        my $server = server( $program, "STARTTLS\n220 go\n*tls-alert internal_error\n454 TLS is out of order\nQUIT\n221 bye\n" );
        my $script = "STARTTLS\n??? 220\n???alert internal_error\n??? 454\nQUIT\n??? 221\n";
        did( run_client( [ program($client), '127.0.0.1', $server->port ], $script ), "$program, $client: on in clear after an alert", 0,
            "$CONNECTED>>> STARTTLS\n??? 220\n<<< 220 go\n" . failed('alert received internal_error')
                . "???alert internal_error\nTLS alert: internal_error\n??? 454\n<<< 454 TLS is out of order\n>>> QUIT\n??? 221\n<<< 221 bye\nEnd of script\n" );
        $server->is_done( '… as the server tells it', 0,
            "${ACCEPTED}STARTTLS\n220 go\n*tls-alert internal_error\n454 TLS is out of order\nQUIT\n221 bye\nEnd of script\n" );
    }
}

# ----- STARTTLS refused, and text injected behind its answer -----

for my $program ( 'server', @SERVERS ) {
    my $identity = $program eq 'server' ? [] : [ TestTLS->identity('server1') ];
    for my $client (@CLIENTS) {
        for my $answer ( '454 not now', '554 never' ) {
            my $server = serve( [ program($program), @$identity ], "STARTTLS\n$answer\nQUIT\n221 bye\n" );
            my $code   = substr $answer, 0, 3;
            did( run_client( [ program($client), '127.0.0.1', $server->port ], "STARTTLS\n??? $code\nQUIT\n??? 221\n" ),
                "$program, $client: STARTTLS refused with $code", 0,
                "$CONNECTED>>> STARTTLS\n??? $code\n<<< $answer\n>>> QUIT\n??? 221\n<<< 221 bye\nEnd of script\n" );
            $server->is_done( '… as the server tells it', 0, "${ACCEPTED}STARTTLS\n$answer\nQUIT\n221 bye\nEnd of script\n" );
        }
        next if $program eq 'server';
        my $server = server( $program, "STARTTLS\n>220 go\\r\\n250 injected\n*starttls\n*eof\n" );
        did( run_client( [ program($client), '127.0.0.1', $server->port ], "STARTTLS\n??? 220\nEHLO\n" ), "$program, $client: text injected behind the answer", 78,
            "$CONNECTED>>> STARTTLS\n??? 220\n<<< 220 go\n" . failed('protocol') . "Unconsumed input: 250 injected\n" );
        $server->is_done( '… as the server tells it', 0,
            "${ACCEPTED}STARTTLS\n>220 go\\r\\n250 injected\n*starttls\n" . failed('closed') . "Expected EOF read from client\nEnd of script\n" );
    }
}

# Text that a client sends behind STARTTLS in the clear is no ClientHello, and is not lost.
for my $program (@SERVERS) {
    for my $how (qw(put drip)) {
        my $server = server( $program, "STARTTLS\n220 go\n*starttls\nMAIL\n454 no\n" );
        my $it     = TestPeer::Connection->to( $server->port );
        $it->$how("STARTTLS\r\nMAIL FROM:<injected>\r\n");
        is $it->line . $it->line, "220 go\r\n454 no\r\n", "$program: text behind STARTTLS, $how";
        $it->close;
        $server->is_done( '… as the server tells it', 0,
            "${ACCEPTED}STARTTLS\n220 go\n*starttls\n" . failed('protocol') . "MAIL FROM:<injected>\n454 no\nEnd of script\n" );
    }
}

# ----- The end of TLS -----

for my $program (@SERVERS) {
    for my $version (qw(TLS1.2 TLS1.3)) {
        for my $client (@CLIENTS) {
            for my $line ( '*tls-truncate', '>*eof' ) {
                my $server = server( $program, "220 hello\n$line\n", '-tls', '-protocol', $version );
                did( connect_to( $client, $server, "??? 220\n???*\n" ), "$program, $client, $version: $line", 0,
                    "$CONNECTED$STARTED??? 220\n<<< 220 hello\n???*\nExpected EOF read\nEnd of script\n" );
                $server->is_done( '… as the server tells it', 0, "$ACCEPTED${STARTED}220 hello\n$line\nEnd of script\n" );
                $server = server( $program, "220 hello\n$line\n", '-tls', '-protocol', $version );
                my ( $status, $said ) = $line eq '>*eof' ? ( 0, "TLS alert: close_notify\nEnd of script\n" ) : ( 80, "Unexpected EOF read\n" );
                did( connect_to( $client, $server, "??? 220\n???alert close_notify\n" ), "$program, $client, $version: $line where close_notify is expected",
                    $status, "$CONNECTED$STARTED??? 220\n<<< 220 hello\n???alert close_notify\n$said" );
                $server->wait;
            }
            for my $line ( "stoptls\n", q{} ) {
                my $server = server( $program, "220 hello\nQUIT\n*eof\n", '-tls', '-protocol', $version );
                my $words  = $line ? [ 'close_notify', q{} ] : [ 'close without close_notify', ' without close_notify' ];
                did( connect_to( $client, $server, "??? 220\nQUIT\n$line" ), "$program, $client, $version: the client's $words->[0]", 0,
                    "$CONNECTED$STARTED??? 220\n<<< 220 hello\n>>> QUIT\n${line}End of script\n" );
                $server->is_done( '… as the server tells it', 0, "$ACCEPTED${STARTED}220 hello\nQUIT\nExpected EOF read from client$words->[1]\nEnd of script\n" );
            }
            my $server = server( $program, "220 hello\nNOOP\n", '-tls', '-protocol', $version );
            connect_to( $client, $server, "??? 220\n" );
            $server->is_done( "$program, $client, $version: a close without close_notify where a line is expected",
                80, "$ACCEPTED${STARTED}220 hello\nUnexpected EOF read from client without close_notify\n" );
        }
    }
}

# ----- Clients that misbehave -----

# A ClientHello of a client.
sub hello {
    my ($client) = @_;
    my $peer = TestPeer->start( sub { my ($it) = @_; sysread $it->socket, my $hello, 65_536; return $hello } );
    connect_to( $client, $peer, q{} );
    return $peer->result;
}

my $hello = hello('client-ssl');

for my $program (@SERVERS) {
    my $step = $ENV{RUNTEST_LONG} ? 1 : 41;
    my @bad;
    for my $limit ( 0 .. 6, grep { $_ % $step == 0 } 7 .. length($hello) - 1 ) {
        my $server = server( $program, "NOOP\n250 OK\n", '-tls' );
        my $it     = TestPeer::Connection->to( $server->port );
        $it->put( substr $hello, 0, $limit );
        $it->half_close;
        my $said = $server->wait =~ s/port[ ]\d+/port PORT/xr;
        push @bad, $limit if $server->status != 80 || $said ne $ACCEPTED . failed('closed') . "Unexpected EOF read from client\n";
    }
    is "@bad", q{}, "$program: the client closes in its hello, after so many bytes";

    my $server = server( $program, "NOOP\n250 OK\n", '-tls', '-t2' );
    my $it     = TestPeer::Connection->to( $server->port );
    $server->is_done( "$program: a client that sends nothing", 99, $ACCEPTED . failed('timeout') . "Timed out after 2 s: waited for a line that starts with \"NOOP\"\n" );

    $server = server( $program, "*tls-garbage\n" );
    $it     = TestPeer::Connection->to( $server->port );
    $it->put("NOOP, and no ClientHello\r\n");
    is $it->rest, q{}, "$program: text in place of a ClientHello";
    $server->is_done( '… has no answer', 79, "${ACCEPTED}*tls-garbage\n******** Input mismatch ********\n" );

    $server = server( $program, "NOOP\n250 OK\n", '-tls' );
    $it     = TestPeer::Connection->to( $server->port );
    $it->put("NOOP\r\n");
    $it->half_close;
    is $it->rest, "250 OK\r\n", "$program: a client without TLS";
    $server->is_done( '… is served in clear', 0, $ACCEPTED . failed('protocol') . "NOOP\n250 OK\nEnd of script\n" );

    for my $client (@CLIENTS) {
        $server = server( $program, "EHLO\n250 OK\nNOOP\n", '-tls' );
        did( connect_to( $client, $server, "EHLO a\\x00b\n??? 250\n" . 'x' x 1_000_000 . "\n???*\n" ), "$program, $client: a line that is too long", 0,
            "$CONNECTED$STARTED>>> EHLO a\\x00b\n??? 250\n<<< 250 OK\n>>> " . 'x' x 1_000_000 . "\n???*\nExpected EOF read\nEnd of script\n" );
        $server->is_done( '… as the server tells it', 73, "$ACCEPTED${STARTED}EHLO a\0b\n250 OK\nInput line too long\n" );
    }
}

done_testing;
