#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What runtest does when a case goes wrong in a way that no golden can show: a step that hangs, processes and daemons that do not
# live as long as they should, or longer, a worker that is killed. Each is named, with what is known of it, and nothing is left.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use TestTree qw(has_sandbox is_run);

has_sandbox();

my $DAEMON = "exim -DSERVER=server -bd -oX PORT_D\n****\n";

# A step that ends the daemon by a signal, and waits until it has ended.
sub ending_the_daemon_with {
    my ($signal) = @_;
    return <<"END";
${DAEMON}sudo perl
open F, "spool/exim-daemon.pid"; chomp(my \$pid = <F>);
kill $signal => \$pid;
select undef, undef, undef, 0.01 until !open(F, "/proc/\$pid/stat") || <F> =~ /\\) Z /;
****
END
}

my %script = (
    '0001' => <<'END',
# a step that hangs
exim -odq x@test.ex
****
perl
$| = 1; print "before\n"; sleep 100;
****
END
    '0002' => <<'END',
# a process that stays
perl
if (!fork) { require POSIX; POSIX::setsid(); exec "sleep", "123" }
****
perl -e 'print "not reached\n"'
****
END
    '0003' => "# a daemon that dies\n" . ending_the_daemon_with('KILL'),
    '0004' => <<"END",
# a daemon that dies under its client
${DAEMON}client 127.0.0.1 PORT_D
??? 220
helo x
??? 250
****
END
    '0005' => "# a daemon without end\n$DAEMON",
    '0006' => "# a daemon that cannot start\nexim -DSERVER=server -bd -oX PORT_D -DWRONG=yes\n****\n",
    '0007' => "# a daemon that never listens\nexim -DSERVER=server -be '\${run{/bin/sleep 100}}'\n****\n",
    '0008' => "# a worker that is killed\nexim -odq x\@test.ex\n****\nsudo perl\nkill KILL => getppid;\n****\n",
    '0009' => <<'END',
# what does not obey
background
perl -e '$SIG{TERM} = "IGNORE"; open F, ">", "ready"; close F; sleep 100'
****
perl
select undef, undef, undef, 0.01 until -e "ready";
****
killdaemon
END
    '0013' => "# a worker that stops\nsudo perl\nkill STOP => getppid; sleep 1;\n****\n",
    '0014' => <<'END',
# an MTA that fills the disk
perl
open my $out, '>', 'big' or die; 1 while syswrite $out, 'x' x 65_536; exit 0;
****
exim -odq x@test.ex
****
END
    '0016' => <<'END',
# a step that writes without end
perl
$| = 1; print "$_\n" for qw(first second third fourth); 1 while print "x" x 999, "\n";
****
END
    '0017' => <<'END',
# what writes without end beside a step
background
perl -e 'open F, ">", "test-mail/endless"; print F "first\n"; 1 while print F "x" x 999, "\n"; sleep 100'
****
perl
sleep 100;
****
END
    '0018' => "# processes that stay\nperl\nfork // die or exec 'sleep', '123' for 1 .. 15;\n****\n",
    '0015' => "# a daemon that dumps core\n" . ending_the_daemon_with('ABRT'),
    '0010' => "# no daemon at all\nkilldaemon\n",
    '0011' => "# a daemon too many\n$DAEMON$DAEMON",
    '0012' => "# a daemon that is no more\n${DAEMON}killdaemon\nclient 127.0.0.1 PORT_D\n??? 220\n****\n",
);

my $CONFIGURATION = <<'END';
qualify_domain = test.ex
queue_only
.ifdef WRONG
no_such_option = 1
.endif
acl_smtp_helo = helo
begin acl
helo:
  drop set acl_c0 = ${run{/bin/kill -9 ${readfile{DIR/spool/exim-daemon.pid}{}}}}
END

