#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What a test needs: every kind of requirement, where it holds and where it does not.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Lane;
use Runtest::Requirements qw(parse_requirement unmet compare_versions);

sub lane {
    my ($library, $version, %facts) = @_;
    my $lane = Runtest::Lane->new('mine', __FILE__);
    $lane->learn(
        {
            library  => $library,
            versions => { exim => '4.96', ($library eq 'none' ? () : ($library => $version)) },
            lists    => {
                'Support for'           => [qw(crypteq iconv() TLS_resume move_frozen_messages GnuTLS)],
                'Lookups (built-in)'    => [qw(lsearch dbm)],
                'Lookups (as modules)'  => [qw(ldap)],
                'Authenticators'        => [qw(plaintext)],
                'Routers'               => [qw(accept)],
                'Transports'            => [qw(appendfile maildir smtp)],
                'Malware'               => [qw(clamd)],
            },
            macros => [qw(_HAVE_TLS_ALPN _OPT_MAIN_TLS_ALPN)],
            %facts,
        }
    );
    return $lane;
}

# A lane whose MTA calls its version so.
sub named {
    my ($version) = @_;
    return lane(gnutls => '3.7.9', versions => { exim => $version, gnutls => '3.7.9' });
}

my $gnutls  = lane(gnutls  => '3.7.9');
my $openssl = lane(openssl => '1.1.1w');
my $added   = Runtest::Lane->new('theirs', __FILE__, 1);
$added->learn($gnutls->facts);
my $both    = { HOSTIPV4 => '192.0.2.1', HOSTIPV6 => '2001:db8::1' };
my $no_ipv6 = { HOSTIPV4 => '192.0.2.1', HOSTIPV6 => undef };
my $of_tree = { tree => $Bin };

# [requirement, lane, host, whether it holds]
my @CASES = (
    ['support GnuTLS',                $gnutls,  $both,    1],
    ['added',                         $gnutls,  $both,    0],
    ['added',                         $added,   $both,    1],
    ['support TLS_resume',            $gnutls,  $both,    1],
    ['support iconv()',               $gnutls,  $both,    1],
    ['support TLS_res',               $gnutls,  $both,    0],
    ['support Experimental_TLS_resume', $gnutls, $both,   1],
    ['support gnutls',                $gnutls,  $both,    0],
    ['support lsearch',               $gnutls,  $both,    0],
    ['lookup lsearch',                $gnutls,  $both,    1],
    ['lookup ldap',                   $gnutls,  $both,    1],
    ['lookup mysql',                  $gnutls,  $both,    0],
    ['router accept',                 $gnutls,  $both,    1],
    ['router smtp',                   $gnutls,  $both,    0],
    ['transport smtp',                $gnutls,  $both,    1],
    ['transport maildir',             $gnutls,  $both,    1],
    ['transport appendfile/maildir',  $gnutls,  $both,    1],
    ['transport appendfile/mbx',      $gnutls,  $both,    0],
    ['transport lmtp',                $gnutls,  $both,    0],
    ['authenticator plaintext',       $gnutls,  $both,    1],
    ['authenticator spa',             $gnutls,  $both,    0],
    ['malware clamd',                 $gnutls,  $both,    1],
    ['malware sophie',                $gnutls,  $both,    0],
    ['support GnuTLS',                lane(none => undef, lists => {}), $both, 0],

    ['running IPv4',                  $gnutls,  $both,    1],
    ['running IPv4',                  $gnutls,  {},       0],
    ['running IPv6',                  $gnutls,  $both,    1],
    ['running IPv6',                  $gnutls,  $no_ipv6, 0],
    ['ipv6-non-linklocal',            $gnutls,  $both,    1],
    ['ipv6-non-linklocal',            $gnutls,  $no_ipv6, 0],

    ['feature _HAVE_TLS_ALPN',        $gnutls,  $both,    1],
    ['feature _HAVE_TLS',             $gnutls,  $both,    0],
    ['not feature _HAVE_TLS',         $gnutls,  $both,    1],
    ['not feature _HAVE_TLS_ALPN',    $gnutls,  $both,    0],

    ['file ' . __FILE__,              $gnutls,  $both,    1],
    ['file /nonexistent/file',        $gnutls,  $both,    0],
    ['file /dev/null',                $gnutls,  $of_tree, 1],
    ['file requirements.t',           $gnutls,  $of_tree, 1],
    ['file lib/TestTree.pm',          $gnutls,  $of_tree, 1],
    ['file t/requirements.t',         $gnutls,  $of_tree, 0],

    ['gnutls >= 3.3.6',               $gnutls,  $both,    1],
    ['gnutls >= 3.7.9',               $gnutls,  $both,    1],
    ['gnutls >= 3.7.10',              $gnutls,  $both,    0],
    ['gnutls > 3.7.9',                $gnutls,  $both,    0],
    ['gnutls > 3.7.8',                $gnutls,  $both,    1],
    ['gnutls <= 3.7.9',               $gnutls,  $both,    1],
    ['gnutls <= 3.7.8',               $gnutls,  $both,    0],
    ['gnutls < 3.7.9',                $gnutls,  $both,    0],
    ['gnutls < 3.10',                 $gnutls,  $both,    1],
    ['gnutls = 3.7.9',                $gnutls,  $both,    1],
    ['gnutls = 3.7',                  $gnutls,  $both,    0],
    ['gnutls != 3.7.8',               $gnutls,  $both,    1],
    ['gnutls != 3.7.9',               $gnutls,  $both,    0],
    ['gnutls>=3.3.6',                 $gnutls,  $both,    1],
    ['openssl < 3',                   $openssl, $both,    1],
    ['openssl >= 1.1.1',              $openssl, $both,    1],
    ['openssl >= 1.1.2',              $openssl, $both,    0],
    ['openssl < 3',                   $gnutls,  $both,    0],
    ['gnutls < 99',                   $openssl, $both,    0],
    ['exim >= 4.88',                  $gnutls,  $both,    1],
    ['exim < 4.100',                  $gnutls,  $both,    1],
    ['exim >= 4.100',                 named('4.99.1-148-13835a3c1'), $both, 1],
    ['exim > 4.100',                  named('4.99.1-148-13835a3c1'), $both, 0],
    ['exim = 4.100',                  named('4.100-RC3'),            $both, 1],
    ['exim < 4.100',                  named('4.99_RC1'),             $both, 1],
    ['exim = 4.96',                   named('4.96+fixes'),           $both, 1],

    ['protocol TLS1.2',               $gnutls,  $both,    1],
    ['protocol TLS1.3',               $gnutls,  $both,    1],
    ['protocol TLS1.3',               $openssl, $both,    1],
    ['protocol TLS1.3',               lane(openssl => '1.1.0l'), $both, 0],
    ['protocol TLS1.2',               lane(openssl => '1.1.0l'), $both, 1],
    ['protocol TLS1.3',               lane(gnutls => '3.6.4'),   $both, 0],
    ['protocol TLS1.2',               lane(gnutls => '3.6.4'),   $both, 1],
    ['protocol TLS1.3',               lane(none => undef),       $both, 0],

    # blanks do not count
    ["  support\t GnuTLS \r",         $gnutls,  $both,    1],
    ['not  feature  _HAVE_TLS',       $gnutls,  $both,    1],
);

