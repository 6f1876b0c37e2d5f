#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TLS options of the MTA, one at a time, are taken out of every configuration that sets them. The tests that set one have to fail then,
# and no others: a test that does not notice is too weak, or sets what it does not need, or is listed here with the reason. Knows
# nothing of what a test is about: t/sabotage.t turns that off, for each test by itself.
#
#   perl t/features.t                       each option, in one of its tests
#   RUNTEST_LONG=1 perl t/features.t        each option, in all of its tests
#   perl t/features.t 'transports tls_crl'  these options, in all of their tests
use strict;
use warnings;

use FindBin qw($Bin);
use lib ("$Bin/lib", "$Bin/../lib");
use List::Util qw(any first);
use Path::Tiny qw(path);
use Test::More;

use Runtest::Lane;
use Runtest::Requirements qw(parse_requirement unmet);
use Runtest::Suite;
use TestCorpus;
use TestSettings;
use TestTree qw(has_sandbox);

has_sandbox();

# Section and option; what stands there instead, where the default would do the same; and the tests that rightly stay green:
# reason => numbers, or cases as NNNN.LANE. A server's certificate and tls_advertise_hosts are not
# here, without which there is no TLS; nor is gnutls_compat_mode, which changes nothing that can be seen with newer versions of GnuTLS.
my @FEATURES = (
    ['main acl_smtp_starttls'],
    ['main event_action'],
    ['main hosts_require_alpn'],
    ['main openssl_options', green => {
        'switches defaults, or what this library does not have' => '1178 1301',
        'tls_eccurve alone decides'                             => '1335',
    }],
    ['main tls_alpn'],
    ['main tls_crl',         green => { 'names nobody, which is the subject' => '1113' }],
    ['main tls_dh_max_bits', green => { 'GnuTLS does not bound a group that has a name, or is in a file' => '1145.gnutls 1302.gnutls' }],
    ['main tls_dhparam',     green => {
        'any group will do, also the default one' => '1144 2040',
        'the default has as many bits'                   => '2064',
    }],
    ['main tls_eccurve', green => { 'the MTA does not tell the group' => '1335' }],
    ['main tls_ocsp_file'],
    ['main tls_on_connect_ports'],
    ['main tls_remember_esmtp'],
    ['main tls_require_ciphers', green => {
        'allows more than the default, so that only the version counts' => '1300.openssl 1301.gnutls',
        'the MTA does not tell the group'                               => '1335.gnutls',
        'the client has the same one'                                   => '2064',
    }],
    ['main tls_resumption_hosts'],
    ['main tls_try_verify_hosts',    green => { 'tls_verify_hosts comes first, which is the subject' => '1130' }],
    ['main tls_verify_certificates', green => {
        'nobody is asked for a certificate'             => '1104',
        'refused in any case: 1247 is the other one'    => '1248',
        'the certificate is read, whoever has signed it' => '1177 1320 1323 1342.openssl 2023',
        'who has signed a response may be found there'   => '2043-2045 2082 2143-2145 2182 5600 5602-5606 5670-5673',
    }],
    ['main tls_verify_hosts'],
    ['transports dane_require_tls_ciphers'],
    ['transports event_action'],
    ['transports host_name_extract'],
    ['transports hosts_avoid_tls'],
    ['transports hosts_nopass_tls'],
    ['transports hosts_noproxy_tls'],
    ['transports hosts_request_ocsp'],
    ['transports hosts_require_alpn'],
    ['transports hosts_require_dane', off => 'hosts_try_dane = :'],
    ['transports hosts_require_ocsp', green => {
        'the response is good'                        => '5690 5906',
        'the library refuses such a response by itself' => '2095 2195 5684.gnutls 5691.gnutls',
    }],
    ['transports hosts_require_tls', green => {
        'TLS is offered, and goes well' => '1168 1204 1217 1219 1232 1235 1241 1245 1335 1343 1348 1350 1351 1353 1357-1360 1364'
            . ' 2061 2160 2161 2170 2173 5651 5690 5897 5898 5900-5902 5906',
    }],
    ['transports hosts_try_dane', off => 'hosts_try_dane = :', green => { 'trying is the default, which is the subject' => '5802' }],
    ['transports hosts_verify_avoid_tls'],
    ['transports protocol'],
    ['transports tls_alpn'],
    ['transports tls_certificate'],
    ['transports tls_crl', green => { 'does not count with DANE, which is the subject' => '5808' }],
    ['transports tls_dh_min_bits'],
    ['transports tls_require_ciphers'],
    ['transports tls_resumption_hosts'],
    ['transports tls_sni', green => { 'does not count with DANE, which is the subject' => '5806' }],
    ['transports tls_tempfail_tryclear'],
    ['transports tls_try_verify_hosts', green => { 'trying is the default' => '1204 1330 1341 5902' }],
    ['transports tls_verify_cert_hostnames'],
    ['transports tls_verify_certificates', green => {
        '"system" is the default, which is the subject' => '1207',
        'refused in any case'                           => '1337 5691.gnutls',
        'does not count with DANE, which is the subject' => '5808',
    }],
    ['transports tls_verify_hosts', green => {
        'the certificate is good'                         => '1235 1335 1348-1350 1357 1359-1362 5651 5690 5902 5906',
        'refused whether or not the server may be unknown' => '1341 2062 2092 2093 2166 2192 2194 2195 2197 5684.openssl 5691.openssl',
    }],
);

