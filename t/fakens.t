#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fakens answers: record types, prefixes, chains, wildcards, special names, sizes. What is wrong with zone files is in
# fakens-check.t, the log and the surroundings in fakens-process.t.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time);

use FakeDNS qw(new_case write_file program run ask slurp);

my @AUTHORITY = ('authority: test.ex 3600 SOA ns.test.ex. host.test.ex. 1 2 3 4 5');

# The lines of an answer must be these, without those of the question.
sub answer_is {
    my ($case, $question, @lines) = @_;
    my $text = ask($case, $question);
    $text =~ s/^question:.*\n//mx;
    is($text, join(q{}, map {"$_\n"} @lines), $question);
    return;
}

sub zone {
    my ($records) = @_;
    return new_case('db.test.ex' => "\@ SOA ns host 1 2 3 4 5\n$records");
}

# ----- The message -----

sub test_bytes {
    my $case = zone("a A 10.1.2.3\n");
    my $run  = run({}, program('fakens'), $case, 'a.test.ex', 'A');
    my $name = '01610474657374026578' . '00';
    is( unpack('H*', $run->{stdout}),
        "0000" . '8180' . '0001' . '0001' . '0000' . '0000'    # header
            . "${name}00010001"                                # question
            . "${name}00010001" . '00000e10' . '0004' . '0a010203',
        'byte for byte as RFC 1035 says, without compression'
    );
    return;
}

# ----- Record types -----

my $TYPES = <<'ZONE';
host    A      192.0.2.1
host    AAAA   2001:db8::1
@       MX     10 host
@       MX     20 mail.other.org.
null    MX     0 .
@       NS     ns
1       PTR    host.test.ex.
nobody  PTR    .
alias   CNAME  host
_smtp._tcp SRV 1 2 25 host
txt     TXT    "one string"
two     TXT    "one" "two; no comment"   ; a comment
odd     TXT    "a\"b\\c\065\;" ""
bare    TXT    v=spf1 -all
spf     SPF    "v=spf1 -all"
dane    TLSA   3 1 1 0123 4567 89AB cdef
low     a      192.0.2.9
ZONE

sub test_types {
    my $case = zone($TYPES);
    my @answers = (
        'host A'       => '192.0.2.1',
        'host AAAA'    => '2001:db8::1',
        'null MX'      => '0 .',
        '1 PTR'        => 'host.test.ex.',
        'nobody PTR'   => q{.},
        'alias CNAME'  => 'host.test.ex.',
        '_smtp._tcp SRV' => '1 2 25 host.test.ex.',
        'txt TXT'      => '"one string"',
        'two TXT'      => '"one" "two; no comment"',
        'odd TXT'      => '"a"b\\cA;" ""',
        'bare TXT'     => '"v=spf1 -all"',
        'spf SPF'      => '"v=spf1 -all"',
        'dane TLSA'    => '3 1 1 0123456789abcdef',
        'low A'        => '192.0.2.9',
    );
    while (my ($question, $data) = splice @answers, 0, 2) {
        my ($name, $type) = split q{ }, $question;
        answer_is($case, "$name.test.ex $type", '0 NOERROR', "$name.test.ex 3600 $type $data");
    }
    answer_is($case, 'test.ex NS',  '0 NOERROR', 'test.ex 3600 NS ns.test.ex.');
    answer_is($case, 'test.ex SOA', '0 NOERROR', 'test.ex 3600 SOA ns.test.ex. host.test.ex. 1 2 3 4 5');
    answer_is($case, 'test.ex MX',
        '0 NOERROR', 'test.ex 3600 MX 10 host.test.ex.', 'test.ex 3600 MX 20 mail.other.org.');
    like(ask($case, 'host.test.ex a'), qr/192/x, 'a type in lower case');
    is(ask($case, 'host.test.ex ANY'), "3 FORMERR\n", 'an unknown type');
    return;
}

sub test_long_strings {
    my $case = zone(join q{}, map { sprintf "t%d TXT \"%s\"\n", $_, 'x' x $_ } 255, 256, 600);
    for my $length (255, 256, 600) {
        my @parts = unpack '(a255)*', 'x' x $length;
        answer_is($case, "t$length.test.ex TXT",
            '0 NOERROR', "t$length.test.ex 3600 TXT " . join q{ }, map {qq{"$_"}} @parts);
    }
    return;
}

# ----- Names -----