for my $case (@CASES) {
    my ($text, $lane, $host, $holds) = @$case;
    my $requirement = parse_requirement($text);
    is !!$requirement->{holds}->($lane, $host), !!$holds, "'$text' " . ($holds ? 'holds' : 'does not hold') . ' with ' . $lane->library;
}

is parse_requirement("  support\t GnuTLS ")->{text}, 'support GnuTLS', 'the text has one spelling';

my @NOT_UNDERSTOOD = (
    'nonsense', 'support', 'support a b', 'supports X', 'running IPv5', 'running', 'feature', 'feature a-b', 'not support X',
    'gnutls', 'gnutls >= x', 'gnutls => 3', 'gnutls == 3', 'gnutls >= 3.', 'libressl > 3', 'protocol TLS1.4', 'protocol TLS1.1',
    'protocol SSL3', 'file', 'ipv6', '',
);
for my $text (@NOT_UNDERSTOOD) {
    is eval { parse_requirement($text); 'understood' } // $@, "requirement '$text' is not understood\n", "'$text' is not understood";
}

my @requirements = map { parse_requirement($_) } 'support GnuTLS', 'running IPv6', 'exim > 5';
is unmet([], $gnutls, {}), undef, 'no requirement is unmet';
is unmet([@requirements[0, 1]], $gnutls, $both), undef, 'all are met';
is unmet(\@requirements, $gnutls, $no_ipv6), 'running IPv6', 'the first unmet one is named';
is unmet(\@requirements, $gnutls, $both), 'exim > 5', 'the last one counts, too';

# [older spelling, requirement of today]
for my $case (
    [need_ipv4 => 'running IPv4'],
    [need_ipv6 => 'running IPv6'],
    [need_largefiles => undef],
    [need_move_frozen_messages => 'support move_frozen_messages'],
  )
{
    my ($spelling, $today) = @$case;
    is_deeply [Runtest::Requirements::older_spelling($spelling)], [1, $today], "$spelling is an older spelling";
    ok parse_requirement($today), '- of a requirement' if defined $today;
}
ok !(Runtest::Requirements::older_spelling('need_ipv5'))[0], 'need_ipv5 is none';

# [version, version, order]
for my $case (
    ['1.1.1', '1.1.1w', 0],
    ['1.0', '1', 0],
    ['3.10', '3.9', 1],
    ['3.3.6', '3.3.10', -1],
    ['4.96', '4.96.1', -1],
    ['10', '9.9.9', 1],
    ['1.01', '1.1', 0],
  )
{
    my ($left, $right, $order) = @$case;
    is compare_versions($left, $right), $order,  "order of $left and $right";
    is compare_versions($right, $left), -$order, "order of $right and $left";
}

done_testing;
