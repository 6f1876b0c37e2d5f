# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::NoSandbox;

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Spec;
use File::Temp ();
use IO::Interface::Simple ();
use IO::Socket::INET;

use Runtest::Capture qw(output_of must_run);
use Runtest::Error;
use Runtest::Host;
use Runtest::Plan qw(ports);

=head1 NAME

Runtest::NoSandbox - where cases run when there is no sandbox: with this host's files and users, as root, one at a time

=head1 DESCRIPTION

It has Runtest::Sandbox's methods. The patched setuid MTA lies in a directory that only root and the MTA's group, the caller
among it, can enter, and that is removed with the case; one that a killed run has left is removed at the next start.

Each case has a network of its own, with the sandbox's addresses: servers of tests listen on every address that there is. Where
root may not make one, cases run only if this host has no network.

=cut

=head2 new($program, $kit)

As for Runtest::Sandbox. Dies (broken) when it is not root, when the caller is missing, when the tests could be reached from
outside, or when a port is taken.

=cut

sub new {
    my ($class, $program, $kit) = @_;
    $> == 0 or Runtest::Error->throw(broken => 'without a sandbox runtest has to be root');
    my $self = bless { program => $program, kit => $kit, host => Runtest::Host::real(), network => [] }, $class;
    my @addresses = @{ Runtest::Host::sandboxed() }{qw(HOSTIPV4 HOSTIPV6)};
    my @network   = map { ('--address' => $_) } @addresses;
    my $refusal   = output_of($program, '--host', @network, '--', 'true');
    if ($? == 0) {
        $self->{network} = \@network;
        @{ $self->{host} }{qw(HOSTIPV4 HOSTIPV6)} = @addresses;
    } else {
        _check_host($refusal);
    }
    _remove_leftovers();
    return $self;
}

# Whether the host's own network will do: no interface but loopback is up.
sub _check_host {
    my ($refusal) = @_;
    my ($interface) = grep { $_->is_running && !$_->is_loopback } IO::Interface::Simple->interfaces;
    Runtest::Error->throw(broken => "without a sandbox the tests' servers would listen on the addresses of this host's $interface, and a network"
          . " of their own is refused. Take the interface away (docker: --network none), or allow that:\n$refusal")
      if defined $interface;
    _check_port($_) for ports();
    return;
}

sub _check_port {
    my ($port) = @_;
    my $socket = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 1, ReuseAddr => 1);
    return if $socket;
    my $why = "$!";
    my $owner = _owner_of($port);
    return Runtest::Error->throw(broken => "without a sandbox the tests need port $port of this host: $why"
          . (defined $owner ? ", it belongs to $owner" : ''));
}

# The listening socket's inode from the kernel's table, then the process that holds it.
sub _owner_of {
    my ($port) = @_;
    my $hex = sprintf ':%04X', $port;
    for my $table (qw(/proc/net/tcp /proc/net/tcp6)) {
        open my $in, '<', $table or next;
        while (my $line = <$in>) {
            my ($local, $state, $inode) = (split ' ', $line)[ 1, 3, 9 ];
            return _process_with("socket:[$inode]") if $state eq '0A' && $local =~ /\Q$hex\E\z/;
        }
    }
    return;
}

sub _process_with {
    my ($target) = @_;
    for my $link (glob '/proc/[0-9]*/fd/*') {
        next if (readlink $link // '') ne $target;
        my ($pid) = $link =~ m{/proc/([0-9]+)/};
        open my $in, '<', "/proc/$pid/comm" or next;
        chomp(my $name = <$in> // '?');
        return "pid $pid ($name)";
    }
    return;
}

my $PREFIX = 'runtest-case-';

# A directory's name has the pid of the run that made it.
sub _remove_leftovers {
    my $pattern = File::Spec->tmpdir . "/$PREFIX";
    for my $directory (glob(quotemeta($pattern) . '*')) {
        my ($pid) = $directory =~ /\Q$PREFIX\E([0-9]+)-/ or next;
        next if !-d $directory || -l $directory || (lstat _)[4] != 0 || kill 0 => $pid;
        remove_tree($directory);
    }
    return;
}

=head2 host, most_jobs, mta_user(\%names)

As in Runtest::Sandbox; one job.

=cut

sub host      { return $_[0]{host} }
sub most_jobs { return 1 }
sub mta_user  { my (undef, $names) = @_; return Runtest::Host::mta_user($names) }

=head2 zygote(@lanes), place($case), ask($lane, $accounts, @arguments)

As in Runtest::Sandbox.

=cut

sub zygote {
    my ($self) = @_;
    my $top = $self->{kit}{top};
    return ($self->{program}, '--host', '--fd' => 3, '--', $^X, "-I$top/lib", '-MRuntest::Zygote', '-e', 'Runtest::Zygote::main()');
}

sub place {
    my ($self, $case) = @_;
    my $lane = $case->lane;
    my $kit  = $self->{kit};
    my @shown = grep { $_->[1] !~ m{\A/} } $kit->shown($lane);    # the libraries are this host's
    my $area = $self->_area($lane->user->{gid}, map { [$_->[1] eq 'eximdir' ? $kit->lane($lane) : $kit->common, substr $_->[0], 1] } @shown);
    return {
        directory => "$area/case",
        options   => sub { my ($seconds) = @_; return ('--host', @{ $self->{network} }, '--fd' => 3, ($case->is_interactive ? ('--fd' => 4) : ()), '--timeout' => $seconds) },
        clean     => sub { remove_tree("$area") },
    };
}

sub ask {
    my ($self, $lane, $accounts, @arguments) = @_;
    Runtest::Host::check_accounts($accounts);
    my $area = $self->_area(0, [$self->{kit}->asking($lane), 'testsuite/eximdir'], [$self->{kit}->asking($lane), 'testsuite/facts.conf']);
    return output_of($self->{program}, '--host', '--timeout' => 20, '--', "$area/case/eximdir/exim", '-C', "$area/case/facts.conf", @arguments);
}

# A directory that removes itself, with the case's directory in it; the rest are tar files with a member to put there.
sub _area {
    my ($self, $mta_group, @tars) = @_;
    my $area = File::Temp->newdir("$PREFIX$$-XXXXXX", TMPDIR => 1);
    my $case = "$area/case";
    _directory($case, '0755', 0);
    _directory("$case/eximdir", '0750', $mta_group);
    chmod oct('0711'), $area or Runtest::Error->throw(broken => "$area: $!");
    for my $tar (@tars) {
        my ($file, $member) = @$tar;
        must_run(qw(tar --extract --preserve-permissions --numeric-owner --file), $file, '--strip-components=' . ($member =~ tr{/}{}), '-C', $case, $member);
    }
    return $area;
}

sub _directory {
    my ($path, $mode, $group) = @_;
    mkdir $path, 0700 and chown 0, $group, $path and chmod oct $mode, $path
      or Runtest::Error->throw(broken => "$path: $!");
    return;
}

1;
