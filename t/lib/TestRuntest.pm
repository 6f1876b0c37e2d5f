# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running runtest from a test: with a deadline, with signals, and with an eye on every process that it leaves. Knows nothing of
# what is in a tree of tests: TestTree.pm does.

package TestRuntest;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(time);

use Exporter 'import';
our @EXPORT_OK = qw(top why_no_sandbox project start finish survivors can_mount mounting);

=head1 NAME

TestRuntest - runtest as a process

=head1 SUBROUTINES

=cut

# How long one runtest may take, in seconds: many times what the slowest of these tests takes on busy cores.
my $PATIENCE = 120;

my ($TOP) = abs_path(dirname(__FILE__) . '/../..');

=head2 top()

The checkout.

=cut

sub top { return $TOP }

my ($BUILD) = map { m{\A/} ? $_ : "$TOP/$_" } $ENV{RUNTEST_PROGRAMS} // 'build';

=head2 why_no_sandbox()

Why these tests cannot be run on this machine, in the launcher's words; undef if they can.

=cut

sub why_no_sandbox {
    -x "$BUILD/sandbox" or die "$BUILD/sandbox is not built\n";
    open my $said, '-|', "$BUILD/sandbox", '--probe' or die "$BUILD/sandbox: $!\n";
    local $/ = undef;
    my $why = <$said> // '';
    return close $said ? undef : $why;
}

=head2 project(WITHOUT...)

Makes a project of its own, in which the named parts of the checkout are missing, and returns the path of its runtest. It goes
with the test.

=cut

my %PART = (
    lib   => sub { _copy("$TOP/lib", $_[0]) },
    mta   => sub { symlink "$TOP/mta", "$_[0]/mta" or die "mta: $!\n" },
    build => sub { symlink $BUILD, "$_[0]/build" or die "build: $!\n" },
);

my @projects;

sub project {
    my (@without) = @_;
    my $directory = File::Temp->newdir('runtest-project-XXXXXX', TMPDIR => 1);
    push @projects, $directory;    # until the end of the test
    chmod oct('755'), $directory;
    _copy("$TOP/runtest", $directory);
    for my $part (sort keys %PART) {
        $PART{$part}->($directory) if !grep { $_ eq $part } @without;
    }
    return "$directory/runtest";
}

sub _copy {
    my (@arguments) = @_;
    system('cp', '-R', @arguments) == 0 or die "cp @arguments has failed\n";
    return;
}

# The checkout's own, unless it is to run with programs from elsewhere.
my $command = $BUILD eq "$TOP/build" ? "$TOP/runtest" : undef;

=head2 start(\%how, ARGUMENTS...)

Starts runtest, in a process group of its own as a shell's job, and returns what finish() wants: its C<pid> and its C<command>.
%how may have C<command> (instead of C<runtest>), C<environment> (in addition, undef takes away), C<stdout> (a path), C<before>
(called in the new process).

=cut

require 'sys/syscall.ph';    ## no critic (RequireBarewordIncludes)

# Orphans of what we start become our children, whoever their parent was: prctl(2), PR_SET_CHILD_SUBREAPER.
my $CHILD_SUBREAPER = 36;

