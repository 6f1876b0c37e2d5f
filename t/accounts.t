#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Which user and group an MTA was built for, as its answers tell it: by number, by name, or both.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Accounts;

# The place where an Exim is asked has these besides what it is told to have.
my %USERS  = (root => 0, mail => 8, mtacaller => 1000);
my %GROUPS = (root => 0, mail => 8, callers => 1000);

sub name_of {
    my ($id, $first, $others) = @_;
    my ($name) = map { $_->[0] } grep { $_->[1] == $id } @$first;
    my %first = map { $_->[0] => 1 } @$first;
    return $name // (grep { !$first{$_} && $others->{$_} == $id } sort keys %$others)[0];
}

sub id_of {
    my ($name, $first, $others) = @_;
    my ($id) = map { $_->[1] } grep { $_->[0] eq $name } @$first;
    return $id // $others->{$name};
}

# What an Exim built with these EXIM_USER and EXIM_GROUP says: "ref:NAME" is a name that it looks up; no group is that of the user.
sub answer {
    my ($accounts, $user, $group, $owner) = @_;
    my (@users, @groups) = ();
    push @users,  [@$_[0, 1, 2]] for $accounts->users;
    push @groups, [@$_[0, 1]]    for $accounts->groups;
    for my $name (map { /\Aref:(.*)/ ? $1 : () } $user, $owner // ()) {
        defined id_of($name, \@users, \%USERS) or return qq(exim: failed to find uid for user name "$name"\n);
    }
    my $uid = $user =~ /\Aref:(.*)/ ? id_of($1, \@users, \%USERS) : $user;
    my ($primary) = map { $_->[2] } grep { $_->[1] == $uid } @users;
    my $gid = !defined $group ? $primary // $uid : $group =~ /\Aref:(.*)/ ? id_of($1, \@groups, \%GROUPS) : $group;
    defined $gid or return 'exim: failed to find gid for group name "' . substr($group, 4) . qq("\n);
    my $name = name_of($uid, \@users, \%USERS);
    defined $name or return "2026-11-30 13:47:04 cannot run initgroups(): no passwd entry for uid=$uid\n";
    return "exim_user = $name\nexim_group = " . (name_of($gid, \@groups, \%GROUPS) // $gid) . "\n";
}

# [user, group, another name that it looks up; user and group as they are found, all names]
for my $case (
    ['ref:Debian-exim', undef,     undef,       'Debian-exim', undef,  'Debian-exim', ''],
    ['ref:exim',        'ref:exim', undef,      'exim',        'exim', 'exim', 'exim'],
    ['ref:exim',        'ref:mail', undef,      'exim',        'mail', 'exim', 'mail'],
    ['ref:exim',        8,          undef,      'exim',        8,      'exim', 'mail'],
    ['ref:exim',        1235,       undef,      'exim',        1235,   'exim', ''],
    ['ref:exim',        undef,      'ref:adm',  'exim',        undef,  'exim adm', ''],
    ['ref:mail',        'ref:mail', undef,      'mail',        'mail', 'mail', 'mail'],
    [8,                 8,          undef,      8,             8,      'mail', 'mail'],
    [1234,              1235,       undef,      1234,          1235,   '', ''],
    [1234,              'ref:exim', undef,      1234,          'exim', '', 'exim'],
    [1000,              1000,       undef,      1000,          1000,   'mtacaller', 'callers'],
  )
{
    my ($user, $group, $owner, $found_user, $found_group, $users, $groups) = @$case;
    my $accounts = Runtest::Accounts->new;
    my $said;
    for (1 .. 12) {
        $said = answer($accounts, $user, $group, $owner);
        last if !$accounts->learn($said);
    }
    my $what = join ', ', "EXIM_USER=$user", map { "$_->[0]=$_->[1]" } grep { defined $_->[1] } [EXIM_GROUP => $group], [CONFIGURE_OWNER => $owner];
    is_deeply $accounts->names($said),
      { user => $found_user, group => $found_group, users => [sort { $b cmp $a } split ' ', $users], groups => [split ' ', $groups] }, $what;
}

# Each answer is news only once: an MTA that says the same whatever it is given is not asked for ever.
my $accounts = Runtest::Accounts->new;
my @ANSWERS  = (
    qq(exim: failed to find uid for user name "a"\n), qq(exim: failed to find gid for group name "a"\n), "x no passwd entry for uid=7\n",
    "exim_user = b\nexim_group = 9\n", "exim_user = b\nexim_group = c\n",
);
is join('', map { $accounts->learn($_) ? 1 : 0 } @ANSWERS), '11111', 'what each answer tells is news';
is join('', map { $accounts->learn($_) ? 1 : 0 } @ANSWERS), '00000', '- once';
is_deeply [$accounts->wanted], [qw(7 a b)], 'the users that were named';
is_deeply [$accounts->users],  [['number-7', 7, 7], ['a', 61_000, 61_000], ['b', 61_001, 61_001]], '- with ids of their own';
is_deeply [$accounts->groups], [['a', 61_002], ['c', 61_003]], 'and the groups';
ok !$accounts->learn("exim_user = 12\nexim_group = 13\nnot exim_user = x\n"), 'numbers are no news, nor is what stands elsewhere';

done_testing;
