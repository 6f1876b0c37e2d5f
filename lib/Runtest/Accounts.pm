# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Accounts;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(is_number);

=head1 NAME

Runtest::Accounts - which user and group an MTA was built for, found out by asking it

=head1 DESCRIPTION

A build knows its user and its group as numbers, or as names that it looks up whenever it starts. Which of both, only
its answers tell: it ends where it cannot find a name, or where a number has none, and names the user that it would
run as. So it is asked until nothing new comes up, each time with what is known so far. Every name gets an id that no
build has, so that a name stays one only if it is looked up.

=cut

my $FIRST_ID = 61_000;

# The name of the user whose number is known.
my $NUMBERED = 'number-';

# [what the MTA says, where what it names belongs]. A number as the user's name is no news.
my @NEWS = (
    [qr/failed to find uid for user name "([^"]+)"/,  'users'],
    [qr/failed to find gid for group name "([^"]+)"/, 'groups'],
    [qr/no passwd entry for uid=([0-9]+)/,            'numbers'],
    [qr/^exim_user = (?!\Q$NUMBERED\E)(\S*[^0-9\s]\S*)/m, 'users'],
    [qr/^exim_group = (\S*[^0-9\s]\S*)/m,             'groups'],
);

=head2 new()

Nothing is known yet.

=cut

sub new {
    my ($class) = @_;
    return bless { users => [], groups => [], numbers => [] }, $class;
}

=head2 learn($said)

From what the MTA said to C<-bP exim_user exim_group>. Returns whether there is news, so that it has to be asked again.

=cut

sub learn {
    my ($self, $said) = @_;
    for my $news (@NEWS) {
        my ($pattern, $kind) = @$news;
        my ($name) = $said =~ $pattern or next;
        next if grep { $_ eq $name } @{ $self->{$kind} };
        push @{ $self->{$kind} }, $name;
        return 1;
    }
    return 0;
}

=head2 wanted

The users that it has named, as names or numbers.

=cut

sub wanted {
    my ($self) = @_;
    return map { @{ $self->{$_} } } qw(numbers users);
}

=head2 users, groups

What a place where the MTA is asked has to have: [name, uid, gid], and [name, gid].

=cut

sub users {
    my ($self) = @_;
    my @numbered = map { ["$NUMBERED$_", $_, $_] } @{ $self->{numbers} };
    my $id = $FIRST_ID;
    return (@numbered, map { my $own = $id++; [$_, $own, $own] } @{ $self->{users} });
}

sub groups {
    my ($self) = @_;
    my $id = $FIRST_ID + @{ $self->{users} };
    return map { [$_, $id++] } @{ $self->{groups} };
}

=head2 names($said)

When there is no more news: C<< { user, group, users => [names], groups => [names] } >>. User and group are what the
MTA runs as: names that it looks up, or numbers; the group is undef where it is that of the user. The lists have every
name that it looks up.

=cut

sub names {
    my ($self, $said) = @_;
    my ($user)  = $said =~ /^exim_user = (?:\Q$NUMBERED\E)?(\S+)/m;
    my ($group) = $said =~ /^exim_group = (\S+)/m;
    undef $group if defined $group && is_number($group) && $group >= $FIRST_ID;
    return { user => $user, group => $group, users => $self->{users}, groups => $self->{groups} };
}

=head2 is_number($name)

Whether a user or group is a number.

=cut

sub is_number { return $_[0] =~ /\A[0-9]+\z/ }

1;
