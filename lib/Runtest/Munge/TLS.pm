# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Munge::TLS;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(tls_rules);

=head1 NAME

Runtest::Munge::TLS - the rules for what TLS libraries say, and for tests that run with every library

=head1 DESCRIPTION

Entries are as Runtest::Munge::Rules describes. Those named neutral-... apply in folders that run in every lane only.

=cut

# What libraries say of an error, and what the goldens call it.
my %TLS_ERROR = (
    'peer did not return a certificate'                                                => 'no certificate from the peer',             # OpenSSL
    'No certificate was found.'                                                        => 'no certificate from the peer',             # GnuTLS, TLS 1.2
    'The peer did not send any certificate.'                                           => 'no certificate from the peer',             # GnuTLS before 3.6
    'Certificate is required.'                                                         => 'no certificate from the peer',             # GnuTLS, TLS 1.3
    'certificate verify failed'                                                        => 'certificate verification failed',          # OpenSSL
    'Error in the certificate.'                                                        => 'certificate verification failed',          # GnuTLS: refused by an event
    'unsupported protocol'                                                             => 'no version or cipher suite in common',     # OpenSSL
    'no shared cipher'                                                                 => 'no version or cipher suite in common',     # OpenSSL
    '(TLSv1.2)'                                                                        => 'no version or cipher suite in common',     # OpenSSL: Exim says which version it has
    '(TLSv1.1)'                                                                        => 'no version or cipher suite in common',     # OpenSSL: the same
    '(TLSv1)'                                                                          => 'no version or cipher suite in common',     # OpenSSL: the same
    'No supported cipher suites have been found.'                                      => 'no version or cipher suite in common',     # GnuTLS
    'A packet with illegal or unsupported version was received.'                       => 'no version or cipher suite in common',     # GnuTLS
    'unexpected eof while reading'                                                     => 'closed without close_notify',              # OpenSSL
    'The TLS connection was non-properly terminated.'                                  => 'closed without close_notify',              # GnuTLS
    'error:00000000:lib(0)::reason(0)'                                                 => 'closed by close_notify',                   # OpenSSL
    'Peer has terminated the connection'                                               => 'closed by close_notify',                   # GnuTLS
    'unexpected message'                                                               => 'no such record was expected',              # OpenSSL
    '(TLSv1.3)'                                                                        => 'no such record was expected',              # OpenSSL: Exim says which version it has
    'An unexpected TLS packet was received.'                                           => 'no such record was expected',              # GnuTLS
    'A TLS record packet with invalid length was received.'                            => 'no such record was expected',              # GnuTLS
    'sslv3 alert bad certificate'                                                      => 'alert bad_certificate',                    # OpenSSL
    'ssl/tls alert bad certificate'                                                    => 'alert bad_certificate',                    # OpenSSL since 3.2
    'Certificate is bad'                                                               => 'alert bad_certificate',                    # GnuTLS
    'too long'                                                                         => 'malformed',                                # OpenSSL: of a field in ASN.1
    'tlsv1 alert unknown ca'                                                           => 'alert unknown_ca',                         # OpenSSL
    'CA is unknown'                                                                    => 'alert unknown_ca',                         # GnuTLS
    'Error decoding the received TLS packet.'                                          => 'malformed',                                # GnuTLS
    'no suitable key share'                                                            => 'no version or cipher suite in common',     # OpenSSL: no group in common
    'No common key share with peer.'                                                   => 'no version or cipher suite in common',     # GnuTLS: the same
    'The Diffie-Hellman prime sent by the server is not acceptable (not long enough).' => 'Diffie-Hellman prime too short',           # GnuTLS
    'invalid status response'                                                          => 'certificate status not accepted',          # OpenSSL
    'no response data'                                                                 => 'certificate status not accepted',          # OpenSSL
    'status expired'                                                                   => 'certificate status not accepted',          # OpenSSL
    'wrong version number'                                                             => 'no such record was expected',              # OpenSSL
    'sslv3 alert handshake failure'                                                    => 'alert handshake_failure',                  # OpenSSL
    'ssl/tls alert handshake failure'                                                  => 'alert handshake_failure',                  # OpenSSL since 3.2
    'Handshake failed'                                                                 => 'alert handshake_failure',                  # GnuTLS
    'tlsv1 alert protocol version'                                                     => 'alert protocol_version',                   # OpenSSL
    'Error in protocol version'                                                        => 'alert protocol_version',                   # GnuTLS
    'tlsv1 alert no application protocol'                                              => 'alert no_application_protocol',            # OpenSSL
    'No supported application protocol could be negotiated'                            => 'alert no_application_protocol',            # GnuTLS
    'no application protocol'                                                          => 'no application protocol in common',        # OpenSSL
    'No common application protocol could be negotiated.'                              => 'no application protocol in common',        # GnuTLS
    'callback failed'                                                                  => 'refused by the application',               # OpenSSL
    'no cipher match'                                                                  => 'not understood',                           # OpenSSL
    'unsupported'                                                                      => 'not understood',                           # OpenSSL 3
    'no start line'                                                                    => 'not understood',                           # OpenSSL
    'The request is invalid.'                                                          => 'not understood',                           # GnuTLS
    'no certificate or crl found'                                                      => 'not understood',                           # OpenSSL
    'Base64 unexpected header error.'                                                  => 'not understood',                           # GnuTLS
    'Base64 decoding error.'                                                           => 'not understood',                           # GnuTLS
    'tlsv1 bad certificate status response'                                            => 'alert bad_certificate_status_response',    # OpenSSL
    'The session or certificate has expired.'                                          => 'expired',                                  # GnuTLS
    'Error while reading file.'                                                        => 'not readable',                             # GnuTLS
    'ASN1 parser: Error in TAG.'                                                       => 'malformed',                                # GnuTLS
    'The OCSP response provided doesn\'t match the available certificates'             => 'not for this certificate',                 # GnuTLS
    'The certificate and the given key do not match.'                                  => 'not that of the certificate',              # GnuTLS
);
# Where they say it: Exim's names of what it called, or wanted.
my $TLS_CALL = join '|', qw{SSL_accept SSL_connect SSL_read SSL_CTX_set_cipher_list SSL_CTX_load_verify_locations X509_STORE_load_locations \w+_handshake recv gnutls_priority_init\(.*
  gnutls_certificate_set_x509_crl_file gnutls_dh_params_import_pkcs3 gnutls_certificate_set_ocsp_status_request_file2}, 'Could not read tls_dhparams ".*"', 'cert/key setup: cert=\S+ key=\S+';
my $TLS_ERRORS = join '|', map { quotemeta } sort keys %TLS_ERROR;

# Parts of a distinguished name (RFC 4514). Where a value ends in running text can only be guessed: at a quote, at an
# angle bracket, or before what looks like a variable (` H=...`).
my $DN_TYPE       = qr/(?:C|ST|L|O|OU|CN|DC|emailAddress|EMAIL)/;
my $DN_GENERAL    = qr/(?:C|ST|L|O|OU|DC)/;
my $DN_SPECIAL    = qr/(?:CN|emailAddress|EMAIL)/;
my $DN_VALUE      = qr{(?:\\.|(?! \w+=)[^,"<>\\])+};
my $DN_SLASHED    = qr{/$DN_TYPE=(?:(?! \w+=)[^/"<>])+};

my @RULES = (
    {
        name    => 'accept-version',
        streams => ['log'],
        why     => 'up to 4.95, builds with OpenSSL put the version that they were at behind the name of the call, and since then in the place of the reason',
        pattern => sub { return qr/(?<=\(SSL_accept) \(TLSv1(?:\.[0-9])?\)(?=\): )/ },
        becomes => sub { return '' },
        changes => ['x (SSL_accept (TLSv1.2)): error:0A000001:x', 'x (SSL_accept): error:0A000001:x'],
        leaves  => 'x (SSL_accept): (TLSv1.2)',
    },
    {
        name    => 'tls-error',
        streams => [qw(log rejectlog msglog stdout mail)],
        why     => 'libraries word an error as they like, and differently in each release',
        pattern => sub { return qr/\((?:$TLS_CALL)\): \K(?:on connection from .* )?(?:rxd alert: )?(?:error:[0-9A-F]{8}:(?:SSL|DECODER|PEM|OCSP|x509 certificate|asn1 encoding) routines:\w*:)?($TLS_ERRORS)(?=$|: (?:delivering|callout) unencrypted )/ },
        becomes => sub { return "error: <<$TLS_ERROR{$_[2]}>>" },
        changes => ['[127.0.0.1] (SSL_accept): error:0A0000C7:SSL routines::peer did not return a certificate',
            '[127.0.0.1] (SSL_accept): error: <<no certificate from the peer>>'],
        leaves  => '[127.0.0.1] (SSL_accept): error:0A00009F:SSL routines::length mismatch',
    },
    {
        name    => 'status-error',
        streams => [qw(log msglog mail)],
        why     => 'what is wrong with an OCSP response is said in Exim\'s own words since 4.98, as in the line before, and no longer in the library\'s',
        pattern => sub { return qr/\(SSL_connect\) (?:Required TLS certificate status not received|Server certificate (?:status is out-of-date|revoked|has unknown status))$/ },
        becomes => sub { return '(SSL_connect): error: <<certificate status not accepted>>' },
        changes => ['x: (SSL_connect) Server certificate revoked', 'x: (SSL_connect): error: <<certificate status not accepted>>'],
        leaves  => 'x: (SSL_connect) Server certificate bad',
    },
    {
        name    => 'cipher-list-error',
        streams => [qw(paniclog stderr)],
        why     => 'libraries word an error as they like, and each has its own language for lists of ciphers',
        pattern => sub { return qr/(?<= tls_require_ciphers invalid: )\w+\(.*\).* failed: .*/ },
        becomes => sub { return '<<not understood>>' },
        changes => ['  tls_require_ciphers invalid: SSL_CTX_set_cipher_list(X) failed: no cipher match', '  tls_require_ciphers invalid: <<not understood>>'],
        leaves  => '  tls_require_ciphers invalid: failed',
    },
    {
        name    => 'alpn-rejected',
        streams => ['log'],
        why     => 'some versions log a line of its own when ALPN is the reason: up to 4.96 none, from 4.99 on only builds with GnuTLS',
        pattern => sub { return qr/^[0-9-]+ [0-9:.]+ TLS ALPN \([^()]*\) rejected$/ },
        becomes => sub { return },
        changes => ['1999-03-02 09:44:33 TLS ALPN (smtp:http/1.1) rejected', undef],
        leaves  => '1999-03-02 09:44:33 TLS ALPN (smtp:http/1.1) accepted',
    },
    {
        name    => 'ocsp-dates',
        streams => ['log'],
        why     => 'builds with OpenSSL up to 4.95 say of whom a response is that is out of date, and misspell what it is',
        pattern => sub { return qr/ Server OSCP (?=dates invalid$)/ },
        becomes => sub { return ' OCSP ' },
        changes => ['x Server OSCP dates invalid', 'x OCSP dates invalid'],
        leaves  => 'x Server OSCP status invalid',
    },
    {
        name    => 'stale-errno',
        streams => ['log'],
        why     => 'an unknown name and an empty file set no errno, and Exim shows what the last system call left in it',
        pattern => sub { return qr/(?<= )(\((?:Unknown standard DH prime "[^"]*"|fread failed)\)): .*/ },
        becomes => sub { return "$_[2]: (stale errno)" },
        changes => ['x (Unknown standard DH prime "a"): Success', 'x (Unknown standard DH prime "a"): (stale errno)'],
        leaves  => 'x (Unknown standard DH prime): Success',
    },
    {
        name    => 'ocsp-file-error',
        streams => [qw(log paniclog stderr)],
        why     => 'OpenSSL 3 has no words for the error of a system call, and Exim shows NULL',
        pattern => sub { return qr/(?:(?<= Failed to open OCSP response file )|(?<= Error reading OCSP response from ))("[^"]*"): .*/ },
        becomes => sub { return "$_[2]: (reason)" },
        changes => ['x Failed to open OCSP response file "a": NULL', 'x Failed to open OCSP response file "a": (reason)'],
        leaves  => 'x Failed to open OCSP response file: NULL',
    },
    {
        name    => 'neutral-handshake',
        streams => [qw(log rejectlog msglog stdout mail)],
        why     => 'Exim names the call of its library',
        pattern => sub { return $_[0]{neutral} ? qr/\((?:SSL_accept|SSL_connect|gnutls_handshake)\)(?=:)/ : undef },
        becomes => sub { return '(TLS handshake)' },
        values  => { neutral => 1 },
        changes => ['H=[127.0.0.1] (gnutls_handshake): timed out', 'H=[127.0.0.1] (TLS handshake): timed out'],
        leaves  => 'H=[127.0.0.1] (gnutls_init): timed out',
    },
    {
        name    => 'neutral-read',
        streams => ['log'],
        why     => 'Exim names the call of its library, and with OpenSSL not the host',
        pattern => sub { return $_[0]{neutral} ? qr/(?<= TLS error )(?:on connection from .* \(recv\)|\(SSL_read\))(?=: )/ : undef },
        becomes => sub { return '(TLS read)' },
        values  => { neutral => 1 },
        changes => ['x TLS error on connection from (a) [127.0.0.1] (recv): gone', 'x TLS error (TLS read): gone'],
        leaves  => 'x TLS error (SSL_write): gone',
    },
    {
        name    => 'neutral-verification',
        streams => [qw(log rejectlog msglog stdout mail)],
        why     => 'OpenSSL judges the peer\'s certificate in the handshake, builds with GnuTLS behind it',
        pattern => sub { return $_[0]{neutral} ? qr/\(certificate verification failed\)(?:: certificate (?:invalid|revoked)|: Verification failed\. [^:]*)?(?=$|: (?:delivering|callout) unencrypted )/ : undef },
        becomes => sub { return '(TLS handshake): error: <<certificate verification failed>>' },
        values  => { neutral => 1 },
        changes => ['x (certificate verification failed): certificate revoked', 'x (TLS handshake): error: <<certificate verification failed>>'],
        leaves  => 'x (certificate verification failed): certificate revoked, and so on',
    },
    {
        name    => 'neutral-missing-file',
        streams => [qw(log paniclog stderr)],
        why     => 'Exim\'s own words for a file that is not there are others in builds with GnuTLS',
        pattern => sub {
            return $_[0]{neutral}
              ? qr/(?:failed to stat (\S+) for certificates|could not stat '(\S+)' \(tls_verify_certificates\): No such file or directory)$/
              : undef;
        },
        becomes => sub { return 'error: <<no such file: ' . ($_[2] // $_[3]) . '>>' },
        values  => { neutral => 1 },
        changes => ['x failed to stat /a/cas for certificates', 'x error: <<no such file: /a/cas>>'],
        leaves  => 'x could not stat \'/a/cas\' (tls_verify_certificates): Permission denied',
    },
    {
        name    => 'neutral-certificate',
        streams => ['log'],
        why     => 'libraries load certificate and key in one call or in two, and word what is wrong with them as they like',
        pattern => sub { return $_[0]{neutral} ? qr/\((?:cert\/key setup: cert=\S+ key=\S+|SSL_CTX_use_\w+ file=\S+)\): .*$/ : undef },
        becomes => sub { return '(certificate and key): error: <<cannot be used>>' },
        values  => { neutral => 1 },
        changes => ['x (cert/key setup: cert=/a key=/b): Base64 decoding error.', 'x (certificate and key): error: <<cannot be used>>'],
        leaves  => 'x (SSL_CTX_load_verify_locations): error:0480006C:PEM routines::no start line',
    },
    {
        name    => 'neutral-authorities',
        streams => ['log'],
        why     => 'the same for the file of CAs',
        pattern => sub { return $_[0]{neutral} ? qr/\((?:setting certificate trust|SSL_CTX_load_verify_locations)\): .*$/ : undef },
        becomes => sub { return '(CAs): error: <<cannot be used>>' },
        values  => { neutral => 1 },
        changes => ['x (setting certificate trust): Error while reading file.', 'x (CAs): error: <<cannot be used>>'],
        leaves  => 'x (X509_STORE_load_locations): error:0480006C:PEM routines::no start line',
    },
    {
        name    => 'neutral-crl',
        streams => ['log'],
        why     => 'the same for the file of revoked certificates',
        pattern => sub { return $_[0]{neutral} ? qr/\((?:gnutls_certificate_set_x509_crl_file|X509_STORE_load_locations)\): .*$/ : undef },
        becomes => sub { return '(CRL): error: <<cannot be used>>' },
        values  => { neutral => 1 },
        changes => ['x (gnutls_certificate_set_x509_crl_file): Base64 decoding error.', 'x (CRL): error: <<cannot be used>>'],
        leaves  => 'x (SSL_CTX_load_verify_locations): error:0480006C:PEM routines::no start line',
    },
    {
        name    => 'neutral-import',
        streams => ['log'],
        why     => 'libraries word what is wrong with a damaged certificate as they like',
        pattern => sub { return $_[0]{neutral} ? qr/(?<= TLS error in certificate import: ).*$/ : undef },
        becomes => sub { return 'error: <<malformed>>' },
        values  => { neutral => 1 },
        changes => ['x TLS error in certificate import: ASN1 parser: Error in TAG.', 'x TLS error in certificate import: error: <<malformed>>'],
        leaves  => 'x TLS error in certificate export: failed',
    },
    {
        name    => 'tls-error-null',
        streams => ['log'],
        why     => 'where the reason was logged on a line of its own, Exim prints a null pointer as another one: a slip of some versions',
        pattern => sub { return qr/( TLS error on connection from .*\]) NULL$/ },
        becomes => sub { return $_[2] },
        changes => ['x TLS error on connection from (t) [127.0.0.1] NULL', 'x TLS error on connection from (t) [127.0.0.1]'],
        leaves  => 'x TLS error on connection from (t) [127.0.0.1] (NULL) NULL',
    },
    {
        name    => 'neutral-verify-error',
        streams => [qw(log stderr)],
        why     => 'builds with OpenSSL log on a line of its own what is wrong with a certificate, and of its chain everything',
        pattern => sub { return $_[0]{neutral} ? qr/^.* SSL verify error(?: \(during .-verify for \S+\))?: (?:depth=[0-9]+ error=|certificate name mismatch: ).*$/ : undef },
        becomes => sub { return },
        values  => { neutral => 1 },
        changes => ['x [127.0.0.1] SSL verify error: depth=0 error=certificate has expired cert=/CN=a', undef],
        leaves  => 'x [127.0.0.1] SSL verify error: internal error',
    },
    {
        name    => 'neutral-event',
        streams => ['log'],
        why     => 'builds with OpenSSL say of which host and certificate an event does not approve',
        pattern => sub { return $_[0]{neutral} ? qr/(?:\[\S+\] )?(?:SSL|DANE)( verify denied by event-action: depth=[0-9]+)(?: cert=[^:]*)?(?=: )/ : undef },
        becomes => sub { return "TLS$_[2]" },
        values  => { neutral => 1 },
        changes => ['x [127.0.0.2] SSL verify denied by event-action: depth=0 cert=/CN=a: no', 'x TLS verify denied by event-action: depth=0: no'],
        leaves  => 'x SSL verify denied',
    },
    {
        name    => 'neutral-dn-slashes',
        why     => 'OpenSSL writes a name with slashes and its most general part first; RFC 4514 (section 2.1) says commas and last',
        pattern => sub { return $_[0]{neutral} ? qr{(?<![\w.])((?:$DN_SLASHED)+)} : undef },
        becomes => sub { return join ',', reverse map { s/(?=[,+;])/\\/gr } $_[2] =~ m{/($DN_TYPE=[^/]+)}g },
        values  => { neutral => 1 },
        changes => ['x DN="/O=A, Ltd/CN=Signing CA" S=1', 'x DN="CN=Signing CA,O=A\\, Ltd" S=1'],
        leaves  => 'aux-fixed/CN=a',
    },
    {
        name    => 'neutral-dn-order',
        why     => 'GnuTLS writes the most general part of a name first; RFC 4514 (section 2.1) says last',
        pattern => sub {
            return $_[0]{neutral} ? qr{(?<![\w.,/])((?:$DN_GENERAL=$DN_VALUE,)+$DN_SPECIAL=$DN_VALUE(?:,$DN_SPECIAL=$DN_VALUE)*)} : undef;
        },
        becomes => sub { return join ',', reverse $_[2] =~ m{($DN_TYPE=$DN_VALUE)}g },
        values  => { neutral => 1 },
        changes => ['x DN="O=A\\, Ltd,CN=Signing CA" S=1', 'x DN="CN=Signing CA,O=A\\, Ltd" S=1'],
        leaves  => 'x DN="CN=Signing CA,O=A\\, Ltd" S=1',
    },
);

=head2 tls_rules()

The rules, in the order in which they run.

=cut

sub tls_rules { return @RULES }

1;
