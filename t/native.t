#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What Perl calls in C. With RUNTEST_PROGRAMS a library that was built with sanitizers is tested: perl itself was not, so their runtime
# has to be loaded before it.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin ();
use POSIX ();
use Socket qw(AF_UNIX SOCK_SEQPACKET);
use Test::More;

use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Runtest::Capture qw(output_of);
use TestRuntest qw(project why_no_sandbox);

my $lib;

BEGIN {
    $lib = $ENV{NATIVE_LIB} // ($ENV{RUNTEST_PROGRAMS} ? project('mta') =~ s{runtest\z}{lib}r : "$FindBin::Bin/../lib");
    my ($runtime) = output_of('ldd', "$lib/../build/perl/auto/Runtest/Native/Native.so") =~ m{=> (/\S+/libasan\S+)};
    if ($runtime && !$ENV{NATIVE_LIB}) {
        # Not the leaks: perl leaves its memory to the kernel.
        my %environment = (NATIVE_LIB => $lib, LD_PRELOAD => $runtime, ASAN_OPTIONS => 'detect_leaks=0');
        system 'env', (map { "$_=$environment{$_}" } sort keys %environment), $^X, $0;
        exit($? ? 1 : 0);
    }
    delete @ENV{qw(LD_PRELOAD NATIVE_LIB)};
}
use lib $lib;
use Runtest::Native qw(launch settle cpu_of_children spawn wait_child send_descriptors receive_descriptors);

