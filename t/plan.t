#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The plan of a case: every value that is substituted, every file that the case gets, users and time limits.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Host;
use Runtest::Lane;
use Runtest::Plan qw(substitution_for plan_for ports);

my $host = Runtest::Host::sandboxed();
my $lane = Runtest::Lane->new('mine', __FILE__);
$lane->learn({ library => 'gnutls', versions => {}, user => { name => 'Debian-exim', group => 'mailgroup', uid => 106, gid => 107 } });
my %test = (number => '2032');

# The plan for a tree with these files; %case has what is not as usual.
sub plan_of {
    my ($files, %case) = @_;
    my $tree = $case{tree} // Path::Tiny->tempdir('runtest plan-XXXXXX');
    for my $path (keys %$files) {
        my $file = $tree->child($path);
        $file->parent->mkpath;
        $file->spew_raw($files->{$path});
    }
    my %usual = (
        tree => "$tree", test => \%test, lane => $lane, host => $host, place => { directory => '/case' }, timeout_factor => 1,
        script => { steps => ['the steps'], missing => {} },
    );
    my %all = (%usual, %case);
    $all{substitution} = substitution_for(@all{qw(test lane host)}, '/case');
    return eval { plan_for(%all) } // $@->kind . ": $@";
}

# ----- Substitutions -----

my $substitution = substitution_for(\%test, $lane, $host, '/case');
my %VALUE = (
    CALLER      => 'mtacaller', CALLERGROUP => 'mtacaller', CALLER_UID => 1000, CALLER_GID => 1000,
    EXIMUSER    => 'Debian-exim', EXIMGROUP => 'mailgroup', MAILGROUP => 'mailgroup',
    HOSTNAME    => 'myhost.test.ex', HOSTIPV4 => '198.51.100.10', HOSTIPV6 => '2001:db8::10',
    TESTNUM     => '2032', DIR => '/case/',
    PORT_N      => 1223, PORT_S => 1224, PORT_D => 1225, PORT_D2 => 1226, PORT_D3 => 1227, PORT_D4 => 1228,
    PORT_DYNAMIC => 1229,
    V4NET       => 224, V6NET => 'ff00',
    CALLER_NAME => 'CALLER_NAME', EXIM_PATH => 'EXIM_PATH',
);
is $substitution->apply($_, {}), $VALUE{$_}, "$_ is $VALUE{$_}" for sort keys %VALUE;
is join(' ', ports()), '1223 1224 1225 1226 1227 1228 1229', 'all ports have to be free';
my %missing;
substitution_for(\%test, $lane, { %$host, HOSTIPV6 => undef }, '/case')->apply('HOSTIPV4 HOSTIPV6', \%missing);
is_deeply \%missing, { HOSTIPV6 => 1 }, 'an address that the host has not';

# ----- Files -----

# The files of a plan as path => content, without the zones of the host itself.
sub files {
    my ($plan) = @_;
    ref $plan or return $plan;
    return { map { $_->{path} => $_->{content} } grep { $_->{path} !~ m{\Adnszones/db\.(?:myhost|ip4\.198|ip6\.2001)} } @{ $plan->{files} } };
}

is_deeply files(plan_of({ 'confs/2032' => "DIR/spool \xff CALLER_NAME\n", 'confs/2033' => 'x' })), { 'test-config' => "/case/spool \xff CALLER_NAME\n" },
  'the configuration';
is_deeply files(
    plan_of(
        {
            'confs/2032'                   => '',
            'aux-var-src/std'              => 'TESTNUM DIR/x',
            'aux-var-src/2033.std'         => 'TESTNUM',
            'aux-var-src/deep/0001.TESTNUM' => 'TESTNUM',
            'aux-var-src/12345.x'          => 'TESTNUM',
            'aux-var-src/.hidden'          => 'TESTNUM',
            'dnszones-src/db.ip4.V4NET'    => "1 PTR HOSTNAME.\n",
            'dnszones-src/qualify.test.ex' => '',
        }
    )
  ),
  {
    'test-config'              => '',
    'aux-var/std'              => '2032 /case/x',
    'aux-var/2033.std'         => '2033',
    'aux-var/deep/0001.0001'   => '0001',
    'aux-var/12345.x'          => '2032',
    'aux-var/.hidden'          => '2032',
    'dnszones/db.ip4.224'      => "1 PTR myhost.test.ex.\n",
    'dnszones/qualify.test.ex' => '',
  },
  'auxiliary files and zones';
is plan_of({}), 'wrong: confs/2032 is missing: it is the MTA\'s configuration of test 2032', 'no configuration';