sub test_names {
    my $case = new_case(
        'db.test.ex'     => "UpperCase A 192.0.2.1\n* A 192.0.2.2\n",
        'db.sub.Test.EX' => "a A 192.0.2.3\n",
        'db.ip4.127'     => "1.0.0 PTR localhost.\n",
        'db.ip4.1.10'    => "3.2 PTR ten.test.ex.\n",
        'db.ip6.ff00'    => "1 PTR six.test.ex.\n",
        'db.ip6.8.b.d'   => "1 PTR nibbles.test.ex.\n",
        'README'         => 'no zone',
    );
    answer_is($case, 'uppercase.test.EX A', '0 NOERROR', 'UpperCase.test.ex 3600 A 192.0.2.1');
    answer_is($case, 'sO.test.ex A',        '0 NOERROR', 'sO.test.ex 3600 A 192.0.2.2');
    answer_is($case, 'UPPERCASE.test.ex. A', '0 NOERROR', 'UpperCase.test.ex 3600 A 192.0.2.1');
    answer_is($case, 'a.sub.test.ex A',     '0 NOERROR', 'a.sub.Test.EX 3600 A 192.0.2.3');
    answer_is($case, 'b.sub.test.ex A',     '1 NXDOMAIN');
    answer_is($case, '1.0.0.127.in-addr.arpa PTR',
        '0 NOERROR', '1.0.0.127.in-addr.arpa 3600 PTR localhost.');
    answer_is($case, '3.2.1.10.in-addr.arpa PTR', '0 NOERROR', '3.2.1.10.in-addr.arpa 3600 PTR ten.test.ex.');
    answer_is($case, '1.0.0.f.f.ip6.arpa PTR',    '0 NOERROR', '1.0.0.f.f.ip6.arpa 3600 PTR six.test.ex.');
    answer_is($case, '1.8.b.d.ip6.arpa PTR', '0 NOERROR', '1.8.b.d.ip6.arpa 3600 PTR nibbles.test.ex.');
    return;
}

sub test_existence {
    my $case = zone("host A 192.0.2.1\na.b.c A 192.0.2.2\n");
    answer_is($case, 'host.test.ex MX',    '4 NOERROR',  @AUTHORITY);
    answer_is($case, 'b.c.test.ex A',      '4 NOERROR',  @AUTHORITY);
    answer_is($case, 'test.ex A',          '4 NOERROR',  @AUTHORITY);
    answer_is($case, 'none.test.ex A',     '1 NXDOMAIN', @AUTHORITY);
    answer_is($case, 'x.host.test.ex A',   '1 NXDOMAIN', @AUTHORITY);
    answer_is($case, 'host.test.ex.org A', '1 NXDOMAIN');
    answer_is($case, 'ex A',               '1 NXDOMAIN');
    answer_is($case, '. A',                '1 NXDOMAIN');
    answer_is($case, ' A',                 '1 NXDOMAIN');
    return;
}

sub test_pass_on_not_found {
    my $case = zone("host A 192.0.2.1\nPASS ON NOT FOUND\nto CNAME none\nNXDOMAIN never A\n");
    answer_is($case, 'none.test.ex A',  '5 no reply');
    answer_is($case, 'host.test.ex A',  '0 NOERROR', 'host.test.ex 3600 A 192.0.2.1');
    answer_is($case, 'host.test.ex MX', '4 NOERROR', @AUTHORITY);
    answer_is($case, 'to.test.ex A',    '0 NOERROR', 'to.test.ex 3600 CNAME none.test.ex.');
    answer_is($case, 'never.test.ex A', '1 NXDOMAIN', @AUTHORITY);
    answer_is($case, 'not.there A',     '1 NXDOMAIN');
    return;
}

sub test_qualify {
    my %zone = ('db.test.ex' => "host A 192.0.2.1\ndontqualify A 192.0.2.2\n");
    answer_is(new_case(%zone), 'host A', '1 NXDOMAIN');
    my $case = new_case(%zone, 'qualify.test.ex' => q{});
    is(ask($case, 'host A'), "0 NOERROR\nquestion: host.test.ex A\nhost.test.ex 3600 A 192.0.2.1\n", 'qualified');
    answer_is($case, 'host. A',            '1 NXDOMAIN');
    answer_is($case, 'host.test A',        '1 NXDOMAIN');
    answer_is($case, 'dontqualify A',      '1 NXDOMAIN');
    answer_is($case, 'dontqualify.test.ex A', '0 NOERROR', 'dontqualify.test.ex 3600 A 192.0.2.2');
    return;
}

