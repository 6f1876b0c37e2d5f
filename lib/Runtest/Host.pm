# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Host;

use strict;
use warnings;

use IO::Interface::Simple ();
use Socket qw(AF_INET6 inet_pton inet_ntop);
use Sys::Hostname ();

use Runtest::Accounts qw(is_number);
use Runtest::Error;

=head1 NAME

Runtest::Host - names, users and addresses of the place where cases run

=head1 DESCRIPTION

A host is C<< { hostname, HOSTIPV4, HOSTIPV6, caller => { name, group, uid, gid }, clock } >>; an address that it does not have is undef,
and C<clock> says whether a case can have another date.
In the sandbox everything is fixed (src/sandbox_etc.c, src/sandbox_net.c); without it, the machine's own is used, and
Runtest::Munge maps it to what the goldens say.

=cut

my $CALLER = 'mtacaller';

=head2 sandboxed()

What every sandbox has.

=cut

sub sandboxed {
    return {
        hostname => 'myhost.test.ex',
        HOSTIPV4 => '198.51.100.10',
        HOSTIPV6 => '2001:db8::10',
        caller   => { name => $CALLER, group => $CALLER, uid => 1000, gid => 1000 },
        clock    => 1,
    };
}

=head2 real()

What this machine has. Dies (broken) when it lacks the caller, with the command that makes it.

=cut

sub real {
    my ($name, undef, $uid, $gid) = getpwnam $CALLER;
    defined $name
      or Runtest::Error->throw(broken => "without a sandbox the tests need a user '$CALLER' on this host: run\n"
          . "  adduser --system --group --home /nonexistent --no-create-home --gecos CALLER_NAME $CALLER");
    return {
        hostname => Sys::Hostname::hostname(),
        HOSTIPV4 => scalar _address4(),
        HOSTIPV6 => scalar _address6(),
        caller   => { name => $CALLER, group => scalar getgrgid $gid, uid => $uid, gid => $gid },
    };
}

sub _address4 {
    my ($address) = grep { defined && !/\A127\./ } map { $_->address } grep { $_->is_running } IO::Interface::Simple->interfaces;
    return $address;
}

# The kernel's list of addresses: 32 hexadecimal digits, index, prefix, scope (0 is global), flags, name.
sub _address6 {
    open my $in, '<', '/proc/net/if_inet6' or return;
    while (my $line = <$in>) {
        my ($digits, undef, undef, $scope) = split ' ', $line;
        return inet_ntop(AF_INET6, pack 'H32', $digits) if hex $scope == 0;
    }
    return;
}

=head2 mta_user(\%names)

The user that an MTA was built for (Runtest::Accounts, C<names>), as this machine knows it. Dies (broken) when it does
not, with the command that makes it.

=cut

sub mta_user {
    my ($names) = @_;
    my ($user, $group) = @$names{qw(user group)};
    my @entry = is_number($user) ? getpwuid $user : getpwnam $user;
    my ($name, $uid) = @entry[0, 2];
    my $gid = !defined $group ? $entry[3] : is_number($group) ? $group : (getgrnam $group)[2];
    defined $uid && defined $gid or Runtest::Error->throw(broken => missing_mta_user($user));
    return { name => $name, group => getgrgid($gid) // $gid, uid => $uid, gid => $gid };
}

=head2 check_accounts($accounts)

Dies (broken) when this machine lacks what Runtest::Accounts wants, with the command that makes it.

=cut

sub check_accounts {
    my ($accounts) = @_;
    for my $user ($accounts->wanted) {
        defined(is_number($user) ? getpwuid $user : getpwnam $user)
          or Runtest::Error->throw(broken => missing_mta_user($user));
    }
    for my $group (map { $_->[0] } $accounts->groups) {
        defined getgrnam $group
          or Runtest::Error->throw(broken => "without a sandbox the MTA needs its group '$group' on this host: run\n"
              . "  addgroup --system $group && adduser $CALLER $group");
    }
    return;
}

=head2 missing_mta_user($user)

What to say when the MTA's user, a name or a number, does not exist.

=cut

sub missing_mta_user {
    my ($user) = @_;
    my $name = is_number($user) ? 'mta' : $user;
    return "without a sandbox the MTA needs its user '$user' on this host: run\n  adduser --system --group "
      . (is_number($user) ? "--uid $user " : '')
      . "--home /nonexistent --no-create-home --allow-bad-names $name && adduser $CALLER $name";
}

1;
