# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Munge::Rules;

use strict;
use warnings;

use Runtest::Munge::Sets qw(%SETS);
use Runtest::Munge::TLS qw(tls_rules);
use Runtest::Munge::Versions qw(version_rules);

use Exporter 'import';
our @EXPORT_OK = qw(rules_for rule_set_named all_rules);

=head1 NAME

Runtest::Munge::Rules - the table of what varies from run to run, and what it becomes

=head1 DESCRIPTION

One entry, one rule:

    name      what --explain prints
    streams   [names], or nothing for all
    why       one sentence: why this text varies
    pattern   sub (\%values) that returns the pattern, undef where this run has no such thing
    becomes   sub ($state, \%values, captures...) that returns the replacement; undef deletes the line
    changes   [line, what it becomes]: the rule's own test, with the values of %EXAMPLE
    leaves    a near miss, which must stay as it is
    spans     true for a pattern over several lines; "changes" and "leaves" then are several lines, too
    always    true for a rule that no_munge does not turn off, since it hides nothing

Rules that span lines run first, on a whole stream; the others in the table's order on each line, without its line end. $state keeps numbers' identity: the same id in a
case becomes the same golden id in every stream.

=head2 %EXAMPLE

The values that the rules' own tests run with.

=cut

our %EXAMPLE = (
    directory => '/testsuite',
    caller    => 'mtacaller',
    eximuser  => 'Debian-exim',    # EXIMUSER in a sandbox
    hostname  => 'myhost.test.ex',
    ipv4      => '198.51.100.10',
    ipv6      => '2001:db8::10',
    version   => '4.96',
    neutral   => 0,         # true: the test runs in every lane, so that its goldens must not show the library
);

my $TOKEN_BEFORE = qr/(?<![\w-])/;
my $TOKEN_AFTER  = qr/(?![\w-])/;
my $DAY          = qr/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/;
my $MONTH        = qr/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/;
my $TIME         = qr/[0-9]{2}:[0-9]{2}:[0-9]{2}/;
my $TLS_VERSION  = qr/TLSv?(1(?:\.[0-9])?)/;

# A value of this run as a whole token.
sub _token {
    my ($value) = @_;
    return defined $value ? qr/$TOKEN_BEFORE\Q$value\E$TOKEN_AFTER/ : undef;
}

# Host lists that 4.84 did not have yet and that aux-var/main.conf sets.
my $NEW_HOST_LISTS = join '|', qw(chunking_advertise_hosts limits_advertise_hosts pipelining_connect_advertise_hosts);

