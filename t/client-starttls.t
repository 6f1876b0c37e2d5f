#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted clients' way into TLS and out of it, with both libraries, against openssl s_server and gnutls-serv, which
# we did not write. One golden serves both clients and both servers. Alerts are for t/client-alert.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program run_client talk_to connect_to did failed @CLIENTS $CONNECTED $STARTED $ECHO $ECHO_GOLDEN);
use TestPeer;
use TestTLS;

my @VERSIONS = qw(TLS1.2 TLS1.3);
my %server   = ( 's_server' => TestTLS->openssl_server('server1'), 'gnutls-serv' => TestTLS->gnutls_server('server1') );

# Runs a client that does not start TLS by itself against a peer that does what CODE says.
sub talk {
    my ( $client, $code, $script, @options ) = @_;
    my $peer = TestPeer->start($code);
    my $run  = run_client( [ program($client), @options, '127.0.0.1', $peer->port ], $script );
    $run->{peer} = $peer->result;
    return $run;
}

# ----- STARTTLS and what follows -----

# An SMTP server of three lines that hands over to a TLS server, and goes on in clear after it.
sub smtp {
    my ($server) = @_;
    return sub {
        my ($it) = @_;
        my @got;
        $it->put("220 hello\r\n");
        push @got, $it->line;
        $it->put("250-hello\r\n250 STARTTLS\r\n");
        push @got, $it->line;
        $it->put("220 go ahead\r\n");
        TestTLS::splice( $it, $server->port );
        $it->put("250 in clear\r\n");
        return join q{}, @got, $it->rest;
    };
}

my $SCRIPT = <<'END';
??? 220
ehlo there
????250
starttls
??? 220
otto
??? otto
stoptls
??? 250 in clear
quit
END
my $GOLDEN = $CONNECTED . <<'END';
??? 220
<<< 220 hello
>>> ehlo there
????250
>>> starttls
??? 220
<<< 220 go ahead
Attempting to start TLS
Succeeded in starting TLS
>>> otto
??? otto
<<< otto
stoptls
??? 250 in clear
<<< 250 in clear
>>> quit
End of script
END

for my $client (@CLIENTS) {
    for my $name ( sort keys %server ) {
        for my $version (@VERSIONS) {
            my $run = talk( $client, smtp( $server{$name} ), $SCRIPT, '-protocol', $version );
            did( $run, "$client, $name, $version: starttls and stoptls", 0, $GOLDEN );
            is $run->{peer}, "ehlo there\r\nstarttls\r\nquit\r\n", '… and what was sent in clear';
        }
    }
}

for my $client (@CLIENTS) {
    my $s_server = $server{'s_server'};

    ( my $script = $SCRIPT ) =~ s/[?]{3} 220\notto/????220\notto/;
    ( my $golden = $GOLDEN ) =~ s/[?]{3} 220\n<<< 220 go ahead/????220/;
    did( talk( $client, smtp($s_server), $script ), "$client: the answer to starttls may be an optional line", 0, $golden );

    did( talk( $client, sub { $_[0]->line; $_[0]->put("220-go\r\n220 on\r\n"); TestTLS::splice( $_[0], $s_server->port ) },
            "STARTTLS\n??? 220-\n??? 220 \n$ECHO" ),
        "$client: an answer of two lines", 0,
        "$CONNECTED>>> STARTTLS\n??? 220-\n<<< 220-go\n??? 220 \n<<< 220 on\n$STARTED$ECHO_GOLDEN" );

    my $injected = talk( $client, sub { my $got = $_[0]->line . $_[0]->line; $_[0]->put("220 go\r\n"); TestTLS::splice( $_[0], $s_server->port ); return $got },
        "starttls\\r\\nnoop\n??? 220\n$ECHO" );
    did( $injected, "$client: plaintext injected behind starttls", 0, "$CONNECTED>>> starttls\\r\\nnoop\n??? 220\n<<< 220 go\n$STARTED$ECHO_GOLDEN" );
    is $injected->{peer}, "starttls\r\nnoop\r\n", '… is sent with it';

    did( connect_to( $client, $s_server, "starttls\n??? sltt\nko 022\n??? 220\nstoptls\n" ), "$client: starttls inside TLS is a line like others", 0,
        "$CONNECTED$STARTED>>> starttls\n??? sltt\n<<< slttrats\n>>> ko 022\n??? 220\n<<< 220 ok\nstoptls\nEnd of script\n" );

    did( talk( $client, sub { $_[0]->rest }, "stoptls\n" ), "$client: stoptls without TLS", 77, "${CONNECTED}stoptls\nTLS is not active\n" );
}

