#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# runtest from command line to exit status, on tiny trees of tests: what it prints, byte for byte, and what it leaves on disk.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Fcntl qw(LOCK_EX);
use File::Basename qw(basename);
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Release qw(release);
use Runtest::Suite;
use TestRuntest qw(top);
use TestTree qw(has_sandbox is_run);

has_sandbox();

my @ONE = ('--lane', 'gnutls');

my $PASSING = "exim -be\n\${lc:ABC}\n****\n";
my $ANSWER  = "> abc\n> \n";

sub tree_that_passes {
    my $tree = TestTree->new;
    return $tree->test('0001', "# a first one\n$PASSING")->file('stdout/0001', $ANSWER);
}

subtest 'a test passes in every lane' => sub {
    my $tree = tree_that_passes();
    my $run  = $tree->run;
    is_run $run, { out => <<'END' }, 'a line a case, the number of cases, and nothing on stderr';
PASS 0001 gnutls N.NNs a first one
PASS 0001 openssl N.NNs a first one
2 cases: 2 passed, 0 failed, 0 skipped, 0 errors
END
    my $case = 'results/last/0001.gnutls';
    is $tree->content("$case/raw/stdout"),    $ANSWER, 'what it wrote is in raw/';
    is $tree->content("$case/munged/stdout"), $ANSWER, 'and as it was compared in munged/';
    is_deeply [$tree->files('stdout'), $tree->files('tmp')], ['0001'], 'nothing else is left in the tree';
    ok -l $tree->path('results/last'), 'results/last is a link';
    is_deeply [glob $tree->path('results/*/kit')], [], 'no kit is left';
    is_deeply [TestRuntest::survivors()], [], 'no process is left';
};

subtest 'which version it is' => sub {
    is_run(TestTree->new->run('--version', '9999'), { out => 'runtest ' . release() . "\n" }, '--version, whatever else is said');
    my ($newest) = path(top() . '/CHANGES')->slurp_raw =~ /^([0-9.]+)\n-+$/m;
    is $newest, release(), 'the newest one that CHANGES speaks of';
};

subtest 'records of a case' => sub {
    my $tree = TestTree->new->test('0001', "# one\nexim -bV\n****\n1\nexim -bP no_such\n****\n");
    is $tree->run(@ONE)->{status}, 1, 'it fails';
    my $json  = Cpanel::JSON::XS->new;
    my @steps = map { $json->decode($_) } split /\n/, $tree->content('results/last/0001.gnutls/steps.jsonl');
    is_deeply [map { "$_->{file}:$_->{line}" } @steps], ['scripts/0000-Inner/0001:2', 'scripts/0000-Inner/0001:5'],
      'steps.jsonl has file and line of each step';
    is_deeply [map { $_->{argv}[-1] } @steps], ['-bV', 'no_such'], 'its arguments';
    is_deeply [map { $_->{status} } @steps], ['exit status 0', 'exit status 1'], 'its exit status';
    ok !(grep { $_->{start} > $_->{end} || $_->{pids}[0] !~ /\A[0-9]+\z/ } @steps), 'start, end and pids';
    my $result = $json->decode($tree->content('results/last/0001.gnutls/result.json'));
    is_deeply [@$result{qw(test lane verdict reason title)}, $result->{streams}],
      ['0001', 'gnutls', 'FAIL', 'stdout differs', 'one', ['stdout']], 'result.json has verdict, reason and lane';
    like $result->{versions}{$_}, qr/\A[0-9]+\.[0-9]/, "and the version of $_" for qw(exim gnutls);
};

