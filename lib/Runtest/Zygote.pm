# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Zygote;

use strict;
use warnings;

use IO::Select;
use List::Util qw(max);
use POSIX ();

use Runtest::ByteJSON qw(decode_bytes);
use Runtest::Native qw(launch receive_descriptors);
use Runtest::Worker ();

=head1 NAME

Runtest::Zygote - the process that all launchers and workers are forked from

=head1 DESCRIPTION

Perl and the worker's modules take longer to load than most cases have to run, so they are loaded once: here, in a sandbox in which there is
nothing but the kit (Runtest::Sandbox), before anything of a case is known. Runtest::Launch is the driver's end.

A request is C<< { name, options } >> with the descriptors of the launcher's wait status (a decimal number), of the worker's standard input, of
its standard output and error, of its wire and, if there is one, of its terminal; or C<< { kill => name } >>. A launcher for which there is no
status has ended with the zygote.

=cut

# Where the driver's requests come in.
my $CONTROL = 3;

# The first of the descriptors that the worker does not know by number.
my $ASIDE = 5;

=head2 main()

Serves requests until there are no more, and all launchers have ended.

=cut

sub main {
    my %launcher;    # pid => { name, report: the descriptor for its wait status }
    pipe my $ended, my $wake or die "pipe: $!\n";
    $_->blocking(0) for $ended, $wake;
    local $SIG{CHLD} = sub { syswrite $wake, '.' };
    open my $control, '<&=', $CONTROL or die "descriptor $CONTROL: $!\n";
    my $select = IO::Select->new($control, $ended);
    while ($select->exists($control) || %launcher) {
        for my $ready ($select->can_read) {
            if ($ready == $ended) {
                sysread $ended, my $drained, 4096;
                _reap(\%launcher);
            } elsif (my ($bytes, @descriptors) = receive_descriptors($CONTROL)) {
                _serve(\%launcher, [$control, $ended, $wake], decode_bytes($bytes), @descriptors);
            } else {
                $select->remove($control);
            }
        }
    }
    return;
}

sub _serve {
    my ($launchers, $own, $request, $report, @descriptors) = @_;
    if (my $name = $request->{kill}) {
        kill TERM => grep { $launchers->{$_}{name} eq $name } keys %$launchers;
        return;
    }
    my $pid = fork;
    if (defined $pid && !$pid) {
        POSIX::close($_) for $report, (map { $_->{report} } values %$launchers), map { fileno $_ } @$own;
        _be_launcher($request, @descriptors);
    }
    if ($pid) {
        $launchers->{$pid} = { name => $request->{name}, report => $report };
    } else {
        my $said = "sandbox: launch: fork: $!\n";
        POSIX::write($descriptors[1], $said, length $said);
        _report($report, 125 << 8);
    }
    POSIX::close($_) for @descriptors;
    return;
}

sub _reap {
    my ($launchers) = @_;
    while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) {
        my $launcher = delete $launchers->{$pid} // next;
        _report($launcher->{report}, $?);
    }
    return;
}

sub _report {
    my ($report, $status) = @_;
    POSIX::write($report, "$status\n", 1 + length $status);
    POSIX::close($report);
    return;
}

sub _be_launcher {
    my ($request, @descriptors) = @_;
    $0 = "sandbox $request->{name}";    ## no critic (RequireLocalizedPunctuationVars)
    _place(@descriptors);
    return POSIX::_exit(launch(sub { _worker($request->{name}) }, @{ $request->{options} }));
}

# Puts the descriptors where the worker expects them.
sub _place {
    my @descriptors = @_;
    my $aside = max($ASIDE, map { $_ + 1 } @descriptors);
    POSIX::dup2($descriptors[$_], $aside + $_) for 0 .. $#descriptors;
    POSIX::close($_) for @descriptors;
    my ($input, $said, @others) = map { $aside + $_ } 0 .. $#descriptors;
    my @places = ($input, $said, $said, @others);
    POSIX::dup2($places[$_], $_) for 0 .. $#places;
    POSIX::close($_) for $input, $said, @others;
    return;
}

sub _worker {
    my ($name) = @_;
    $0 = "worker $name";                ## no critic (RequireLocalizedPunctuationVars)
    return 0 if eval { Runtest::Worker::main(); 1 };
    print {*STDERR} $@;
    return 1;
}

1;
