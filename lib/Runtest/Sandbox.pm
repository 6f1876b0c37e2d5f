# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Sandbox;

use strict;
use warnings;

use Runtest::Accounts qw(is_number);
use Runtest::Capture qw(output_of);
use Runtest::Error;
use Runtest::Host;

=head1 NAME

Runtest::Sandbox - where cases run: each in a sandbox of its own

=head1 DESCRIPTION

Runtest::NoSandbox has the same methods.

=cut

# In the sandbox, whatever the host is.
my $DIRECTORY = '/testsuite';

# The ids that the MTA's user and group get when the MTA knows them by name only.
my $MTA_ID = 106;

# What goldens call them: in the sandbox that is what they are called.
my ($USER, $GROUP) = qw(EXIMUSER EXIMGROUP);

=head2 new($program, $kit)

With the launcher (src/sandbox.c) and a Runtest::Kit.

=cut

sub new {
    my ($class, $program, $kit) = @_;
    return bless { program => $program, kit => $kit, host => Runtest::Host::sandboxed() }, $class;
}

=head2 refusal($program)

Undef where sandboxes can be made, else the launcher's line that says why not.

=cut

sub refusal {
    my ($program) = @_;
    -x $program or Runtest::Error->throw(broken => 'the programs are not built: run ./setup');
    my $said = output_of($program, '--probe');
    return $? ? $said =~ s/\n\z//r || "$program --probe says nothing" : undef;
}

=head2 host

The Runtest::Host.

=cut

sub host { return $_[0]{host} }

=head2 most_jobs

How many cases can run at once: as many as one likes (undef).

=cut

sub most_jobs { return undef }

=head2 zygote(@lanes)

The command line that starts the zygote (Runtest::Zygote): in a sandbox of the run, in which those of the cases are made, and in which the
kits of these lanes are.

=cut

sub zygote {
    my ($self, @lanes) = @_;
    my $kit = $self->{kit};
    return (
        $self->{program},
        '--nest',
        '--case' => '/kit',
        '--fd'   => 3,
        (map { ('--unpack' => $_) } $kit->common, map { $kit->lane($_) } @lanes),
        '--', $^X, '-I/kit/lib', '-MRuntest::Zygote', '-e', 'Runtest::Zygote::main()'
    );
}

=head2 place($case)

A place for one case: C<< { directory, options => sub ($seconds) that returns the launcher's options, clean => sub () } >>. Descriptor 3 is
the wire.

=cut

sub place {
    my ($self, $case) = @_;
    my $lane   = $case->lane;
    my $user   = $lane->user;
    my @common = (
        '--nested',
        '--fd'   => 3,
        ($case->is_interactive ? ('--fd' => 4) : ()),
        _accounts(_users($user), _groups($user)),
        (map { my ($from, $to) = @$_; ('--show' => "$from:" . ($to =~ m{\A/} ? $to : "$DIRECTORY/$to")) } $self->{kit}->shown($lane)),
        _clock($case),
    );
    return {
        directory => $DIRECTORY,
        options   => sub { my ($seconds) = @_; return (@common, '--timeout' => $seconds) },
        clean     => sub { },
    };
}

# The MTA's own names for its user and group come second: to all else an id has the goldens' name.
sub _users {
    my ($user) = @_;
    return map { [$_, @$user{qw(uid gid)}] } $user->{name}, @{ $user->{users} };
}

sub _groups {
    my ($user) = @_;
    return map { [$_, $user->{gid}] } $user->{group}, @{ $user->{groups} };
}

# The launcher's options for [name, uid, gid]... and [name, gid]...
sub _accounts {
    return map { ((@$_ == 3 ? '--user' : '--group') => join ':', @$_) } @_;
}

# After that second, Exim's spool needs help (src/spool_2038.c), unless the script wants to see how it does without.
my $LAST_INT = 2**31 - 1;

# So slow that the seconds for which something lives in the MTA's test mode are minutes, for whoever waits for a busy
# processor.
my $SLOWNESS = 100;

sub _clock {
    my ($case) = @_;
    my $slowness = $case->has_slow_clock ? $SLOWNESS : 1;
    return if !defined $case->clock && $slowness == 1;
    my $start     = $case->clock // time;
    my @libraries = ('clock.so', $start > $LAST_INT && !$case->has_own_clock ? 'spool_2038.so' : ());
    return (
        '--clock' => ($start - int(time / $slowness)) . "/$slowness",
        map { ('--show' => "/kit/build/$_:/runtest/$_", '--preload' => "/runtest/$_") } @libraries
    );
}

=head2 ask($lane, $accounts, @arguments)

What the lane's MTA says, stdout and stderr, to C<exim -C CONFIGURATION arguments>, with the users and groups of
Runtest::Accounts.

=cut

sub ask {
    my ($self, $lane, $accounts, @arguments) = @_;
    my $tar = $self->{asking}{ $lane->name } //= $self->{kit}->asking($lane);
    return output_of(
        $self->{program},
        '--timeout' => 20,
        _accounts($accounts->users, $accounts->groups),
        '--unpack'  => $tar,
        '--', "$DIRECTORY/eximdir/exim", '-C', "$DIRECTORY/facts.conf", @arguments
    );
}

=head2 mta_user(\%names)

The user that the MTA runs as in here, from the facts' names (Runtest::Accounts):
C<< { name, group, uid, gid, users, groups } >>. Dies of one line of text when the MTA was built for an id that a
sandbox cannot give it.

=cut

# The caller and the users of tests (src/sandbox_etc.c), which must be others than the MTA's.
my %TAKEN = map { $_ => 1 } 0, 1000 .. 1002;

# The ids that there are.
my $LAST_ID = 65_534;

sub mta_user {
    my ($self, $names) = @_;
    my ($uid, $gid) = map { is_number($_ // '') ? $_ : $MTA_ID } @$names{qw(user group)};
    my ($bad) = grep { $TAKEN{$_} || $_ > $LAST_ID } $uid, $gid;
    defined $bad and die "it was built for the user $uid and the group $gid, and in a sandbox it cannot have the id $bad"
      . ($TAKEN{$bad} ? ", which is another user's" : ": they end with $LAST_ID") . ": build it with EXIM_USER=ref:NAME\n";
    return { name => $USER, group => $GROUP, uid => $uid, gid => $gid, map { $_ => $names->{$_} } qw(users groups) };
}

1;
