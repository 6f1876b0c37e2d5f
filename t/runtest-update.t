#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# runtest --update: what it writes, and above all what it does not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use TestRuntest qw(can_mount mounting);
use TestTree qw(has_sandbox is_run);

has_sandbox();

my @ONE = ('--lane', 'gnutls');

my $PASSING = "exim -be\n\${lc:ABC}\n****\n";
my $ANSWER  = "> abc\n> \n";

subtest 'goldens are written, replaced and removed' => sub {
    my $tree = TestTree->new->test('0001', "# one\nexim -odi CALLER\@test.ex\nhello\n****\n$PASSING", <<'END');
qualify_domain = test.ex
begin routers
r:
  driver = accept
  transport = t
begin transports
t:
  driver = appendfile
  file = DIR/test-mail/CALLER
  user = CALLER
END
    $tree->file('stdout/0001', "old\n")->file('stderr/0001', "never written\n")->file('stdout/0002', "another test's\n");
    my $inode = (stat $tree->path('stdout/0001'))[1];
    open my $reader, '<', $tree->path('stdout/0001') or die "stdout/0001: $!\n";
    is_run $tree->run(@ONE, '--update'), { out => <<'END' }, '--update says what it wrote';
PASS 0001 gnutls N.NNs one
  wrote log/0001
  wrote mail/0001.CALLER
  removed stderr/0001
  wrote stdout/0001
1 cases: 1 passed, 0 failed, 0 skipped, 0 errors
END
    is_deeply [map { my $folder = $_; map { "$folder/$_" } $tree->files($folder) } qw(log mail msglog paniclog rejectlog stderr stdout)],
      [qw(log/0001 mail/0001.CALLER stdout/0001 stdout/0002)], 'and leaves nothing beside it';
    is $tree->content('stdout/0001'), $ANSWER, 'a golden has what was written';
    like $tree->content('log/0001'), qr/^1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER\@test.ex U=CALLER P=local S=sss$/m, 'munged';
    isnt((stat $tree->path('stdout/0001'))[1], $inode, 'it is a new file,');
    is scalar readline $reader, "old\n", 'and the old one was left whole';
    is $tree->content('stdout/0002'), "another test's\n", 'goldens of other tests stay';
    my $settled = "PASS 0001 gnutls N.NNs one\n1 cases: 1 passed, 0 failed, 0 skipped, 0 errors\n";
    is_run $tree->run(@ONE, '--update'), { out => $settled }, '--update once more has nothing to write';
    is_run $tree->run(@ONE), { out => $settled }, 'and the test passes';
};

subtest 'cases whose goldens are left as they are' => sub {
    my $tree = TestTree->new;
    $tree->test('0001', "# fails\nexim -be\n\${lc:A}\n****\nperl\nexit 3\n****\n");
    $tree->test('0002', "# known bug\nexpect-fail exim >= 4: not mended yet\n$PASSING");
    $tree->test('0003', "# mended bug\nexpect-fail exim >= 4: not mended yet\nperl\n****\n");
    $tree->test('0004', "# flaky\nperl\nuse Time::HiRes; printf \"%.6f\\n\", Time::HiRes::time; print \"the same\\n\"\n****\n");
    $tree->test('0005', "# merged\n$PASSING");
    $tree->file("stdout/$_", "as it was\n") for qw(0001 0002 0004);
    $tree->file('stdout/0005', "<<<<<<< HEAD\n> abc\n=======\n> ABC\n>>>>>>> other\n> \n");
    my %before = map { $_ => $tree->content("stdout/$_") } $tree->files('stdout');
    my $run = $tree->run(@ONE, '--update');
    $run->{out} =~ s/^(  [-+])[0-9]+[.][0-9]{6}$/$1TIME/mg;
    is_run $run, { status => 2, out => <<'END' }, 'failed, expected to fail, flaky, with conflict markers';
FAIL 0001 gnutls N.NNs fails: scripts/0000-Inner/0001:5: expected exit status 0, got exit status 3
  step:   scripts/0000-Inner/0001:5: perl
  reason: expected exit status 0, got exit status 3
  --- stdout/0001
  +++ this run's stdout
  @@ -1 +1,2 @@
  -as it was
  +> a
  +> 
  results: RESULTS/0001.gnutls
  again:   runtest --tree TREE --lane gnutls 0001
  its goldens are left as they are
XFAIL 0002 gnutls N.NNs known bug: exim >= 4: not mended yet
  its goldens are left as they are
FAIL 0003 gnutls N.NNs mended bug: it passed, and expect-fail says: exim >= 4: not mended yet
  results: RESULTS/0003.gnutls
  again:   runtest --tree TREE --lane gnutls 0003
  its goldens are left as they are
FLAKY 0004 gnutls N.NNs flaky: two runs gave different results, so its goldens are left as they are
  --- first run's stdout
  +++ second run's stdout
  @@ -1,2 +1,2 @@
  -TIME
  +TIME
   the same
  results: RESULTS/0004.gnutls.try2
  again:   runtest --tree TREE --lane gnutls 0004
ERROR 0005 gnutls N.NNs merged: stdout/0005:1: this golden has a conflict marker of a merge: resolve it first
  results: RESULTS/0005.gnutls
  again:   runtest --tree TREE --lane gnutls 0005
  its goldens are left as they are
5 cases: 0 passed, 2 failed, 0 skipped, 1 errors, 1 expected failures, 1 flaky
END
    is_deeply { map { $_ => $tree->content("stdout/$_") } $tree->files('stdout') }, \%before, 'all goldens are as before';
};