# RFC 1035 section 2.3.4.
sub test_long_names {
    my ($label, $long) = ('a' x 63, join q{.}, ('a' x 63) x 3);
    my $most = "$long." . 'b' x 53 . '.test.ex';    # 255 bytes on the wire
    my $case = zone("$label A 192.0.2.1\n$most. A 192.0.2.2\n");
    answer_is($case, "$label.test.ex A", '0 NOERROR', "$label.test.ex 3600 A 192.0.2.1");
    answer_is($case, "$most A",          '0 NOERROR', "$most 3600 A 192.0.2.2");
    for my $bad ("a$label.test.ex", "b$most", 'a..b', '.a', 'a..', '..', 'a.' x 50_000) {
        is(ask($case, "$bad A"), "3 FORMERR\n", 'a bad name of ' . length $bad);
    }
    return;
}

# ----- Prefixes -----

my $PREFIXES = <<'ZONE';
NS ns
ns A 192.0.2.1
DNSSEC secure   A     192.0.2.1
secure          A     192.0.2.2
DNSSEC secure   MX    1 secure
DNSSEC safe     CNAME secure
unsafe          CNAME half
DNSSEC half     AAAA  ::1
DNSSEC          AAAA  ::2
AA aa           A     192.0.2.1
AA              A     192.0.2.2
AA mixed        A     192.0.2.1
mixed           A     192.0.2.2
TTL=0 ttl       A     192.0.2.1
TTL=2147483647  A     192.0.2.2
TTL=5 DNSSEC AA all A 192.0.2.1
NXDOMAIN nx     A     192.0.2.1
NXDOMAIN AA DNSSEC nx2 TLSA
NXDOMAIN part   A
part            MX    1 ns
NXDOMAIN mix    A
mix             A     192.0.2.1
*               A     192.0.2.9
ZONE

sub test_prefixes {
    my $case = zone("\@ $PREFIXES");
    my @ns   = ('authority: test.ex 3600 NS ns.test.ex.');
    my %a    = map { $_ => "3600 A 192.0.2.$_" } 1, 2, 9;
    answer_is($case, 'secure.test.ex A',  '0 NOERROR',    "secure.test.ex $a{1}", "secure.test.ex $a{2}");
    answer_is($case, 'secure.test.ex MX', '0 NOERROR AD', 'secure.test.ex 3600 MX 1 secure.test.ex.');
    answer_is($case, 'safe.test.ex MX', '0 NOERROR AD', 'safe.test.ex 3600 CNAME secure.test.ex.',
        'secure.test.ex 3600 MX 1 secure.test.ex.');
    answer_is($case, 'unsafe.test.ex AAAA', '0 NOERROR', 'unsafe.test.ex 3600 CNAME half.test.ex.',
        'half.test.ex 3600 AAAA ::1', 'half.test.ex 3600 AAAA ::2');
    answer_is($case, 'half.test.ex AAAA', '0 NOERROR AD', 'half.test.ex 3600 AAAA ::1', 'half.test.ex 3600 AAAA ::2');
    answer_is($case, 'aa.test.ex A',      '0 NOERROR AA', "aa.test.ex $a{1}",    "aa.test.ex $a{2}", @ns);
    answer_is($case, 'mixed.test.ex A',   '0 NOERROR',    "mixed.test.ex $a{1}", "mixed.test.ex $a{2}");
    answer_is($case, 'ttl.test.ex A', '0 NOERROR', 'ttl.test.ex 0 A 192.0.2.1', 'ttl.test.ex 2147483647 A 192.0.2.2');
    answer_is($case, 'all.test.ex A',     '0 NOERROR AA AD', 'all.test.ex 5 A 192.0.2.1', @ns);
    answer_is($case, 'nx.test.ex A',      '1 NXDOMAIN',       @AUTHORITY);
    answer_is($case, 'nx.test.ex MX',     '1 NXDOMAIN',       @AUTHORITY);
    answer_is($case, 'nx2.test.ex TLSA',  '1 NXDOMAIN AA AD', @AUTHORITY);
    answer_is($case, 'nx2.test.ex A',     '1 NXDOMAIN AA AD', @AUTHORITY);
    answer_is($case, 'part.test.ex A',    '1 NXDOMAIN',       @AUTHORITY);
    answer_is($case, 'part.test.ex MX',   '0 NOERROR', 'part.test.ex 3600 MX 1 ns.test.ex.');
    answer_is($case, 'part.test.ex TXT',  '4 NOERROR', @AUTHORITY);
    answer_is($case, 'mix.test.ex A',     '1 NXDOMAIN', @AUTHORITY);
    answer_is($case, 'other.test.ex A',   '0 NOERROR', "other.test.ex $a{9}");
    return;
}

