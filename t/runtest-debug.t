#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Looking into a case: --keep, --wrap, --shell, --gdb; and running cases again: --repeat, --until-fail, --retry, --shuffle.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../lib";
use Test::More;

use Runtest::Capture qw(output_of);
use TestTree qw(has_sandbox is_run);

has_sandbox();

my $LANE = '--lane=gnutls';

my $tree = TestTree->new;
$tree->test('0001', <<'END');
# a daemon and a client
exim -DSERVER=server -bd -oX PORT_D
****
client 127.0.0.1 PORT_D
??? 220
quit
??? 221
****
killdaemon
no_stdout_check
no_stderr_check
END
$tree->file('log/0001', "\n");
$tree->run($LANE, '--update', '0001');

my $PASSED = <<'END';
PASS 0001 gnutls N.NNs a daemon and a client
1 cases: 1 passed, 0 failed, 0 skipped, 0 errors
END

is_run $tree->run($LANE, '--keep'), { out => $PASSED }, '--keep passes';
my $members = output_of(qw(tar --list --file), $tree->path('results/last/0001.gnutls/raw/case.tar'));
like $members, qr{^\./test-config$}m, '--keep: the configuration is there';
like $members, qr{^\./spool/log/mainlog$}m, '--keep: what the MTA has made is there';
unlike $members, qr{eximdir}, '--keep: the setuid MTA is not';

# The wrapper says that it was there by a file in the case's directory.
my $WRAPPER = q{sh -c 'echo "$0" >>wrapped; exec "$0" "$@"'};
for my $group (qw(mta clients)) {
    is_run $tree->run($LANE, '--keep', '--wrap', "$group=$WRAPPER"), { out => $PASSED }, "--wrap $group passes";
    my $archive = $tree->path('results/last/0001.gnutls/raw/case.tar');
    my $said    = output_of(qw(tar --extract --to-stdout --file), $archive, './wrapped');
    is $said, { mta => "/testsuite/eximdir/exim\n", clients => "/testsuite/bin/client\n" }->{$group}, "--wrap $group wraps just these";
}

# The time limits of clients and servers, as the wrapper sees them.
my $limits = TestTree->new;
$limits->test('0001', <<'END');
# time limits
server -t4 PORT_S
220 hello
****
client -t 2 127.0.0.1 PORT_S
??? 220
****
server -t-3 PORT_S
220 hello
****
client 127.0.0.1 PORT_S
??? 220
****
no_stdout_check
END
sub limits {
    my (@options) = @_;
    my $run = $limits->run($LANE, '--keep', '--wrap', q{clients=sh -c 'echo $* >>limits; exec "$0" "$@"'}, @options);
    is $run->{status}, 0, "passes with @options" or diag $run->{out};
    return output_of(qw(tar --extract --to-stdout --file), $limits->path('results/last/0001.gnutls/raw/case.tar'), './limits');
}
is limits(), "-t4 1224\n-t 2 127.0.0.1 1224\n-t-3 1224\n127.0.0.1 1224\n", 'time limits are those of the script';
is limits('--timeout-factor=10'), "-t300 -t40 1224\n-t300 -t 20 127.0.0.1 1224\n-t300 -t-30 1224\n-t300 127.0.0.1 1224\n",
  '--timeout-factor multiplies them, of servers too';

is_run $tree->run($LANE, '--wrap', 'all=x'), { status => 2, out => '', err => <<'END' }, '--wrap of an unknown group';
runtest: --wrap all=...: it has to be mta=COMMAND or clients=COMMAND
END
is_run $tree->run($LANE, '--shell'), { status => 2, out => '', err => <<'END' }, '--shell without a terminal';
runtest: --shell and --gdb want a terminal as standard input
END

# A terminal: script(1) makes one.
sub at_terminal {
    my ($input, @arguments) = @_;
    my $typed = $tree->file('typed', $input)->path('typed');
    my $command = join ' ', "$Bin/../runtest", '--tree', $tree->path, @arguments;
    return output_of('sh', '-c', "script -qec '$command' /dev/null <$typed");
}

my $session = at_terminal("pwd; grep -c . spool/exim-daemon.pid; id -u\nexit\n", $LANE, '--shell');
like $session, qr{/testsuite\r?\n1\r?\n0\r?\n}, '--shell: in the case\'s directory, the daemon running, as root';
like $session, qr{PASS\S* 0001 gnutls}, '--shell: and then the script goes on';

# --repeat: each repetition has results of its own.
my $repeated = $tree->run($LANE, qw(--repeat 3 -j2));
is $repeated->{status}, 0, '--repeat';
is scalar(() = $repeated->{out} =~ /^PASS 0001/mg), 3, '--repeat 3 runs it three times';
ok -e $tree->path("results/last/$_/result.json"), "$_ has a result" for qw(0001.gnutls 0001.gnutls.2 0001.gnutls.3);

# A case that fails the first time and passes from then on; the file is outside of every sandbox.
my $flaky = TestTree->new;
$flaky->test('0001', "# a coin\nperl\nprint rand() < 0.5 ? 'head' : '';\n****\n");
my $retried = $flaky->run($LANE, qw(--retry 20 --strict));
like $retried->{out}, qr/^(?:PASS|FLAKY) 0001/, '--retry: in the end it passes';
is $retried->{status}, $retried->{out} =~ /^FLAKY/ ? 1 : 0, '--strict: flaky is no success';
my $until = $flaky->run($LANE, qw(--until-fail));
is $until->{status}, 1, '--until-fail ends with a failure';
like $until->{out}, qr/^FAIL 0001 .*: stdout differs$/m, '--until-fail: which is shown';

# An order by chance, that can be had again.
my $several = TestTree->new;
$several->test(sprintf('%04d', $_), "# number $_\ntouch x\n") for 1 .. 8;

sub order_with {
    my ($seed) = @_;
    $several->run($LANE, '-j1', "--shuffle=$seed");
    my %start;
    for my $number (map { sprintf '%04d', $_ } 1 .. 8) {
        ($start{$number}) = $several->content("results/last/$number.gnutls/steps.jsonl") =~ /"start":([0-9.]+)/;
    }
    return [sort { $start{$a} <=> $start{$b} } keys %start];
}

my ($first, $again, $other) = map { order_with($_) } 7, 7, 8;
is_deeply $first, $again, '--shuffle=7 twice is the same order';
isnt "@$first", "@$other", '--shuffle=8 is another one';
is_deeply [sort @$first], [sort @$other], 'of the same cases';

done_testing;