# The reason that each has to give.
my %reason = (
    '0001' => qr{timeout: waited for pid [0-9]+ \(\S+/perl\) to end},
    '0002' => qr{timeout: waited for these processes of the step to end: pid [0-9]+ \S+ sleep 123},
    '0003' => qr{the daemon of line 2 died: signal 9 \(KILL\)},
    '0004' => qr{expected exit status 0, got exit status [0-9]+\n          the daemon of line 2 died: signal 9 \(KILL\)},
    '0005' => qr{the script ends without killdaemon, and what line 2 started still runs},
    '0006' => qr{the daemon ended and did not listen \(write /testsuite/spool/exim-daemon.pid\): exit status 1},
    '0007' => qr{timeout: waited for the daemon to listen \(write /testsuite/spool/exim-daemon.pid\)},
    '0009' => qr{what line 2 started did not end at SIGTERM within 1[.]5 s},
    '0010' => qr{no daemon runs},
    '0011' => qr{the daemon of line 2 still runs, with the same pid file},
    '0012' => qr{expected exit status 0, got exit status 85},
    '0015' => qr{the daemon of line 2 died: signal 6 \(ABRT\)(?:, core dumped)?},
    '0016' => qr{the stream stdout is longer than 4194304 bytes; it begins:\n {10}first\n {10}second\n {10}third},
    '0017' => qr{the stream mail/endless is longer than 4194304 bytes; it begins:\n {10}first\n {10}x{300}},
    '0018' => qr{timeout: waited for these processes of the step to end:(?: pid [0-9]+ sleep sleep 123,){10} and 5 more},
    '0014' => qr{expected exit status 0, got exit status [0-9]+\n          the case's file system is full},
);

# The step that each has to name; the worker that is killed names one as well.
my %step = (
    '0001' => ':4: perl',
    '0002' => ':2: perl',
    '0003' => ':4: sudo perl',
    '0004' => ':4: client 127.0.0.1 PORT_D',
    '0005' => ': end of script',
    '0006' => ':2: exim -DSERVER=server -bd -oX PORT_D -DWRONG=yes',
    '0007' => ":2: exim -DSERVER=server -be '\${run{/bin/sleep 100}}'",
    '0009' => ':8: killdaemon',
    '0010' => ':2: killdaemon',
    '0011' => ':4: exim -DSERVER=server -bd -oX PORT_D',
    '0012' => ':5: client 127.0.0.1 PORT_D',
    '0014' => ':5: exim -odq x@test.ex',
    '0016' => ':2: perl',
    '0017' => ':5: perl',
    '0018' => ':2: perl',
    '0015' => ':4: sudo perl',
);

# Cases that end at a time limit, which is made short for them: 3 s for a step, 1.5 s for a process to obey.
my @HANGS = qw(0001 0002 0007 0009 0013 0018);

my $tree = TestTree->new;
my $hung = TestTree->new;
for my $number (keys %script) {
    my $of = (grep { $_ eq $number } @HANGS) ? $hung : $tree;
    $of->test($number, $script{$number}, $CONFIGURATION);
}
my @runs = ($hung->run('--lane', 'gnutls', '-j4', '--timeout-factor', 0.05), $tree->run('--lane', 'gnutls', '-j4'));
is_deeply [TestRuntest::survivors()], [], 'nothing is left of any of them';
is_deeply [map { $_->{status} } @runs], [3, 3], 'a broken harness is worse than what has failed';
like $runs[0]{slow}, qr/^runtest: 0013.gnutls: in \S+:2 for [0-9.]+ s: sudo perl$/m, 'on stderr stands what is silent for long';
is "$runs[0]{err}$runs[1]{err}", '', '- and nothing else';

my %said = reverse "$runs[0]{out}$runs[1]{out}" =~ /^([A-Z]+ ([0-9]{4}) .*\n(?:  .*\n)*)/mg;
for my $number (sort keys %reason) {
    my ($title) = $script{$number} =~ /\A# (.*)/;
    like $said{$number}, qr{\AFAIL $number gnutls \S+ \Q$title\E: scripts/0000-Inner/$number[:0-9]*: }, $title;
    like $said{$number}, qr{^  step:   scripts/0000-Inner/$number\Q$step{$number}\E\n  reason: $reason{$number}\n(?! {10})}m, '... and its step';
}
is $said{'0008'}, <<'END', 'a worker that is killed';
ERROR 0008 gnutls N.NNs a worker that is killed: the worker ended with signal 9 (KILL) in line 4, sudo perl
  results: RESULTS/0008.gnutls
  again:   runtest --tree TREE --lane gnutls 0008
END

is $said{'0013'}, <<'END', 'a worker that stops';
ERROR 0013 gnutls N.NNs a worker that stops: the worker has said nothing for 36 s in line 2, sudo perl
  results: RESULTS/0013.gnutls
  again:   runtest --tree TREE --lane gnutls 0013
END

# What a case wrote until it failed is there.
my $case = 'results/last/0001.gnutls';
is $hung->content("$case/raw/stdout"), "before\n", 'output of the step that hangs';
like $hung->content("$case/raw/log"),    qr/ <= \S+ U=mtacaller P=local /,             'log of the steps before it';
like $hung->content("$case/munged/log"), qr/10HmaX-0005vi-00 <= CALLER\@test.ex/, 'munged';
is $hung->content('results/last/0002.gnutls/raw/stdout'), '', 'no step is run after one that failed';
my $endless = Cpanel::JSON::XS->new->decode($tree->content('results/last/0016.gnutls/steps.jsonl'));
cmp_ok $endless->{end} - $endless->{start}, '<', 30, 'what writes without end is ended long before a step\'s time limit';
my @steps = map { Cpanel::JSON::XS->new->decode($_) } split /\n/, $tree->content('results/last/0008.gnutls/steps.jsonl');
is_deeply [map { [@$_{qw(line text failed)}] } @steps],
  [[2, 'exim -odq x@test.ex', undef], [4, 'sudo perl', 'not ended']], 'steps of the case whose worker was killed';

done_testing;