# ----- Wildcards, RFC 4592 section 3.3.1 -----

sub test_wildcards {
    my $case = zone("*.w MX 1 host\nhost.w A 192.0.2.1\n*.deep.w CNAME host.w\n*.*.odd A 192.0.2.3\n");
    for my $name (qw(x.w x.y.w *.w)) {
        answer_is($case, "$name.test.ex MX", '0 NOERROR', "$name.test.ex 3600 MX 1 host.test.ex.");
    }
    answer_is($case, 'x.w.test.ex A',       '4 NOERROR', @AUTHORITY);
    answer_is($case, 'host.w.test.ex MX',   '4 NOERROR', @AUTHORITY);
    answer_is($case, 'x.host.w.test.ex MX', '1 NXDOMAIN', @AUTHORITY);
    answer_is($case, 'w.test.ex MX',        '4 NOERROR', @AUTHORITY);
    answer_is($case, 'x.deep.w.test.ex A',
        '0 NOERROR', 'x.deep.w.test.ex 3600 CNAME host.w.test.ex.', 'host.w.test.ex 3600 A 192.0.2.1');
    answer_is($case, 'x.test.ex MX', '1 NXDOMAIN', @AUTHORITY);
    return;
}

# ----- Chains -----

my $CHAINS = <<'ZONE';
host   A     192.0.2.1
one    CNAME host
two    CNAME one
both   CNAME one
both   A     192.0.2.2
nodata CNAME host
gone   CNAME none
away   CNAME www.elsewhere.org.
over   CNAME host.other.ex.
self   CNAME self
ping   CNAME pong
pong   CNAME PING
into   CNAME ping
again  CNAME test.again.dns.
fail   CNAME test.fail.dns.
many   CNAME manyhome
NXDOMAIN dead CNAME host
ZONE

sub test_chains {
    my $case = zone($CHAINS);
    write_file("$case/dnszones/db.other.ex", "host CNAME two.test.ex.\n");
    my $one = 'one.test.ex 3600 CNAME host.test.ex.';
    my $two = 'two.test.ex 3600 CNAME one.test.ex.';
    my $a   = 'host.test.ex 3600 A 192.0.2.1';
    answer_is($case, 'two.test.ex A', '0 NOERROR', $two, $one, $a);
    answer_is($case, 'two.test.ex CNAME', '0 NOERROR', $two);
    answer_is($case, 'over.test.ex A',
        '0 NOERROR', 'over.test.ex 3600 CNAME host.other.ex.', 'host.other.ex 3600 CNAME two.test.ex.', $two, $one, $a);
    answer_is($case, 'both.test.ex A',   '0 NOERROR', 'both.test.ex 3600 A 192.0.2.2');
    answer_is($case, 'nodata.test.ex MX', '4 NOERROR', 'nodata.test.ex 3600 CNAME host.test.ex.', @AUTHORITY);
    answer_is($case, 'gone.test.ex A', '1 NXDOMAIN', 'gone.test.ex 3600 CNAME none.test.ex.', @AUTHORITY);
    answer_is($case, 'away.test.ex A', '1 NXDOMAIN', 'away.test.ex 3600 CNAME www.elsewhere.org.');
    answer_is($case, 'dead.test.ex A', '1 NXDOMAIN', @AUTHORITY);
    answer_is($case, 'self.test.ex A', '0 NOERROR', 'self.test.ex 3600 CNAME self.test.ex.');
    answer_is($case, 'ping.test.ex A',
        '0 NOERROR', 'ping.test.ex 3600 CNAME pong.test.ex.', 'pong.test.ex 3600 CNAME PING.test.ex.');
    answer_is($case, 'into.test.ex A', '0 NOERROR',
        'into.test.ex 3600 CNAME ping.test.ex.', 'ping.test.ex 3600 CNAME pong.test.ex.',
        'pong.test.ex 3600 CNAME PING.test.ex.');
    answer_is($case, 'again.test.ex A', '2 SERVFAIL', 'again.test.ex 3600 CNAME test.again.dns.');
    answer_is($case, 'fail.test.ex A',  '3 REFUSED',  'fail.test.ex 3600 CNAME test.fail.dns.');
    is(() = ask($case, 'many.test.ex A') =~ /A[ ]10[.]250/gx, 2048, 'a chain to manyhome');
    return;
}