subtest 'a stream that is not compared may differ from run to run' => sub {
    my $tree = TestTree->new->test('0001', <<'END');
# noisy
no_stderr_check
perl
use Time::HiRes; printf STDERR "%.6f\n", Time::HiRes::time; print "the same\n"
****
END
    is_run $tree->run(@ONE, '--update'), { out => <<'END' }, 'what is compared gets its golden';
PASS 0001 gnutls N.NNs noisy
  wrote stdout/0001
1 cases: 1 passed, 0 failed, 0 skipped, 0 errors
END
};

subtest 'flavours' => sub {
    my $tree = TestTree->new->test('0001', "# lanes\nexim -bP smtp_banner\n****\n", <<'END');
.ifdef _HAVE_GNUTLS
smtp_banner = gnutls
.else
smtp_banner = openssl
.endif
END
    $tree->file('stdout/0001', "old\n")->file('stdout/0001.gnutls', "old\n")->file('stdout/0001.exim-9', "another's\n");
    is_run $tree->run('--update'), { out => <<'END' }, 'the golden that was selected is the one that is written';
PASS 0001 gnutls N.NNs lanes
  wrote stdout/0001.gnutls
PASS 0001 openssl N.NNs lanes
  wrote stdout/0001
2 cases: 2 passed, 0 failed, 0 skipped, 0 errors
END
    is_deeply { map { $_ => $tree->content("stdout/$_") } $tree->files('stdout') },
      { '0001' => "smtp_banner = openssl\n", '0001.gnutls' => "smtp_banner = gnutls\n", '0001.exim-9' => "another's\n" }, 'and no other';

    unlink $tree->path('stdout/0001.gnutls');
    my $run = $tree->run('--update', '-j1');
    is $run->{status}, 1, 'lanes that disagree about one golden: no success';
    my %banner = map { $_ => "smtp_banner = $_\n" } qw(gnutls openssl);
    my ($first) = grep { $banner{$_} eq $tree->content('stdout/0001') } keys %banner;
    my ($second) = grep { $_ ne $first } keys %banner;
    like $run->{out}, qr{^FAIL 0001 $second \S+ lanes: lane $first settled stdout/0001 in this run, and this lane differs$}m,
      'the second one is refused';
    unlike $run->{out}, qr/accept:/, 'and not offered for acceptance';
};

