# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Worker;

use strict;
use warnings;

use File::Path qw(make_path);
use List::Util qw(head min);
use Time::HiRes qw(time);

use Runtest::ByteJSON qw(decode_bytes);
use Runtest::Commands qw(command_named);
use Runtest::Commands::Control   ();
use Runtest::Commands::Dialogue  ();
use Runtest::Commands::Exim      ();
use Runtest::Commands::Files     ();
use Runtest::Commands::Utilities ();
use Runtest::Collect qw(collect_streams excess);
use Runtest::Debug qw(group_of wrapped under_gdb shell kept_files);
use Runtest::Native qw(cpu_of_children);
use Runtest::Process qw(start_process wait_process end_process describe_status);
use Runtest::Wire;
use Runtest::Words qw(expand_words);

=head1 NAME

Runtest::Worker - runs one case: inside the sandbox, as its root

=head1 DESCRIPTION

It reads the case's plan (Runtest::Plan) from standard input, does its steps one after the other, and sends what it
collected through descriptor 3 (Runtest::Wire). The functions of Runtest/Commands/ are called with the worker and the step;
what they die of ends the script and is the case's reason for FAIL.

The worker's fields that commands use: C<plan>, C<deadline> (of the step), C<daemons>, C<servers> and C<background> (pids, with
what they are), C<done> (what the next step's settling waits for).

=cut

=head2 main()

The whole life of a worker. Exits 0 once the results are sent, whatever the case's fate is.

=cut

sub main {
    my $plan = decode_bytes(do { local $/ = undef; readline STDIN });
    open STDIN, '<', '/dev/null' or die "/dev/null: $!\n";
    open my $wire, '>&=', 3 or die "descriptor 3: $!\n";
    my $self = bless { plan => $plan, wire => $wire, terminal => _terminal($plan->{debug}), daemons => [], servers => [], background => [] }, __PACKAGE__;
    umask 022;
    $self->_prepare;
    my $failure = $self->_run_script // $self->_end_everything;
    $self->_end_what_is_left if $failure;
    $self->_send_streams;
    $self->send_record({ type => 'stream', name => 'case.tar' }, kept_files()) if $plan->{debug}{keep};
    return $self->send_record({ type => 'verdict', failure => $failure });
}

# A handle that perl closes in what a step executes, like the wire's: the steps have no business with it.
sub _terminal {
    my ($debug) = @_;
    return undef if !$debug->{shell} && !$debug->{gdb};
    open my $terminal, '<&=', 4 or die "there is no terminal: $!\n";
    return $terminal;
}

=head2 send_record(\%record, $bytes), hold_record(\%record)

To the driver: now, or with the next one that is sent. That a step has ended and that the next one begins wakes the driver once.

=cut

sub send_record {
    my ($self, $record, $bytes) = @_;
    my $held = delete $self->{held} // '';
    Runtest::Wire::send_encoded($self->{wire}, $held . Runtest::Wire::encoded($record, $bytes));
    return;
}

sub hold_record {
    my ($self, $record) = @_;
    $self->{held} .= Runtest::Wire::encoded($record);
    return;
}

sub _prepare {
    my ($self) = @_;
    my $plan = $self->{plan};
    chdir $plan->{directory} or die "$plan->{directory}: $!\n";
    chmod oct('1777'), '.' or die "$plan->{directory}: $!\n";    # steps that are not sudo write here as the caller
    for my $directory (@{ $plan->{directories} }) {
        mkdir $directory->{path} or die "$directory->{path}: $!\n";
        chown $directory->{uid}, $directory->{gid}, $directory->{path} or die "$directory->{path}: $!\n";
        chmod oct($directory->{mode}), $directory->{path} or die "$directory->{path}: $!\n";
    }
    my %made;
    for my $file (@{ $plan->{files} }) {
        my ($directory) = $file->{path} =~ m{\A(.*)/}s;
        make_path($directory) if defined $directory && !$made{$directory}++;
        $self->write_file($file->{path}, $file->{content});
    }
    $self->write_file($_, '') for qw(test-stdout test-stderr);
    return;
}

=head2 write_file($path, $content), append_file($path, $content)

A file of the case's directory, as root, mode 0644.

=cut

sub write_file {
    my ($self, $path, $content) = @_;
    return _put('>', $path, $content);
}

sub append_file {
    my ($self, $path, $content) = @_;
    return _put('>>', $path, $content);
}

=head2 write_as_caller($path, $content)

The same for a file that the script makes: if it is new, it is the caller's, who may remove it again.

=cut

sub write_as_caller {
    my ($self, $path, $content) = @_;
    my $is_new = !-e $path;
    _put('>', $path, $content);
    my $caller = $self->{plan}{caller};
    !$is_new || chown $caller->{uid}, $caller->{gid}, $path or die "$path: $!\n";
    return;
}

sub _put {
    my ($mode, $path, $content) = @_;
    open my $out, $mode, $path or die "$path: $!\n";
    print {$out} $content or die "$path: $!\n";
    close $out or die "$path: $!\n";
    return;
}

# Returns undef, or the failure: { line, step, reason }.
sub _run_script {
    my ($self) = @_;
    my $plan     = $self->{plan};
    my $case_end = time + $plan->{case_seconds};
    my $shell_at = $plan->{debug}{shell} ? $self->_last_moment() : undef;
    my $cpu      = 0;
    for my $step (@{ $plan->{steps} }) {
        shell($plan->{name}) if defined $shell_at && $step == $shell_at;
        my $started = time;
        my $step_end = $started + $plan->{step_seconds};
        $self->{deadline} = $step_end < $case_end ? $step_end : $case_end;
        $self->{running} = { pids => [] };
        $self->send_record({ type => 'begin', line => $step->{line}, text => $step->{text}, start => $started });
        my $failed = eval { $self->_run_step($step); 1 } ? undef : $self->_reason($@);
        my $used = cpu_of_children(getppid);    # the parent gets the orphans
        ($self->{running}{cpu}, $cpu) = ($used - $cpu, $used);
        my %done = (map({ $_ => $step->{$_} } qw(line text command)), start => $started, end => time, %{ $self->{running} });
        my $is_now  = defined $failed || defined $shell_at || $step == $plan->{steps}[-1];
        my $send    = $is_now ? 'send_record' : 'hold_record';
        $self->$send({ type => 'step', %done, failed => $failed });
        return { line => $step->{line}, step => $step->{text}, reason => $failed } if defined $failed;
    }
    return;
}

# The step before which a person can look around with the daemon running.
sub _last_moment {
    my ($self) = @_;
    my @steps = @{ $self->{plan}{steps} };
    my ($killing) = grep { $_->{command} eq 'killdaemon' } @steps;
    return $killing // $steps[-1];
}

# A daemon that died is why a client failed, too; and a full disk is why nobody could say so.
sub _reason {
    my ($self, $reason) = @_;
    $reason .= $@ if !eval { $self->check_daemons; 1 };
    $reason .= "the case's file system is full\n" if _is_full();
    chomp $reason;
    return $reason;
}

sub _is_full {
    my $file    = 'test-full';
    my $is_full = !eval { _put('>', $file, 'x' x 4096); 1 } && $!{ENOSPC};
    unlink $file;
    return $is_full;
}

sub _run_step {
    my ($self, $step) = @_;
    my $entry = command_named($step->{command});
    my $run = "Runtest::Commands::$entry->{module}"->can($entry->{run});
    $run->($self, $step);
    $self->settle if $entry->{settles};
    $self->check_daemons;
    $self->next_look;
    return;
}

=head2 arguments($step)

The step's words, with patterns and C<$msgN> filled in as of now.

=cut

sub arguments {
    my ($self, $step) = @_;
    return expand_words($step->{words}, sub { $self->_message_id($_[0]) });
}

sub _message_id {
    my ($self, $number) = @_;
    my %ids = map { m{/([^/]+)-[DH]\z} ? ($1 => 1) : () } glob('spool/input/*-H spool/input/?/*-H');
    my @ids = sort keys %ids;
    return $ids[ $number - 1 ] // die "\$msg$number: " . @ids . " messages are on the queue\n";
}

=head2 environment($step), user($step)

What the step's command is started with: an environment made from nothing, and the caller (or root for sudo, or the user
that sudo -u names).

