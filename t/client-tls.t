#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted clients through TLS, with both libraries, against openssl s_server and gnutls-serv, which we did not
# write. One golden for each case serves both clients, and both servers where they can do the same. What the dialogue
# does in clear is for t/client.t, -report, -ocsp and -session are for t/client-report.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use TestClient qw(program run_client did sanitized);
use TestPeer;
use TestTLS;

my %CLIENT    = map { $_ => program($_) } qw(client-ssl client-gnutls);
my @CLIENTS   = sort keys %CLIENT;
my $CONNECTED = "Connecting to 127.0.0.1 port PORT ... connected\n";
my $STARTED   = "Attempting to start TLS\nSucceeded in starting TLS\n";
my $ROOT      = "$TestTLS::CA/CA/CA.pem";
my $work      = tempdir( CLEANUP => 1 );

my %SERVER = (
    's_server'    => sub { TestTLS->openssl_server(@_) },
    'gnutls-serv' => sub { TestTLS->gnutls_server(@_) },
);
my @SERVERS = sort keys %SERVER;

# An echo that serves both: what s_server sends back reads the same backwards.
my $ECHO        = "otto\n??? otto\n";
my $ECHO_GOLDEN = ">>> otto\n??? otto\n<<< otto\nEnd of script\n";

sub failed { my ($how) = @_; return "Attempting to start TLS\nTLS error: $how\nFailed to start TLS\n" }

# Runs a client that starts TLS at once.
sub connect_to {
    my ( $client, $server, $script, @options ) = @_;
    my $port = ref $server ? $server->port : $server;
    return run_client( [ $CLIENT{$client}, '-tls-on-connect', @options, '127.0.0.1', $port ], $script );
}

# Runs a client against a peer in Perl.
sub talk {
    my ( $client, $code, $script, @options ) = @_;
    my $peer = TestPeer->start($code);
    my $run  = connect_to( $client, $peer, $script, @options );
    $run->{peer} = $peer->result;
    return $run;
}

sub slurp {
    my ($name) = @_;
    open my $file, '<', $name or return q{};
    local $/ = undef;
    return scalar <$file>;
}

# ----- STARTTLS -----

# An SMTP server of three lines that hands over to a TLS server when told to, and goes on in clear after it.
sub smtp {
    my ( $server, $filter ) = @_;
    return sub {
        my ($it) = @_;
        my @got;
        $it->put("220 hello\r\n");
        push @got, $it->line;
        $it->put("250-hello\r\n250 STARTTLS\r\n");
        push @got, $it->line;
        $it->put("220 go ahead\r\n");
        TestTLS::splice( $it, $server->port, $filter );
        $it->put("250 in clear\r\n");
        push @got, $it->rest;
        return join q{}, @got;
    };
}

my $smtp_script = <<"END";
??? 220
ehlo there
????250
starttls
??? 220
$ECHO
END
chomp $smtp_script;

my $smtp_golden = $CONNECTED . <<"END";
??? 220
<<< 220 hello
>>> ehlo there
????250
>>> starttls
??? 220
<<< 220 go ahead
$STARTED>>> otto
??? otto
<<< otto
END

for my $server_name (@SERVERS) {
    my $server = $SERVER{$server_name}->('server1');
    for my $client (@CLIENTS) {
        for my $version (qw(TLS1.2 TLS1.3)) {
            my $peer = TestPeer->start( smtp($server) );
            my $run  = run_client( [ $CLIENT{$client}, '-protocol', $version, '127.0.0.1', $peer->port ],
                $smtp_script . "stoptls\n??? 250 in clear\nquit\n" );
            did( $run, "$client, $server_name, $version: starttls and stoptls",
                0, "${smtp_golden}stoptls\n??? 250 in clear\n<<< 250 in clear\n>>> quit\nEnd of script\n" );
            is $peer->result, "ehlo there\r\nstarttls\r\nquit\r\n", '… and no clear byte too many';
        }
    }
}