subtest 'a lane that was added' => sub {
    my $tree = TestTree->new->test('0001', "# lanes\nexim -be\n\${if eq{\${substr_2_2:\$version_number}}{98}{new}{old}}\n****\n");
    my @new = ('--mta', 'new=' . $tree->mta('4.98'));
    my @old = ('--mta', 'old=' . $tree->mta('4.90'));
    my $again = "again:   runtest --tree TREE --mta new=TREE/mta-4.98/exim --lane new 0001\n";
    my $difference = sub { my ($lines) = @_; return "  --- stdout/0001\n  +++ this run's stdout\n$lines" };
    my ($failed, $passed) = map { "1 cases: $_, 0 skipped, 0 errors\n" } '0 passed, 1 failed', '1 passed, 0 failed';
    my %golden = (old => "> old\n> \n", new => "> new\n> \n");

    my $not_alone = 'this test has no golden yet, and lanes gnutls and openssl run it, too: --update all of them in one run';
    my $nothing   = $difference->("  \@\@ -0,0 +1,2 \@\@\n  +> new\n  +> \n");
    is_run $tree->run(@new, qw(--lane new)), {
        status => 1,
        out    => "FAIL 0001 new N.NNs lanes: stdout differs\n$nothing  results: RESULTS/0001.new\n  $again  accept:  not by --update: $not_alone\n$failed",
      }, 'a new test: why there is nothing to accept';
    is_run $tree->run(@new, qw(--lane new --update)),
      { status => 1, out => "FAIL 0001 new N.NNs lanes: $not_alone\n$nothing  results: RESULTS/0001.new.try2\n  $again$failed" }, '- and --update refuses';
    is_deeply [$tree->files('stdout')], [], '- and writes nothing';

    $tree->file('stdout/0001', $golden{old});
    my $changed = $difference->("  \@\@ -1,2 +1,2 \@\@\n  -> old\n  +> new\n   > \n");
    is_run $tree->run(@new, qw(--lane new)), {
        status => 1,
        out    => "FAIL 0001 new N.NNs lanes: stdout differs\n$changed  results: RESULTS/0001.new\n  $again"
          . "  accept:  runtest --tree TREE --mta new=TREE/mta-4.98/exim --update --lane new 0001\n           which makes stdout/0001.exim-4.98\n$failed",
      }, 'a golden of other lanes: what --update would make';
    is_run $tree->run(@new, qw(--update --lane new 0001)), { out => "PASS 0001 new N.NNs lanes\n  wrote stdout/0001.exim-4.98\n$passed" }, '- makes';
    is_deeply { map { $_ => $tree->content("stdout/$_") } $tree->files('stdout') }, { '0001' => $golden{old}, '0001.exim-4.98' => $golden{new} },
      '- beside the golden of the others';
    is_run $tree->run(@new), { out => <<'END' }, '- so that all lanes pass';
PASS 0001 gnutls N.NNs lanes
PASS 0001 new N.NNs lanes
PASS 0001 openssl N.NNs lanes
3 cases: 3 passed, 0 failed, 0 skipped, 0 errors
END

    $tree->file('stdout/0001', "> other\n> \n");
    my $refused = 'stdout/0001 is the golden of lanes gnutls and openssl, too, and so would be stdout/0001.exim-4.90 (lanes gnutls and openssl): '
      . 'if both are right, let the script say what it needs (need exim ..., need feature NAME), or let a munge rule make them one; '
      . 'if the test was changed, --update all of them in one run';
    my $run = $tree->run(@old, qw(--lane old));
    like $run->{out}, qr/^  accept:  not by --update: \Q$refused\E$/m, 'an older MTA: why there is nothing to accept';
    $run = $tree->run(@old, qw(--lane old --update));
    like $run->{out}, qr/^FAIL 0001 old N.NNs lanes: \Q$refused\E$/m, '- and --update refuses';
    is $tree->content('stdout/0001'), "> other\n> \n", '- and leaves the golden';
    $run = $tree->run(@old, '--update');
    is $run->{status}, 0, 'all of them in one run';
    like $run->{out}, qr/^PASS 0001 old N.NNs lanes\n(?!  )/m, '- of which those of mta/ write';
    is $tree->content('stdout/0001'), $golden{old}, '- the golden of all';

    $tree->file('exim', "none\n");
    is_run $tree->run(@new, '--mta', 'bad=' . $tree->path('exim'), qw(--lane new)), {
        out => "PASS 0001 new N.NNs lanes\n$passed",
        err => 'runtest: goldens of lane bad, which is not in this run, may be written over: '
          . "TREE/exim is not an Exim: it holds '>>>running<<<' 0 times, and must hold it once\n",
    }, 'a lane about which nothing is known, and which does not run';
};

subtest 'a golden that cannot be written' => sub {
    my $tree = TestTree->new->test('0001', "# one\n$PASSING")->test('0002', "# two\n$PASSING")->file('stdout/0001', "old\n");
    $tree->file('stdout/0002', $ANSWER);
    my $folder = $tree->path('stdout');
    my $before = can_mount() ? mounting(['--bind', $folder, $folder], ['-o', 'remount,bind,ro', $folder]) : undef;
    plan skip_all => 'root may write everywhere, and cannot mount here' if !$before && $> == 0;
    chmod oct('555'), $folder if !$before;
    my $run = $tree->run({ before => $before }, @ONE, '--update');
    chmod oct('755'), $folder;
    is $run->{status}, 3, 'exit status 3';
    unlike $run->{out}, qr/accept:/, 'nothing to accept';
    like $run->{out}, qr{^ERROR 0001 gnutls N.NNs one: TREE/stdout/0001: (?:Permission denied|Read-only file system)$}m, 'file and reason';
    like $run->{out}, qr/^PASS 0002 /m, 'the other case has its result';
    is $tree->content('stdout/0001'), "old\n", 'nothing is lost';
};

done_testing;
