# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Zygote;

use strict;
use warnings;

use Cpanel::JSON::XS ();
use POSIX ();

use Runtest::Native qw(launch receive_descriptors);
use Runtest::Worker ();

=head1 NAME

Runtest::Zygote - the process that all launchers and workers are forked from

=head1 DESCRIPTION

Perl and the worker's modules take longer to load than most cases have to run, so they are loaded once: here, in a sandbox in which there is
nothing but the kit (Runtest::Sandbox), before anything of a case is known. Runtest::Launch is the driver's end.

A request is C<< { name, options } >> with the descriptors of the launcher's status, of the worker's standard input, of its standard output and
error, of its wire and, if there is one, of its terminal; or C<< { kill => name } >>.

=cut

# Where the driver's requests come in; and where a request's descriptors are out of the way of those that the worker knows by number.
my ($CONTROL, $ASIDE) = (3, 10);

=head2 main()

Serves requests until there are no more, and all launchers have ended.

=cut

sub main {
    my %name;    # pid => name of the case
    while (my ($bytes, @descriptors) = receive_descriptors($CONTROL)) {
        _reap(\%name, POSIX::WNOHANG());
        my $request = Cpanel::JSON::XS->new->decode($bytes);
        if (my $name = $request->{kill}) {
            kill TERM => grep { $name{$_} eq $name } keys %name;
            next;
        }
        my $pid = fork // die "fork: $!\n";
        _be_launcher($request, @descriptors) if !$pid;
        $name{$pid} = $request->{name};
        POSIX::close($_) for @descriptors;
    }
    _reap(\%name, 0) while %name;
    return;
}

sub _reap {
    my ($names, $flags) = @_;
    while ((my $pid = waitpid -1, $flags) > 0) {
        delete $names->{$pid};
    }
    return;
}

sub _be_launcher {
    my ($request, @descriptors) = @_;
    $0 = "sandbox $request->{name}";    ## no critic (RequireLocalizedPunctuationVars)
    my $report = _place(@descriptors);
    my $status = launch(sub { POSIX::close($report); return _worker($request->{name}) }, @{ $request->{options} });
    POSIX::write($report, "$status\n", 1 + length $status);
    return POSIX::_exit(0);
}

# Puts the descriptors where the worker expects them, and returns the one for the status.
sub _place {
    my @descriptors = @_;
    for my $number (0 .. $#descriptors) {
        POSIX::dup2($descriptors[$number], $ASIDE + $number);
        POSIX::close($descriptors[$number]);
    }
    POSIX::close($CONTROL);
    my ($report, $input, $said, @others) = map { $ASIDE + $_ } 0 .. $#descriptors;
    my @places = ($input, $said, $said, @others);
    POSIX::dup2($places[$_], $_) for 0 .. $#places;
    POSIX::close($_) for $input, $said, @others;
    return $report;
}

sub _worker {
    my ($name) = @_;
    $0 = "worker $name";                ## no critic (RequireLocalizedPunctuationVars)
    return 0 if eval { Runtest::Worker::main(); 1 };
    print {*STDERR} $@;
    return 255;
}

1;
