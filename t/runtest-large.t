#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Streams that are as large as they may be, and differ in every line: the report stays short, other cases go on, and a
# signal is obeyed meanwhile.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use TestRuntest qw(start finish);
use TestTree qw(has_sandbox);

has_sandbox();

my @ONE = ('--lane', 'gnutls');

my $PATIENCE = 100;

sub await {
    my ($what, $is_there) = @_;
    my $deadline = time + $PATIENCE;
    while (!$is_there->()) {
        die "waited $PATIENCE s in vain: $what\n" if time > $deadline;
        sleep 0.01;
    }
    return;
}

my $tree = TestTree->new;
$tree->test('0001', "# large\nperl\nprint map { qq(\$_\\n) } 1 .. 26_000;\n****\n")
  ->file('stdout/0001', join '', map { "golden $_\n" } 1 .. 26_000);
$tree->test('0002', "# larger\nperl\nprint map { \$_ % 3 . qq(\\n) } 1 .. 400_000;\n****\n")
  ->file('stdout/0002', join '', map { sprintf "%d\n", $_ % 7 } 1 .. 400_000);
$tree->test('0003', "# long\nperl\nprint 'x' x (4 * 1024 * 1024 - 1), qq(\\n);\n****\n");
$tree->test('0004', "# small\nexim -be x\n****\n")->file('stdout/0004', "x\n");

my $run = $tree->run(@ONE);
is $run->{status}, 1, 'they fail';
is $run->{err}, '', 'and nothing else is said';
like $run->{out}, qr/^PASS 0004 /m, 'others pass';
like $run->{out}, qr/^  \@\@ -1,10000 \+1,10000 \@\@\n  -golden 1\n/m, 'the first lines are shown';
like $run->{out}, qr/^  [.][.][.] 51,801 more: RESULTS\/0001[.]gnutls\/munged\/stdout$/m,
  'those that are not shown are counted';
like $run->{out}, qr/^  [.][.][.] [0-9]{3},[0-9]{3} more: RESULTS\/0002[.]gnutls\/munged\/stdout$/m,
  '- also if they are many';
like $run->{out}, qr/^  \+x{699} [.][.][.] 4,193,404 more [.][.][.] x{200}$/m, 'a long line is cut';
cmp_ok $run->{out} =~ tr/\n//, '<', 600, 'the report is short';

# A case's steps are written before it is compared; so it is compared, or about to be, when they are there.
my $last    = $tree->path('results/last');
my $before  = readlink $last;
my $started = start({}, '--tree', $tree->path, @ONE, '0002');
await('the steps of 0002', sub { return readlink($last) ne $before && -s "$last/0002.gnutls/steps.jsonl" });
my $told = time;
kill TERM => $started->{pid};
my $ended = finish($started);
is $ended->{status}, 143, 'SIGTERM is obeyed';
cmp_ok time - $told, '<', 15, '- soon';
is_deeply [TestRuntest::survivors()], [], '- and nothing is left';

done_testing;