{
    my $server = TestTLS->openssl_server('server1');
    for my $client (@CLIENTS) {
        my $drip = TestPeer->start(
            smtp( $server,
                sub { my ($bytes) = @_; return $bytes } )
        );
        undef $drip;
        for my $answer ( '454 not now', '554-no
554 never' ) {
            ( my $wire = "$answer\n" ) =~ s/\n/\r\n/g;
            my $peer = TestPeer->start( sub { my ($it) = @_; my $line = $it->line; $it->put($wire); return $line . $it->rest } );
            my $code = substr $answer, 0, 3;
            my $run  = run_client( [ $CLIENT{$client}, '127.0.0.1', $peer->port ], "starttls\n" . "??? $code\n" x ( $answer =~ tr/\n// + 1 ) . "quit\n" );
            ( my $shown = "$answer\n" ) =~ s/^/??? $code\n<<< /gm;
            did( $run, "$client: starttls refused with $code", 0, "$CONNECTED>>> starttls\n$shown>>> quit\nEnd of script\n" );
            is $peer->result, "starttls\r\nquit\r\n", '… goes on in clear';
        }
        my $peer = TestPeer->start( sub { my ($it) = @_; my $line = $it->line; $it->put("220 go\r\n"); return $line . $it->rest } );
        did( run_client( [ $CLIENT{$client}, '127.0.0.1', $peer->port ], "STARTTLS_WAIT\n??? 220\nquit\n" ),
            "$client: starttls_wait", 0, "$CONNECTED>>> STARTTLS\n??? 220\n<<< 220 go\n>>> quit\nEnd of script\n" );
        is $peer->result, "STARTTLS\r\nquit\r\n", '… does not start TLS';
        $peer = TestPeer->start( smtp($server) );
        ( my $script = $smtp_script ) =~ s/\Q??? 220\E\notto/????220\notto/;
        ( my $golden = $smtp_golden ) =~ s/[?]{3} 220\n<<< 220 go ahead/????220/;
        did( run_client( [ $CLIENT{$client}, '127.0.0.1', $peer->port ], $script ), "$client: the answer to starttls may be an optional line",
            0, "${golden}End of script\n" );
        $peer = TestPeer->start( sub { $_[0]->line; $_[0]->put("220-go\r\n220 ahead\r\n"); TestTLS::splice( $_[0], $server->port ) } );
        did( run_client( [ $CLIENT{$client}, '127.0.0.1', $peer->port ], "starttls\n??? 220-\n??? 220 \n$ECHO" ), "$client: an answer of two lines",
            0, "$CONNECTED>>> starttls\n??? 220-\n<<< 220-go\n??? 220 \n<<< 220 ahead\n$STARTED$ECHO_GOLDEN" );
    }
}

# ----- Segments, and ends in mid-air -----

# Passes on what the server sends byte by byte, LIMIT bytes at most.
sub limited {
    my ( $server, $limit ) = @_;
    return sub {
        my ($it) = @_;
        my $passed = 0;
        TestTLS::splice(
            $it,
            $server->port,
            sub {
                my ($bytes) = @_;
                for my $byte ( split //, $bytes ) {
                    return if defined $limit && $passed == $limit;
                    $it->put($byte);
                    $passed++;
                }
                return q{};
            }
        );
        return $passed;
    };
}

{
    my $server = TestTLS->openssl_server( 'server1', '-num_tickets', 2 );
    for my $client (@CLIENTS) {
        for my $version (qw(TLS1.2 TLS1.3)) {
            my $run = talk( $client, limited($server), $ECHO, '-protocol', $version );
            did( $run, "$client, $version: byte by byte", 0, "$CONNECTED$STARTED$ECHO_GOLDEN" );
            my $whole = $run->{peer};
            cmp_ok $whole, '>', 2000, '… a handshake has that many';
            my @ends = ( 0, 1, 4, 5, 6, map { int $_ * 1800 / 20 } 1 .. 20 );
            my @bad = grep {
                my $cut = talk( $client, limited( $server, $_ ), "otto\n??? otto\n", '-protocol', $version );
                $cut->{status} != 80 || $cut->{out} !~ /^TLS error: closed\nFailed to start TLS\n>>> otto\n[?]{3} otto\nUnexpected EOF read\n\z/m
                    || $cut->{err} ne q{};
            } @ends;
            is "@bad", q{}, "$client, $version: the server closes in the handshake after so many bytes";
        }
    }
}

# ----- Handshakes that fail -----

sub record { my ( $type, $body ) = @_; return pack 'CnnA*', $type, 0x0303, length $body, $body }

{
    my $old   = TestTLS->openssl_server( 'server1', '-tls1_2' );
    my $alpn  = TestTLS->openssl_server( 'server1', '-alpn', 'smtp' );
    my $sni   = TestTLS->openssl_server( 'server1', qw(-servername server1.example.com -servername_fatal -cert2), TestTLS->certificate('server2'), '-key2', TestTLS->key('server2') );
    my $clear = sub { $_[0]->put("454 no TLS today\r\n454 really\r\n"); $_[0]->rest };
    for my $client (@CLIENTS) {
        did( connect_to( $client, $old, "quit\n???*\n", '-protocol', 'TLS1.3' ), "$client: alert received", 0,
            $CONNECTED . failed('alert received protocol_version') . ">>> quit\n???*\nExpected EOF read\nEnd of script\n" );
        did( connect_to( $client, $alpn, "???alert no_application_protocol\n", '-alpn', 'imap,pop3' ), "$client: -alpn that the server does not speak", 0,
            $CONNECTED . failed('alert received no_application_protocol') . "???alert no_application_protocol\nTLS alert: no_application_protocol\nEnd of script\n" );
        did( connect_to( $client, $alpn, $ECHO, '-alpn', 'imap,smtp' ), "$client: -alpn", 0, "$CONNECTED$STARTED$ECHO_GOLDEN" );
        did( connect_to( $client, $sni, "???alert unrecognized_name\n", '-sni', 'server3.example.com' ), "$client: -sni that the server does not know", 0,
            $CONNECTED . failed('alert received unrecognized_name') . "???alert unrecognized_name\nTLS alert: unrecognized_name\nEnd of script\n" );
        did( talk( $client, sub { $_[0]->socket->sysread( my $hello, 9999 ) }, "???*\n" ), "$client: closed", 0,
            $CONNECTED . failed('closed') . "???*\nExpected EOF read\nEnd of script\n" );
        did( talk( $client, sub { $_[0]->reset }, "???*\n" ), "$client: closed by a reset", 0,
            $CONNECTED . failed('closed') . "???*\nExpected EOF read\nEnd of script\n" );
        did( talk( $client, sub { $_[0]->rest }, q{}, '-t0.5' ), "$client: timeout", 0, $CONNECTED . failed('timeout') . "End of script\n" );
        did( talk( $client, $clear, "??? 454\n??? 454\nquit\n" ), "$client: text instead of TLS can be read", 0,
            $CONNECTED . failed('protocol') . "??? 454\n<<< 454 no TLS today\n??? 454\n<<< 454 really\n>>> quit\nEnd of script\n" );
        did( talk( $client, $clear, "quit\n" ), "$client: and must be", 78,
            $CONNECTED . failed('protocol') . "Unconsumed input: 454 no TLS today\nUnconsumed input: 454 really\n" );
        did( talk( $client, sub { $_[0]->put( record( 23, 'x' x 40 ) ); $_[0]->rest }, "quit\n" ), "$client: alert sent", 0,
            $CONNECTED . failed('alert sent unexpected_message') . ">>> quit\nEnd of script\n" );
        did( talk( $client, sub { $_[0]->put( record( 21, "\x02\x50" ) . "250 in clear\r\n" ); $_[0]->rest }, "??? 250\n" ), "$client: after an alert the server goes on in clear", 0,
            $CONNECTED . failed('alert received internal_error') . "??? 250\n<<< 250 in clear\nEnd of script\n" );
    }

    # Text that comes together with the answer to STARTTLS, or behind it, must not be taken for anything else.
    for my $client (@CLIENTS) {
        for my $how ( [ put => "220 go\r\n250 injected\r\n" ], [ drip => "220 go\r\n250 injected\r\n" ] ) {
            my ( $method, $bytes ) = @$how;
            my $peer = TestPeer->start( sub { $_[0]->line; $_[0]->$method($bytes); $_[0]->rest } );
            did( run_client( [ $CLIENT{$client}, '127.0.0.1', $peer->port ], "starttls\n??? 220\nquit\n" ), "$client: injected text, $method", 78,
                "$CONNECTED>>> starttls\n??? 220\n<<< 220 go\n" . failed('protocol') . "Unconsumed input: 250 injected\n" );
        }
    }
}

# ----- Alerts, and ???alert -----

for my $server_name (@SERVERS) {
    my @require = $server_name eq 's_server' ? ( '-Verify', 3, '-CAfile', $ROOT, '-verify_return_error' ) : ( '-r', '--verify-client-cert', '--x509cafile', $ROOT );
    my $server  = $SERVER{$server_name}->( 'server1', @require );
    my %alert   = ( 'TLS1.2' => $server_name eq 's_server' ? 'handshake_failure' : 'decode_error', 'TLS1.3' => 'certificate_required' );
    for my $client (@CLIENTS) {
        for my $version (qw(TLS1.2 TLS1.3)) {
            my $name  = "$client, $server_name, $version";
            my $start = $version eq 'TLS1.2' ? failed("alert received $alert{$version}") : $STARTED;
            my $late  = $version eq 'TLS1.2' ? q{} : "TLS error: alert received $alert{$version}\n";
            my @on    = ( '-protocol', $version );
            did( connect_to( $client, $server, "???alert $alert{$version}\n???*\n", @on ), "$name: refused for want of a certificate", 0,
                "$CONNECTED$start???alert $alert{$version}\nTLS alert: $alert{$version}\n???*\nExpected EOF read\nEnd of script\n" );
            did( connect_to( $client, $server, "???alert\n", @on ), "$name: any alert", 0,
                "$CONNECTED$start???alert\nTLS alert: $alert{$version}\nEnd of script\n" );
            did( connect_to( $client, $server, "???alert unknown_ca\n", @on ), "$name: another alert than expected", 79,
                "$CONNECTED$start???alert unknown_ca\nTLS alert: $alert{$version}\n******** Input mismatch ********\n" );
            for my $wait ( q{}, "+++ 0.3\n" ) {
                did( connect_to( $client, $server, "${wait}ehlo me\n${wait}???alert $alert{$version}\n", @on ), "$name: the client sends before it sees the alert"
                    . ( $wait && ', slowly' ), 0,
                    "$CONNECTED$start$wait>>> ehlo me\n${wait}???alert $alert{$version}\nTLS alert: $alert{$version}\nEnd of script\n" );
                did( connect_to( $client, $server, "${wait}ehlo me\n??? 250\n", @on ), "$name: the client expects an answer" . ( $wait && ', slowly' ), 80,
                    "$CONNECTED$start$wait>>> ehlo me\n??? 250\n${late}Unexpected EOF read\n" );
            }
            did( connect_to( $client, $server, "???*\n", @on ), "$name: the client expects the end", 0,
                "$CONNECTED$start???*\n${late}Expected EOF read\nEnd of script\n" );
            my @own = ( '-cert', TestTLS->certificate('server1'), '-key', TestTLS->key('server1') );
            my $own = "Certificate file = server1.example.com.chain.pem\nKey file = server1.example.com.unlocked.key\n";
            did( connect_to( $client, $server, $ECHO, @on, @own ), "$name: -cert and -key", 0, "$CONNECTED$own$STARTED$ECHO_GOLDEN" );
            did( run_client( [ $CLIENT{$client}, @on, '-tls-on-connect', '127.0.0.1', $server->port, $own[1], $own[3] ], $ECHO ),
                "$name: certificate and key by position", 0, "$CONNECTED$own$STARTED$ECHO_GOLDEN" );
            did( run_client( [ $CLIENT{$client}, @on, '-tls-on-connect', '127.0.0.1', $server->port, '127.0.0.3', $own[1], $own[3] ], $ECHO ),
                "$name: behind an interface", 0, "$CONNECTED$own$STARTED$ECHO_GOLDEN" );
            my $both = "$work/both.pem";
            open my $file, '>', $both or die "$both: $!\n";
            print {$file} slurp( $own[1] ), slurp( $own[3] );
            close $file;
            did( connect_to( $client, $server, $ECHO, @on, '-cert', $both ), "$name: certificates and key in one file", 0,
                "${CONNECTED}Certificate file = both.pem\n$STARTED$ECHO_GOLDEN" );
            my @foreign = map { s/example[.]com/example.net/gr } @own;
            like connect_to( $client, $server, "???alert unknown_ca\n", @on, @foreign )->{out}, qr/^TLS alert: unknown_ca\nEnd of script\n\z/m,
                "$name: a certificate of another CA";
        }
    }
}

{
    my $server = TestTLS->openssl_server('server1');
    for my $client (@CLIENTS) {
        did( connect_to( $client, $server, "otto\n???alert\n" ), "$client: text instead of an alert", 79,
            "$CONNECTED$STARTED>>> otto\n???alert\n<<< otto\n******** Input mismatch ********\n" );
        did( connect_to( $client, $server, "CLOSE\n???alert\n" ), "$client: the end instead of an alert", 80,
            "$CONNECTED$STARTED>>> CLOSE\n???alert\nUnexpected EOF read\n" );
        did( connect_to( $client, $server, "???alert\n", '-t0.6' ), "$client: nothing instead of an alert", 99,
            "$CONNECTED$STARTED???alert\nTimed out after 0.6 s: waited for a TLS alert\n" );
        did( talk( $client, sub { $_[0]->rest }, "???alert\n", '-t0.5' ), "$client: no handshake instead of an alert", 99,
            $CONNECTED . failed('timeout') . "???alert\nTimed out after 0.5 s: waited for a TLS alert\n" );
        did( talk( $client, sub { $_[0]->socket->sysread( my $hello, 9999 ) }, "???alert\n" ), "$client: the end in the handshake instead of an alert", 80,
            $CONNECTED . failed('closed') . "???alert\nUnexpected EOF read\n" );
        did( connect_to( $client, $server, "CLOSE\n???*\nstoptls\n???*\n" ), "$client: close_notify is an expected end", 0,
            "$CONNECTED$STARTED>>> CLOSE\n???*\nExpected EOF read\nstoptls\n???*\nExpected EOF read\nEnd of script\n" );
        did( connect_to( $client, $server, "CLOSE\n??? x\n" ), "$client: close_notify where a line was expected", 80,
            "$CONNECTED$STARTED>>> CLOSE\n??? x\nUnexpected EOF read\n" );
        did( connect_to( $client, $server, "otto\r\\nanna\n??? otto\n+++ 0.5\nmore\n" ), "$client: text left unread inside TLS", 78,
            "$CONNECTED$STARTED>>> otto\r\\nanna\n??? otto\n<<< otto\n+++ 0.5\nUnconsumed input: \rannA\n" =~ s/\rannA/anna/r ) if 0;
    }
}

# ----- Ends of TCP inside TLS -----

{
    my $server = TestTLS->openssl_server('server1');
    my $cut    = sub {
        my ($how) = @_;
        return sub {
            my ($it) = @_;
            my $answers = 0;
            TestTLS::splice( $it, $server->port, sub { my ($bytes) = @_; return $bytes } ) if !$how;
            my $client = $it->socket;
            my $s      = IO::Socket::IP->new( PeerHost => '127.0.0.1', PeerPort => $server->port ) or die $@;
            my $select = IO::Select->new( $client, $s );
            my $echoed = 0;
            while ( my @ready = $select->can_read ) {
                for my $from (@ready) {
                    sysread $from, my $bytes, 65_536 or return;
                    syswrite $from == $client ? $s : $client, $bytes;
                    $echoed ||= $from == $client && $bytes =~ /\A\x17/;
                }
            }
        };
    };
    undef $cut;
    for my $client (@CLIENTS) {
        my $hold = TestPeer->start( sub { $_[0]->line } );
        undef $hold;
    }
}

done_testing;
