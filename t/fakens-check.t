#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is wrong with zone files: "fakens --check" says it with file and line, and answering from such a file is refused.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use FakeDNS qw(new_case write_file program run ask log_of);

# A zone's text, and the faults that it has: "LINE: what is wrong".
my $NUMBER = 'is not a number from 0 to';
my @FAULTS = (
    # Lines.
    [ "a A 192.0.2.1\n\nb\n",             '3: the record type is missing' ],
    [ "a A 192.0.2.1\nb  ; only a name\n", '2: the record type is missing' ],
    [ "a FOO 1\n",                        '1: unknown record type "FOO"' ],
    [ "a IN A 192.0.2.1\n",               '1: unknown record type "IN"' ],
    [ "\$TTL 3600\n",                     '1: unknown record type "3600"' ],
    [ "pass on not found\n",              '1: unknown record type "on"' ],
    [ "PASS ON NOT FOUND please\n",       '1: unknown record type "ON"' ],
    [ "  A 192.0.2.1\n",                  '1: no name here and on no line before' ],
    [ "; A\n A 192.0.2.1\n",              '2: no name here and on no line before' ],
    [ "DNSSEC  a A 192.0.2.1\n",          '1: no name here and on no line before' ],
    [ "x A ::1\n  AAAA ::1\n  A 1\n",     '1: "::1" is not an IPv4 address', '3: "1" is not an IPv4 address' ],
    [ "a A 192.0.2.1\0\n",                '1: a NUL byte' ],
    [ "a A 192.0.2.1\r\nb A 1\r\n",       '2: "1" is not an IPv4 address' ],
    [ "a B",                              '1: unknown record type "B"' ],
    [ "a \e[1m\n",                        '1: unknown record type "?[1m"' ],

    # Names.
    [ "a..b A 192.0.2.1\n",               '1: "a..b": empty label' ],
    [ "a. A 192.0.2.1\n",                 '1: "a." does not lie in this zone' ],
    [ "xtest.ex. A 192.0.2.1\n",          '1: "xtest.ex." does not lie in this zone' ],
    [ 'a' x 64 . " A 192.0.2.1\n",        '1: "' . 'a' x 60 . '": label longer than 63 bytes' ],
    [ 'a.' x 127 . " A 192.0.2.1\n",      '1: "' . 'a.' x 30 . '" does not lie in this zone' ],
    [ 'a.' x 128 . " A 192.0.2.1\n",      '1: "' . 'a.' x 30 . '": name longer than 255 bytes' ],
    [ 'a.' x 124 . "a A 192.0.2.1\n",     '1: "' . 'a.' x 30 . '": name longer than 255 bytes' ],

    # Prefixes.
    [ "TTL=x a A 192.0.2.1\n",            qq{1: TTL: "x" $NUMBER 2147483647} ],
    [ "TTL= a A 192.0.2.1\n",             qq{1: TTL: "" $NUMBER 2147483647} ],
    [ "TTL=2147483648 a A 192.0.2.1\n",   qq{1: TTL: "2147483648" $NUMBER 2147483647} ],
    [ "DELAY=-1 a A 192.0.2.1\n",         qq{1: DELAY: "-1" $NUMBER 600000} ],
    [ "DELAY=600001 a A 1\nb A 2\n",      qq{1: DELAY: "600001" $NUMBER 600000}, '2: "2" is not an IPv4 address' ],
    [ "TTL=1\n",                          '1: no name here and on no line before' ],
    [ "NXDOMAIN a\n",                     '1: the record type is missing' ],
    [ "NXDOMAIN a A 1\n",                 '1: "1" is not an IPv4 address' ],

    # Data.
    [ "a A\n",                            '1: an IPv4 address is missing' ],
    [ "a A 192.0.2.256\n",                '1: "192.0.2.256" is not an IPv4 address' ],
    [ "a A 192.0.2.1 192.0.2.2\n",        '1: "192.0.2.2" is too much' ],
    [ "a AAAA 2001:db8\n",                '1: "2001:db8" is not an IPv6 address' ],
    [ "a AAAA " . ':' x 100 . "\n",       '1: "' . ':' x 60 . '" is not an IPv6 address' ],
    [ "a MX mail\n",                      qq{1: "mail" $NUMBER 65535} ],
    [ "a MX 65536 mail\n",                qq{1: "65536" $NUMBER 65535} ],
    [ "a MX 99999999999999999999 mail\n", qq{1: "99999999999999999999" $NUMBER 65535} ],
    [ "a MX 10\n",                        '1: a name is missing' ],
    [ "a MX 10 b..c\n",                   '1: "b..c": empty label' ],
    [ "a CNAME\n",                        '1: a name is missing' ],
    [ "a SRV 1 2 host\n",                 qq{1: "host" $NUMBER 65535} ],
    [ "a SOA ns host 1 2 3 4\n",          '1: a number is missing' ],
    [ "a SOA ns host 1 2 3 4 4294967296\n", qq{1: "4294967296" $NUMBER 4294967295} ],
    [ "a TXT\n",                          '1: a string is missing' ],
    [ "a TXT \"open ; no comment\n",      '1: the closing quote is missing' ],
    [ "a TXT \"open\\\n",                 '1: the closing quote is missing' ],
    [ "a TXT \"a\" b\n",                  '1: "b" is too much' ],
    [ "a TXT \"\\256\"\n",                '1: "\256" is not \ and three digits from 000 to 255' ],
    [ "a TXT \"\\12\"\n",                 '1: "\12"" is not \ and three digits from 000 to 255' ],
    [ "a TXT \"\\12\n",                 '1: "\12" is not \ and three digits from 000 to 255' ],
    [ 'a TXT "' . 'x' x 65_280 . qq{"\n}, '1: more than 65535 bytes of data' ],
    [ "a TLSA 3 1 1\n",                   '1: hex digits or file:PATH are missing' ],
    [ "a TLSA 3 1 256 00\n",              qq{1: "256" $NUMBER 255} ],
    [ "a TLSA 3 1 1 012\n",               '1: an odd number of hex digits' ],
    [ "a TLSA 3 1 1 01/23\n",             '1: "/" is not a hex digit (a certificate is file:PATH)' ],
    [ "a TLSA 3 2 1 file:x\n",            '1: only selectors 0 and 1 can be computed' ],
    [ "a TLSA 3 1 3 file:x\n",            '1: only matching types 0, 1 and 2 can be computed' ],
    [ "a TLSA 3 1 1 file:/nonexistent/x\n", '1: /nonexistent/x: No such file or directory' ],
    [ "a TLSA 3 1 1 file:/dev/zero\n",    '1: /dev/zero: Not a regular file' ],
    [ "a TLSA 3 1 1 file:dnszones\n",     '1: CASE/dnszones: Not a regular file' ],
    [ "a TLSA 3 1 1 file:dnszones/db.test.ex\n", '1: CASE/dnszones/db.test.ex: no certificate in PEM format in it' ],
);

sub fault_lines {
    my ($case, $file, @faults) = @_;
    return join q{}, map {s/CASE/$case/xr} map {"$case/dnszones/$file:$_\n"} @faults;
}

sub test_faults {
    for my $row (@FAULTS) {
        my ($text, @faults) = @{$row};
        my $case  = new_case('db.test.ex' => $text);
        my $check = run({}, program('fakens'), '--check', $case);
        my $lines = fault_lines($case, 'db.test.ex', @faults);
        is_deeply($check, { status => 2, stdout => $lines, stderr => q{} }, "--check: $faults[0]");
        my ($first) = $lines =~ /\A(.*)\n/x;
        my $type = $faults[0] =~ m{/}x ? 'TLSA' : 'A';    # certificates are read for who asks for TLSA
        is(ask($case, "any.test.ex $type"), "3 REFUSED\nquestion: any.test.ex $type\n", '… is no recovery');
        is(log_of($case), "any.test.ex $type -> no recovery (0 records): $first\n", '… with a line in the log');
    }
    return;
}

sub test_certificate_that_is_not_needed {
    my $case = new_case('db.test.ex' => "a TLSA 3 1 1 file:/nonexistent/x\na A 127.0.0.1\n");
    is(ask($case, 'a.test.ex A') =~ s/\n.*//xrs, '0 NOERROR', 'a certificate is not read for a question about something else');
    is(ask($case, 'a.test.ex TLSA') =~ s/\n.*//xrs, '3 REFUSED', 'but for one about TLSA');
    return;
}

sub test_good_zones {
    my $long = 'comment ' x 12_500;
    my @texts = (
        q{}, "\n", " \t\n", "; comment", "  ; comment\n", "a A 192.0.2.1", "a\tA\t192.0.2.1\t;c\r\n",
        "PASS ON NOT FOUND\r\n", "  PASS ON NOT FOUND ; comment\n", "a TXT \"\"\n", "a TXT x\"y ; z\"\n",
        "NXDOMAIN a A\n", "NXDOMAIN a TLSA ; none\n", "a A 192.0.2.1 ; $long\n", "TEST.EX. A 192.0.2.1\n",
        '@ TXT "' . 'x' x 65_279 . qq{"\n}, 'a TXT "' . 'x' x 65_000 . "\"\n",
    );
    for my $text (@texts) {
        my $case = new_case('db.test.ex' => $text);
        is_deeply(run({}, program('fakens'), '--check', $case),
            { status => 0, stdout => q{}, stderr => q{} }, 'good: ' . substr $text =~ s/\n/\\n/grx, 0, 40);
    }
    return;
}

# Faults in the names of files, and the files themselves.
sub test_directory {
    my $case = new_case(
        'db.test.ex'   => "a A 1\nb A 2\n",
        'db.TEST.EX'   => q{},
        'db.'          => q{},
        'db.a..b'      => q{},
        'qualify.a'    => q{},
        'qualify.b'    => q{},
        'db.other.ex'  => "a MX 1\n",
        'db.good.ex'   => "a MX 1 a\n",
        'unknown.name' => 'what?',
    );
    mkdir "$case/dnszones/db.directory" or die "$!\n";
    symlink '/dev/zero', "$case/dnszones/db.zero" or die "$!\n";
    my @expected = (
        'db.: empty name',
        'db.a..b: empty label',
        'db.test.ex: another file has the same zone',
        'qualify.b: a second qualify file',
        'db.directory: Not a regular file',
        'db.other.ex:1: a name is missing',
        'db.zero: Not a regular file',
    );
    my $run = run({}, program('fakens'), '--check', $case);
    is($run->{stdout}, join(q{}, map {"$case/dnszones/$_\n"} @expected), 'every fault of every file');
    is($run->{status}, 2, '… and exit status 2');
    is(run({}, program('fakens'), '--check', "$case/dnszones")->{stdout}, $run->{stdout}, 'dnszones itself');
    is(ask($case, 'a.good.ex MX'), "3 REFUSED\nquestion: a.good.ex MX\n", 'no answer from such a directory');
    is(log_of($case), "a.good.ex MX -> no recovery (0 records): $case/dnszones/db.: empty name\n", '… with its log');
    $run = run({}, program('fakens'), '--check', '/nonexistent');
    is_deeply($run, { status => 2, stdout => "/nonexistent: No such file or directory\n", stderr => q{} }, 'no directory');
    return;
}

# A bad zone is none of the others' business.
sub test_other_zone {
    my $case = new_case('db.test.ex' => "a A 192.0.2.1\n", 'db.bad.ex' => "a A\n", 'db.ex' => "b A 192.0.2.2\n");
    like(ask($case, 'a.test.ex A'), qr/^a.test.ex[ ]3600[ ]A[ ]192.0.2.1$/mx, 'another zone answers');
    is(ask($case, 'a.bad.ex A'), "3 REFUSED\nquestion: a.bad.ex A\n", 'the bad one does not');
    write_file("$case/dnszones/db.test.ex", "x CNAME a.bad.ex.\n");
    is(ask($case, 'x.test.ex A'), "3 REFUSED\nquestion: x.test.ex A\nx.test.ex 3600 CNAME a.bad.ex.\n", 'a chain into it');
    return;
}

test_faults();
test_certificate_that_is_not_needed();
test_good_zones();
test_directory();
test_other_zone();

done_testing();