subtest 'a test fails' => sub {
    my $tree = tree_that_passes()->file('stdout/0001', "> abC\n> \n")->file('mail/0001.CALLER', "never written\n");
    is_run $tree->run(@ONE), { status => 1, out => <<'END' }, 'a diff with the golden\'s path, and the commands to repeat and to accept';
FAIL 0001 gnutls N.NNs a first one: mail.CALLER, stdout differ
  --- mail/0001.CALLER
  +++ this run's mail.CALLER
  @@ -1 +0,0 @@
  -never written
  --- stdout/0001
  +++ this run's stdout
  @@ -1,2 +1,2 @@
  -> abC
  +> abc
   > 
  results: RESULTS/0001.gnutls
  again:   runtest --tree TREE --lane gnutls 0001
  accept:  runtest --tree TREE --update --lane gnutls 0001
1 cases: 0 passed, 1 failed, 0 skipped, 0 errors
END
};

subtest 'no golden, odd bytes, no line end' => sub {
    my $tree = TestTree->new->test('0001', <<'END')->file('stderr/0001', "almost\n");
# odd
perl
print "cr\r\nbell\a tab\t umlaut \303\274\n"; print STDERR "almost";
****
END
    is_run $tree->run(@ONE), { status => 1, out => <<'END' }, 'a stream without a golden has to be empty; odd bytes are shown';
FAIL 0001 gnutls N.NNs odd: stderr, stdout differ
  --- stderr/0001
  +++ this run's stderr
  @@ -1 +1 @@
  -almost
  +almost\ (no line end)
  --- stdout/0001
  +++ this run's stdout
  @@ -0,0 +1,2 @@
  +cr\r
  +bell\x07 tab	 umlaut \xC3\xBC
  results: RESULTS/0001.gnutls
  again:   runtest --tree TREE --lane gnutls 0001
  accept:  runtest --tree TREE --update --lane gnutls 0001
1 cases: 0 passed, 1 failed, 0 skipped, 0 errors
END
};

subtest 'a step fails' => sub {
    my $tree = TestTree->new->test('0001', "# a step\nexim -be\n\${lc:A}\n****\n~0\nexim -bV\n****\nexim -be\n****\n");
    my $run  = $tree->run(@ONE);
    is_run $run, { status => 1, err => '' }, 'exit status 1';
    my $report = <<'END';
FAIL 0001 gnutls N.NNs a step: scripts/0000-Inner/0001:6: expected any exit status but 0, got exit status 0
  step:   scripts/0000-Inner/0001:6: exim -bV
  reason: expected any exit status but 0, got exit status 0
  --- stdout/0001
END
    like $run->{out}, qr/\A\Q$report\E/, 'the step is named with file and line, expected and got';
    like $run->{out},   qr/^  \+> a\n.*^  \+Exim version/ms, 'what was collected is compared and shown';
    unlike $run->{out}, qr/accept:/,                         'and is not offered for acceptance';
};

# Tests for all that follows of selection and lanes: which run is told by their titles.
my $many = TestTree->new;
$many->test("0000-Inner/$_", "# $_\ntouch x\n") for qw(0001 0002 0005 9001);
$many->test("2000-GnuTLS/$_",  "# $_\ntouch x\n") for qw(2001 2003);
$many->test("2100-OpenSSL/$_", "# $_\ntouch x\n") for qw(2101);
$many->file('scripts/2000-GnuTLS/REQUIRES',  "# a remark\nsupport GnuTLS\n");
$many->file('scripts/2100-OpenSSL/REQUIRES', "support OpenSSL\n");

sub selected {
    my (@arguments) = @_;
    my @tests = eval { Runtest::Suite->new($many->path)->select(@arguments) };
    return @tests ? join ' ', map { $_->{number} } @tests : "$@";
}

subtest 'selection' => sub {
    my %wanted = (
        ''                     => '0001 0002 0005 2001 2003 2101',
        '0002'                 => '0002',
        '9001'                 => '9001',
        '2003 0002'            => '0002 2003',
        '0002-2001'            => '0002 0005 2001',
        '2001+'                => '2001 2003 2101',
        '0005-9001'            => '0005 2001 2003 2101 9001',
        '9000+'                => '9001',
        '2100-OpenSSL'         => '2101',
        'scripts/2100-OpenSSL' => '2101',
        '21*'                  => '2101',
        '2*-* 0001 0001'       => '0001 2001 2003 2101',
        map { $_ => "no test is named by '$_' (runtest --list shows what there is; from 9000 on by number or range only)" } qw(0003 2004-2100 no-such 2102+ 20 2005-2001),
    );
    is selected(split), $wanted{$_}, "runtest $_" for sort keys %wanted;
    is_run $many->run('--list', '2000-GnuTLS', '9001'), { out => <<'END' }, '--list: number, folder and title';
2001  2000-GnuTLS      2001
2003  2000-GnuTLS      2003
9001  0000-Inner       9001
END
    is_run $many->run('0001', '0003'), { status => 2, err => "runtest: $wanted{'0003'}\n" }, 'a test that is not there';
};

