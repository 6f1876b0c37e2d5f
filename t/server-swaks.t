#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted servers against swaks, an SMTP client with a TLS of its own (Perl's Net::SSLeay): whole messages, in clear,
# after STARTTLS and on connect.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program run_client failed $STARTED);
use TestServer qw(serve);
use TestTLS;

my $swaks = run_client( [qw(swaks --support)], q{} );
plan skip_all => 'swaks is not installed (packages swaks, libnet-ssleay-perl)' if $swaks->{status} != 0;
plan skip_all => 'swaks has no TLS (package libnet-ssleay-perl)' if $swaks->{out} !~ /^=== TLS supported$/m;

my $ACCEPTED = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";
my $ROOT     = "$TestTLS::CA/CA/CA.pem";
my $BOTH     = "$TestTLS::CA/server1.example.com/ca_chain.pem";    # swaks sends no chain

my $MESSAGE = <<'END';
MAIL FROM:<a@test.ex>
250 OK
RCPT TO:<b@test.ex>
250 OK
DATA
354 go
.
250 OK id=1
QUIT
221 bye
*eof
END

# What swaks sends in the message is of its own choice, but for the body.
sub is_message {
    my ( $server, $name, $golden ) = @_;
    my $said = $server->wait;
    $said =~ s/^(Listening on port) \d+/$1 PORT/m;
    $said =~ s/^354 go\n.*^body of the message\n.*?^[.]\n/354 go\nMESSAGE\n/ms;
    $said =~ s/^EHLO .*/EHLO NAME/gm;
    is $server->status, 0, "$name: status";
    is $said, $ACCEPTED . $golden, "$name: output";
    return;
}

( my $message_golden = $MESSAGE ) =~ s/^[.]\n/MESSAGE\n/m;
$message_golden =~ s/^[*]eof\n/Expected EOF read from client\nEnd of script\n/m;

sub swaks {
    my ( $server, @options ) = @_;
    return run_client(
        [   qw(swaks --server 127.0.0.1 --port), $server->port, qw(--ehlo there --from a@test.ex --to b@test.ex --timeout 20),
            '--body', 'body of the message', @options
        ],
        q{}
    );
}

sub greet { my ($extension) = @_; return "220 hello\nEHLO\n>250-hello\n>250 $extension\n" }
sub greeted { my ($extension) = @_; return "220 hello\nEHLO NAME\n>250-hello\n>250 $extension\n" }

for my $program (qw(server server-gnutls server-ssl)) {
    my @identity = $program eq 'server' ? () : TestTLS->identity('server1');
    my $server = serve( [ program($program), @identity ], greet('8BITMIME') . $MESSAGE );
    is swaks($server)->{status}, 0, "$program: swaks is content, in clear";
    is_message( $server, "$program in clear", greeted('8BITMIME') . $message_golden );
}

for my $program (qw(server-gnutls server-ssl)) {
    for my $version (qw(TLS1.2 TLS1.3)) {
        for my $leaf (qw(server1 server1_ec)) {
            my @tls  = ( '--tls-verify', '--tls-ca-path', $ROOT, '--tls-protocol', lc $version =~ s/TLS/tlsv/r =~ s/[.]/_/r );
            my @options = ( '-report', '-protocol', $version, TestTLS->identity($leaf) );
            my $what    = "$program, $version, $leaf";
            my $facts   = "TLS resumed: no\n";
            my $server  = serve( [ program($program), @options ], greet('STARTTLS') . "STARTTLS\n220 go\n*starttls\n" . greet('8BITMIME') =~ s/^220.*\n//r . $MESSAGE );
            is swaks( $server, '--tls', @tls )->{status}, 0, "$what: swaks is content with STARTTLS";
            my $said = $server->wait;
            is $server->status, 0, '… and so is the server';
            like $said, qr/^\Q$STARTED\ETLS protocol: \Q$version\E\n/m, '… through TLS';

            $server = serve( [ program($program), @options, '-tls', '-ca', $BOTH ], greet('8BITMIME') . $MESSAGE );
            my @client = ( '--tls-cert', TestTLS->certificate('server2'), '--tls-key', TestTLS->key('server2') );
            is swaks( $server, '--tls-on-connect', @tls, @client )->{status}, 0, "$what: swaks is content on connect, with a certificate";
            $said = $server->wait;
            is $server->status, 0, '… and so is the server';
            like $said, qr/^TLS peer: CN=server2[.]example[.]com\nTLS issuer: .*\nTLS verify: ok\n/m, '… which has verified it';
        }

        my $server = serve( [ program($program), '-protocol', $version, TestTLS->identity('expired1') ], greet('STARTTLS') . "STARTTLS\n220 go\n*starttls\n*eof\n" );
        is swaks( $server, '--tls', '--tls-verify', '--tls-ca-path', $ROOT )->{status}, 29, "$program, $version: an expired certificate is refused";
        my $said = $server->wait;
        like $said, qr/^TLS error: alert received certificate_expired$/m, '… and the server is told so';
    }
}

done_testing;
