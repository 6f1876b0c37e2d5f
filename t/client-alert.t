#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How TLS fails and ends, as the scripted clients tell it, with both libraries: failed handshakes, alerts before and after
# it, close_notify, and TCP that ends without one. What is written must not depend on how fast it happens.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use TestClient qw(small_program run_client connect_to talk_to did failed spew @CLIENTS $CONNECTED $STARTED $ECHO $ECHO_GOLDEN);
use TestPeer;
use TestTLS;

# ----- Handshakes that fail -----

my ( $ALERT, $APPLICATION_DATA ) = ( 21, 23 );    # RFC 8446 section 5.1
my $FATAL_INTERNAL_ERROR = "\x02\x50";

my $s_server = TestTLS->openssl_server('server1');
my $old      = TestTLS->openssl_server( 'server1', '-tls1_2' );

sub hangs_up { my ($it) = @_; sysread $it->socket, my $hello, 9999; return 'closed' }

sub sends {
    my ($bytes) = @_;
    return sub { my ($it) = @_; $it->put($bytes); return $it->rest };
}

# A server that gives up once it has sent its ServerHello, as if it had no keys. OpenSSL does not read such an alert.
sub alert_after_hello {
    my ($it) = @_;
    my $said = 0;
    my $filter = sub {
        my ($bytes) = @_;
        return q{} if $said++;
        return substr( $bytes, 0, 5 + unpack 'x3n', $bytes ) . TestTLS::record( $ALERT, $FATAL_INTERNAL_ERROR );
    };
    return TestTLS::splice( $it, $s_server->port, $filter );
}

for my $client (@CLIENTS) {
    did( connect_to( $client, $old, "quit\n???*\n", '-protocol', 'TLS1.3' ), "$client: alert received", 0,
        $CONNECTED . failed('alert received protocol_version') . ">>> quit\n???*\nExpected EOF read\nEnd of script\n" );
    did( talk_to( $client, \&hangs_up, "???*\n" ), "$client: closed", 0,
        $CONNECTED . failed('closed') . "???*\nExpected EOF read\nEnd of script\n" );
    did( talk_to( $client, sub { $_[0]->reset }, "???*\n" ), "$client: closed by a reset", 0,
        $CONNECTED . failed('closed') . "???*\nExpected EOF read\nEnd of script\n" );
    did( talk_to( $client, sub { $_[0]->rest }, q{}, '-t0.5' ), "$client: timeout", 0, $CONNECTED . failed('timeout') . "End of script\n" );
    my $text = sends("454 no TLS today\r\n454 really\r\n");
    did( talk_to( $client, $text, "??? 454\n??? 454\nquit\n" ), "$client: protocol; text instead of TLS can be read", 0,
        $CONNECTED . failed('protocol') . "??? 454\n<<< 454 no TLS today\n??? 454\n<<< 454 really\n>>> quit\nEnd of script\n" );
    did( talk_to( $client, sub { $_[0]->drip("454 no TLS today\r\n"); $_[0]->rest }, "??? 454\n" ), "$client: protocol; text that dribbles in", 0,
        $CONNECTED . failed('protocol') . "??? 454\n<<< 454 no TLS today\nEnd of script\n" );
    did( talk_to( $client, sends( TestTLS::record( $APPLICATION_DATA, 'x' x 40 ) ), "quit\n" ), "$client: alert sent", 0,
        $CONNECTED . failed('alert sent unexpected_message') . ">>> quit\nEnd of script\n" );
    did( talk_to( $client, sends( TestTLS::record( $ALERT, $FATAL_INTERNAL_ERROR ) . "250 in clear\r\n" ), "??? 250\n" ),
        "$client: the server goes on in clear after an alert", 0,
        $CONNECTED . failed('alert received internal_error') . "??? 250\n<<< 250 in clear\nEnd of script\n" );

    # A warning ends nothing (RFC 5246, section 7.2.2).
    for my $warning ( [ close_notify => 0 ], [ unrecognized_name => 112 ] ) {
        my ( $name, $number ) = @$warning;
        did( talk_to( $client, sub { my ($it) = @_; sysread $it->socket, my $hello, 65_536; $it->put( TestTLS::record( $ALERT, pack 'CC', 1, $number ) ) }, q{} ),
            "$client: the warning $name and a close in place of a handshake", 0, $CONNECTED . failed('closed') . "End of script\n" );
    }

    # Records that still come then are dropped, and nothing else is, however much it looks like one.
    my ( $no_record, $no_start ) = ( "\x17\x04 is no version of TLS", "250 in a line \x17\x03\x03\0\x02 it is text" );
    my $late = TestTLS::record( $APPLICATION_DATA, "250 dropped\r\n" );
    did( talk_to( $client, sends( TestTLS::record( $ALERT, $FATAL_INTERNAL_ERROR ) . "$no_record\r\n$no_start\r\n${late}250 in clear\r\n" ), "??? \\x17\n??? 250\n??? 250 in clear\n" ),
        "$client: records among text in clear", 0,
        $CONNECTED . failed('alert received internal_error') . "??? \\x17\n<<< $no_record\n??? 250\n<<< $no_start\n??? 250 in clear\n<<< 250 in clear\nEnd of script\n" );
    did( talk_to( $client, \&alert_after_hello, q{} ), "$client: an alert in clear where encrypted records begin", 0,
        $CONNECTED . failed( $client eq 'client-ssl' ? 'alert sent unexpected_message' : 'alert received internal_error' ) . "End of script\n" );
}