my @RULES = (
    {
        name    => 'directory',
        why     => 'without a sandbox the case has a directory of its own',
        pattern => sub { my $path = $_[0]{directory}; return qr{(?<![\w./-])\Q$path\E(?![\w.-])} },
        becomes => sub { return 'TESTSUITE' },
        changes => ['Key file = /testsuite/aux-fixed/k', 'Key file = TESTSUITE/aux-fixed/k'],
        leaves  => '/testsuite2/aux-fixed/k',
    },
    {
        name    => 'caller',
        why     => 'goldens name the caller by a word that is nobody\'s login name',
        pattern => sub { return _token($_[0]{caller}) },
        becomes => sub { return 'CALLER' },
        changes => ['<= mtacaller@test.ex U=mtacaller', '<= CALLER@test.ex U=CALLER'],
        leaves  => '<= mtacaller2@test.ex',
    },
    {
        name    => 'eximuser',
        why     => 'without a sandbox each build of the MTA has a user of its own',
        pattern => sub { my $name = $_[0]{eximuser}; return $name =~ /\A(?:EXIMUSER|exim)\z/ ? undef : _token($name) },
        becomes => sub { return 'EXIMUSER' },
        changes => ['U=Debian-exim P=local', 'U=EXIMUSER P=local'],
        leaves  => 'U=Debian-exim-2 P=local',
    },
    {
        name    => 'eximuser-exim',
        why     => 'the same, where the user has the program\'s name: what says "exim" of itself is the program',
        pattern => sub { return $_[0]{eximuser} eq 'exim' ? qr/(?:(?<=U=)|(?<=Received: from ))exim$TOKEN_AFTER|${TOKEN_BEFORE}exim(?=\@)/ : undef },
        becomes => sub { return 'EXIMUSER' },
        values  => { eximuser => 'exim' },
        changes => ['Received: from exim by h <exim@test.ex> U=exim P=local', 'Received: from EXIMUSER by h <EXIMUSER@test.ex> U=EXIMUSER P=local'],
        leaves  => 'exim 4.96 daemon started: /eximdir/exim, exim: no, U=exim-2, bounce from exim',
    },
    {
        name    => 'euid',
        streams => [qw(log rejectlog paniclog stderr)],
        why     => 'the same, where Exim says why it cannot open a file',
        pattern => sub { return qr/\b(euid=)[0-9]+( egid=)[0-9]+\b/ },
        becomes => sub { return "$_[2]uuu$_[3]ggg" },
        changes => ['failed to open "a": Permission denied (euid=106 egid=106)', 'failed to open "a": Permission denied (euid=uuu egid=ggg)'],
        leaves  => 'uid=106 gid=106',
    },
    {
        name    => 'hostname',
        why     => 'without a sandbox the host has its own name',
        pattern => sub { my $name = $_[0]{hostname}; return $name eq 'myhost.test.ex' ? undef : _token($name) },
        becomes => sub { return 'the.local.host.name' },
        values  => { hostname => 'mail.example.org' },
        changes => ['helo mail.example.org', 'helo the.local.host.name'],
        leaves  => 'helo webmail.example.orgs',
    },
    {
        name    => 'ipv4',
        why     => 'without a sandbox the host has its own address',
        pattern => sub {
            my $address = $_[0]{ipv4} // return;
            return qr/(?<![0-9.])\Q$address\E(?![0-9]|\.[0-9])/;
        },
        becomes => sub { return 'ip4.ip4.ip4.ip4' },
        changes => ['H=[198.51.100.10] P=smtps', 'H=[ip4.ip4.ip4.ip4] P=smtps'],
        leaves  => 'H=[198.51.100.101]',
    },
    {
        name    => 'ipv6',
        why     => 'without a sandbox the host has its own address, which Exim also writes without abbreviation',
        pattern => sub { return _ipv6_pattern($_[0]{ipv6}) },
        becomes => sub { return join ':', ('ip6') x 8 },
        changes => ['H=[2001:db8::10] P=smtps', 'H=[ip6:ip6:ip6:ip6:ip6:ip6:ip6:ip6] P=smtps'],
        leaves  => 'H=[2001:db8::100]',
    },
    {
        name    => 'log-time',
        streams => [qw(log rejectlog paniclog msglog stdout stderr)],
        why     => 'the time at which the line was logged',
        pattern => sub { return qr/^[0-9]{4}-[0-9]{2}-[0-9]{2} $TIME(\.[0-9]{3})?(?: [+-][0-9]{4})?(?= |$)/ },
        becomes => sub { return '1999-03-02 09:44:33' . (defined $_[2] ? '.000' : '') },
        changes => ['2026-11-22 10:03:59 Start queue run', '1999-03-02 09:44:33 Start queue run'],
        leaves  => 'valid until 2026-11-22 10:03:59',
    },
    {
        name    => 'mail-date',
        why     => 'the time at which the message came or the session began (RFC 5322, section 3.3)',
        pattern => sub { return qr/\b$DAY, +[0-9]{1,2} $MONTH [0-9]{4} $TIME [+-][0-9]{4}/ },
        becomes => sub { return 'Tue, 2 Mar 1999 09:44:33 +0000' },
        changes => ['for a@b; Sun, 22 Nov 2026 10:03:59 +0000', 'for a@b; Tue, 2 Mar 1999 09:44:33 +0000'],
        leaves  => 'notAfter: Dec 31 23:59:59 2099 GMT',
    },
    {
        name    => 'mbox-date',
        streams => ['mail'],
        why     => 'the time of delivery, in the line that separates messages of a mailbox (RFC 4155)',
        pattern => sub { return qr/^(From .*) $DAY $MONTH [ 0-9][0-9] $TIME [0-9]{4}$/ },
        becomes => sub { return "$_[2] Tue Mar 02 09:44:33 1999" },
        changes => ['From a@b Sun Nov 22 10:03:59 2026', 'From a@b Tue Mar 02 09:44:33 1999'],
        leaves  => '>From a@b Sun Nov 22 10:03:59 2026',
    },
    {
        name    => 'hints-date',
        streams => ['stdout'],
        why     => 'the times in the hints databases, as dump shows them',
        pattern => sub { return qr/\b[0-9]{2}-$MONTH-[0-9]{4} $TIME\b/ },
        becomes => sub { return '07-Mar-2000 12:21:52' },
        changes => ['22-Nov-2026 10:45:16  R:test.ex', '07-Mar-2000 12:21:52  R:test.ex'],
        leaves  => '2026-11-22 10:45:16  R:test.ex',
    },
    version_rules(),    # before message-id: an id that a rule takes away does not count
    {
        name    => 'message-id',
        why     => 'made from time and pid; since 4.97 longer',
        pattern => sub { return qr/(?<![\w-])(E?)([0-9][0-9A-Za-z]{5}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4}))(?=-[DHJKT]\b|(?![\w-]))/ },
        becomes => sub { my ($state, undef, $e, $id) = @_; return $e . $state->message_id($id) },
        changes => ['id=1vMk3b-000008-0W', 'id=10HmaX-0005vi-00'],
        leaves  => 'x=client-failed-to',
    },
    {
        name    => 'pid',
        why     => 'the kernel\'s choice',
        pattern => sub { return qr/\b(pid[= ])[0-9]+\b/ },
        becomes => sub { return "$_[2]pppp" },
        changes => ['daemon started: pid=34, no queue runs', 'daemon started: pid=pppp, no queue runs'],
        leaves  => 'rapid=34',
    },
    {
        name    => 'size',
        streams => [qw(log rejectlog paniclog msglog)],
        why     => 'a message\'s size depends on how long version, cipher and date are in its Received: header',
        pattern => sub { return qr/(?<= )S=[0-9]+(?= |$)/ },
        becomes => sub { return 'S=sss' },
        changes => ['P=esmtps S=582 id=x', 'P=esmtps S=sss id=x'],
        leaves  => 'TS=582',
    },
    {
        name    => 'kernel-port',
        why     => 'a port that the kernel chose: the number of an address\'s other end',
        pattern => sub { return qr/(?<=\]:)(3[2-9][0-9]{3}|[45][0-9]{4}|6[0-5][0-9]{3})(?![0-9])/ },
        becomes => sub { my ($state, undef, $port) = @_; return $state->port($port) },
        changes => ['from [127.0.0.1]:47288 closed', 'from [127.0.0.1]:1111 closed'],
        leaves  => 'from [127.0.0.1]:1225 closed',
    },
    {
        name    => 'version',
        why     => 'the MTA\'s version',
        pattern => sub { return qr/\b([Ee]xim )\Q$_[0]{version}\E(?![\w.+-])/ },
        becomes => sub { return "$_[2]x.yz" },
        changes => ['220 myhost.test.ex ESMTP Exim 4.96 Tue', '220 myhost.test.ex ESMTP Exim x.yz Tue'],
        leaves  => 'needs Exim 4.961',
    },
    {
        name    => 'duration',
        streams => [qw(log rejectlog paniclog msglog)],
        why     => 'how long it took',
        pattern => sub { return qr/(?<= )(QT|DT|D)=[0-9]+(?:\.[0-9]+)?s(?= |$)/ },
        becomes => sub { return "$_[2]=qqs" },
        changes => ['Completed QT=0.213s', 'Completed QT=qqs'],
        leaves  => 'RD=0.213s',
    },
    {
        name    => 'duration-of-connection',
        streams => ['log'],
        why     => 'since 4.98 every line about the end of a connection has it, before only some',
        pattern => sub { return qr/(SMTP connection from .*?) D=qqs(?= closed )/ },
        becomes => sub { return $_[2] },
        changes => ['SMTP connection from (tester) [127.0.0.1] D=qqs closed by QUIT', 'SMTP connection from (tester) [127.0.0.1] closed by QUIT'],
        leaves  => '10HmaX-0005vi-00 D=qqs closed by QUIT',
    },
    {
        name    => 'host-of-error',
        streams => ['log'],
        why     => 'since 4.100 there is no colon between a host and what it answered',
        pattern => sub { return qr/( H=\S+ \[[^]]+\])(?= SMTP error from remote)/ },
        becomes => sub { return "$_[2]:" },
        changes => ['10HmaX-0005vi-00 H=a.example.com [127.0.0.4] SMTP error from remote', '10HmaX-0005vi-00 H=a.example.com [127.0.0.4]: SMTP error from remote'],
        leaves  => '10HmaX-0005vi-00 H=a.example.com [127.0.0.4]: SMTP error from remote',
    },
    {
        name    => 'dsn-boundary',
        streams => ['mail'],
        why     => 'the parts of a report are separated by a line made from the time and a random number',
        pattern => sub { return qr/\b[0-9]{10}-eximdsn-[0-9]+/ },
        becomes => sub { return 'NNNNNNNNNN-eximdsn-MMMMMMMMMM' },
        changes => ['--1795344590-eximdsn-1903289753--', '--NNNNNNNNNN-eximdsn-MMMMMMMMMM--'],
        leaves  => '--179534459-eximdsn-1903289753--',
    },
    {
        name    => 'cipher',
        why     => 'key exchange, cipher, MAC, bits and (since 4.100) group are the library\'s choice of the day; version and authentication are not',
        pattern => sub { return qr/(\bX=|\bcipher=|\()$TLS_VERSION:([\w+-]+):(?:[0-9]+|xxx)(?::[\w-]+)?/ },
        becomes => sub { my (undef, undef, $before, $version, $suite) = @_; return $before . _cipher($version, $suite) },
        changes => ['P=esmtps X=TLS1.2:ECDHE-ECDSA-AES256-GCM-SHA384:256:SECP256R1 CV=no', 'P=esmtps X=TLS1.2:ke-ECDSA-AES256-SHAnnn:xxx CV=no'],
        leaves  => 'cipher=none',
    },
    {
        name    => 'cipher-received',
        streams => [qw(mail stdout)],
        why     => 'the same, as newer Exims write it into Received:',
        pattern => sub { return qr/( with \w+) +\($TLS_VERSION\) tls ([\w+-]+)/ },
        becomes => sub { my (undef, undef, $with, $version, $suite) = @_; return "$with (" . _cipher($version, $suite) . ')' },
        changes => ['by h with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384', 'by h with esmtps (TLS1.3:ke-RSA-AES256-SHAnnn:xxx)'],
        leaves  => 'by h with esmtps  (TLS1.3) and no more',
    },
    {
        name    => 'cipher-report',
        streams => ['stdout'],
        why     => 'the same, as a client with -report says it',
        pattern => sub { return qr/^(TLS cipher: )([\w+-]+)$/ },
        becomes => sub { my (undef, undef, $before, $suite) = @_; return $before . _suite($suite) },
        changes => ['TLS cipher: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS cipher: ke-ECDSA-AES256-SHAnnn'],
        leaves  => 'TLS cipher: (none)',
    },
    {
        name    => 'received-date',
        streams => [qw(mail stdout)],
        spans   => 1,
        why     => 'newer Exims put the date of a Received: header on a line of its own',
        pattern => sub { return qr/^(\tfor [^\n]*;)\n\t(?=$DAY, )/m },
        becomes => sub { return "$_[2] " },
        changes => ["\tfor a\@b;\n\tSun, 22 Nov 2026", "\tfor a\@b; Sun, 22 Nov 2026"],
        leaves  => "\tfor a\@b;\n\tSunday, 22 Nov 2026",
    },
    tls_rules(),
    {
        name    => 'daemon-protocols',
        streams => ['log'],
        why     => 'which protocols the daemon names depends on the version and on the host',
        pattern => sub { return qr/(?: listening for SMTP.*?|\G(?!\A).*?)\K \((?:IPv6 and IPv4|IPv4|IPv6)\)/ },
        becomes => sub { return '' },
        changes => ['pid=1, listening for SMTP on port 1225 (IPv6 and IPv4) port 1226 (IPv4) and for SMTPS on port 1227 (IPv4)',
            'pid=1, listening for SMTP on port 1225 port 1226 and for SMTPS on port 1227'],
        leaves  => 'connection on port 1225 (IPv6 and IPv4)',
    },
    {
        name    => 'host-list-elements',
        streams => ['stderr'],
        spans   => 1,
        why     => 'since 4.97 a -bh session tells of a list and of each of its elements before the answer',
        pattern => sub { return qr/^>>> \S+ in \w+\?\n(?:>>>  list element: [^\n]*\n)*(>>>  (?=\S+ in \w+\? ))?/m },
        becomes => sub { return defined $_[2] ? '>>> ' : '' },
        changes => [">>> host in host_lookup?\n>>>  list element: *\n>>>  host in host_lookup? yes (matched \"*\")",
            '>>> host in host_lookup? yes (matched "*")'],
        leaves  => ">>> a in helo_lookup_domains? no (end of list)\n>>>  list element: \@\n",
    },
    {
        name    => 'host-list-unset',
        streams => ['stderr'],
        why     => 'a -bh session tells of each host list that it looks at; which ones there are depends on the version and on the build',
        pattern => sub { return qr/^(>>> host in (\w+)\? no \(option unset\))$/ },
        becomes => sub { my ($state, undef, $line, $option) = @_; return $state->is_set($option) ? $line : undef },
        changes => ['>>> host in hosts_proxy? no (option unset)', undef],
        leaves  => '>>> host in hosts_proxy? no (end of list)',
    },
    {
        name    => 'new-host-lists',
        streams => ['stderr'],
        why     => 'the same, of newer options that all tests set',
        pattern => sub { return qr/^>>> host in (?:$NEW_HOST_LISTS)\? no \(.*\)$/ },
        becomes => sub { return },
        changes => ['>>> host in limits_advertise_hosts? no (matched "!*")', undef],
        leaves  => '>>> host in chunking_advertise_hosts? yes (matched "*")',
    },
    {
        name    => 'carriage-return',
        always  => 1,
        why     => 'not varying, but invisible: the line ends of SMTP are shown',
        pattern => sub { return qr/\r/ },
        becomes => sub { return '\r' },
        changes => ["221 closing\r", '221 closing\r'],
        leaves  => '221 closing\r',
    },
);