sub test_chain_limit {
    my $case = zone(join q{}, "c0 A 192.0.2.1\n", map { "c$_ CNAME c" . ($_ - 1) . "\n" } 1 .. 20);
    my @chain = map { "c$_.test.ex 3600 CNAME c" . ($_ - 1) . '.test.ex.' } reverse 1 .. 17;
    answer_is($case, 'c15.test.ex A', '0 NOERROR', @chain[ 2 .. 16 ], 'c0.test.ex 3600 A 192.0.2.1');
    answer_is($case, 'c17.test.ex A', '0 NOERROR', @chain[ 0 .. 15 ]);
    return;
}

# ----- Fixed names -----

sub test_fixed_names {
    my $case = zone("manyhome MX 1 host\nagain A 192.0.2.1\n");
    answer_is($case, 'test.again.dns MX',      '2 SERVFAIL');
    answer_is($case, 'Test.Fail.DNS A',        '3 REFUSED');
    answer_is($case, 'x.test.again.dns A',     '1 NXDOMAIN');
    answer_is($case, '1.2.test.again.dns A',   '1 NXDOMAIN');
    answer_is($case, '9999.test.again.dns A',  '1 NXDOMAIN');
    answer_is($case, 'manyhome.test.ex AAAA',  '4 NOERROR');
    my $began = time;
    answer_is($case, '1.test.again.dns A', '2 SERVFAIL');
    cmp_ok(time - $began, '>=', 1, '1.test.again.dns after a second');
    my %addresses = map { $_ => 1 } ask($case, 'manyhome.test.ex A') =~ /^manyhome.test.ex[ ]3600[ ]A[ ](10[.]250[.].*)$/gmx;
    is(scalar keys %addresses, 2048, 'manyhome.test.ex has 2048 addresses');
    return;
}

sub test_delay {
    my $case  = zone("DELAY=300 slow A 192.0.2.1\nDELAY=700 slow A 192.0.2.2\nDELAY=400 slow A 192.0.2.3\n"
            . "DELAY=600000 slow MX 1 slow\n");
    my $began = time;
    answer_is($case, 'slow.test.ex A', '0 NOERROR', map {"slow.test.ex 3600 A 192.0.2.$_"} 1 .. 3);
    cmp_ok(time - $began, '>=', 0.7, 'after the longest delay');
    return;
}

# ----- Replies near 64 KiB -----

sub first_line {
    my ($text) = @_;
    return $text =~ s/\n.*//xsr;
}

sub test_truncation {
    my $case = zone(join q{}, map {"txt TXT \"" . 'x' x 9000 . "$_\"\n"} 1 .. 9);
    my $text = ask($case, 'txt.test.ex TXT');
    is(first_line($text), '0 NOERROR TC', 'truncated where nothing makes it fit');
    is(() = $text =~ /[ ]TXT[ ]/gx, 7, '… with the records that fit');
    return;
}

# The owner's 11 bytes may become 2: this record fits to the byte, and with one more it does not.
sub test_full_reply {
    my $case = zone(join q{}, map { "$_ TXT \"" . 'x' x (65_239 + $_) . "\"\n" } 1, 2);
    is(length run({}, program('fakens'), $case, '1.test.ex', 'TXT')->{stdout}, 65_535, 'a reply of 65535 bytes');
    is(first_line(ask($case, '1.test.ex TXT')), '0 NOERROR', '… is good');
    is(ask($case, '2.test.ex TXT'), "0 NOERROR TC\nquestion: 2.test.ex TXT\n", 'a record too long for a reply');
    return;
}

# Pointers reach 16383 bytes far: the authority section is beyond that.
sub test_compression {
    my $long = 'l' x 60;
    my $case = zone(join q{}, "\@ NS a\n\@ NS b\n",
        map { "AA $long A 10.0." . ($_ >> 8) . q{.} . ($_ & 255) . "\n" } 1 .. 2000);
    my @authority = map {"authority: test.ex 3600 NS $_.test.ex.\n"} 'a', 'b';
    for my $name ($long, uc $long) {
        my $text = ask($case, "$name.test.ex A");
        is(first_line($text), '0 NOERROR AA', 'compressed where that makes it fit');
        is(() = $text =~ /^$long[.]test[.]ex[ ]3600[ ]A[ ]10[.]0[.]/gmx, 2000, '… with all records, as they are spelt');
        is(join(q{}, $text =~ /^(authority:.*\n)/gmx), join(q{}, @authority), '… and the authority');
    }
    return;
}

test_bytes();
test_types();
test_long_strings();
test_names();
test_existence();
test_pass_on_not_found();
test_qualify();
test_long_names();
test_prefixes();
test_wildcards();
test_chains();
test_chain_limit();
test_fixed_names();
test_delay();
test_truncation();
test_full_reply();
test_compression();

done_testing();