# ----- A client that is refused -----

my $root    = "$TestTLS::CA/CA/CA.pem";
my %refuser = (
    's_server' => [ TestTLS->openssl_server( 'server1', '-Verify', 3, '-CAfile', $root, '-verify_return_error' ), 'handshake_failure', 'unknown_ca' ],
    'gnutls-serv' => [ TestTLS->gnutls_server( 'server1', '-r', '--verify-client-cert', '--x509cafile', $root ), 'decode_error', 'access_denied' ],
);

# With TLS 1.2 the handshake fails, with 1.3 it is over before the server has seen the client's (lack of a) certificate.
sub refusals {
    my ( $name, $client, $server, $version, $alert, @options ) = @_;
    my ( $start, $late ) =
        $version eq 'TLS1.2'
        ? ( failed("alert received $alert"), q{} )
        : ( $STARTED, "TLS error: alert received $alert\n" );
    my $try = sub {
        my ( $what, $script, $status, $golden ) = @_;
        my $run = connect_to( $client, $server, $script, '-protocol', $version, @options );
        $run->{out} =~ s/^(?:Certificate|Key) file = .*\n//gm;
        did( $run, "$name: $what", $status, "$CONNECTED$start$golden" );
    };

    $try->( 'the alert by name', "???alert $alert\n???*\n", 0, "???alert $alert\nTLS alert: $alert\n???*\nExpected EOF read\nEnd of script\n" );
    $try->( 'the alert twice', "???alert $alert\n???alert\n", 0, "???alert $alert\nTLS alert: $alert\n???alert\nTLS alert: $alert\nEnd of script\n" );
    $try->( 'another alert', "???alert user_canceled\n", 79, "???alert user_canceled\nTLS alert: $alert\n******** Input mismatch ********\n" );
    $try->( 'the end', "???*\n", 0, "???*\n${late}Expected EOF read\nEnd of script\n" );
    $try->( 'nothing', q{}, 0, "End of script\n" );
    for my $wait ( q{}, "+++ 0.3\n" ) {
        my $speed = $wait ? 'slowly' : 'fast';
        $try->( "it sends first, $speed", "${wait}ehlo me\n${wait}???alert $alert\n", 0,
            "$wait>>> ehlo me\n${wait}???alert $alert\nTLS alert: $alert\nEnd of script\n" );
        $try->( "it sends twice, $speed", "${wait}ehlo me\n${wait}noop\n???alert $alert\n", 0,
            "$wait>>> ehlo me\n$wait>>> noop\n???alert $alert\nTLS alert: $alert\nEnd of script\n" );
        $try->( "it expects an answer, $speed", "${wait}ehlo me\n$wait??? 250\n", 80, "$wait>>> ehlo me\n$wait??? 250\n${late}Unexpected EOF read\n" );
    }
    return;
}

