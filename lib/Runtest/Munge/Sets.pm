# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Munge::Sets;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(%SETS);

=head1 NAME

Runtest::Munge::Sets - munge rules that a script asks for by name: C<munge NAME>

=head1 DESCRIPTION

Entries are as Runtest::Munge::Rules describes. They run after all others.

=head2 %SETS

Lists of rules by the name of the set.

=cut

our %SETS = (
    # For tests of refusals in every lane: that it came, and not how.
    'refusal' => [
        {
            name    => 'refusal-moment',
            streams => ['stdout'],
            spans   => 1,
            why     => 'whether a client sees the refusal in its handshake or behind it depends on the protocol version and on when the server looks at the certificate',
            pattern => sub { return qr/^(?:Succeeded in starting TLS|TLS error: alert received \w+\nFailed to start TLS)\n(?=\?\?\?alert)/m },
            becomes => sub { return "Refused\n" },
            changes => ["Succeeded in starting TLS\n???alert", "Refused\n???alert"],
            leaves  => "Succeeded in starting TLS\n??? 250",
        },
        {
            name    => 'refusal-reason',
            streams => ['stdout'],
            why     => 'which alert tells of a bad certificate is the server\'s choice (RFC 5246, section 7.2.2); that of no certificate is not in TLS 1.3',
            pattern => sub {
                return qr/^(TLS alert: )(?:bad_certificate|unsupported_certificate|certificate_(?:revoked|expired|unknown)|unknown_ca|handshake_failure|decode_error)$/;
            },
            becomes => sub { return "$_[2](refusal)" },
            changes => ['TLS alert: unknown_ca', 'TLS alert: (refusal)'],
            leaves  => 'TLS alert: internal_error',
        },
    ],
    # For tests of the MTA as client, whose subject is not what a server logs when it is refused.
    'client-refuses' => [
        {
            name    => 'client-refuses',
            streams => ['log'],
            why     => 'which alert a client sends depends on its library, and a server may log it when the next connection is there already',
            pattern => sub { return qr/^.* TLS error (?:on connection from \S.* )?\((?:recv|SSL_\w+|gnutls_\w+|TLS handshake|TLS read)\): (?:.*\balert\b.*|Error in the pull function\.)$/ },
            becomes => sub { return },
            changes => ['x TLS error on connection from (a) [127.0.0.1] (TLS handshake): error:0A000415:SSL routines::sslv3 alert certificate expired', undef],
            leaves  => 'x TLS error on connection from (a) [127.0.0.1] (TLS handshake): timed out',
        },
    ],
    # For tests of OCSP responses in every lane: that it is the reason, and not by whose words.
    'status-refused' => [
        {
            name    => 'status-refused',
            streams => ['log'],
            why     => 'GnuTLS takes a bad OCSP response for a certificate that is not valid, OpenSSL has errors of their own for it',
            pattern => sub { return qr/\(TLS handshake\): error(?:: <<(?:certificate status not accepted|certificate verification failed)>>|:[0-9A-F]{8}:OCSP routines:\w*:.*)$/ },
            becomes => sub { return '(TLS handshake): (certificate or its status not accepted)' },
            changes => ['x (TLS handshake): error: <<certificate status not accepted>>', 'x (TLS handshake): (certificate or its status not accepted)'],
            leaves  => 'x (TLS handshake): error: <<closed without close_notify>>',
        },
    ],
    # For tests of the MTA as client that gives up before TLS.
    'client-leaves' => [
        {
            name    => 'client-leaves',
            streams => ['log'],
            why     => 'a client that finds that it must not go on may have connected before, or not',
            pattern => sub { return qr/^.* TLS error on connection from \S.* \((?:SSL_accept|gnutls_handshake|TLS handshake)\): error: <<closed without close_notify>>$/ },
            becomes => sub { return },
            changes => ['x TLS error on connection from (a) [127.0.0.1] (TLS handshake): error: <<closed without close_notify>>', undef],
            leaves  => 'x TLS error on connection from (a) [127.0.0.1] (TLS handshake): timed out',
        },
    ],
    # For tests of the MTA as client that waits in vain.
    'client-gives-up' => [
        {
            name    => 'client-gives-up',
            streams => ['stdout'],
            why     => 'since 4.96 Exim sends no close_notify when a command has timed out (RFC 8446, section 6.1, wants one)',
            pattern => sub { return qr/^(Expected EOF read from client) without close_notify$/ },
            becomes => sub { return $_[2] },
            changes => ['Expected EOF read from client without close_notify', 'Expected EOF read from client'],
            leaves  => 'Unexpected EOF read from client without close_notify',
        },
    ],
    # For tests that input is refused when it comes too early: what it was.
    'next-input' => [
        {
            name    => 'next-input',
            streams => [qw(log rejectlog)],
            why     => 'inside TLS Exim shows what comes next since 4.97',
            pattern => sub { return qr/( next input=)"[^"]*"$/ },
            becomes => sub { return "$_[2](input)" },
            changes => ['x H=(a) [127.0.0.1] next input="quit\r\n"', 'x H=(a) [127.0.0.1] next input=(input)'],
            leaves  => 'x H=(a) [127.0.0.1] next input',
        },
    ],
    'refusal-alert' => [
        {
            name    => 'refusal-alert',
            streams => ['stdout'],
            why     => 'up to TLS 1.2 it is the server\'s choice which alert ends a handshake without a certificate (RFC 5246, section 7.4.6)',
            pattern => sub { return qr/^(TLS error: alert received|TLS alert:) (?:handshake_failure|decode_error|bad_certificate)$/ },
            becomes => sub { return "$_[2] (refusal)" },
            changes => ['TLS alert: decode_error', 'TLS alert: (refusal)'],
            leaves  => 'TLS alert: internal_error',
        },
    ],
    'refusal-of-name' => [
        {
            name    => 'refusal-of-name-alert',
            streams => ['stdout'],
            why     => 'a server that cannot serve a name says unrecognized_name (RFC 6066, section 3), for which builds with GnuTLS have a general error',
            pattern => sub { return qr/^(TLS error: alert received|TLS alert:) (?:unrecognized_name|internal_error)$/ },
            becomes => sub { return "$_[2] (refusal)" },
            changes => ['TLS alert: internal_error', 'TLS alert: (refusal)'],
            leaves  => 'TLS alert: handshake_failure',
        },
        {
            name    => 'refusal-of-name-reason',
            streams => ['log'],
            why     => 'Exim has no words of its own for it, and logs what is left over in the library',
            pattern => sub { return qr/(?<=\(TLS handshake\): )(?:\(unknown error code\)|The requested data were not available\.|error:[0-9A-F]{8}:BIO routines:\w*:system lib)$/ },
            becomes => sub { return '(refused for the name)' },
            changes => ['x (TLS handshake): (unknown error code)', 'x (TLS handshake): (refused for the name)'],
            leaves  => 'x (TLS handshake): timed out',
        },
        {
            name    => 'refusal-of-name-cause',
            streams => [qw(log paniclog stderr)],
            why     => 'builds with OpenSSL log the cause on a line of its own since 4.97',
            pattern => sub { return qr/^[0-9-]+ [0-9:.]+ \((?:SSL_CTX_use_\w+ file=\S+|certificate and key)\): .*$/ },
            becomes => sub { return },
            changes => ['1999-03-02 09:44:33 (SSL_CTX_use_certificate_chain_file file=/a): error:80000002:system library::No such file', undef],
            leaves  => '1999-03-02 09:44:33 TLS error on connection from [127.0.0.1] (SSL_CTX_use_certificate_chain_file file=/a): error',
        },
    ],
    # For tests whose subject is not by which alert the other side ended the handshake.
    'alert-name' => [
        {
            name    => 'alert-name',
            streams => ['log'],
            why     => 'up to 4.94, builds with GnuTLS log that there was an alert, and not which one',
            pattern => sub { return qr/(?<=\): )(?:error: <<alert \w+>>|A TLS fatal alert has been received\.)(?=$|: delivering unencrypted )/ },
            becomes => sub { return '(an alert)' },
            changes => ['x (TLS handshake): error: <<alert unknown_ca>>', 'x (TLS handshake): (an alert)'],
            leaves  => 'x (TLS handshake): error: <<certificate verification failed>>',
        },
    ],
    'status-alert' => [
        {
            name    => 'status-alert',
            streams => ['log'],
            why     => 'GnuTLS has no name for the alert bad_certificate_status_response, so that Exim logs no reason, or (since 4.97) NULL; up to 4.94 it names none',
            pattern => sub { return qr/\((?:gnutls_handshake\)|TLS handshake\): (?:error: <<alert bad_certificate_status_response>>|rxd alert: NULL|A TLS fatal alert has been received\.))$/ },
            becomes => sub { return '(TLS handshake): (a bad OCSP response)' },
            changes => ['x [127.0.0.1] (gnutls_handshake)', 'x [127.0.0.1] (TLS handshake): (a bad OCSP response)'],
            leaves  => 'x [127.0.0.1] (gnutls_handshake): timed out',
        },
    ],
    'version-alert' => [
        {
            name    => 'version-alert',
            streams => ['stdout'],
            why     => 'a version that is not spoken ends the handshake by protocol_version (RFC 8446, section 4.2.1), for which GnuTLS says handshake_failure',
            pattern => sub { return qr/^(TLS error: alert received|TLS alert:) (?:protocol_version|handshake_failure)$/ },
            becomes => sub { return "$_[2] (version)" },
            changes => ['TLS alert: handshake_failure', 'TLS alert: (version)'],
            leaves  => 'TLS alert: decode_error',
        },
    ],
    # For tests of the early greeting, whose subject is not how fast the client has read it.
    'early-greeting' => [
        {
            name    => 'early-greeting',
            streams => ['log'],
            why     => 'whether the client has read it at that moment is chance; the line is written in test mode only',
            pattern => sub { return qr/^.* Ci=\d+ SMTP peer appears to have (?:seen|NOT SEEN) our banner$/ },
            becomes => sub { return },
            changes => ['1999-03-02 09:44:33 Ci=8 SMTP peer appears to have NOT SEEN our banner', undef],
            leaves  => '1999-03-02 09:44:33 Ci=8 SMTP peer appears to have closed',
        },
    ],
);

1;