sub start {
    my ($how, @arguments) = @_;
    syscall(&SYS_prctl, $CHILD_SUBREAPER, 1, 0, 0, 0) == 0 or die "prctl: $!\n";
    my $run = { command => $how->{command} // ($command //= project()) };
    for my $stream (qw(out err)) {
        open $run->{$stream}, '+>', undef or die "temporary file: $!\n";
    }
    $run->{pid} = fork // die "fork: $!\n";
    return $run if $run->{pid};
    eval { _become($run, $how, @arguments) } or print {*STDERR} $@;
    POSIX::_exit(127);
}

sub _become {
    my ($run, $how, @arguments) = @_;
    setpgrp;
    delete @ENV{qw(NO_COLOR PERL5LIB PERL5OPT)};
    my %environment = (%ENV, %{ $how->{environment} || {} });
    delete @environment{ grep { !defined $environment{$_} } keys %environment };
    local %ENV = %environment;
    open STDIN,  '<',  '/dev/null'  or die "/dev/null: $!\n";
    open STDERR, '>&', $run->{err}  or die "stderr: $!\n";
    defined $how->{stdout} ? open STDOUT, '>', $how->{stdout} : open STDOUT, '>&', $run->{out} or die "stdout: $!\n";
    $how->{before}->() if $how->{before};
    exec { $run->{command} } $run->{command}, @arguments or die "$run->{command}: $!\n";
}

=head2 mounting(LIST, LIST...), can_mount()

What start() can do C<before>: mount(8) with each list of arguments, where nobody else sees it. Whether that can be had here: for
root, mostly.

=cut

my $CLONE_NEWNS = 0x20000;    # unshare(2)

sub mounting {
    my (@lists) = @_;
    return sub {
        syscall(&SYS_unshare, $CLONE_NEWNS) == 0 or die "unshare: $!\n";
        for my $list (['--make-rprivate', '/'], @lists) {
            system('mount', @$list) == 0 or die "mount @$list has failed\n";
        }
    };
}

sub can_mount {
    return 0 if $> != 0;
    my $pid = fork // die "fork: $!\n";
    POSIX::_exit(eval { mounting()->(); 1 } ? 0 : 1) if !$pid;
    waitpid $pid, 0;
    return $? == 0;
}

=head2 finish(RUN)

Waits for its end. Returns a hash: C<status>, its exit status or C<signal N>, C<out> and C<err>, what it wrote; C<slow>, the lines that
name steps which take long: on a busy machine any may, so they are not in C<err>. Dies when it takes too long.

=cut

sub finish {
    my ($run) = @_;
    my $ended = eval {
        local $SIG{ALRM} = sub { die "timeout\n" };
        alarm $PATIENCE;
        waitpid $run->{pid}, 0;
        alarm 0;
        1;
    };
    if (!$ended) {
        kill KILL => $run->{pid};
        waitpid $run->{pid}, 0;
        die "runtest (pid $run->{pid}) did not end within $PATIENCE s; it wrote:\n", map { _content($run->{$_}) } qw(out err);
    }
    my $status = WIFSIGNALED($?) ? 'signal ' . WTERMSIG($?) : WEXITSTATUS($?);
    my ($err, $slow) = (_content($run->{err}), '');
    $err =~ s/^(runtest: \S+: in \S+ for [0-9.]+ s: .*\n)/$slow .= $1; ''/gem;
    return { status => $status, out => _content($run->{out}), err => $err, slow => $slow };
}

sub _content {
    my ($handle) = @_;
    seek $handle, 0, 0 or die "temporary file: $!\n";
    local $/ = undef;
    return scalar readline($handle) // '';
}

=head2 survivors(SECONDS)

The processes that are left of all runtests whose end was waited for, C<PID ARGUMENTS> each, once SECONDS (0) have been given to
them to end. That none is left is known the moment it is so.

=cut

sub survivors {
    my ($seconds) = @_;
    my $deadline = time + ($seconds // 0);
    my $pid;
    do {
        $pid = waitpid -1, WNOHANG;
        return if $pid < 0;
        Time::HiRes::sleep(0.01) if !$pid;
    } while ($pid > 0 || time < $deadline);
    return _descendants();
}

# All processes that come from this one, by /proc/PID/stat (proc(5)): the parent is the second field behind the name.
sub _descendants {
    my %children;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my ($pid, $state, $parent) = (<$in> // '') =~ /\A([0-9]+) \(.*\) (\S) ([0-9]+)/s or next;
        push @{ $children{$parent} }, $pid if $state ne 'Z';
    }
    my @found = @{ $children{$$} || [] };
    for (my $next = 0; $next < @found; $next++) {    ## no critic (ProhibitCStyleForLoops)
        push @found, @{ $children{ $found[$next] } || [] };
    }
    return map { _described($_) } @found;
}

sub _described {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/cmdline" or return;
    local $/ = undef;
    my $words = <$in> // '';
    return "$pid " . join ' ', split /\0/, $words;
}

1;
