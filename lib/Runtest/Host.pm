# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Host;

use strict;
use warnings;

use IO::Interface::Simple ();
use Socket qw(AF_INET6 inet_pton inet_ntop);
use Sys::Hostname ();

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

The user that an MTA asked for by name (Runtest::MTA's facts, C<names>), as this machine knows it. Dies (broken) when it does
not, with the command that makes it.

=cut

sub mta_user {
    my ($names) = @_;
    my ($user, $group) = @$names{qw(user group)};
    my ($uid) = $user =~ /\A[0-9]+\z/ ? $user : (getpwnam $user)[2];
    my ($gid) = $group =~ /\A[0-9]+\z/ ? $group : (getgrnam $group)[2];
    defined $uid && defined $gid or Runtest::Error->throw(broken => missing_mta_user($user));
    return { name => $user, group => $group, uid => $uid, gid => $gid };
}

=head2 missing_mta_user($name)

What to say when the MTA's user does not exist.

=cut

sub missing_mta_user {
    my ($name) = @_;
    return "without a sandbox the MTA needs its user '$name' on this host: run\n"
      . "  adduser --system --group --home /nonexistent --no-create-home --allow-bad-names $name && adduser $CALLER $name";
}

1;