subtest 'which tests are cases in which lane' => sub {
    is_run $many->run('0001', '2000-GnuTLS', '2101'), { out => <<'END' }, 'a folder that supports one library has cases there only';
PASS 0001 gnutls N.NNs 0001
PASS 0001 openssl N.NNs 0001
PASS 2001 gnutls N.NNs 2001
PASS 2003 gnutls N.NNs 2003
PASS 2101 openssl N.NNs 2101
5 cases: 5 passed, 0 failed, 0 skipped, 0 errors
END
    is_run $many->run('--lane', 'open*', '0001', '2001', '2101'), { out => <<'END' }, '--lane';
PASS 0001 openssl N.NNs 0001
PASS 2101 openssl N.NNs 2101
2 cases: 2 passed, 0 failed, 0 skipped, 0 errors
END
    is_run $many->run('--lane', 'openssl', '2001'),
      { status => 4, err => "runtest: nothing was run: no lane runs what was selected\n", out => '' }, 'a case in no lane that runs';
    is_run $many->run('--lane', 'none', '2001'),
      { status => 2, err => "runtest: no lane is named by 'none': there are gnutls openssl\n", out => '' }, 'no such lane';
};

subtest 'two numbers' => sub {
    is_run $many->run('--lane', 'gnutls', '0001', '0005'),
      { err => "runtest: these two tests only; all 3 from 0001 to 0005: runtest 0001-0005\n", out => <<'END' }, 'are two tests';
PASS 0001 gnutls N.NNs 0001
PASS 0005 gnutls N.NNs 0005
2 cases: 2 passed, 0 failed, 0 skipped, 0 errors
END
    is_run $many->run(@ONE, '0001', '0002'), { out => <<'END' }, 'that have none between them: no line';
PASS 0001 gnutls N.NNs 0001
PASS 0002 gnutls N.NNs 0002
2 cases: 2 passed, 0 failed, 0 skipped, 0 errors
END
};

subtest 'skips' => sub {
    my $tree = tree_that_passes();
    $tree->test('0002', "# no such lookup\nneed lookup nosuch\n");
    $tree->test('0003', "# an old library\nneed gnutls >= 3.3.6\nneed gnutls < 3.3\n");
    $tree->test('0010-Folder/0010', "# folder\n")->file('scripts/0010-Folder/REQUIRES', "\nnot feature _HAVE_TLS\n");
    $tree->test('0011', "# not yet\n### nothing\n#exim -be\n#****\n");
    is_run $tree->run(@ONE), { out => <<'END' }, 'each has its reason';
PASS 0001 gnutls N.NNs a first one
SKIP 0002 gnutls N.NNs no such lookup: needs lookup nosuch
SKIP 0003 gnutls N.NNs an old library: needs gnutls < 3.3
SKIP 0010 gnutls N.NNs folder: needs not feature _HAVE_TLS
SKIP 0011 gnutls N.NNs not yet: its script runs nothing
5 cases: 1 passed, 0 failed, 4 skipped, 0 errors
END
    is_run $tree->run(@ONE, '0002'), { status => 4, out => <<'END' }, 'nothing but skips is no success';
SKIP 0002 gnutls N.NNs no such lookup: needs lookup nosuch
1 cases: 0 passed, 0 failed, 1 skipped, 0 errors
END
};