# ----- Which tests have what -----

my $corpus   = TestCorpus->new;
my $settings = TestSettings->new($corpus);

# The MTAs of mta/, as far as their version goes.
my @MTAS = map { mta($_) } qw(gnutls openssl);

sub mta {
    my ($name) = @_;
    my ($version) = path("$Bin/../mta/$name/SOURCE")->slurp =~ /\s([0-9]+(?:[.][0-9]+)+)/ or die "mta/$name/SOURCE names no version\n";
    my $mta = Runtest::Lane->new($name, "$Bin/../mta/$name/exim");
    $mta->learn({ versions => { exim => $version } });
    return $mta;
}

# Whether a line of a script tells of a bug that one of them may have: it is not bounded by other versions.
sub is_known_bug {
    my ($line) = @_;
    my ($requirements) = $line =~ /\Aexpect-fail (.+?):/ or return 0;
    my @of_version = map { parse_requirement($_) } grep { /\A(?:exim\b|added\z)/ } split /, */, $requirements;
    return any { !defined unmet(\@of_version, $_, {}) } @MTAS;
}

# Tests without known bugs of these MTAs, and the lanes in which each is run.
my %lanes_of;
for my $test (Runtest::Suite->new("$Bin/..")->tests) {
    next if any { is_known_bug($_) } $corpus->lines($test->{path});
    my ($only) = map { /\Asupport (GnuTLS|OpenSSL)\z/ ? lc $1 : () } map { $_->{text} } @{ $test->{requirements} };
    $lanes_of{ $test->{number} } = $only // 'gnutls openssl';
}

sub number_of { my ($case) = @_; return $case =~ s/ .*//r }

# The cases that have a feature: those that have to fail without it, and those that rightly do not.
sub cases {
    my ($option, %more) = @_;
    my (@fail, @pass);
    for my $case ($settings->cases_with($option)) {
        my ($number, $lane) = split / /, $case;
        next if ($lanes_of{$number} // '') !~ /\b$lane\b/;
        my $listed = any { is_listed($number, $lane, $_) } map { split } values %{ $more{green} || {} };
        push @{ $listed ? \@pass : \@fail }, $case;
    }
    return { option => $option, off => $more{off}, fail => \@fail, pass => \@pass };
}

# NNNN, NNNN.LANE or NNNN-NNNN.
sub is_listed {
    my ($number, $lane, $listed) = @_;
    my ($first, $last, $only) = $listed =~ /\A([0-9]{4})(?:-([0-9]{4}))?(?:[.](\w+))?\z/ or die "$listed: no number\n";
    return $number >= $first && $number <= ($last // $first) && $lane eq ($only // $lane);
}

# Of a feature's cases that have to fail those of one test, of which nothing else is taken out.
sub of_one_test {
    my ($feature, $taken) = @_;
    my $first = first { !$taken->{$_} } map { number_of($_) } @{ $feature->{fail} };
    $taken->{ $first // '' } = 1;
    return { %$feature, pass => [], fail => [grep { number_of($_) eq ($first // '') } @{ $feature->{fail} }] };
}

# ----- Runs, of one feature each; or of all at once, where each has a test of its own -----

# The configurations of these tests without the features; all of the tests.
sub without {
    my ($round) = @_;
    my (%lines, %numbers);
    for my $feature (@$round) {
        my %without = $settings->without(@$feature{qw(option off)});
        for my $number (map { number_of($_) } @{ $feature->{fail} }, @{ $feature->{pass} }) {
            $numbers{$number} = 1;
            $lines{"confs/$number"} = $without{"confs/$number"};
        }
    }
    return (\%lines, sort keys %numbers);
}

sub check {
    my ($feature, $verdict) = @_;
    my @wanted = @{ $feature->{fail} };
    my %mine   = map { number_of($_) => 1 } @wanted, @{ $feature->{pass} };
    my @failed = grep { $mine{ number_of($_) } && $verdict->{$_} eq 'FAIL' } sort keys %$verdict;
    return is "@failed", "@wanted" || 'a test that fails', "without $feature->{option}";
}

# Where nothing is taken out nothing fails; else all of this would show nothing.
my @CONTROLS = qw(1102 1200 2032 2132);

my $LONG     = @ARGV || $ENV{RUNTEST_LONG};
my @features = map { cases(@$_) } grep { my $feature = $_; !@ARGV || any { $_ eq $feature->[0] } @ARGV } @FEATURES;
my %taken    = map { $_ => 1 } @CONTROLS;
my @rarest   = sort { @{ $a->{fail} } <=> @{ $b->{fail} } } @features;
my @rounds   = $LONG ? map { [$_] } @features : [map { of_one_test($_, \%taken) } @rarest];

for my $round (@rounds) {
    my ($lines, @numbers) = without($round);
    my @controls = grep { !exists $lines->{"confs/$_"} } @CONTROLS;
    $corpus->change(%$lines);
    my $verdict = $corpus->verdicts(@numbers, @controls);
    check($_, $verdict) for @$round;
    my %control = map { $_ => 1 } @controls;
    is join(' ', grep { $control{ number_of($_) } && $verdict->{$_} ne 'PASS' } sort keys %$verdict), '', 'and no others';
}

done_testing;