my $work = tempdir('native-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod oct('755'), $work;
open my $null, '<', '/dev/null' or die "/dev/null: $!\n";

sub death_of {
    my ($function) = @_;
    return eval { $function->(); 1 } ? undef : $@;
}

sub content {
    my ($path) = @_;
    open my $in, '<', $path or return undef;
    local $/ = undef;
    return (readline $in) // '';
}

# ----- cpu_of_children -----

{
    my $before = cpu_of_children();
    my $pid    = fork // die "fork: $!\n";
    if (!$pid) {
        1 while (times)[0] < 0.05;
        POSIX::_exit(0);
    }
    is cpu_of_children(), $before, 'a child that runs does not count yet';
    waitpid $pid, 0;
    my $used = cpu_of_children() - $before;
    ok $used >= 0.03 && $used < 2, "one that has ended does: $used s";
    my $hundredths = 100 * (cpu_of_children($$) - cpu_of_children());
    cmp_ok abs($hundredths - sprintf '%.0f', $hundredths), '<', 1e-6, 'those of a process are counted in hundredths';
    cmp_ok $hundredths, '>=', 3, '- and are those that it has waited for';
    is cpu_of_children($pid), cpu_of_children(), '- of a process that there is not there are none';
}

# ----- spawn -----

my @PATH = ('PATH=/usr/bin:/bin');

# [wait status, standard output, standard error] of a program; %how has what is not as usual.
sub spawned {
    my ($argv, %how) = @_;
    unlink glob "$work/*";
    my ($output, $error) = ($how{output} // "$work/out", $how{error} // "$work/err");
    my $pid = spawn($argv, $how{environment} // \@PATH, $how{input} // fileno $null, $output, $error, $how{session}, $how{user}) // return;
    waitpid $pid, 0;
    return [$?, content("$work/out"), content("$work/err")];
}

is_deeply spawned(['echo', 'a  b', '$x']), [0, "a  b \$x\n", ''], 'a program with its arguments';
is_deeply spawned(['env'], environment => ['A=1', @PATH]), [0, "A=1\n$PATH[0]\n", ''], 'nothing but its environment';
unlike output_of('env'), qr/^A=1$/m, '- which does not become the caller\'s';
is_deeply spawned(['echo'], environment => ['PATH=/nonexistent']), [127 << 8, '', "echo: No such file or directory\n"], 'is looked for in its own PATH';
is_deeply spawned([$work]), [127 << 8, '', "$work: Permission denied\n"], 'a program that cannot be executed';
is_deeply spawned(['echo'], output => "$work/none/out"), [127 << 8, undef, "echo: cannot open $work/none/out: No such file or directory\n"],
  'an output that cannot be written';
is_deeply spawned(['echo'], output => $work), [127 << 8, undef, "echo: cannot open $work: Is a directory\n"], '- that is a directory';
is_deeply spawned(['echo'], input => 999), [127 << 8, undef, "echo: standard input: Bad file descriptor\n"], 'an input that is not open';

open my $both, '+>', undef or die "temporary file: $!\n";
is_deeply spawned(['sh', '-c', 'echo out; echo err >&2'], output => \fileno $both, error => \fileno $both), [0, undef, undef], 'outputs by descriptor';
seek $both, 0, 0;
is join('', readline $both), "out\nerr\n", '- get both';

my @ids = ($> == 0 ? (4321, 4322, 4323, 4324) : ($>, split ' ', $)));
my $wanted = $> == 0 ? [0, "4321 4322 4323 4324\n", ''] : [127 << 8, '', "sh: setgroups: Operation not permitted\n"];
is_deeply spawned(['sh', '-c', 'echo $(id -u) $(id -G)'], user => \@ids), $wanted, 'another user, with groups, where one may';

my $limited = fork // die "fork: $!\n";
if (!$limited) {
    POSIX::setuid(65_534) if $> == 0;
    my $none = pack 'QQ', 0, 0;
    syscall TestRuntest::SYS_prlimit64(), 0, 6, $none, 0;    # RLIMIT_NPROC
    POSIX::_exit(defined spawn(['true'], [], 0, \1, \2, 0, undef) ? 1 : $!{EAGAIN} ? 0 : 2);
}
waitpid $limited, 0;
is $?, 0, 'no process is to be had: undef and EAGAIN';

for my $wrong (['x', []], [[], 'x'], [['true'], undef]) {
    like death_of(sub { spawn(@$wrong, 0, \1, \2, 0, undef) }), qr/\Aa reference to an array is expected/, 'it dies of what is no list';
}
like death_of(sub { spawn(['true'], [], 0, \1, \2, 0, [1]) }), qr/\Aan array has no element 1/, '- of a user without a group';

# ----- wait_child -----

# A child that ends with this status once the other end of a pipe is closed.
sub waiting {
    my ($status) = @_;
    pipe my $until, my $end or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    return ($pid, $end) if $pid;
    close $end;
    sysread $until, my $nothing, 1;
    return POSIX::_exit($status);
}

{
    my ($pid,   $end)   = waiting(7);
    my ($other, $its)   = waiting(8);
    pipe my $readable, my $writer or die "pipe: $!\n";
    is wait_child($pid, $_), undef, "it still runs after $_ s" for -1, 0, 0.01;
    is wait_child($pid, 0.01, fileno $readable), undef, 'and with a descriptor on which nothing comes';
    syswrite $writer, 'x';
    my $began = time;
    is wait_child($pid, 60, fileno $readable), undef, 'something has come';
    cmp_ok time - $began, '<', 50, '- for which it does not wait until the time is over';
    local $SIG{ALRM} = sub { close $its };
    alarm 1;
    is wait_child($pid, 1.5), undef, 'a signal is no end';
    close $end;
    close $its;
    is wait_child($pid, 60) >> 8, 7, 'it has ended';
    is wait_child($other, 60) >> 8, 8, 'another one, that has ended before it was waited for';
    like death_of(sub { wait_child($pid, 0) }), qr/\Apidfd_open of pid $pid: No such process/, 'it cannot be waited for again';
    like death_of(sub { wait_child(getppid, 0) // die "not ended\n" }), qr/\Anot ended/, 'one that is no child does not end by that';
}

# ----- Descriptors -----

socketpair my $left, my $right, AF_UNIX, SOCK_SEQPACKET, 0 or die "socketpair: $!\n";
my ($from, $to) = (fileno $left, fileno $right);

{
    socketpair my $one, my $other, AF_UNIX, SOCK_SEQPACKET, 0 or die "socketpair: $!\n";
    send_descriptors(fileno $one, 'never read');
    send_descriptors(fileno $other, 'the last');
    close $other;
    is_deeply [map { [receive_descriptors(fileno $one)] } 1 .. 2], [['the last'], []], 'what was sent before the end comes, and then the end';
}

ok send_descriptors($from, 'plain'), 'a message without files';
is_deeply [receive_descriptors($to)], ['plain'], '- as it was sent';

pipe my $out, my $in or die "pipe: $!\n";
ok send_descriptors($from, "two\0\xff", fileno $in, fileno $null), 'a message with two';
my ($bytes, @files) = receive_descriptors($to);
is $bytes, "two\0\xff", '- as it was sent';
is scalar(@files), 2, '- with both';
is_deeply [map { content("/proc/self/fdinfo/$_") =~ /^flags:\s+0?2[0-7]{6}$/m ? 1 : 0 } @files], [1, 1], '- that no program inherits';
close $in;
open my $sent, '>&=', $files[0] or die "descriptor $files[0]: $!\n";
print {$sent} "through\n";
close $sent;
is join('', readline $out), "through\n", '- of which the first is what it was';

ok send_descriptors($from, 'x' x 65_536), 'as long as they may be';
is length((receive_descriptors($to))[0]), 65_536, '- and as long it arrives';
for my $wrong ('', 'x' x 65_537) {
    ok !send_descriptors($from, $wrong), length($wrong) . ' bytes are refused';
    ok $!{EMSGSIZE}, '- as such';
}
ok !send_descriptors($from, 'x', 999), 'a file that is not open is refused';
ok $!{EBADF}, '- as such';
like death_of(sub { send_descriptors($from, 'x', (0) x 9) }), qr/\AUsage: /, 'nine files are too many';
like death_of(sub { receive_descriptors(999) }), qr/\Arecvmsg: Bad file descriptor/, 'what is no socket cannot be received from';
close $left;
is_deeply [receive_descriptors($to)], [], 'nothing, when the other end is closed';
ok !send_descriptors($to, 'x'), 'nothing can be sent then';
ok $!{EPIPE}, '- and nobody is killed by that';

# ----- launch -----

# Its exit status and what it says, in a process of its own.
sub launched {
    my ($inside, @options) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>', "$work/err" or POSIX::_exit(99);
        POSIX::_exit(launch($inside, @options));
    }
    waitpid $pid, 0;
    return [$? >> 8, content("$work/err")];
}

is_deeply launched(sub { 7 }, '--host'), [7, ''], 'a function in the place of a command, and its exit status';
is_deeply launched(sub { kill KILL => $$ }, '--host'), [137, ''], '- that a signal ended';
is_deeply launched(sub { sleep 60 }, '--host', '--timeout', '0.2'), [124, "sandbox: timeout: the worker was still running after 0.2 s, and was killed\n"],
  '- that took too long';
is launched(sub { 7 }, '--size')->[0], 2, 'wrong usage';
is_deeply launched(sub { 7 }, '--host', '--', 'true')->[0], 2, 'there cannot be a command as well';
SKIP: {
    my $why = why_no_sandbox();
    skip "there is no sandbox here: $why", 2 if defined $why;
    is_deeply launched(sub { return $$ == 2 && $> == 0 && !-e '/boot' ? 3 : 4 }), [3, ''], 'in a sandbox';
    is_deeply launched(sub { 0 }, '--show', '/nonexistent:/x'),
      [125, "sandbox: show: open /nonexistent: No such file or directory. See the name and mode of the file or directory\n"], 'a sandbox that cannot be made';
}

# ----- settle -----

# What a worker sees that has a process which does not end, and keeps it, or not.
sub settled {
    my (@arguments) = @_;
    return launched(
        sub {
            my $sleeper = spawn(['sleep', '61'], \@PATH, 0, \1, \2, 0, undef) // return 9;
            my @left = settle($arguments[0], map { $_ ? [$sleeper] : [] } @arguments[1, 2]);
            print {*STDERR} map { s/\A$sleeper /PID /r . "\n" } @left;
            return scalar @left;
        },
        '--host'
    );
}
is_deeply settled(0.1, 0, 0), [1, "PID sleep sleep 61\n"], 'who is left when the time is over';
is_deeply settled(60, 1, 0), [0, ''], 'who may stay is not waited for';
is_deeply settled(60, 0, 1), [0, ''], '- with what it has started';
like death_of(sub { settle(1, 'x', []) }), qr/\Aa reference to an array is expected/, 'it dies of what is no list';

done_testing;
