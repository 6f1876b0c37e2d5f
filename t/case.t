#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A test in a lane: its names, whether it can be run, whether it has to fail, what is munged in it.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Case;
use Runtest::Host;
use Runtest::Lane;
use Runtest::Requirements qw(parse_requirement);

my $tree = Path::Tiny->tempdir;
$tree->child($_)->mkpath for qw(confs scripts/1-A);
$tree->child('confs/0001')->spew_raw("primary_hostname = HOSTNAME\n");

$tree->child("mta/$_")->touchpath for qw(exim exigrep);
my $lane = Runtest::Lane->new('mine', $tree->child('mta/exim')->stringify);
$lane->learn(
    {
        library => 'gnutls', versions => { exim => '4.96', gnutls => '3.7.9' }, lists => { 'Support for' => ['GnuTLS'] }, macros => [],
        user    => { name => 'Debian-exim', group => 'mail', uid => 106, gid => 107 },
    }
);

$tree->child("next/$_")->touchpath for qw(exim exinext);
my $with_exinext = Runtest::Lane->new('next', $tree->child('next/exim')->stringify);
$with_exinext->learn($lane->facts);

# A case with this script behind its title; %given has what is not as usual.
sub case {
    my ($script, %given) = @_;
    $tree->child('scripts/1-A/0001')->spew_raw("# Title\n$script");
    my $required = delete $given{requirements} || [];
    my %test = (number => '0001', path => 'scripts/1-A/0001', title => 'Title', requirements => [map { parse_requirement($_) } @$required]);
    return Runtest::Case->new(test => \%test, lane => $lane, tree => "$tree", host => Runtest::Host::sandboxed(), timeout_factor => 1, %given);
}

# The same, of which a plan was made.
sub planned {
    my (@given) = @_;
    my $case = case(@given);
    $case->plan({ directory => '/case' });
    return $case;
}

# ----- Names -----

my $case = case('');
is $case->test->{title}, 'Title', 'its test';
is $case->lane, $lane, 'its lane';
my $again = $case->repeated(3)->tried_again->tried_again;
# [case, key, label, name, try]
for my $row (
    [$case,                             '0001.mine', '0001.mine',   '0001.mine',        1],
    [$case->repeated(1),                '0001.mine', '0001.mine',   '0001.mine',        1],
    [$case->repeated(2),                '0001.mine', '0001.mine.2', '0001.mine.2',      1],
    [$case->tried_again,                '0001.mine', '0001.mine',   '0001.mine.try2',   2],
    [$again,                            '0001.mine', '0001.mine.3', '0001.mine.3.try3', 3],
  )
{
    my ($some, @wanted) = @$row;
    is_deeply [$some->key, $some->label, $some->name, $some->try_number], \@wanted, "a case called $wanted[2]";
}
is $case->name, '0001.mine', 'the first one keeps its name';

# ----- The plan, and what is known then -----

my $plan = case("ls DIR/x CALLER\n")->plan({ directory => '/case' });
is $plan->{steps}[0]{words}[0][0][1], '/case/x', 'the place is substituted';
is $plan->{steps}[0]{words}[1][0][1], 'mtacaller', '- and the caller';
is_deeply planned("munge refusal-alert\nsortlog\n")->directives, { munge => ['refusal-alert'], sortlog => 1 }, 'directives';
is eval { planned("munge no-such-set\n") } // $@->kind . ": $@",
  q(wrong: scripts/1-A/0001:2: there is no munge rule set 'no-such-set' (lib/Runtest/Munge/Rules.pm)), 'a munge rule set that there is not';
ok planned("exclusive\n")->is_exclusive, 'exclusive';
ok !planned('')->is_exclusive, '- or not';
is planned("clock 2019-01-02\n")->clock, 1_546_387_200, 'a date of its own';
is planned('', date => 5)->clock, 5, 'the date of the run';
is planned("clock 2019-01-02\n", date => 5)->clock, 1_546_387_200, '- which its own replaces';
is planned('')->clock, undef, 'no date';
ok planned("clock 2019-01-02\n", date => 5)->has_own_clock, 'the date is the script\'s';
ok !planned('', date => 5)->has_own_clock, '- or not';
ok planned("clock slow\n")->has_slow_clock, 'a slow clock';
ok !planned("clock 2019-01-02\n")->has_slow_clock, '- or not';
is planned("clock slow\n")->clock, undef, '- which is no date';

# ----- Skips -----

