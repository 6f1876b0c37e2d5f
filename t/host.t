#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Where cases run, as scripts see it: names, users, addresses, and the DNS zones that go with them.
use strict;
use warnings;

# Users and groups of a machine that is not this one. Before anything is compiled that asks for them.
my (%USER, %GROUP);

BEGIN {
    ## no critic (ProhibitSubroutinePrototypes): those of the originals
    *CORE::GLOBAL::getpwnam = sub ($) { my ($name) = @_; return $USER{$name}  ? @{ $USER{$name} }  : () };
    *CORE::GLOBAL::getpwuid = sub ($) { my ($uid) = @_; my ($name) = grep { $USER{$_}[2] == $uid } keys %USER; return defined $name ? @{ $USER{$name} } : () };
    *CORE::GLOBAL::getgrnam = sub ($) { my ($name) = @_; return $GROUP{$name} ? @{ $GROUP{$name} } : () };
    *CORE::GLOBAL::getgrgid = sub ($) { my ($gid)  = @_; return (grep { $GROUP{$_}[2] == $gid } sort keys %GROUP)[0] };
}

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Accounts;
use Runtest::Capture qw(output_of);
use Runtest::Host;
use Runtest::Zones qw(zones_of_host);

sub outcome { my ($code) = @_; return eval { $code->() } // $@->kind . ": $@" }

# ----- The sandbox -----

is_deeply(
    Runtest::Host::sandboxed(),
    {
        hostname => 'myhost.test.ex',
        HOSTIPV4 => '198.51.100.10',
        HOSTIPV6 => '2001:db8::10',
        caller   => { name => 'mtacaller', group => 'mtacaller', uid => 1000, gid => 1000 },
        clock    => 1,
    },
    'every sandbox is the same'
);

# ----- A real machine -----

is outcome(\&Runtest::Host::real), "broken: without a sandbox the tests need a user 'mtacaller' on this host: run\n"
  . '  adduser --system --group --home /nonexistent --no-create-home --gecos CALLER_NAME mtacaller', 'a machine without a caller';

%USER  = (mtacaller => ['mtacaller', 'x', 1234, 2345], mailer => ['mailer', 'x', 106, 108]);
%GROUP = (callers => ['callers', 'x', 2345], mailer => ['mailer', 'x', 108]);
my $real = Runtest::Host::real();
is_deeply $real->{caller}, { name => 'mtacaller', group => 'callers', uid => 1234, gid => 2345 }, 'its caller';
ok !$real->{clock}, 'its clock cannot be moved';
like $real->{hostname}, qr/\A\S+\z/, 'its name';

# The addresses, asked of another program.
my %listed = map { $_ => 1 } output_of(qw(ip -o addr show scope global)) =~ /inet6? ([^\/\s]+)/g;
SKIP: {
    skip 'no ip(8) here, or no address', 1 if !%listed;
    my ($four) = grep { /\./ } keys %listed;
    is !!(defined $real->{HOSTIPV4} && $listed{ $real->{HOSTIPV4} }), !!$four, 'its IPv4 address, if it has one';
}
my @global = grep { /:/ } keys %listed;
is defined $real->{HOSTIPV6}, !!@global, 'an IPv6 address, if it has one';

# [names, user]
for my $row (
    [{ user => 'mailer', group => 'mailer' },  { name => 'mailer', group => 'mailer', uid => 106, gid => 108 }],
    [{ user => 'mailer', group => 'callers' }, { name => 'mailer', group => 'callers', uid => 106, gid => 2345 }],
    [{ user => 'mailer', group => undef },     { name => 'mailer', group => 'mailer', uid => 106, gid => 108 }],
    [{ user => '106', group => '107' },        { name => 'mailer', group => '107', uid => 106, gid => 107 }],
    [{ user => '106', group => '2345' },       { name => 'mailer', group => 'callers', uid => 106, gid => 2345 }],
  )
{
    my ($names, $user) = @$row;
    is_deeply outcome(sub { Runtest::Host::mta_user($names) }), $user, "the MTA's user: $names->{user}, " . ($names->{group} // 'its own group');
}
my $NO_USER = "without a sandbox the MTA needs its user 'exim' on this host: run\n"
  . '  adduser --system --group --home /nonexistent --no-create-home --allow-bad-names exim && adduser mtacaller exim';
is outcome(sub { Runtest::Host::mta_user({ user => 'exim', group => 'mailer' }) }), "broken: $NO_USER", 'no such user';
is outcome(sub { Runtest::Host::mta_user({ user => 'mailer', group => 'exim' }) }), "broken: $NO_USER" =~ s/exim/mailer/gr, 'no such group';
is(Runtest::Host::missing_mta_user('exim'), $NO_USER, 'what is said of that');
my $NO_NUMBER = "without a sandbox the MTA needs its user '77' on this host: run\n"
  . '  adduser --system --group --uid 77 --home /nonexistent --no-create-home --allow-bad-names mta && adduser mtacaller mta';
is outcome(sub { Runtest::Host::mta_user({ user => '77', group => '77' }) }), "broken: $NO_NUMBER", 'no user of that number';

# What an MTA has named, and what is said of it.
sub checked {
    my @said     = @_;
    my $accounts = Runtest::Accounts->new;
    $accounts->learn($_) for @said;
    return outcome(sub { Runtest::Host::check_accounts($accounts); return 'ok' });
}

my ($OF_USER, $OF_GROUP) = map { "failed to find $_ name " } 'uid for user', 'gid for group';
is checked(), 'ok', 'an MTA that wants no user';
is checked(qq($OF_USER"mailer"), 'no passwd entry for uid=106', qq($OF_GROUP"callers")), 'ok', 'one that wants those that there are';
is checked(qq($OF_USER"exim")), "broken: $NO_USER", 'one that wants a user';
is checked('no passwd entry for uid=77'), "broken: $NO_NUMBER", 'or a number';
is checked(qq($OF_GROUP"exim")), "broken: without a sandbox the MTA needs its group 'exim' on this host: run\n"
  . '  addgroup --system exim && adduser mtacaller exim', 'or a group';

# ----- Zones -----

# The zones of a host as NAME => content.
sub zones {
    my ($host, @there) = @_;
    return { map { $_->{name} => $_->{content} } zones_of_host({ hostname => 'h.test.ex', %$host }, @there) };
}
my %both = (HOSTIPV4 => '192.0.2.1', HOSTIPV6 => '2001:db8::10');
my %ZONES = (
    'db.h.test.ex' => "@ A 192.0.2.1\n@ AAAA 2001:db8::10\n",
    'db.ip4.192'   => "1.2.0 PTR h.test.ex.\n",
    'db.ip6.2001'  => "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0 PTR h.test.ex.\n",
);
is_deeply zones(\%both), \%ZONES, 'forward and reverse zones';
is_deeply zones({ HOSTIPV4 => '192.0.2.1' }), { 'db.h.test.ex' => "@ A 192.0.2.1\n", 'db.ip4.192' => $ZONES{'db.ip4.192'} }, 'of a host without IPv6';
is_deeply zones({ HOSTIPV6 => '2001:db8::10' }), { 'db.h.test.ex' => "@ AAAA 2001:db8::10\n", 'db.ip6.2001' => $ZONES{'db.ip6.2001'} }, 'and without IPv4';
# [files that are there, zones that are made]
for my $row (
    [['db.h.test.ex'],         [qw(db.ip4.192 db.ip6.2001)]],
    [['db.test.ex'],           [qw(db.ip4.192 db.ip6.2001)]],
    [['db.ex', 'db.ip4.192'],  ['db.ip6.2001']],
    [['db.ip6.2001'],          [qw(db.h.test.ex db.ip4.192)]],
    [[qw(db.other.ex db.ip4.2 db.ip4 h.test.ex db.192 qualify.test.ex)], [qw(db.h.test.ex db.ip4.192 db.ip6.2001)]],
  )
{
    my ($there, $made) = @$row;
    is_deeply [sort keys %{ zones(\%both, @$there) }], $made, "zones beside @$there";
}

done_testing;