subtest 'expected failures' => sub {
    my $tree = TestTree->new;
    $tree->test('0001', "# known\nexpect-fail exim >= 4: a bug of the MTA\n$PASSING");
    $tree->test('0002', "# mended\nexpect-fail exim >= 4: a bug of the MTA\n$PASSING")->file('stdout/0002', $ANSWER);
    $tree->test('0003', "# not here\nexpect-fail exim < 4: a bug of the MTA\n$PASSING")->file('stdout/0003', $ANSWER);
    is_run $tree->run(@ONE), { status => 1, out => <<'END' }, 'one that fails, one that does not fail any more, one that has to pass here';
XFAIL 0001 gnutls N.NNs known: exim >= 4: a bug of the MTA
FAIL 0002 gnutls N.NNs mended: it passed, and expect-fail says: exim >= 4: a bug of the MTA
  results: RESULTS/0002.gnutls
  again:   runtest --tree TREE --lane gnutls 0002
PASS 0003 gnutls N.NNs not here
3 cases: 1 passed, 1 failed, 0 skipped, 0 errors, 1 expected failures
END
    is $tree->run(@ONE, '0001')->{status}, 0, 'an expected failure is none';
};

subtest '--require' => sub {
    is $many->run(@ONE, qw(--require gnutls --require sandbox 0001))->{status}, 0, 'a lane and the sandbox, which are there';
    is_run $many->run(qw(--lane gnutls --require openssl 0001)), {
        status => 4,
        out    => '',
        err    => "runtest: --require openssl: this run has no such lane, only gnutls\n",
      }, 'a lane that --lane leaves out';
    is_run $many->run(qw(--require openssl-4.0 0001)), {
        status => 4,
        out    => '',
        err    => "runtest: --require openssl-4.0: this run has no such lane, only gnutls openssl\n",
      }, 'a lane that is nowhere';
};

subtest '--color' => sub {
    my $tree = tree_that_passes()->file('stdout/0001', "> abC\n> \n");
    my $run = $tree->run(@ONE, '--color', 'always');
    like $run->{out}, qr/\A\e\[1;31mFAIL\e\[0m 0001/,           'the verdict';
    like $run->{out}, qr/^  \e\[31m-> abC\e\[0m\n  \e\[32m\+> abc\e\[0m$/m, 'the diff';
    unlike $tree->run(@ONE)->{out}, qr/\e/, 'none when stdout is no terminal';
};

subtest 'the newest five runs are kept' => sub {
    my $tree = tree_that_passes();
    my @old  = map { sprintf '20200101-%06d-1', $_ } 1 .. 6;
    $tree->file("results/$_/lock", '') for @old;
    utime $_, $_, $tree->path("results/$old[$_]/lock") for 0 .. $#old;
    open my $lock, '<', $tree->path("results/$old[0]/lock") or die "lock: $!\n";
    flock $lock, LOCK_EX or die "lock: $!\n";
    my $runs = sub { return [map { basename($_) } grep { -d && !-l } glob $tree->path('results/*')] };
    $tree->run(@ONE);
    my $last = readlink $tree->path('results/last');
    is_deeply $runs->(), [@old[0, 2 .. 5], $last], 'and one that is not over yet';
    like $tree->run(@ONE, '--mta', 'gnutls=/bin/true')->{err}, qr/not an Exim/, 'one that cannot begin';
    is readlink $tree->path('results/last'), $last, 'is not the last one';
    is_deeply $runs->(), [@old[0, 2 .. 5], $last], 'and displaces none';
};

subtest 'side by side' => sub {
    my $run = $many->run('-j4');
    is $run->{status}, 0, 'all pass';
    is_deeply [sort map { join ' ', (split)[1, 2] } grep { /\APASS/ } split /\n/, $run->{out}],
      [(map { ("$_ gnutls", "$_ openssl") } qw(0001 0002 0005)), '2001 gnutls', '2003 gnutls', '2101 openssl'], 'each once';
    is_deeply [TestRuntest::survivors()], [], 'and no process is left';
};

done_testing;
