#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Cases at another date: by their script, for a whole run, for programs of every sort.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use Test::More;

use TestTree qw(has_sandbox is_run);

has_sandbox();

# The year as Perl, the setuid MTA, libcrypto and the C library's date(1) see it.
my $WHAT_YEAR = <<'END';
perl
print 1900 + (gmtime)[5], "\n";
use Time::HiRes; print 1900 + (gmtime Time::HiRes::time)[5], "\n";
system 'date', '+%Y';
open my $certificate, '-|', qw(openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=x -batch) or die;
open my $dates, '|-', qw(openssl x509 -noout -startdate) or die;
print $dates grep { 1 } <$certificate>;
close $dates;
****
exim -be
${substr{0}{4}{$tod_log}}
****
END

sub years_in {
    my ($text) = @_;
    my %years = map { $_ => 1 } $text =~ /\b(20[0-9]{2})\b/g;
    return join ' ', sort keys %years;
}

my $tree = TestTree->new;
$tree->test('0001', "# with a clock\nclock 2031-05-06 07:08\nno_stdout_check\nno_stderr_check\n$WHAT_YEAR");
$tree->test('0002', "# without\nno_stdout_check\nno_stderr_check\n$WHAT_YEAR");

sub run_gives {
    my ($options, %years) = @_;
    my $run = $tree->run('--lane', 'gnutls', @$options);
    is $run->{status}, 0, "@$options: passes" or diag($run->{out}, $run->{err});
    for my $number (sort keys %years) {
        my $stdout = $tree->content("results/last/$number.gnutls/raw/stdout");
        is years_in($stdout), $years{$number}, "@$options: the year of $number";
        is scalar(() = $stdout =~ /\b20[0-9]{2}\b/g), 5, "@$options: by everybody";
    }
    return;
}

my $this_year = 1900 + (gmtime)[5];
run_gives([], '0001' => 2031, '0002' => $this_year);
run_gives([qw(--date 2049)], '0001' => 2031, '0002' => 2049);
run_gives([qw(--date 2090-12-30)], '0001' => 2031, '0002' => 2090);

# It starts at that moment and runs on.
my $seconds = TestTree->new->test('0001', <<'END');
# a clock that runs
clock 2031-05-06 07:08
perl
my $before = time; sleep 1; my $after = time;
print $after - $before >= 1 && $after - $before <= 30 ? "runs\n" : "stands\n";
print time - 1935817680 <= 60 ? "starts there\n" : "starts elsewhere\n";
****
END
$seconds->file('stdout/0001', "runs\nstarts there\n");
is_run $seconds->run('--lane', 'gnutls'), { out => <<'END' }, 'a clock starts at its date and runs';
PASS 0001 gnutls N.NNs a clock that runs
1 cases: 1 passed, 0 failed, 0 skipped, 0 errors
END

# What Exim writes into its spool after 2038: with --date a time, in a script with a clock of its own what Exim makes of it. The
# lines of a spool file with times are its fourth, and one that begins with -received_time_complete.
my $spool = TestTree->new;
my $script = <<'END';
no_stdout_check
exim -odq x@test.ex
****
perl
for my $file (glob 'spool/input/*-H') {
    open my $in, '<', $file or die;
    my @lines = <$in>;
    print map { /([0-9-]+)/ } $lines[3], grep { s/^-received_time_complete // } @lines;
}
****
END
$spool->test('0001', "# with the date of the run\n$script", "no_message_logs\n");
$spool->test('0002', "# with its own\nclock 2090-01-01\n$script", "no_message_logs\n");
$spool->file("log/$_", "1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER\@myhost.test.ex U=CALLER P=local S=sss\n") for qw(0001 0002);
my $queued = $spool->run('--date', '2090-01-01', '--lane', 'gnutls');
is $queued->{status}, 0, 'messages on the queue in 2090' or diag($queued->{out}, $queued->{err});
my %times = map { $_ => $spool->content("results/last/$_.gnutls/raw/stdout") } qw(0001 0002);
like $times{'0001'}, qr/\A(378691\d{4}){2}\z/, '--date: the seconds since 1970';
SKIP: {
    skip 'this Exim needs no help', 1 if $times{'0002'} =~ /\A\d/;
    like $times{'0002'}, qr/\A(-50805\d{4}){2}\z/, 'clock: as Exim does';
}

done_testing;
