#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Records from the worker to the driver: all come through, in whatever pieces; what is none is refused.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use POSIX ();
use Test::More;
use Time::HiRes ();

use Runtest::Wire;

# What is written for these [record, bytes].
sub sent {
    my (@records) = @_;
    open my $out, '+>', undef or die "temporary file: $!\n";
    Runtest::Wire::send_encoded($out, Runtest::Wire::encoded(@$_)) for @records;
    seek $out, 0, 0 or die "temporary file: $!\n";
    local $/ = undef;
    return scalar <$out>;
}

# The records of these pieces, or what feeding them dies of.
sub received {
    my (@pieces) = @_;
    my $wire = Runtest::Wire->new;
    return eval { [map { $wire->feed($_) } @pieces] } // $@->kind . ": $@";
}

# ----- What is sent is received -----

my @RECORDS = (
    [{ type => 'begin', line => 3, text => "ls \xe9 \x{263a}\n" }],
    [{ type => 'stream', name => 'log' }, "a\nb\0\xff{\"type\":\"verdict\"}\n"],
    [{ type => 'stream', name => 'empty' }, ''],
    [{ type => 'step', pids => [1, 2], failed => undef }],
);
my @wanted = (
    { type => 'begin', line => 3, text => "ls \xe9 \x{263a}\n" },
    { type => 'stream', name => 'log', size => 24, bytes => "a\nb\0\xff{\"type\":\"verdict\"}\n" },
    { type => 'stream', name => 'empty', size => 0, bytes => '' },
    { type => 'step', pids => [1, 2], failed => undef },
);
my $message = sent(@RECORDS);
is_deeply received($message), \@wanted, 'records in one piece';
is_deeply received(split //, $message), \@wanted, 'records byte for byte';
is_deeply received(unpack '(a7)*', $message), \@wanted, 'records in pieces of seven bytes';
is_deeply received(''), [], 'nothing';
ok !exists $RECORDS[1][0]{size}, 'sending does not change a record';

my $wire = Runtest::Wire->new;
my ($head) = sent($RECORDS[1]) =~ /\A(.*\n)a/ or die "no stream's head\n";
is_deeply [$wire->feed("{}\n$head")], [{}], 'what is whole comes at once';
is_deeply [$wire->feed("a\n")], [], '- and no half of a stream';

# A pipe that is full, and a signal that interrupts the writing: it goes on where it was.
my $big = join '', map { sprintf '%07d ', $_ } 1 .. 40_000;
pipe my $reader, my $writer or die "pipe: $!\n";
local $SIG{USR1} = sub { };
my $pid = fork // die "fork: $!\n";
if (!$pid) {
    close $reader;
    Runtest::Wire::send_encoded($writer, Runtest::Wire::encoded({ type => 'stream', name => 'big' }, $big));
    POSIX::_exit(0);
}
close $writer;
my $FIONREAD = 0x541B;    # ioctl_tty(2)
my $waiting  = pack 'i', 0;
my $full     = 65_536;    # pipe(7)
local $SIG{ALRM} = sub { die "waited 30 s for a full pipe\n" };
alarm 30;
while (unpack('i', $waiting) < $full) {
    ioctl $reader, $FIONREAD, $waiting or die "FIONREAD: $!\n";
    Time::HiRes::sleep(0.001);
}
alarm 0;
kill USR1 => $pid;
my $all = do { local $/ = undef; <$reader> };
waitpid $pid, 0;
is received($all)->[0]{bytes}, $big, 'more than a pipe holds, with an interruption';

close $reader;
pipe $reader, $writer or die "pipe: $!\n";
close $reader;
{
    local $SIG{PIPE} = 'IGNORE';
    is eval { Runtest::Wire::send_encoded($writer, Runtest::Wire::encoded({})); 'sent' } // $@, "the driver does not listen: Broken pipe\n", 'nobody listens';
}

# ----- What is no record -----

my $NO_RECORD  = 'broken: the worker sent something else than a record';
my $IMPOSSIBLE = 'broken: the worker announced a stream of impossible size';
for my $line ('', ' ', 'text', '[1]', '"a"', '1', 'null', '{"a":1', '{"a":1}{"b":1}', '{"a"}', "{'a':1}", '[' x 10_000, "\xff", "{\"a\":\"\0\"}") {
    is received("$line\n"), $NO_RECORD, 'no record: ' . substr $line =~ s/([^ -~])/sprintf '\x%02X', ord $1/ger, 0, 20;
}
for my $size (-1, '"x"', '""', '"1x"', 1.5, '1e30', '99999999999999999999', '[1]', '{"a":1}', $Runtest::Wire::MOST_BYTES + 1) {
    is received("{\"size\":$size}\n"), $IMPOSSIBLE, "no size: $size";
}
is_deeply received("{\"size\":null}\n"), [{ size => undef }], 'no size at all';
is_deeply received("{\"size\":\"2\"}\nab"), [{ size => 2, bytes => 'ab' }], 'a size in quotes';
is_deeply received("{\"size\":$Runtest::Wire::MOST_BYTES}\nab"), [], 'the largest size';

# A worker that never ends its line must not fill the driver's memory.
my $piece = 'x' x 65_536;
is received(($piece) x (4 * 1024 * 1024 / 65_536 + 1)), $NO_RECORD, 'a line without end';
is received('{"a":"', ($piece) x 16, "\"}\n")->[0]{a}, $piece x 16, 'a long line';

done_testing;
