#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The processes that stand between runtest and a worker: the run's sandbox, the zygote in it, a case's launcher. Whichever of them ends
# before its time, runtest says so, goes on with what can go on, and leaves nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use TestTree qw(has_sandbox is_run);

has_sandbox();

my @ONE = ('--lane', 'gnutls');

# One case is over at once; the other waits until the file is there, which it never is.
my $tree = TestTree->new;
my $SHORT = "# short\nperl -e 'exit 0'\n****\n";
$tree->test('0001', $SHORT);
$tree->test('0002', "# long\nperl -e 'sleep 100'\n****\n");
$tree->test('0003', $SHORT);

my $PASSED = "PASS 0001 gnutls N.NNs short\n";
my $ONE_OF = "1 cases: 1 passed, 0 failed, 0 skipped, 0 errors\n";
my $ENDED  = 'runtest: the process that starts the cases has ended before them: ';

sub children {
    my ($pid) = @_;
    my @children;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        push @children, $1 if (<$in> // '') =~ /\A([0-9]+) \(.*\) \S \Q$pid\E /s;
    }
    return @children;
}

sub arguments {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/cmdline" or return '';
    local $/ = undef;
    return (readline $in) // '';
}

# The processes below this one whose arguments are like that, those above first.
sub below {
    my ($pid, $pattern) = @_;
    return map { ((arguments($_) =~ $pattern ? $_ : ()), below($_, $pattern)) } children($pid);
}

sub wait_until {
    my ($what, $condition) = @_;
    my $deadline = time + 60;
    while (time < $deadline) {
        my @found = $condition->();
        return @found if @found;
        sleep 0.02;
    }
    die "waited 60 s for $what\n";
}

# A run whose long case has come to its step, and whose short one has been reported, if it is asked for first.
sub started {
    my (@arguments) = @_;
    unlink $tree->path('results/durations.json');    # the order is that of their numbers
    my $run = $tree->start({}, @ONE, @arguments);
    wait_until('the long case', sub { below($run->{pid}, qr/perl\0-e\0sleep 100/) });
    wait_until('the short case', sub { seek $run->{out}, 0, 0; grep { /^PASS 0001/ } readline $run->{out} }) if $arguments[0] eq '0001';
    return $run;
}

sub nothing_is_left {
    my ($name) = @_;
    is_deeply [TestRuntest::survivors(30)], [], "$name: nothing is left";
    is_deeply [$tree->files('tmp'), glob $tree->path('results/*/kit')], [], '- and no file';
    return;
}

# ----- What all cases hang on -----

my $ZYGOTE  = qr/\A[^\0]*perl[^\0]*\0-I[^\0]*\0-MRuntest::Zygote\0/;
my $SANDBOX = qr/\A[^\0]*sandbox\0--nest\0/;

# Each: which process it is, and how the run's sandbox ends by that.
my %ALL_END = (
    'the zygote'                      => [$ZYGOTE,  0, 'exit status 137'],
    'the launcher of the run'         => [$SANDBOX, 0, 'signal 9 (KILL)'],
    'the first process of its sandbox' => [$SANDBOX, 1, 'exit status 137'],
);
for my $name (sort keys %ALL_END) {
    my ($pattern, $number, $how) = @{ $ALL_END{$name} };
    my $run = started('0001', '0002');
    kill KILL => (below($run->{pid}, $pattern))[$number];
    is_run $tree->finish($run), { status => 3, out => $PASSED . $ONE_OF, err => "$ENDED$how\n" }, "$name is killed";
    nothing_is_left($name);
}

my $alone = started('-j1', '0002', '0003');
kill KILL => (below($alone->{pid}, $ZYGOTE))[0];
is_run $tree->finish($alone), { status => 3, out => '', err => "${ENDED}exit status 137\n" }, 'no case has ended yet, and the one that has not begun is not run';
ok !-d $tree->path('results/last/0003.gnutls'), '- nor prepared';

# It is made while the tests are looked at, which may be in vain.
$tree->test('0004', "# wrong\nfrobnicate\n");
is_run $tree->run(@ONE, '0001', '0003', '0004'),
  { status => 2, out => '', err => "runtest: scripts/0000-Inner/0004:2: unknown command 'frobnicate'\n" }, 'a test is wrong, and nothing is run';
nothing_is_left('a test is wrong');
unlink $tree->path('scripts/0000-Inner/0004');

# ----- What one case hangs on -----

my $LAUNCHER = qr/\Asandbox 0002[.]gnutls/;
my %ONE_ENDS = (
    'the launcher of a case'          => [$LAUNCHER, 0, 'signal 9 (KILL)'],
    'the first process of a sandbox'  => [$LAUNCHER, 1, 'signal 9 (KILL)'],
    'the worker'                      => [qr/\Aworker 0002[.]gnutls/, 0, 'signal 9 (KILL)'],
);
for my $name (sort keys %ONE_ENDS) {
    my ($pattern, $number, $how) = @{ $ONE_ENDS{$name} };
    my $run = started('-j1', '0002', '0003');
    kill KILL => (below($run->{pid}, $pattern))[$number];
    is_run $tree->finish($run), { status => 3, out => <<"END" }, "$name is killed, and the other case runs";
ERROR 0002 gnutls N.NNs long: the worker ended with $how in line 2, perl -e 'sleep 100'
  results: RESULTS/0002.gnutls
  again:   runtest --tree TREE --lane gnutls 0002
PASS 0003 gnutls N.NNs short
2 cases: 1 passed, 0 failed, 0 skipped, 1 errors
END
    nothing_is_left($name);
}

# ----- No process to be had -----

# prlimit(2): as few processes as this for the user of the sandbox; not for root outside of it.
my $RLIMIT_NPROC = 6;
SKIP: {
    skip 'the limit would be that of all of the user\'s processes', 2 if $> != 0;
    my $limit = sub { syscall(&TestRuntest::SYS_prlimit64, 0, $RLIMIT_NPROC, my $few = pack('QQ', 2, 2), 0) == 0 or die "prlimit: $!\n" };
    is_run $tree->run({ before => $limit }, @ONE, '0001'), { status => 3, out => <<'END' }, 'no process for a launcher';
ERROR 0001 gnutls N.NNs short: the worker ended with exit status 125: sandbox: launch: fork: Resource temporarily unavailable
  results: RESULTS/0001.gnutls
  again:   runtest --tree TREE --lane gnutls 0001
1 cases: 0 passed, 0 failed, 0 skipped, 1 errors
END
    nothing_is_left('no process for a launcher');
}

done_testing;
