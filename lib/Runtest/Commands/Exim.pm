# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Exim;

use strict;
use warnings;

use Linux::Inotify2;

use Runtest::Commands::Dialogue ();
use Runtest::Input qw(input_handle);
use Runtest::Process qw(wait_process end_process describe_status);

=head1 NAME

Runtest::Commands::Exim - the MTA under test, as a program and as a daemon

=cut

my $PID_FILE = 'spool/exim-daemon.pid';

=head2 exim($worker, $step)

Runs the MTA as the caller, with the test's configuration. With C<-DSERVER=server> and without C<-DNOTDAEMON> it is a daemon:
then returns when that listens.

=cut

sub exim {
    my ($worker, $step) = @_;
    my @arguments = $worker->arguments($step);
    my @command = _command_line($worker, $step, @arguments);
    return _start_daemon($worker, $step, @command) if _is_daemon(@arguments);
    my $status = $worker->run($step, argv => \@command, stdin => input_handle($step->{data}, $step->{delay}));
    Runtest::Commands::Dialogue::await_servers($worker);
    return $worker->expect($step, $status);
}

sub _command_line {
    my ($worker, $step, @arguments) = @_;
    my $directory = $worker->{plan}{directory};
    my $program   = "$directory/eximdir/exim";
    my @common    = ("-DEXIM_PATH=$program");
    unshift @common, '-C', "$directory/test-config" if !grep { /\A-C/ } @arguments;
    $program .= '_exim' if $step->{command} eq 'exim_exim';
    return ($program, @common, @arguments);
}

sub _is_daemon {
    my (@arguments) = @_;
    return (grep { $_ eq '-DSERVER=server' } @arguments) && !grep { $_ eq '-DNOTDAEMON' } @arguments;
}

# The pid file is written after listen(): the one event that says that the daemon can be talked to.
sub _start_daemon {
    my ($worker, $step, @command) = @_;
    my $directory = $worker->{plan}{directory};
    die "the daemon of line $_->{line} still runs: killdaemon is missing before this line\n" for @{ $worker->{daemons} };
    unlink $PID_FILE;
    my $inotify = Linux::Inotify2->new or die "inotify: $!\n";
    $inotify->watch("$directory/spool", IN_CLOSE_WRITE | IN_MOVED_TO) or die "inotify spool: $!\n";
    @command = map { $_ eq '-bd' ? '-bdf' : $_ } @command;
    push @command, '-oP', "$directory/$PID_FILE" if !grep { $_ eq '-oP' } @command;
    my $pid = $worker->start($step, argv => \@command, session => 1, stderr => 'test-stderr-server');
    push @{ $worker->{daemons} }, { pid => $pid, line => $step->{line} };
    open my $events, '<&=', $inotify->fileno or die "inotify: $!\n";
    $events->blocking(0);
    while (!-s $PID_FILE) {
        my $status = wait_process($pid, $worker->{deadline}, $events);
        _not_ready($worker, $status) if defined $status || Time::HiRes::time() >= $worker->{deadline};
        sysread $events, my $drained, 4096;
    }
    return;
}

sub _not_ready {
    my ($worker, $status) = @_;
    die "timeout: waited for the daemon to listen (to write $PID_FILE)\n" if !defined $status;
    $worker->{daemons}[-1]{ended} = 1;
    die 'the daemon ended before it listened: ' . describe_status($status) . "\n";
}

=head2 killdaemon($worker, $step)

Ends what the last daemon or C<background> started, and waits for it.

=cut

sub killdaemon {
    my ($worker) = @_;
    $worker->settle;
    $worker->check_daemons;
    my $process = pop @{ $worker->{background} } // pop @{ $worker->{daemons} } // die "no daemon runs\n";
    my ($status, $obeyed) = end_process($process->{pid}, $Runtest::Worker::PATIENCE);
    $obeyed or die "the daemon of line $process->{line} did not end at SIGTERM within $Runtest::Worker::PATIENCE s\n";
    my $signal = $status & 127;
    die 'the daemon ended with ' . describe_status($status) . "\n" if $signal ? $signal != 15 : $status;
    return $worker->settle;
}

1;