# Key exchange, cipher and MAC become one word; RSA unless the suite says ECDSA (TLS 1.3 suites do not name it).
sub _cipher {
    my ($version, $suite) = @_;
    $version = '1.0' if $version eq '1';
    return "TLS$version:" . _suite($suite) . ':xxx';
}

sub _suite {
    my ($suite) = @_;
    my $authentication = $suite =~ /ECDSA/ ? 'ECDSA' : 'RSA';
    return "ke-$authentication-AES256-SHAnnn";
}

sub _ipv6_pattern {
    my ($address) = @_;
    return if !defined $address;
    require Socket;
    my $packed = Socket::inet_pton(Socket::AF_INET6(), $address) // return;
    my $long   = join ':', map { sprintf '%04x', $_ } unpack 'n8', $packed;
    my $short  = Socket::inet_ntop(Socket::AF_INET6(), $packed);
    return qr/(?<![0-9A-Fa-f:])(?:\Q$short\E|\Q$long\E)(?![0-9A-Fa-f:])/i;
}

=head2 rules_for(\@sets)

The rules of every case, and those of the named sets behind them, in the order in which they run.

=cut

sub rules_for {
    my ($sets) = @_;
    return (@RULES, map { @{ $SETS{$_} } } @$sets);
}

=head2 rule_set_named($name)

Whether there is a set of that name.

=cut

sub rule_set_named { return exists $SETS{ $_[0] } }

=head2 all_rules()

Every rule, those of the sets included: for their tests.

=cut

sub all_rules { return rules_for([sort keys %SETS]) }

1;
