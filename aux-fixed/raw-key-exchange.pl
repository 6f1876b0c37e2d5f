#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which group the MTA takes for Diffie-Hellman, read off its answer to a ClientHello that leaves it to the MTA:
# `require './aux-fixed/raw-key-exchange.pl'` in a test's perl. A library's client would not say which it is. Ends
# the handshake then by the alert handshake_failure. Not for whole handshakes.

use strict;
use warnings;

do './aux-fixed/raw-tls.pl' or die "aux-fixed/raw-tls.pl: $!\n";

# Types of messages (RFC 8446, section 4), extensions and groups (the IANA registries of TLS).
my ($SERVER_HELLO, $SERVER_KEY_EXCHANGE) = (2, 12);
my ($SUPPORTED_GROUPS, $POINT_FORMATS, $SIGNATURES, $SUPPORTED_VERSIONS, $KEY_SHARE) = (10, 11, 13, 43, 51);
my %GROUP = (secp256r1 => 23, secp384r1 => 24, secp521r1 => 25, x25519 => 29, x448 => 30);
my %NAME = reverse %GROUP;

my $PATIENCE = 20;    # seconds, for each handshake

sub _extension { my ($type, $data) = @_; return pack 'n n/a', $type, $data }

# A ClientHello with these cipher suites and extensions.
sub _hello {
    my ($suites, @extensions) = @_;
    my $signatures = pack 'n/a', pack 'n*', 0x0401, 0x0804, 0x0403;    # RSA with PKCS #1 and PSS, ECDSA
    my $extensions = join '', _extension($SIGNATURES, $signatures), @extensions;
    my $body       = pack 'n a32 C/a n/a C/a n/a', 0x0303, 'x' x 32, '', pack('n*', @$suites, 0x00ff), "\0", $extensions;
    return record(22, pack 'C C n/a', 1, 0, $body);
}

sub _exactly {
    my ($socket, $length) = @_;
    my $data = '';
    while (length $data < $length) {
        sysread $socket, $data, $length - length $data, length $data or die "closed\n";
    }
    return $data;
}

# The content of the first handshake message of a type; '' when something else than handshake messages comes before it.
sub _message {
    my ($socket, $wanted) = @_;
    my $buffer = '';
    my $content_type;
    do {
        while (length $buffer >= 4) {
            my ($type, $high, $low) = unpack 'C C n', $buffer;
            my $length = $high << 16 | $low;
            last if length $buffer < 4 + $length;
            my $message = substr $buffer, 0, 4 + $length, '';
            return substr $message, 4 if $type == $wanted;
        }
        ($content_type, undef, my $length) = unpack 'C n n', _exactly($socket, 5);
        $buffer .= _exactly($socket, $length);
    } while $content_type == 22;
    return '';
}

# Sends the ClientHello, and returns the message of that type; '' when the MTA refuses.
sub _answered {
    my ($port, $hello, $wanted) = @_;
    my $socket = after_starttls($port);
    local $SIG{ALRM} = sub { die "no answer to the ClientHello within $PATIENCE s\n" };
    alarm $PATIENCE;
    syswrite $socket, $hello;
    my $message = _message($socket, $wanted);
    syswrite $socket, alert(2, 40) if $message ne '';
    shutdown $socket, 1;
    1 while sysread $socket, my $rest, 4096;
    alarm 0;
    return $message;
}

# finite_field_group($port): prints how long the prime is and how it begins, for a client with TLS 1.2 that knows no groups by name
# (RFC 5246, section 7.4.3).
sub finite_field_group {
    my ($port) = @_;
    my $message = _answered($port, _hello([0x009f, 0x009e, 0x0039, 0x0033]), $SERVER_KEY_EXCHANGE);
    my ($prime) = unpack 'n/a', $message;
    print "port $port: ", length $message ? 8 * length($prime) . ' bits, ' . unpack('H24', $prime) . "...\n" : "refused\n";
    return;
}

# curve($port, @groups): prints the curve of ECDHE with TLS 1.2, for a client that has these (RFC 8422, section 5.4).
sub curve {
    my ($port, @groups) = @_;
    my @extensions = (_extension($SUPPORTED_GROUPS, pack 'n/a', pack 'n*', @GROUP{@groups}), _extension($POINT_FORMATS, "\1\0"));
    my $message = _answered($port, _hello([0xc030, 0xc02f], @extensions), $SERVER_KEY_EXCHANGE);
    print "port $port, TLS1.2, @groups: ", length $message ? $NAME{ unpack 'x n', $message } : 'refused', "\n";
    return;
}

# group_asked_for($port, @groups): prints the group that the MTA asks for with TLS 1.3, when a client has these and leaves the choice
# to it (RFC 8446, section 4.2.8).
sub group_asked_for {
    my ($port, @groups) = @_;
    my @extensions = (
        _extension($SUPPORTED_GROUPS,   pack 'n/a', pack 'n*', @GROUP{@groups}),
        _extension($SUPPORTED_VERSIONS, pack 'C/a', pack 'n',  0x0304),
        _extension($KEY_SHARE,          pack 'n',   0),
    );
    my $message = _answered($port, _hello([0x1301, 0x1302], @extensions), $SERVER_HELLO);
    print "port $port, TLS1.3, @groups: ", length $message ? _group_of($message) : 'refused', "\n";
    return;
}

# The group in the key_share of a HelloRetryRequest.
sub _group_of {
    my ($message) = @_;
    my (undef, undef, undef, undef, $extensions) = unpack 'n a32 C/a n x n/a', $message;
    while (length $extensions) {
        my ($type, $data) = unpack 'n n/a', $extensions;
        return $NAME{ unpack 'n', $data } if $type == $KEY_SHARE;
        substr $extensions, 0, 4 + length $data, '';
    }
    return 'none';
}

1;
