# SPDX-License-Identifier: GPL-2.0-or-later
#
# What no TLS library would send, for tests of how the MTA takes it: `require './aux-fixed/raw-tls.pl'` in a
# test's perl. Says nothing of what the MTA answers but whether it let the client go on, since that is what
# the libraries agree on. Not for handshakes that come to an end.

use strict;
use warnings;

use IO::Socket::INET;

my $PATIENCE = 15;    # seconds, for each answer; more than the MTA waits where that gives up

# A connection on which the MTA has said that TLS may start.
sub after_starttls {
    my ($port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "port $port: $!\n";
    for my $line (undef, "ehlo tester\r\n", "starttls\r\n") {
        syswrite $socket, $line if defined $line;
        answer_of($socket) =~ /\A2/ or die "refused before TLS\n";
    }
    return $socket;
}

# What comes next, up to the end of a line: '' when the MTA has closed.
sub answer_of {
    my ($socket) = @_;
    my $answer = '';
    local $SIG{ALRM} = sub { die "no answer within $PATIENCE s\n" };
    alarm $PATIENCE;
    until ($answer =~ /^[0-9]{3} .*\n\z/m) { sysread $socket, $answer, 4096, length $answer or last }
    alarm 0;
    return $answer;
}

sub record {
    my ($type, $content) = @_;
    return pack 'C n n/a', $type, 0x0303, $content;
}

# A ClientHello of TLS 1.2 (RFC 5246, section 7.4.1.2): ECDHE and RSA with AES-GCM, curves X25519 and P-256.
sub client_hello {
    my $extensions = pack('n n/a', 10, pack 'n/a', pack 'n*', 0x001d, 0x0017)
      . pack('n n/a', 11, pack 'C/a', "\0")
      . pack 'n n/a', 13, pack 'n/a', pack 'n*', 0x0401, 0x0804;
    my $body = pack 'n a32 C/a n/a C/a n/a', 0x0303, 'x' x 32, '', pack('n*', 0xc02f, 0xc030, 0x009c, 0x00ff), "\0", $extensions;
    return record(22, pack 'C C n/a', 1, 0, $body);
}

sub alert {
    my ($level, $description) = @_;
    return record(21, pack 'CC', $level, $description);
}

# Tries to go on in clear, and ends the connection. An MTA that says 250 has taken its client back.
sub last_words {
    my ($socket) = @_;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $socket, "\r\nehlo intruder\r\n";
    shutdown $socket, 1;
    my $answer = '';
    1 while sysread $socket, $answer, 4096, length $answer;
    print $answer =~ /^250[- ]/m ? "went on in clear\n" : "did not go on\n";
    return;
}

1;
