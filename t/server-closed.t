#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients that close after each byte of what they have to say to a scripted server, in clear and inside TLS: the server tells how far they
# came, and ends by itself. With RUNTEST_LONG that is every byte inside TLS too, else those about the ends of records.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestClient qw(program connect_to failed $STARTED);
use TestPeer;
use TestServer qw(serve);
use TestTLS;

my $ACCEPTED = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";

# Its exit status, or signal, and all that it said.
sub ending {
    my ($server) = @_;
    my $said = TestClient::impatient( $server->wait );
    return $server->status . ": $said" =~ s/port[ ]\d+/port PORT/xr;
}

# ----- In clear -----

# What the server expects, what the client sends, and what the server answers.
my $GREETING = "220 hello\n";
my @SESSION  = (
    [ 'EHLO', "EHLO there\r\n",      ">250-server\n250 HELP\n" ],
    [ 'MAIL', "MAIL FROM:<a\@b>\r\n", "250 OK\n" ],
    [ 'DATA', "DATA\r\n",            "354 go\n" ],
    [ q{.},   "text\r\n.\r\n",       "250 OK\n" ],
    [ 'QUIT', "QUIT\r\n",            "221 bye\n" ],
);
my @STARTTLS = ( [ 'EHLO', "EHLO there\r\n", "250 STARTTLS\n" ], [ 'STARTTLS', "STARTTLS\r\n", "220 go\n" ] );

# What the server does then, and how it ends.
my %END = (
    "*eof\n"            => [ 0,  "Expected EOF read from client\nEnd of script\n" ],
    "*starttls\nQUIT\n" => [ 80, "*starttls\n" . failed('closed') . "Unexpected EOF read from client\n" ],
);

# The client of a dialogue sends LIMIT bytes, one line after the other, and closes.
sub closes {
    my ( $it, $limit, @dialogue ) = @_;
    $it->line;
    for my $turn (@dialogue) {
        my ( undef, $bytes, $answer ) = @$turn;
        my $part = substr $bytes, 0, $limit;
        $it->put($part);
        last if $part ne $bytes;
        $it->line for $answer =~ /\n/g;
        $limit -= length $part;
    }
    return $it->close;
}

# How the server of a dialogue has to end that gets these bytes of it. What comes last counts as a line.
sub ending_with {
    my ( $received, $end, @dialogue ) = @_;
    my @lines = map {s/\r\n\z//r} $received =~ /[^\n]+\n?/g;
    my $said  = $ACCEPTED . $GREETING;
    for my $turn (@dialogue) {
        my ( $start, undef, $answer ) = @$turn;
        my $line = q{};
        do {
            return "80: ${said}Unexpected EOF read from client\n" if !@lines;
            $line = shift @lines;
            $said .= "$line\n";
        } while $start eq q{.} && $line ne q{.};
        return "79: $said******** Input mismatch ********\nExpected: $start\n" if index( $line, $start ) != 0;
        $said .= $answer;
    }
    my ( $status, $last ) = @{ $END{$end} };
    return "$status: $said$last";
}

sub closed_in_clear {
    my ( $command, $end, @dialogue ) = @_;
    my $bytes  = join q{}, map { $_->[1] } @dialogue;
    my $script = join q{}, $GREETING, ( map {"$_->[0]\n$_->[2]"} @dialogue ), $end;
    my @got;
    for my $limit ( 0 .. length $bytes ) {
        my $server = serve( $command, $script );
        closes( TestPeer::Connection->to( $server->port ), $limit, @dialogue );
        push @got, ending($server);
    }
    my @wanted = map { ending_with( substr( $bytes, 0, $_ ), $end, @dialogue ) } 0 .. length $bytes;
    return is_deeply \@got, \@wanted, "$command->[0]: the client closes after so many bytes in clear, " . length $bytes;
}

closed_in_clear( [ program('server') ], "*eof\n", @SESSION );
closed_in_clear( [ program($_), TestTLS->identity('server1') ], "*starttls\nQUIT\n", @STARTTLS ) for qw(server-gnutls server-ssl);

# ----- Inside TLS -----

my $SERVER_SCRIPT = "EHLO\n250 OK\nQUIT\n221 bye\n*eof\n";
my $CLIENT_SCRIPT = "EHLO there\n??? 250\nQUIT\n??? 221\nstoptls\n";

# How the server ends, in the order in which more and more bytes come.
my $SAID      = $ACCEPTED . $STARTED;
my $TRUNCATED = 'EOF read from client without close_notify';
my @ENDINGS   = (
    "80: $ACCEPTED" . failed('closed') . "Unexpected EOF read from client\n",
    "80: ${SAID}Unexpected $TRUNCATED\n",
    "80: ${SAID}EHLO there\n250 OK\nUnexpected $TRUNCATED\n",
    "0: ${SAID}EHLO there\n250 OK\nQUIT\n221 bye\nExpected $TRUNCATED\nEnd of script\n",
    "0: ${SAID}EHLO there\n250 OK\nQUIT\n221 bye\nExpected EOF read from client\nEnd of script\n",
);
my %PLACE;
@PLACE{@ENDINGS} = 0 .. $#ENDINGS;

my $ROOT = "$TestTLS::CA/CA/CA.pem";

# A whole conversation, with a client's certificate, of which the server gets what the filter passes on. Returns how the server ended,
# and what the filter kept.
sub conversation {
    my ( $program, $client, $version, $filter, $kept ) = @_;
    my @tls    = ( '-tls', '-protocol', $version, '-ca', $ROOT, TestTLS->identity('server1') );
    my $server = serve( [ program($program), @tls ], $SERVER_SCRIPT );
    my $proxy  = TestPeer->start( sub { TestTLS::splice( $_[0], $server->port, undef, $filter ); return $kept && $$kept } );
    connect_to( $client, $proxy, $CLIENT_SCRIPT, '-protocol', $version, TestTLS->identity('server2') );
    return ( ending($server), $proxy->result );
}

# All that the client has to say.
sub recorded {
    my (@who) = @_;
    my $bytes = q{};
    return ( conversation( @who, sub { $bytes .= $_[0]; return $_[0] }, \$bytes ) )[1];
}

# Where to cut these records: all that is within the header, or the rest, of one is alike (RFC 8446 section 5.1).
sub places {
    my ($bytes) = @_;
    return 0 .. length $bytes if $ENV{RUNTEST_LONG};
    my @places;
    for ( my $start = 0; $start < length $bytes; $start += 5 + unpack "x$start x3 n", $bytes ) {
        push @places, grep { $_ >= 0 } $start - 1, $start, $start + 3;
    }
    return ( @places, length($bytes) - 1, length $bytes );
}

# Each library with the other.
for my $pair ( [ 'server-gnutls', 'client-ssl' ], [ 'server-ssl', 'client-gnutls' ] ) {
    for my $version (qw(TLS1.2 TLS1.3)) {
        my @who = ( @$pair, $version );
        my @order;
        for my $limit ( places( recorded(@who) ) ) {
            my ($ending) = conversation( @who, TestTLS::first_bytes($limit) );
            my $place = $PLACE{$ending} // "after $limit bytes: $ending";
            push @order, $place if !@order || $order[-1] ne $place;
        }
        is "@order", "@{[ 0 .. $#ENDINGS ]}", "@who: the client closes after so many bytes, from the first of its hello to the last of its close_notify";
    }
}

done_testing;
