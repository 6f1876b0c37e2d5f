#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Zones of a case are looked at before anything is run. (That fakens finds every fault: t/fakens-check.t.)
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";

use Path::Tiny qw(path tempdir);
use Test::More;

use Runtest::Zones qw(check_zones);

my $FAKENS = ($ENV{RUNTEST_PROGRAMS} // "$Bin/../build") . '/fakens';

my $tree = tempdir();
my $certificate = path("$Bin/../aux-fixed/exim-ca/example.com/CA/CA.pem");
$tree->child('aux-fixed')->mkpath;
$certificate->copy($tree->child('aux-fixed/ca.pem'));

# What is said of these files, path => content; '' if nothing.
sub said_of {
    my (%content) = @_;
    return eval { check_zones($FAKENS, $tree, $tree->child('zones'), map { { path => $_, content => $content{$_} } } sort keys %content); 1 } ? '' : "$@";
}

my $GOOD = "a A 127.0.0.1\n";
is said_of('test-config' => "a IN A x\n"), '', 'other files are not looked at';
is said_of('dnszones/db.test.ex' => $GOOD), '', 'a good zone';
is said_of('dnszones/db.test.ex' => $GOOD), '', '- again';
like said_of('dnszones/db.test.ex' => "${GOOD}a IN A 127.0.0.1\n"), qr{\Adnszones-src/db[.]test[.]ex:2: unknown record type "IN"\Z}, 'a bad one, by the name that its author knows';
is said_of('dnszones/db.test.ex' => $GOOD), '', 'and a good one again';
like said_of('dnszones/db.a' => "x\n", 'dnszones/db.b' => "y\n"), qr{\Adnszones-src/db[.]a:1: .*\nruntest: dnszones-src/db[.]b:1: [^\n]*\Z}, 'two bad ones';

my $TLSA = 'a TLSA 3 1 1 file:';
is said_of('dnszones/db.test.ex' => "${TLSA}aux-fixed/ca.pem\n"), '', "a certificate of the tree's";
like said_of('dnszones/db.test.ex' => "${TLSA}aux-fixed/no.pem\n"), qr{\Adnszones-src/db[.]test[.]ex:1: aux-fixed/no[.]pem: No such file}, 'one that is not there';
my %own = ('dnszones/db.test.ex' => "${TLSA}aux-var/own.pem\n", 'aux-var/own.pem' => $certificate->slurp_raw);
is said_of(%own), '', 'a certificate that is made for the case';
like said_of(%own, 'aux-var/own.pem' => "none\n"), qr{aux-var/own[.]pem: no certificate}, '- and the same zone with another one';

done_testing;
