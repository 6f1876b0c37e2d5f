#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fakens as a process: how it is called, where it looks, what it logs; and the fuzzer's corpus.

use strict;
use warnings;

use lib 't/lib';

use POSIX qw(mkfifo);
use Test::More;

use FakeDNS qw(new_case write_file slurp program run ask log_of);

my $ZONE = "host A 192.0.2.1\nDNSSEC AA safe MX 1 a\nDNSSEC AA safe MX 2 b\nloop CNAME loop\n"
    . join q{}, map {"big TXT \"" . 'x' x 40_000 . "$_\"\n"} 1, 2;
my $HOST_REPLY = "0 NOERROR\nquestion: host.test.ex A\nhost.test.ex 3600 A 192.0.2.1\n";

sub test_arguments {
    my $case = new_case('db.test.ex' => $ZONE);
    is(ask($case, 'host.test.ex A'), $HOST_REPLY, 'the directory of the configuration');
    is(ask($case, 'host.test.ex A', argument => "$case/spool"), $HOST_REPLY, 'the spool directory beside dnszones');
    is(ask($case, 'host.test.ex A', argument => q{..}),    $HOST_REPLY, 'a relative directory');
    is(ask($case, 'host.test.ex A', argument => "$case/"), $HOST_REPLY, 'a directory with a slash');
    is(log_of($case), "host.test.ex A -> found (1 record)\n" x 4, '… all with the same log');
    my $usage = "usage: fakens DIR DOMAIN TYPE\n       fakens --check DIR\n";
    for my $arguments ([], ['--check'], [qw(a b)], [qw(--check a b c)], [qw(a b c d)]) {
        is_deeply(run({}, program('fakens'), @{$arguments}), { status => 2, stdout => q{}, stderr => $usage },
            "usage: @{$arguments}");
    }
    return;
}

sub test_no_zones {
    my $case = new_case();
    rmdir "$case/dnszones" or die "$!\n";
    is(ask($case, 'host.test.ex A'), "3 REFUSED\nquestion: host.test.ex A\n", 'no dnszones');
    is(log_of($case), "host.test.ex A -> no recovery (0 records): $case/dnszones: No such file or directory\n",
        '… is in the log');
    is(ask($case, 'host.test.ex A', argument => '/nonexistent'), "3 REFUSED\nquestion: host.test.ex A\n", 'no directory');
    return;
}

my @LOG = (
    'host.test.ex A'    => 'found (1 record)',
    'host.test.ex MX'   => 'no data (0 records)',
    'none.test.ex A'    => 'host not found (0 records)',
    'safe.test.ex MX'   => 'found (2 records, AD, AA)',
    'loop.test.ex A'    => 'found (1 record): CNAME loop',
    'big.test.ex TXT'   => 'found (2 records, TC)',
    'test.again.dns A'  => 'try again (0 records)',
    'test.fail.dns A'   => 'no recovery (0 records)',
    'a..b A'            => 'no recovery (0 records): empty label',
    'host.test.ex AXFR' => 'no recovery (0 records): unknown type',
    'elsewhere.org A'   => 'host not found (0 records)',
);

sub test_log {
    my $case = new_case('db.test.ex' => $ZONE);
    my @pairs = @LOG;
    my $expected = q{};
    while (my ($question, $result) = splice @pairs, 0, 2) {
        ask($case, $question);
        $expected .= "$question -> $result\n";
    }
    ask($case, "a\nb\tc\e.org A");
    is(log_of($case), "${expected}a?b?c?.org A -> host not found (0 records)\n", 'the log, a line for each question');
    return;
}

# Any user may be the first, whatever the umask, and later ones can write too.
sub test_log_users {
    my $case = new_case('db.test.ex' => $ZONE);
    ask($case, 'host.test.ex A', setup => sub { umask oct 777 });
    is((stat "$case/fakens.log")[2] & oct 777, oct 666, 'the log is for everybody to write');
  SKIP: {
        skip 'not root', 2 if $> != 0;
        chmod 0755, $case or die "$!\n";
        write_file("$case/program", slurp(program('fakens')));
        chmod 0755, "$case/program" or die "$!\n";
        my $as_nobody = sub { POSIX::setgid(65_534); POSIX::setuid(65_534) };
        is(ask($case, 'host.test.ex A', setup => $as_nobody, program => "$case/program"),
            $HOST_REPLY, 'another user asks');
        is(log_of($case), "host.test.ex A -> found (1 record)\n" x 2, '… and appends to the log');
    }
    return;
}