my %real = (%{ Runtest::Host::sandboxed() }, HOSTIPV6 => undef, clock => undef);
# [script, what is not as usual, reason]
for my $row (
    ["need gnutls >= 3\nls\n", {},                               undef],
    ["need gnutls >= 4\n", {},                                   'needs gnutls >= 4'],
    ["need exim > 5\n",    { requirements => ['support DANE'] }, 'needs support DANE'],
    ["ls\n",               { requirements => ['running IPv6'] }, undef],
    ['',                   { requirements => ['running IPv6'], host => \%real }, 'needs running IPv6'],
    ["ls HOSTIPV6\n",      {},                                   undef],
    ["ls HOSTIPV6\n",      { host => \%real },                   'uses HOSTIPV6, and this host has no such address'],
    ["clock 2019-01-02\nls\n", {},                               undef],
    ["clock 2019-01-02\n", { host => \%real },                   'needs a clock of its own, which only a sandbox has'],
    ["clock slow\nls\n",      { host => \%real },                   undef],
    ["### HOSTIPV4\nls\n", { host => \%real },                   undef],
    ["need file confs/0001\nls\n", {},                           undef],
    ["need file confs/0002\nls\n", {},                           'needs file confs/0002'],
    ["need file /dev/null\nls\n", {},                             undef],
    ["#ls\n",              {},                                   'its script runs nothing'],
    ["### x\necho x\ngnutls\nsleep 0\nmillisleep 0\nsortlog\n", {}, 'its script runs nothing'],
    ["need gnutls >= 4\n", {},                                   'needs gnutls >= 4'],
    ["exigrep x y\ndump retry\nexinext x\n", {},                 'needs exim_dumpdb, which is not beside the MTA'],
    ["exinext x\n",        { lane => $with_exinext },             'needs exim_dumpdb, which is not beside the MTA'],
    ["dbmbuild a b\n",     {},                                   'needs exim_dbmbuild, which is not beside the MTA'],
    ["need gnutls >= 4\ndump retry\n", {},                       'needs gnutls >= 4'],
    ["exigrep x y\n",      {},                                   undef],
  )
{
    my ($script, $given, $reason) = @$row;
    is planned($script, %$given)->skip_reason, $reason, 'skipped: ' . ($reason // 'not') . ', ' . $script =~ s/\n//r;
}

# [head of the script, requirements of the folder, whether the test is also one for an OpenSSL lane of 4.98]
my $other = Runtest::Lane->new('other', __FILE__);
$other->learn({ library => 'openssl', versions => { exim => '4.98', openssl => '3.0.11' }, lists => { 'Support for' => ['OpenSSL'] }, macros => [] });
for my $row (
    ['',                       [],                 1],
    ["need exim >= 4.98\n",    [],                 1],
    ["need exim < 4.98\n",     [],                 ''],
    ["need gnutls >= 3\n",     [],                 ''],
    ['',                       ['support GnuTLS'], ''],
    ['',                       ['support OpenSSL'], 1],
  )
{
    my ($script, $requirements, $wanted) = @$row;
    is planned($script, requirements => $requirements)->is_for($other), $wanted, "for another lane: $script@$requirements";
}

# ----- Failures that are expected -----

is scalar planned('')->expected_failure, undef, 'none is expected';
is planned("expect-fail exim < 5: it is broken\n")->expected_failure, 'exim < 5: it is broken', 'one is, while the requirement holds';
is scalar planned("expect-fail exim >= 5: it is broken\n")->expected_failure, undef, '- and only then';
is planned("expect-fail exim < 5, not feature _HAVE_SENSE: it is broken\n")->expected_failure, 'exim < 5, not feature _HAVE_SENSE: it is broken', 'while all of its requirements hold';
is scalar planned("expect-fail exim < 5, feature _HAVE_SENSE: it is broken\n")->expected_failure, undef, '- and not when one does not';
is planned("expect-fail exim > 5: once\nexpect-fail exim < 5: it is broken\n")->expected_failure, 'exim < 5: it is broken', 'of several the first whose requirement holds';
is planned("expect-fail file confs/0001: it is broken\n")->expected_failure, 'file confs/0001: it is broken', 'files are looked for in the tree';

# ----- What is munged -----

my $values = planned('')->munge_values('/case');
is_deeply [@$values{qw(directory caller eximuser hostname ipv4 ipv6 version)}],
  ['/case', 'mtacaller', 'Debian-exim', 'myhost.test.ex', '198.51.100.10', '2001:db8::10', '4.96'], 'values for the munger';
ok planned('')->munge_values('/case')->{neutral}, 'a test of every lane has neutral goldens';
ok !planned('', requirements => ['support GnuTLS'])->munge_values('/case')->{neutral}, '- and one of a library has not';

$tree->child('confs/0001')->spew_raw("host_lookup = *\nhide  tls_crl = x=y\n# gone = 1\nbegin acl\n  a:\n  accept hosts = *\n");
is_deeply planned('')->options, { map { $_ => 1 } qw(host_lookup tls_crl) }, 'what the configuration sets';

done_testing;
