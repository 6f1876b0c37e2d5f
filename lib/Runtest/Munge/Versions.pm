# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Munge::Versions;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(version_rules);

=head1 NAME

Runtest::Munge::Versions - the rules for what newer Exims word differently, and mean the same

=head1 DESCRIPTION

Entries are as Runtest::Munge::Rules describes. Goldens have the oldest wording, that of 4.96 and before, unless only the newer one can be had
from both. What Exim says since about TLS libraries' errors is in Runtest::Munge::TLS.

=cut

my @LOGS = qw(log rejectlog paniclog msglog stderr);

my @RULES = (
    {
        name    => 'error-number',
        streams => [@LOGS],
        why     => 'Exim\'s own and the system\'s number of an error stood before its text, up to 4.99',
        pattern => sub { return qr/( == .* defer) \(-?[0-9]+\)(?=[: ])/ },
        becomes => sub { return $_[2] },
        changes => ['x == a@b R=r T=t defer (-37) H=h [127.0.0.1]: TLS session: x', 'x == a@b R=r T=t defer H=h [127.0.0.1]: TLS session: x'],
        leaves  => 'x == a@b R=r T=t defer: (111) Connection refused',
    },
    {
        name    => 'error-in-parentheses',
        streams => [@LOGS],
        why     => 'since 4.100 the system\'s name of an error stands where its number was',
        pattern => sub { return qr/( == .* defer) \(([A-Z][^()]*)\)$/ },
        becomes => sub { return "$_[2]: $_[3]" },
        changes => ['x == a@b R=r T=t defer (Connection refused)', 'x == a@b R=r T=t defer: Connection refused'],
        leaves  => 'x == a@b R=r T=t defer (Connection refused): no',
    },
    {
        name    => 'error-of-system',
        streams => [@LOGS],
        why     => 'what Exim says itself of a host had the system\'s words in front of it, up to 4.99',
        pattern => sub { return qr/( == .* defer)(?:: [A-Z][^:]*| \([A-Z][^()]*\))(?= H=\S+ \[)/ },
        becomes => sub { return $_[2] },
        changes => ['x == a@b R=r T=t defer: Connection timed out H=h [127.0.0.1]: no answer', 'x == a@b R=r T=t defer H=h [127.0.0.1]: no answer'],
        leaves  => 'x == a@b R=r T=t defer: Connection timed out',
    },
    {
        name    => 'error-without-number',
        streams => [@LOGS],
        why     => 'Exim 4.100 leaves the blank that stood before the number',
        pattern => sub { return qr/( \*\* (?:(?!: ).)*\S) (?=: )/ },
        becomes => sub { return $_[2] },
        changes => ['x ** a@b R=r X=TLS1.3:y:xxx : DANE error', 'x ** a@b R=r X=TLS1.3:y:xxx: DANE error'],
        leaves  => 'x ** a@b R=r T=t: DANE error : x',
    },
    {
        name    => 'authenticator-host',
        streams => [@LOGS],
        why     => 'the client of an AUTH that failed, written as in other lines since 4.99',
        pattern => sub { return qr/( authenticator failed for) H=/ },
        becomes => sub { return "$_[2] " },
        changes => ['x plain authenticator failed for H=(t) [127.0.0.1]: 535 no', 'x plain authenticator failed for (t) [127.0.0.1]: 535 no'],
        leaves  => 'x plain authenticator said H=(t) [127.0.0.1]: 535 no',
    },
    {
        name    => 'input-size',
        streams => [@LOGS],
        why     => 'how many bytes of input there are when a client does not wait for an answer, counted since 4.97',
        pattern => sub { return qr/( next input="[^"]*") \([0-9]+ bytes\)$/ },
        becomes => sub { return $_[2] },
        changes => ['x rejected "starttls" H=t next input="a\r\n" (3 bytes)', 'x rejected "starttls" H=t next input="a\r\n"'],
        leaves  => 'x rejected "starttls" (3 bytes)',
    },
    {
        name    => 'timeout-duration',
        streams => [@LOGS],
        why     => 'how long a connection was there that timed out, logged since 4.97',
        pattern => sub { return qr/( SMTP \w+ timeout (?:\(message abandoned\) )?on .*) D=\S+$/ },
        becomes => sub { return $_[2] },
        changes => ['x SMTP command timeout on connection from [127.0.0.1] D=qqs', 'x SMTP command timeout on connection from [127.0.0.1]'],
        leaves  => 'x SMTP call from [127.0.0.1] dropped D=qqs',
    },
    {
        name    => 'lost-connection',
        streams => ['log'],
        why     => 'a connection that is lost within a message is logged with the message\'s id since 4.97',
        pattern => sub { return qr/^([0-9-]+ [0-9:.]+ )[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} (?=SMTP connection from .* lost while reading message data)/ },
        becomes => sub { return $_[2] },
        changes => ['1999-03-02 09:44:33 10HmaX-0005vi-00 SMTP connection from [127.0.0.1] lost while reading message data',
            '1999-03-02 09:44:33 SMTP connection from [127.0.0.1] lost while reading message data'],
        leaves  => '1999-03-02 09:44:33 10HmaX-0005vi-00 SMTP connection from [127.0.0.1] closed',
    },
    {
        name    => 'chunk-total',
        streams => ['log'],
        why     => 'a message\'s size depends on how long version, id and date are in its headers',
        pattern => sub { return qr/(?<= byte chunk, total )[0-9]+/ },
        becomes => sub { return 'sss' },
        changes => ['C="250- 408000 byte chunk, total 408346\\n250 OK"', 'C="250- 408000 byte chunk, total sss\\n250 OK"'],
        leaves  => 'C="250 408000 byte chunk received"',
    },
    {
        name    => 'connect-phase',
        streams => [@LOGS],
        why     => 'what a server says before the first command has another name where TLS is first, since 4.97',
        pattern => sub { return qr/((?:after|in response to)) TLS-on-connect(?=:|$)/ },
        becomes => sub { return "$_[2] initial connection" },
        changes => ['x: Remote host closed connection in response to TLS-on-connect', 'x: Remote host closed connection in response to initial connection'],
        leaves  => 'x: after TLS-on-connect-1',
    },
    {
        name    => 'early-pipelining',
        streams => ['stdout'],
        why     => 'early pipelining is offered by a name without underscores since 4.96, as RFC 5321, section 4.1.1.1, has it; up to 4.93 as an experiment (RFC 6648)',
        pattern => sub { return qr/^(<<< 250[- ])(?:X_)?PIPE_CONNECT$/ },
        becomes => sub { return "$_[2]PIPECONNECT" },
        changes => ['<<< 250-X_PIPE_CONNECT', '<<< 250-PIPECONNECT'],
        leaves  => '??? 250-PIPE_CONNECT',
    },
    {
        name    => 'curve-error',
        streams => [@LOGS],
        why     => 'an unknown curve is named in other words since 4.97, and in other quotes since 4.99; up to 4.95 OpenSSL adds that it has no error',
        pattern => sub {
            my $name = qr/(?:'[^']*'|"[^"]*")/;
            return qr/(?<= )(\()?Unknown curve name (?:in )?tls_eccurve ($name)(?(2)\): error:00000000:lib\(0\):(?:func\(0\))?:reason\(0\))$/;
        },
        becomes => sub { return "Unknown curve name tls_eccurve '" . substr($_[3], 1, -1) . q{'} },
        changes => ['x (Unknown curve name tls_eccurve \'none\'): error:00000000:lib(0)::reason(0)', 'x Unknown curve name tls_eccurve \'none\''],
        leaves  => 'x (Unknown curve name tls_eccurve \'none\'): error:0A000001:SSL routines::x',
    },
);

=head2 version_rules()

The rules, in the order in which they run.

=cut

sub version_rules { return @RULES }

1;