=cut

sub environment {
    my ($self, $step) = @_;
    return { %{ $self->{plan}{environment} }, %{ $step->{environment} || {} } };
}

sub user {
    my ($self, $step) = @_;
    return { uid => 0, gid => 0, groups => [0] } if $step->{sudo} && !defined $step->{user};
    return $self->{plan}{caller} if !defined $step->{user};
    my ($uid, $gid) = (getpwnam $step->{user})[ 2, 3 ];
    defined $uid or die "there is no user '$step->{user}'\n";
    return { uid => $uid, gid => $gid, groups => [$gid] };
}

=head2 run($step, %how)

Runs a program of the step in the foreground, within the step's deadline, and returns its wait status. %how is as for
start_process; what is left out is the step's: user, environment, redirections, test-stdout and test-stderr. Dies when the
deadline passes.

=cut

sub run {
    my ($self, $step, %how) = @_;
    my $pid = $self->start($step, %how);
    my $status = eval { $self->await_end($pid) // die $self->_too_long("pid $pid (@{ $how{argv} }) to end") . "\n" };
    if (!defined $status) {
        my $why = $@;
        end_process($pid, $self->{plan}{patience});
        die $why;
    }
    $self->{running}{status} = describe_status($status);
    return $status;
}

=head2 await_end($pid)

Waits until the process has ended and returns its wait status; undef at the step's deadline. Dies as next_look does.

=cut

sub await_end {
    my ($self, $pid) = @_;
    while (1) {
        my $status = wait_process($pid, $self->next_look);
        return $status if defined $status || time >= $self->{deadline};
    }
    return;
}

=head2 next_look()

Dies when the case has written more than it may. Returns until when there is something to be waited for before that
has to be looked at again: at the latest the step's deadline.

=cut

my $LOOK_SECONDS = 0.25;

sub next_look {
    my ($self) = @_;
    my $excess = excess();
    die "$excess\n" if defined $excess;
    return min(time + $LOOK_SECONDS, $self->{deadline});
}

sub _too_long {
    my ($self, $for) = @_;
    return "timeout: waited for $for";
}

=head2 start($step, %how)

The same, without waiting: returns the pid.

=cut

sub start {
    my ($self, $step, %how) = @_;
    my %file = %{ $step->{redirections} || {} };
    my ($input, $output, $append) =
      map { $file{$_} ? (expand_words([ $file{$_} ], sub { $self->_message_id($_[0]) }))[0] : undef } qw(input output append);
    $self->write_as_caller($output, '') if defined $output;
    $self->write_as_caller($append, '') if defined $append && !-e $append;
    my $stdin = $how{stdin};
    if (defined $input || !$stdin) {
        open $stdin, '<', $input // '/dev/null' or die "$input: $!\n";
    }
    my $pid = start_process(
        $self->_for_debugging(
            $step,
            user        => $self->user($step),
            environment => $self->environment($step),
            stderr      => 'test-stderr',
            %how,
            stdin  => $stdin,
            stdout => $output // $append // $how{stdout} // 'test-stdout',
        )
    );
    $self->{running}{argv} //= $how{argv};
    push @{ $self->{running}{pids} }, $pid;
    return $pid;
}

# What traces a program takes its set-id bits away, so that the MTA is traced as root.
sub _for_debugging {
    my ($self, $step, %how) = @_;
    my $debug = $self->{plan}{debug};
    my $group = group_of($step->{command}) // return %how;
    my $root  = { uid => 0, gid => 0, groups => [0] };
    if (($debug->{gdb} // '') eq $group) {
        open my $terminal, '+<&=', 4 or die "there is no terminal for gdb: $!\n";
        my @argv = under_gdb(@how{qw(stdin stdout stderr)}, @{ $how{argv} });
        return (%how, user => $root, argv => \@argv, session => 0, map { $_ => $terminal } qw(stdin stdout stderr));
    }
    return %how if !$debug->{wrap}{$group};
    return (%how, argv => [wrapped($debug, $step->{command}, @{ $how{argv} })], $group eq 'mta' ? (user => $root) : ());
}

=head2 expect($step, $status)

Dies unless the wait status is what the script expects of the step.

=cut

sub expect {
    my ($self, $step, $status) = @_;
    my $expected = $step->{status};
    my $got      = $status & 127 ? -1 : $status >> 8;
    return if exists $expected->{is} ? $got == $expected->{is} : $got >= 0 && $got != $expected->{not};
    my $wanted = exists $expected->{is} ? "exit status $expected->{is}" : "any exit status but $expected->{not}";
    die "expected $wanted, got " . describe_status($status) . "\n";
}

=head2 settle()

Waits until everything that the step caused has ended; daemons, waiting servers and background commands may stay.

=cut

my $MOST_NAMED = 10;

sub settle {
    my ($self) = @_;
    my @daemons  = map { ($_->{pid}, $_->{serves} // ()) } @{ $self->{daemons} };
    my @trees    = map { $_->{pid} } @{ $self->{servers} }, @{ $self->{background} };
    my @remaining;
    do { @remaining = Runtest::Native::settle($self->next_look - time, \@daemons, \@trees) }
      while @remaining && time < $self->{deadline};
    return if !@remaining;
    my $more = @remaining > $MOST_NAMED ? ', and ' . (@remaining - $MOST_NAMED) . ' more' : '';
    my $named = join ', ', map { "pid $_" } head($MOST_NAMED, @remaining);
    die $self->_too_long("these processes of the step to end: $named$more") . "\n";
}

=head2 check_daemons()

Dies when a daemon has ended that nobody told to.

=cut

sub check_daemons {
    my ($self) = @_;
    for my $daemon (grep { !$_->{ended} } @{ $self->{daemons} }) {
        my $status = wait_process($daemon->{pid}, 0) // next;
        $daemon->{ended} = 1;
        die "the daemon of line $daemon->{line} died: " . describe_status($status) . "\n";
    }
    return;
}

# After the last step. A daemon that is left running is a mistake of the script, or an MTA that does not obey.
sub _end_everything {
    my ($self) = @_;
    my $plan = $self->{plan};
    $self->{deadline} = time + $plan->{step_seconds};
    my $failed = eval {
        Runtest::Commands::Dialogue::await_servers($self);
        $self->settle;
        $self->next_look;
        1;
    } ? undef : ($@ =~ s/\n\z//r);
    my ($left) = (@{ $self->{daemons} }, @{ $self->{background} });
    $failed //= "the script ends without killdaemon, and what line $left->{line} started still runs" if $left;
    return defined $failed ? { line => undef, step => 'end of script', reason => $failed } : undef;
}

sub _end_what_is_left {
    my ($self) = @_;
    for my $process (@{ $self->{background} }, @{ $self->{servers} }, @{ $self->{daemons} }) {
        end_process($process->{pid}, $self->{plan}{patience}) if !$process->{ended};
    }
    return;
}

sub _send_streams {
    my ($self) = @_;
    collect_streams(sub {
        my ($name, $bytes) = @_;
        $self->send_record({ type => 'stream', name => $name }, $bytes);
    });
    return;
}

1;