for my $client (@CLIENTS) {
    for my $name ( sort keys %refuser ) {
        my ( $server, $tls12_alert, $foreign_alert ) = @{ $refuser{$name} };
        for my $version (qw(TLS1.2 TLS1.3)) {
            my $alert = $version eq 'TLS1.2' ? $tls12_alert : 'certificate_required';
            refusals( "$client, $name, $version, no certificate", $client, $server, $version, $alert );

            my @foreign = map { s/example[.]com/example.net/gr } TestTLS->identity('server1');
            refusals( "$client, $name, $version, certificate of another CA", $client, $server, $version, $foreign_alert, @foreign );

            my $run = connect_to( $client, $server, $ECHO, '-protocol', $version, TestTLS->identity('server1') );
            did( $run, "$client, $name, $version: a client that is accepted",
                0, "${CONNECTED}Certificate file = server1.example.com.chain.pem\nKey file = server1.example.com.unlocked.key\n$STARTED$ECHO_GOLDEN" );
        }
    }
}

# ----- No alert where one was expected -----

for my $client (@CLIENTS) {
    for my $case (
        [ 'text',    79, "otto\n???alert\n",  ">>> otto\n???alert\n<<< otto\n******** Input mismatch ********\n" ],
        [ 'the end', 80, "CLOSE\n???alert\n", ">>> CLOSE\n???alert\nUnexpected EOF read\n" ],
        [ 'nothing', 99, "???alert\n",        "???alert\nTimed out after 1.5 s: waited for a TLS alert\n" ],
        )
    {
        my ( $what, $status, $script, $golden ) = @$case;
        did( connect_to( $client, $s_server, $script, '-t1.5' ), "$client: $what instead of an alert", $status, "$CONNECTED$STARTED$golden" );
    }
    did( talk_to( $client, \&hangs_up, "???alert\n" ), "$client: the end of the handshake instead of an alert", 80,
        $CONNECTED . failed('closed') . "???alert\nUnexpected EOF read\n" );
    did( talk_to( $client, sub { $_[0]->rest }, "???alert\n", '-t0.5' ), "$client: no handshake instead of an alert", 99,
        $CONNECTED . failed('timeout') . "???alert\nTimed out after 0.5 s: waited for a TLS alert\n" );
    did( talk_to( $client, sends("454 no\r\n"), "???alert\n" ), "$client: no TLS instead of an alert", 79,
        $CONNECTED . failed('protocol') . "???alert\n******** Input mismatch ********\n" );
}

# ----- The end of TLS -----

# Ends the connection by METHOD when the client's second piece of data comes. That is seen from outside only before TLS 1.3.
sub ends {
    my ($method) = @_;
    return sub {
        my ($it) = @_;
        TestTLS::splice( $it, $old->port, undef, TestTLS::count_records( $APPLICATION_DATA, sub { $_[0] < 2 } ) );
        $it->$method;
        return 'ended';
    };
}