sub test_log_not_writable {
    my $case = new_case('db.test.ex' => $ZONE);
    mkdir "$case/fakens.log" or die "$!\n";
    is(ask($case, 'host.test.ex A'), $HOST_REPLY, 'a log that is a directory changes nothing');
    rmdir "$case/fakens.log" or die "$!\n";
    mkfifo("$case/fakens.log", oct 666) or die "$!\n";
    is(ask($case, 'host.test.ex A'), $HOST_REPLY, 'nor does a FIFO');
    unlink "$case/fakens.log" or die "$!\n";
    write_file("$case/precious", "text\n");
    symlink "$case/precious", "$case/fakens.log" or die "$!\n";
    is(ask($case, 'host.test.ex A'), $HOST_REPLY, 'nor does a link');
    is(slurp("$case/precious"), "text\n", '… whose file is not written');
    return;
}

sub test_log_is_atomic {
    my $case = new_case('db.test.ex' => $ZONE);
    my $name = join q{.}, ('n' x 60) x 4;
    my @pids = map { fork // die "$!\n" or ask_many($case, $name) } 1 .. 8;
    waitpid $_, 0 for @pids;
    is(log_of($case), "$name A -> host not found (0 records)\n" x 160, 'lines of eight askers do not mix');
    return;
}

# In a child process of its own.
sub ask_many {
    my ($case, $name) = @_;
    for (1 .. 20) {
        system { program('fakens') } 'fakens', $case, $name, 'A' if open STDOUT, '>', '/dev/null';
    }
    POSIX::_exit(0);
    return;
}

# The log tells of a question before its delay is over: here it is a FIFO, from which the line can be awaited.
sub test_log_before_delay {
    my $case = new_case('db.test.ex' => "DELAY=600000 slow A 192.0.2.1\n");
    mkfifo("$case/fakens.log", oct 666) or die "$!\n";
    open my $log, '+<', "$case/fakens.log" or die "$!\n";
    my $pid = fork // die "$!\n";
    if (!$pid) {
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        exec { program('fakens') } 'fakens', $case, 'slow.test.ex', 'A' or POSIX::_exit(127);
    }
    local $SIG{ALRM} = sub { kill 'KILL', $pid; die "no line in the log within 30 seconds\n" };
    alarm 30;
    my $line = <$log>;
    alarm 0;
    is($line, "slow.test.ex A -> found (1 record)\n", 'logged before the delay');
    is(waitpid($pid, POSIX::WNOHANG()), 0, '… which goes on');
    kill 'KILL', $pid;
    waitpid $pid, 0;
    close $log or die "$!\n";
    return;
}

sub test_closed_pipe {
    my $case = new_case('db.test.ex' => $ZONE);
    my $run  = run({ setup => sub {
        pipe my $reader, my $writer or die "$!\n";
        open STDOUT, '>&', $writer or die "$!\n";
    } }, program('fakens'), $case, 'host.test.ex', 'A');
    is_deeply($run, { status => 0, stdout => q{}, stderr => q{} }, 'nobody reads the reply');
    return;
}

sub test_special_files {
    my $case = new_case('db.test.ex' => "a TLSA 3 1 1 file:fifo\n");
    mkfifo("$case/$_", oct 666) or die "$!\n" for qw(fifo dnszones/db.fifo);
    is(run({}, program('fakens'), '--check', $case)->{stdout},
        "$case/dnszones/db.fifo: Not a regular file\n$case/dnszones/db.test.ex:1: $case/fifo: Not a regular file\n",
        'a FIFO does not hang it');
    is(ask($case, 'x.fifo A'), "3 REFUSED\nquestion: x.fifo A\n", '… nor the answer');
    log_of($case);
    write_file("$case/dnszones/db.huge", q{});
    truncate "$case/dnszones/db.huge", 1024 * 1024 + 1 or die "$!\n";
    is(ask($case, 'x.huge A'), "3 REFUSED\nquestion: x.huge A\n", 'a huge file is not read');
    is(log_of($case), "x.huge A -> no recovery (0 records): $case/dnszones/db.huge: File too large\n", '… and says so');
    return;
}

# Each file of the corpus: a question, then the zone test.ex.
sub test_corpus {
    my @files = glob 't/corpus/fakens/*';
    cmp_ok(scalar @files, '>=', 10, 'there is a corpus');
    for my $file (@files) {
        my ($question, $zone) = split /\n/x, slurp($file), 2;
        my $case = new_case('db.test.ex' => $zone);
        my $text = ask($case, $question);
        like($text, qr/\A(?:[0-4][ ][A-Z]+(?:[ ](?:AA|AD|TC))*\n(?:question:|\z)|5[ ]no[ ]reply\n\z)/x, "$file: answered");
        unlike($text, qr/^(?:stderr|malformed):/mx, '… in good form');
    }
    return;
}

test_arguments();
test_no_zones();
test_log();
test_log_users();
test_log_not_writable();
test_log_is_atomic();
test_log_before_delay();
test_closed_pipe();
test_special_files();
test_corpus();

done_testing();
