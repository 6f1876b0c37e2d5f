# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Exim;

use strict;
use warnings;

use File::Basename qw(dirname);

use Runtest::Await qw(await_file);
use Runtest::Commands::Dialogue ();
use Runtest::Input qw(input_handle);
use Runtest::Process qw(end_process describe_status);

=head1 NAME

Runtest::Commands::Exim - the MTA under test, as a program and as a daemon

=cut

my $PID_FILE = 'spool/exim-daemon.pid';

=head2 exim($worker, $step)

Runs the MTA as the caller, with the test's configuration, and without the options that the plan leaves out. If it is
a daemon, returns when that listens.

=cut

sub exim {
    my ($worker, $step) = @_;
    my @arguments = $worker->arguments($step);
    my @command = _command_line($worker, $step, @arguments);
    if (defined(my $daemon = $step->{daemon})) {
        return $daemon =~ /\Await:(.*)/ ? _start_waiting($worker, $step, $1, @command) : _start_daemon($worker, $step, @command);
    }
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
    my %left_out = map { $_ => 1 } @{ $worker->{plan}{left_out} };
    return ($program, @common, grep { !$left_out{$_} } @arguments);
}

# The pid file is written after listen(): the one event that says that the daemon can be talked to.
sub _start_daemon {
    my ($worker, $step, @command) = @_;
    my $directory = $worker->{plan}{directory};
    @command = map { $_ eq '-bd' ? '-bdf' : $_ } @command;
    push @command, '-oP', "$directory/$PID_FILE" if !grep { $_ eq '-oP' } @command;
    my ($pid_file) = map { $command[ $_ + 1 ] } grep { $command[$_] eq '-oP' } 0 .. $#command;
    die "the daemon of line $_->{line} still runs, with the same pid file\n"
      for grep { $_->{pid_file} eq $pid_file } @{ $worker->{daemons} };
    unlink $pid_file;
    my $pid    = $worker->start($step, argv => \@command, session => 1, stderr => 'test-stderr-server');
    my $daemon = { pid => $pid, line => $step->{line}, pid_file => $pid_file };
    push @{ $worker->{daemons} }, $daemon;
    return _await_daemon($worker, $daemon);
}

sub _await_daemon {
    my ($worker, $daemon) = @_;
    my $listened = eval {
        my $status = await_file(
            directory => dirname($daemon->{pid_file}),
            ready     => sub { return -s $daemon->{pid_file} },
            who       => 'the daemon',
            what      => "listen (write $daemon->{pid_file})",
            pid       => $daemon->{pid},
            deadline  => $worker->{deadline},
            next_look => sub { return $worker->next_look },
        );
        die 'the daemon ended as soon as it listened: ' . describe_status($status) . "\n" if defined $status;
        1;
    };
    if ($listened) {
        $daemon->{serves} = _content($daemon->{pid_file}) + 0;
        return;
    }
    $daemon->{ended} = 1 if $@ =~ /\Athe daemon ended/;
    die $@;
}

# Under --wrap the process that was started is not the daemon.
sub _content {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    return scalar <$in> // '';
}

# inetd's wait mode: the daemon gets a socket that listens already as its standard input.
sub _start_waiting {
    my ($worker, $step, $port, @command) = @_;
    require IO::Socket::INET;    # few cases need it, and it takes long to load
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 5, ReuseAddr => 1)
      or die "port $port: $!\n";
    my $pid = $worker->start($step, argv => \@command, session => 1, stdin => $socket, stderr => 'test-stderr-server');
    push @{ $worker->{daemons} }, { pid => $pid, line => $step->{line}, pid_file => '' };
    return;
}

=head2 killdaemon($worker, $step)

Ends what the last daemon or C<background> started, and waits for it.

=cut

sub killdaemon {
    my ($worker) = @_;
    $worker->settle;
    $worker->check_daemons;
    my $process = pop @{ $worker->{background} } // pop @{ $worker->{daemons} } // die "no daemon runs\n";
    my $patience = $worker->{plan}{patience};
    my ($status, $obeyed) = end_process($process->{pid}, $patience, $process->{serves});
    $obeyed or die "what line $process->{line} started did not end at SIGTERM within $patience s\n";
    my $signal = $status & 127;
    die "what line $process->{line} started ended with " . describe_status($status) . "\n" if $signal ? $signal != 15 : $status;
    return $worker->settle;
}

1;