for my $client (@CLIENTS) {
    did( connect_to( $client, $s_server, "CLOSE\n???*\nstoptls\n???*\n" ), "$client: close_notify is an end", 0,
        "$CONNECTED$STARTED>>> CLOSE\n???*\nExpected EOF read\nstoptls\n???*\nExpected EOF read\nEnd of script\n" );
    did( connect_to( $client, $s_server, "CLOSE\n??? x\n" ), "$client: close_notify where a line was expected", 80,
        "$CONNECTED$STARTED>>> CLOSE\n??? x\nUnexpected EOF read\n" );
    did( connect_to( $client, $s_server, "CLOSE\n???alert close_notify\n???*\n" ), "$client: close_notify that is asked for", 0,
        "$CONNECTED$STARTED>>> CLOSE\n???alert close_notify\nTLS alert: close_notify\n???*\nExpected EOF read\nEnd of script\n" );
    for my $alert ( '???alert', '???alert certificate_required' ) {
        did( connect_to( $client, $s_server, "CLOSE\n$alert\n" ), "$client: close_notify in the place of $alert", 80,
            "$CONNECTED$STARTED>>> CLOSE\n$alert\nUnexpected EOF read\n" );
    }
    did( connect_to( $client, $s_server, "???*\n", '-t1.5' ), "$client: no end", 99,
        "$CONNECTED$STARTED???*\nTimed out after 1.5 s: waited for the server to close\n" );
    my $begin = "otto\n??? otto\nagain\n";
    my $begun = "$CONNECTED$STARTED>>> otto\n??? otto\n<<< otto\n>>> again\n";
    for my $method (qw(close reset)) {
        did( talk_to( $client, ends($method), "$begin???*\n" ), "$client: an end without close_notify, $method", 0, "$begun???*\nExpected EOF read\nEnd of script\n" );
        did( talk_to( $client, ends($method), "$begin??? x\n" ), "$client: the same where a line was expected, $method", 80, "$begun??? x\nUnexpected EOF read\n" );
        did( talk_to( $client, ends($method), "$begin???alert close_notify\n" ), "$client: the same where close_notify was expected, $method", 80,
            "$begun???alert close_notify\nUnexpected EOF read\n" );
        did( talk_to( $client, ends($method), "$begin????x\n???*\n" ), "$client: the same where a line was optional, $method", 0,
            "$begun????x\n???*\nExpected EOF read\nEnd of script\n" );
    }
    did( talk_to( $client, ends('reset'), "$begin???*\nstoptls\none\ntwo\n" ), "$client: what TLS could not send is no error of what comes after it", 75,
        "$begun???*\nExpected EOF read\nstoptls\n>>> one\n>>> two\nWrite error: the peer has closed the connection\n" );
    my $long = 'x' x 9_000_000;
    did( talk_to( $client, ends('reset'), "otto\n??? otto\n$long\nsecond\n" ), "$client: writing to nobody", 76,
        "$CONNECTED$STARTED>>> otto\n??? otto\n<<< otto\n>>> $long\n>>> second\nWrite error: the peer has closed the connection\n" );
}

# ----- Lines inside TLS -----

my $long = 'x' x 100_000;
local $TestTLS::directory = tempdir( CLEANUP => 1 );    ## no critic (ProhibitPackageVars)
spew( "$TestTLS::directory/long", "$long\r\n" );
spew( "$TestTLS::directory/endless", "begin\n" . 'x' x 100_000_000 );
my $files = TestTLS->openssl_server( 'server1', '-HTTP' );

for my $client (@CLIENTS) {
    for my $version (qw(TLS1.2 TLS1.3)) {
        my $listener = TestTLS->openssl_server( 'server1', '-naccept', 1 );
        did( connect_to( $client, $listener, "$long\n", '-protocol', $version, '-t2' ), "$client, $version: a line of 100,000 bytes", 0,
            "$CONNECTED$STARTED>>> $long\nEnd of script\n" );
        cmp_ok index( $listener->stop, "\n$long\r\n" ), '>', 0, '… which the server received';
        did( connect_to( $client, $files, "GET /long HTTP/1.0\\r\\n\n??? $long\n", '-protocol', $version ),
            "$client, $version: a line of 100,000 bytes from the server", 0,
            "$CONNECTED$STARTED>>> GET /long HTTP/1.0\\r\\n\n??? $long\n<<< $long\nEnd of script\n" );
        for my $script ( "??? x\n", "????x\nquit\n", "???*\n", "quit\n" ) {
            my ($form) = split /\n/, $script;
            my @command = ( small_program($client), '-tls-on-connect', '-protocol', $version, '127.0.0.1', $files->port );
            my $run     = run_client( \@command, "GET /endless HTTP/1.0\\r\\n\n??? begin\n$script" );
            my ( $status, $end ) = $form eq 'quit' ? ( 78, "Unconsumed input: x\n" ) : ( 73, "$form\nInput line too long\n" );
            $run->{out} =~ s/^(Unconsumed[ ]input:[ ])x{10000}x+\n\z/$1x\n/mx;
            did( $run, "$client, $version: 100 MB without a line end, $form", $status,
                "$CONNECTED$STARTED>>> GET /endless HTTP/1.0\\r\\n\n??? begin\n<<< begin\n$end" );
        }
        did( connect_to( $client, $s_server, "otto\\r\\nanna\n??? otto\n+++ 1\nmore\n", '-protocol', $version ), "$client, $version: text left unread",
            78, "$CONNECTED$STARTED>>> otto\\r\\nanna\n??? otto\n<<< otto\n+++ 1\nUnconsumed input: anna\n" );
    }
}

done_testing;