# What lanes share is not what another configuration in the same tree was made into.
{
    my $same = Path::Tiny->tempdir;
    my @made = map { files(plan_of({ 'confs/2032' => "DIR/$_\n" }, tree => $same))->{'test-config'} } qw(one two);
    is_deeply \@made, ["/case/one\n", "/case/two\n"], 'a configuration that has changed';
}

# What the host lacks makes the case a skip, if the test's own files want it.
for my $case (
    ['confs/2032',           { HOSTIPV6 => 1 }],
    ['aux-var-src/2032.x',   { HOSTIPV6 => 1 }],
    ['dnszones-src/2032.db', { HOSTIPV6 => 1 }],
    ['aux-var-src/2033.x',   {}],
    ['aux-var-src/x',        {}],
  )
{
    my ($path, $wanted) = @$case;
    my $script = { steps => [], missing => {} };
    plan_of({ 'confs/2032' => '', $path => 'HOSTIPV6' }, host => { %$host, HOSTIPV6 => undef }, script => $script);
    is_deeply $script->{missing}, $wanted, "HOSTIPV6 in $path";
}

my %zones = map { $_->{path} => $_->{content} } grep { $_->{path} =~ /^dnszones/ } @{ plan_of({ 'confs/2032' => '' })->{files} };
is join(' ', sort keys %zones), 'dnszones/db.ip4.198 dnszones/db.ip6.2001 dnszones/db.myhost.test.ex', 'zones of the host itself';
%zones = map { $_->{path} => $_->{content} }
  grep { $_->{path} =~ /^dnszones/ } @{ plan_of({ 'confs/2032' => '', 'dnszones-src/db.test.ex' => 'mine', 'dnszones-src/db.ip4.198' => 'mine' })->{files} };
is join(' ', sort keys %zones), 'dnszones/db.ip4.198 dnszones/db.ip6.2001 dnszones/db.test.ex', '- unless the tree has them';
is $zones{'dnszones/db.ip4.198'}, 'mine', '- which then count';

# ----- Users, environment, limits -----

my $plan = plan_of({ 'confs/2032' => '' });
is $plan->{directory}, '/case', 'the directory';
is_deeply $plan->{steps}, ['the steps'], 'the steps';
is_deeply $plan->{caller}, { uid => 1000, gid => 1000, groups => [1000, 107] }, 'the caller is in the MTA\'s group';
is_deeply $plan->{directories},
  [{ path => 'spool', uid => 106, gid => 107, mode => '0755' }, { path => 'test-mail', uid => 1000, gid => 1000, mode => '0755' }], 'whose directories';
is_deeply $plan->{environment}, { PATH => '/case/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME => '/tmp', LC_ALL => 'C' }, 'an environment made from nothing';

my $slow = plan_of({ 'confs/2032' => '' }, timeout_factor => 2.5);
for my $limit (qw(step_seconds case_seconds patience)) {
    is $slow->{$limit}, 2.5 * $plan->{$limit}, "the timeout factor multiplies $limit";
}
is $slow->{timeout_factor}, 2.5, '- and is told';
for my $some ($plan, $slow) {
    cmp_ok Runtest::Plan::backstop_seconds($some), '>', $some->{case_seconds} + $some->{step_seconds} + $some->{patience}, 'the launcher waits longer than the worker';
}

# [library of the lane, --tls-client, client-anytls]
for my $case (
    ['gnutls',  undef,     'gnutls'],
    ['openssl', undef,     'ssl'],
    ['none',    undef,     'ssl'],
    ['gnutls',  'openssl', 'ssl'],
    ['openssl', 'gnutls',  'gnutls'],
  )
{
    my ($library, $asked, $client) = @$case;
    my $other = Runtest::Lane->new('other', __FILE__);
    $other->learn({ %{ $lane->facts }, library => $library });
    is plan_of({ 'confs/2032' => '' }, lane => $other, tls_client => $asked)->{tls_client}, $client,
      "client-anytls with $library" . (defined $asked ? ", --tls-client $asked" : '');
}

# [version of the lane, what is left out of its command lines]
for my $case (['4.92.3', '-odd'], ['4.94', ''], ['4.100', ''], [undef, '']) {
    my ($version, $left_out) = @$case;
    my $other = Runtest::Lane->new('other', __FILE__);
    $other->learn({ %{ $lane->facts }, versions => { exim => $version } });
    is join(' ', @{ plan_of({ 'confs/2032' => '' }, lane => $other)->{left_out} }), $left_out,
      'options that Exim ' . ($version // 'of no known version') . ' does not know';
}

done_testing;