# ----- STARTTLS that does not start TLS -----

for my $client (@CLIENTS) {
    for my $case (
        [ '454', "454 not now\r\n",           "??? 454\n", "??? 454\n<<< 454 not now\n" ],
        [ '554', "554-no\r\n554 never\r\n",   "??? 554-\n??? 554 \n", "??? 554-\n<<< 554-no\n??? 554 \n<<< 554 never\n" ],
        )
    {
        my ( $code, $answer, $script, $golden ) = @$case;
        my $run = talk( $client, sub { my $line = $_[0]->line; $_[0]->put($answer); return $line . $_[0]->rest }, "starttls\n${script}quit\n" );
        did( $run, "$client: starttls refused with $code", 0, "$CONNECTED>>> starttls\n$golden>>> quit\nEnd of script\n" );
        is $run->{peer}, "starttls\r\nquit\r\n", '… goes on in clear';
    }
    my $run = talk( $client, sub { my $line = $_[0]->line; $_[0]->put("220 go\r\n"); return $line . $_[0]->rest }, "STARTTLS_WAIT\n??? 220\nquit\n" );
    did( $run, "$client: starttls_wait", 0, "$CONNECTED>>> STARTTLS\n??? 220\n<<< 220 go\n>>> quit\nEnd of script\n" );
    is $run->{peer}, "STARTTLS\r\nquit\r\n", '… goes on in clear';

    # Text that comes with the answer to STARTTLS or behind it is no TLS, and is not lost.
    for my $how (qw(put drip)) {
        did( talk( $client, sub { $_[0]->line; $_[0]->$how("220 go\r\n250 injected\r\n"); $_[0]->rest }, "starttls\n??? 220\n??? 250\n" ),
            "$client: text injected behind the answer, $how", 0,
            "$CONNECTED>>> starttls\n??? 220\n<<< 220 go\n" . failed('protocol') . "??? 250\n<<< 250 injected\nEnd of script\n" );
    }
    did( talk( $client, sub { $_[0]->line; $_[0]->put("220 go\r\n250 injected\r\n"); $_[0]->rest }, "starttls\n??? 220\nquit\n" ),
        "$client: text injected behind the answer and not expected", 78,
        "$CONNECTED>>> starttls\n??? 220\n<<< 220 go\n" . failed('protocol') . "Unconsumed input: 250 injected\n" );
}

# ----- Segments, and ends in mid-handshake -----

# Passes on what the server sends byte by byte, LIMIT bytes at most.
sub limited {
    my ( $server, $limit ) = @_;
    return sub {
        my ($it) = @_;
        my $first = TestTLS::first_bytes( $limit // 1_000_000 );
        my $drip  = sub {
            my ( $bytes, $over ) = $first->(@_);
            $it->drip($bytes);
            return ( q{}, $over );
        };
        return TestTLS::splice( $it, $server->port, $drip );
    };
}

for my $client (@CLIENTS) {
    for my $version (@VERSIONS) {
        my $run = talk_to( $client, limited( $server{'s_server'} ), $ECHO, '-protocol', $version );
        did( $run, "$client, $version: byte by byte", 0, "$CONNECTED$STARTED$ECHO_GOLDEN" );

        my $step = $ENV{RUNTEST_LONG} ? 1 : 97;
        my $cut  = $CONNECTED . failed('closed') . ">>> otto\n??? otto\nUnexpected EOF read\n";
        my @bad  = grep {
            my $end = talk_to( $client, limited( $server{'s_server'}, $_ ), $ECHO, '-protocol', $version );
            $end->{status} != 80 || $end->{err} ne q{} || $end->{out} =~ s/port[ ]\d+/port PORT/xr ne $cut;
        } 0 .. 6, grep { $_ % $step == 0 } 7 .. 2000;
        is "@bad", q{}, "$client, $version: the server closes in the handshake, after so many bytes";
    }
}

done_testing;
