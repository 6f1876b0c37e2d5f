#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# From what a case wrote to PASS, FAIL and the others; and what --update and --retry make of it.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Cpanel::JSON::XS qw(decode_json encode_json);
use Path::Tiny qw(path);
use Test::More;

use Runtest::Case;
use Runtest::Destination;
use Runtest::Error;
use Runtest::Host;
use Runtest::Lane;
use Runtest::Outcome;
use Runtest::Release qw(release);
use Runtest::Retry;
use Runtest::Update;
use Runtest::Verdict qw(judge munge_outcome skipped in_error write_result);

my $tree    = Path::Tiny->tempdir;
my $results = Path::Tiny->tempdir;
$tree->child($_)->mkpath for qw(confs scripts/1-A log stdout);
$tree->child('confs/0001')->spew_raw('');

# A lane of mta/, or with a version one that was added.
sub lane {
    my ($name, $library, $version, $library_version) = @_;
    my $lane = Runtest::Lane->new($name, __FILE__, defined $version);
    $lane->learn(
        {
            library => $library, versions => { exim => $version // '4.96', $library => $library_version // '3.0.0' }, lists => {}, macros => [],
            user    => { name => 'Debian-exim', group => 'mail', uid => 106, gid => 107 },
        }
    );
    return $lane;
}
my ($gnutls, $openssl) = (lane(gnutls => 'gnutls'), lane(openssl => 'openssl'));

sub case {
    my ($script, $lane) = @_;
    $tree->child('scripts/1-A/0001')->spew_raw("# Title\n$script");
    my $case = Runtest::Case->new(
        test => { number => '0001', path => 'scripts/1-A/0001', title => 'Title', requirements => [] },
        lane => $lane // $gnutls, tree => "$tree", host => Runtest::Host::sandboxed(), timeout_factor => 1,
    );
    $case->plan({ directory => '/case' });
    return $case;
}

# The outcome of a case that wrote these streams; %how: verdict (the worker's, default: none failed) and wait status.
sub outcome {
    my ($case, $streams, %how) = @_;
    my $directory = $results->child($case->name);
    $directory->remove_tree;
    $directory->child($_)->mkpath for qw(raw munged);
    my $outcome = Runtest::Outcome->new($case, $directory, '/case');
    my @records = map { [{ type => 'stream', name => $_, size => length $streams->{$_} }, $streams->{$_}] } sort keys %$streams;
    push @records, [{ type => 'verdict', %{ $how{verdict} || {} } }, ''] if !$how{no_verdict};
    $outcome->take_wire(join '', map { encode_json($_->[0]) . "\n$_->[1]" } @records);
    $outcome->finish($how{status} // 0, 1.23456);
    return $outcome;
}

sub golden {
    my ($path, $text) = @_;
    my $file = $tree->child($path);
    return $file->exists ? $file->slurp_raw : undef if @_ == 1;
    return defined $text ? $file->spew_raw($text) : $file->remove;
}

# ----- Verdicts -----

my %FAILURE = (line => 7, step => 'ls', reason => "expected exit status 0, got exit status 1\nmore");
my $XFAIL = "expect-fail exim < 5: a bug\n";
golden('log/0001', "same\n");

# [name, script, streams, how it ended, verdict, reason, exit status, streams that differ]
my @CASES = (
    ['equal',           '',     { log => "same\n" },                {}, 'PASS', undef, 0, ''],
    ['munged equal',    '',     { log => "same\n", stdout => '', 'stdout.server' => '' }, {}, 'PASS', undef, 0, ''],
    ['different',       '',     { log => "other\n" },               {}, 'FAIL', 'log differs', 1, 'log'],
    ['two different',   '',     { stdout => "x\n" },                {}, 'FAIL', 'log, stdout differ', 1, 'log stdout'],
    ['an odd name',     '',     { log => "same\n", "mail/a\e" => 'x' }, {}, 'FAIL', 'mail.a\x1B differs', 1, "mail.a\e"],
    ['a step failed',   '',     { log => "same\n" },                { verdict => { failure => \%FAILURE } },
        'FAIL', 'scripts/1-A/0001:7: expected exit status 0, got exit status 1', 1, ''],
    ['the end failed',  '',     { log => "other\n" },               { verdict => { failure => { %FAILURE, line => undef } } },
        'FAIL', 'scripts/1-A/0001: expected exit status 0, got exit status 1', 1, 'log'],
    ['expected to fail, and different', $XFAIL, { log => "other\n" }, {}, 'XFAIL', 'exim < 5: a bug', 0, 'log'],
    ['expected to fail, and failed',    $XFAIL, { log => "same\n" }, { verdict => { failure => \%FAILURE } }, 'XFAIL', 'exim < 5: a bug', 0, ''],
    ['expected to fail, and equal',     $XFAIL, { log => "same\n" }, {}, 'FAIL', 'it passed, and expect-fail says: exim < 5: a bug', 1, ''],
    ['no verdict',      '',     { log => "same\n" },                { no_verdict => 1 }, 'ERROR', 'the worker ended with exit status 0', 3, ''],
    ['a status',        '',     { log => "same\n" },                { status => 9 }, 'ERROR', 'the worker ended with signal 9 (KILL)', 3, ''],
    ['no verdict, and expected to fail', $XFAIL, {},                { no_verdict => 1 }, 'ERROR', 'the worker ended with exit status 0', 3, ''],
    ['a bad mailbox',   '',     { log => "same\n", 'mail/gnutls' => 'x' }, {}, 'ERROR',
        'test 0001 has written mail.gnutls, and a name that ends like a flavour\'s cannot have a golden: rename it', 2, ''],
);
for my $row (@CASES) {
    my ($name, $script, $streams, $how, $verdict, $reason, $exit_status, $differing) = @$row;
    my $outcome = outcome(case($script), $streams, %$how);
    my $judged = judge($outcome);
    is_deeply [@$judged{qw(verdict reason exit_status)}], [$verdict, $reason, $exit_status], $name;
    is join(' ', map { $_->{stream} } @{ $judged->{differences} }), $differing, '- what differs';
    is !!$judged->{acceptable}, $verdict eq 'FAIL' && $differing ne '' && !$how->{verdict}, '- whether --update would take it';
    is_deeply [@$judged{qw(case seconds directory)}], [$outcome->case, 1.23456, $outcome->directory], '- whose it is';
}
my $mended = judge(outcome(case($XFAIL, lane(mine => 'gnutls', '4.96')), { log => "same\n" }));
is_deeply [@$mended{qw(verdict reason exit_status)}], ['XPASS', 'it passed, and expect-fail says: exim < 5: a bug', 0],
  'an MTA of --mta may have mended what its version has wrong';
golden('log/0001', "<<<<<<< x\n");
is judge(outcome(case(''), {}))->{exit_status}, 2, 'a golden with a conflict is wrong';

golden('log/0001', "same\n");
my $outcome = outcome(case(''), { log => "from mtacaller\n", 'log.server' => "x\n" });
is_deeply munge_outcome($outcome), { log => "from CALLER\n\n******** SERVER ********\nx\n" }, 'munged streams';
is $outcome->directory->child('munged/log')->slurp_raw, "from CALLER\n\n******** SERVER ********\nx\n", '- on disk as well';

my $case = case('');
is_deeply skipped($case, 'needs x'), { verdict => 'SKIP', case => $case, reason => 'needs x', seconds => 0, exit_status => 0, differences => [] }, 'a skip';
my $error = in_error($case, Runtest::Error->new(broken => 'no disk'));
is_deeply [@$error{qw(verdict reason exit_status)}], ['ERROR', 'no disk', 3], 'an error';
is in_error($case, "oops\n")->{reason}, 'internal error: oops', '- of the harness itself';

# ----- result.json -----

$outcome = outcome(case(''), { log => "other\n" }, verdict => { failure => \%FAILURE });
write_result(judge($outcome));
is_deeply decode_json($outcome->directory->child('result.json')->slurp_raw), {
    test     => '0001',
    title    => 'Title',
    lane     => 'gnutls',
    versions => { exim => '4.96', gnutls => '3.0.0' },
    verdict  => 'FAIL',
    reason   => 'scripts/1-A/0001:7: expected exit status 0, got exit status 1',
    seconds  => 1.235,
    failure  => \%FAILURE,
    streams  => ['log'],
    harness_version => release(),
  }, 'result.json';
is eval { write_result(skipped($case, 'x')); 'nothing' } // $@, 'nothing', 'a case that was not run has none';

# ----- --update -----

sub update {
    my (@cases) = @_;
    return Runtest::Update->new(Runtest::Destination->new($gnutls, $openssl, grep { $_->is_added } map { $_->lane } @cases), @cases);
}

# What --update makes of runs that wrote these streams: [runs again...], and what it decides of the last one: verdict, notes.
sub updated {
    my ($update, $some, @runs) = @_;
    my (@again, @decided);
    for my $run (@runs) {
        my $this = outcome($some, $run->{streams} || {}, %$run);
        (my $more, @decided) = $update->take($this, judge($this));
        push @again, $more;
    }
    return (join('', @again), map { @$_ } @decided);
}

my %other = (streams => { log => "new\n", stdout => "out\n" });
my ($again, $verdict, @notes) = updated(update(case('')), case(''), \%other, \%other);
is $again, '10', '--update runs a case twice';
is_deeply \@notes, ['wrote log/0001', 'wrote stdout/0001'], '- and says what it wrote';
is_deeply [@$verdict{qw(verdict reason exit_status)}], ['PASS', undef, 0], '- which now passes';
is golden('log/0001'), "new\n", '- and is written';
is judge(outcome(case(''), $other{streams}))->{verdict}, 'PASS', '- so that the next run passes';

($again, $verdict, @notes) = updated(update(case('')), case(''), ({ streams => { stdout => "out\n" } }) x 2);
is_deeply [@notes, golden('log/0001')], ['removed log/0001', undef], 'a golden of nothing is removed';

golden('log/0001', "same\n");
golden('stdout/0001', undef);
# [name, script, runs, runs again, verdict, note]
for my $row (
    ['two different runs',  '',     [{ streams => { log => "1\n" } }, { streams => { log => "2\n" } }], '10', 'FLAKY'],
    ['a failed step',       '',     [{ verdict => { failure => \%FAILURE }, %other }], '0', 'FAIL', 'its goldens are left as they are'],
    ['a failed second run', '',     [\%other, { verdict => { failure => \%FAILURE }, %other }], '10', 'FAIL', 'its goldens are left as they are'],
    ['an error',            '',     [{ no_verdict => 1, %other }], '0', 'ERROR', 'its goldens are left as they are'],
    ['an expected failure', $XFAIL, [\%other], '0', 'XFAIL', 'its goldens are left as they are'],
    ['an unexpected pass',  $XFAIL, [{ streams => { log => "same\n" } }], '0', 'FAIL', 'its goldens are left as they are'],
  )
{
    my ($name, $script, $runs, @wanted) = @$row;
    my ($more, $judged, @said) = updated(update(case($script)), case($script), @$runs);
    is_deeply [$more, $judged->{verdict}, @said], \@wanted, "--update: $name";
    is golden('log/0001'), "same\n", '- leaves the golden';
}
($again, $verdict) = updated(update(case('')), case(''), { streams => { log => "1\n" } }, { streams => { log => "2\n" } });
is_deeply $verdict->{differences}[0]{diff}, ["--- first run's log", "+++ second run's log", '@@ -1 +1 @@', '-1', '+2'], 'what differs between the runs is shown';
is $verdict->{exit_status}, 1, '- and it is no success';

my $update = update(map { case('', $_) } $gnutls, $openssl, $openssl);
updated($update, case('', $gnutls), \%other, \%other);
($again, $verdict, @notes) = updated($update, case('', $openssl), ({ streams => { log => "mine\n" } }) x 2);
is $verdict->{reason}, 'lane gnutls settled log/0001 in this run, and this lane differs', 'lanes that disagree';
is golden('log/0001'), "new\n", '- do not write over each other';
($again, $verdict, @notes) = updated($update, case('', $openssl), \%other, \%other);
is_deeply [$verdict->{verdict}, @notes], ['PASS'], 'lanes that agree';

# Both were judged before either was written.
golden('log/0001', "same\n");
golden('stdout/0001', undef);
my @both = map { my $this = outcome(case('', $_), $other{streams}); [$this, judge($this)] } $gnutls, $openssl;
$update = update(map { $_->[0]->case } @both);
$update->take(@$_) for @both;
is_deeply [map { [$update->take(@$_)]->[1][1] } @both], [('wrote log/0001') x 2], '- also when both have something to write';

# ----- --update in a lane that was added -----

my ($new, $newer) = (lane(new => 'gnutls', '4.98.2', '3.8.9'), lane(newer => 'openssl', '4.100', '3.5.0'));
my %LANE = map { $_->name => $_ } $gnutls, $openssl, $new, $newer;

# What --update makes of a run in which each lane gives such a log, in this order: LANE VERDICT notes, as they are decided.
sub update_of {
    my ($head, @logs) = @_;
    my @runs = map { my ($of, $log, $failure) = @$_; [case($head, $LANE{$of}), { log => $log }, verdict => { failure => $failure }] } @logs;
    my $policy = update(map { $_->[0] } @runs);
    my @decided;
    while (my $run = shift @runs) {
        my $this = outcome(@$run);
        my ($more, @now) = $policy->take($this, judge($this));
        push @runs, $run if $more;
        push @decided, @now;
    }
    return map { my ($of, @said) = @$_; join ' ', $of->{case}->lane->name, $of->{verdict}, @said } @decided;
}

sub goldens { return join ' ', map { $_->basename . '=' . $_->slurp_raw =~ s/\n//r } sort $tree->child('log')->children }

golden('stdout/0001', undef);
my @ALIKE = (['gnutls', "new\n"], ['openssl', "new\n"]);
my @KEPT  = (['gnutls', "same\n"], ['openssl', "same\n"]);
# [what, head of the script, [lane, log, failure]..., what is decided, goldens then]
for my $row (
    ['alone', '', [['new', "new\n"]], ['new PASS wrote log/0001.exim-4.98.2'], '0001=same 0001.exim-4.98.2=new'],
    ['alone, and it passes', '', [['new', "same\n"]], ['new PASS'], '0001=same'],
    ['first', '', [['new', "new\n"], @ALIKE], ['gnutls PASS wrote log/0001', 'openssl PASS', 'new PASS'], '0001=new'],
    ['last', '', [@ALIKE, ['new', "new\n"]], ['gnutls PASS wrote log/0001', 'openssl PASS', 'new PASS'], '0001=new'],
    ['what it passed with has changed', '', [['new', "same\n"], @ALIKE],
        ['gnutls PASS wrote log/0001', 'openssl PASS', 'new PASS wrote log/0001.exim-4.98.2'], '0001=new 0001.exim-4.98.2=same'],
    ['two that differ', '', [['new', "new\n"], ['newer', "newer\n"], @KEPT],
        ['gnutls PASS', 'openssl PASS', 'newer PASS wrote log/0001.exim-4.100', 'new PASS wrote log/0001.exim-4.98.2'],
        '0001=same 0001.exim-4.100=newer 0001.exim-4.98.2=new'],
    ['two alike', '', [['new', "new\n"], @KEPT, ['newer', "new\n"]],
        ['gnutls PASS', 'openssl PASS', 'newer PASS wrote log/0001.exim-4.98.2', 'new PASS'], '0001=same 0001.exim-4.98.2=new'],
    ['a case of mta/ that failed in itself', '', [['new', "new\n"], ['gnutls', "new\n", \%FAILURE], ['openssl', "new\n"]],
        ['gnutls FAIL its goldens are left as they are', 'openssl PASS wrote log/0001', 'new PASS'], '0001=new'],
    ['nothing is written', '', [['new', '']], ['new PASS wrote log/0001.exim-4.98.2'], '0001=same 0001.exim-4.98.2='],
    ['nothing is written any more', "need exim >= 4.97\n", [['new', '']], ['new PASS removed log/0001'], ''],
    ['an expected failure', "expect-fail exim >= 4.98: a bug\n", [['new', "new\n"]], ['new XFAIL its goldens are left as they are'], '0001=same'],
    ['an unexpected pass', "expect-fail exim >= 4.98: a bug\n", [['new', "same\n"]], ['new XPASS its goldens are left as they are'], '0001=same'],
  )
{
    my ($what, $head, $logs, $decided, $goldens) = @$row;
    $_->remove for $tree->child('log')->children;
    golden('log/0001', "same\n");
    is_deeply [update_of($head, @$logs)], $decided, "an added lane: $what";
    is goldens(), $goldens, '- and the goldens';
}

# Of two streams, all or none are written.
golden('stdout/0001.exim-4.100', "newer\n");
$update = update(map { case('', $_) } $new, $newer);
updated($update, case('', $newer), ({ streams => { log => "same\n", stdout => "newer\n" } }) x 2);
($again, $verdict, @notes) = updated($update, case('', $new), ({ streams => { log => "new\n", stdout => "new\n" } }) x 2);
is_deeply [goldens(), golden('stdout/0001.exim-4.98.2'), golden('stdout/0001')], ['0001=same', undef, undef], 'of two streams, none is written where one may not be';
golden('stdout/0001.exim-4.100', undef);

# An error of one is not that of another.
$update = update(map { case('', $_) } $new, $gnutls);
updated($update, case('', $new), ({ streams => { log => "new\n" } }) x 2);
golden('log/0001', "<<<<<<< x\n");
my $unjudged = outcome(case('', $gnutls), {}, no_verdict => 1);
is_deeply [map { ref eq 'ARRAY' ? [$_->[0]{case}->lane->name, @{ $_->[0] }{qw(verdict reason exit_status)}] : $_ } $update->take($unjudged, judge($unjudged))],
  [0, ['gnutls', 'ERROR', 'log/0001:1: this golden has a conflict marker of a merge: resolve it first', 2],
    ['new', 'ERROR', 'log/0001:1: this golden has a conflict marker of a merge: resolve it first', 2]], 'an error with a golden is told for each';
golden('log/0001', "same\n");

# ----- What --update would do -----

# [lane, head of the script, log, acceptable, flavours, start of the refusal]
for my $row (
    [$gnutls, '',     "new\n",  1,     []],
    [$new,    '',     "new\n",  1,     ['log/0001.exim-4.98.2']],
    [$new,    "need exim >= 4.97\n", "new\n", 1, []],
    [lane(same => 'gnutls', '4.96'), '', "new\n", 0, undef, 'log/0001 is the golden of lanes gnutls and openssl, too'],
    [$new,    '',     "same\n", undef, undef],
    [$new,    "expect-fail exim >= 4.98: a bug\n", "new\n", undef, undef],
  )
{
    my ($lane, $head, $log, @wanted) = @$row;
    my $judged = judge(outcome(case($head, $lane), { log => $log }), Runtest::Destination->new($gnutls, $openssl, $lane));
    $judged->{refusal} =~ s/, and .*//s if defined $judged->{refusal};
    is_deeply [@$judged{qw(acceptable flavours refusal)}], [@wanted, (undef) x (3 - @wanted)], 'what --update would do in lane ' . $lane->name . ": $head$log";
}
my $refused = judge(outcome(case('', $new), { log => "new\n" }, verdict => { failure => \%FAILURE }), Runtest::Destination->new($gnutls, $new));
is_deeply [@$refused{qw(acceptable flavours refusal)}], ['', undef, undef], '- and of a case that has failed in itself';

# ----- --retry -----

golden('log/0001', "same\n");
golden('stdout/0001', undef);
my %fails  = (log => "other\n");
my %passes = (log => "same\n");

# What --retry makes of tries that wrote these streams: [runs again...], verdict.
sub retried {
    my ($retry, @tries) = @_;
    my ($some, @again, $judged) = case('');
    for my $streams (@tries) {
        my $this = outcome($some, $streams);
        my ($more, $decided) = $retry->take($this, judge($this));
        push @again, $more;
        ($judged) = @{ $decided || [] };
        $some = $some->tried_again;
    }
    return [join('', @again), @$judged{qw(verdict reason exit_status)}, map { $_->{stream} } @{ $judged->{differences} }];
}

my @FLAKY = ('FLAKY', 'passed at try 2, after: log differs');
is_deeply retried(Runtest::Retry->new(2, 0), \%passes), ['0', 'PASS', undef, 0], '--retry: a pass is a pass';
is_deeply retried(Runtest::Retry->new(2, 0), \%fails, \%passes), ['10', @FLAKY, 0, 'log'], 'a pass at the second try, and what differed at the first';
is_deeply retried(Runtest::Retry->new(2, 1), \%fails, \%passes), ['10', @FLAKY, 1, 'log'], '- with --strict';
is_deeply retried(Runtest::Retry->new(2, 0), \%fails, { stdout => 'x' }, \%passes), ['110', 'FLAKY', 'passed at try 3, after: log differs', 0, 'log'],
  'the first failure is told';
is_deeply retried(Runtest::Retry->new(2, 0), (\%fails) x 3), ['110', 'FAIL', 'log differs', 1, 'log'], 'no pass at any try';

done_testing;
