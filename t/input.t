#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Data lines as standard input: prefixes, escapes, pauses.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;
use Time::HiRes ();

use Runtest::Input qw(data_bytes input_handle check_data);

my $file = Path::Tiny->tempfile;
$file->spew_raw("one\n\xfftwo");
my $empty = Path::Tiny->tempfile;

# [lines, bytes]
my @DATA = (
    [[],                                   ''],
    [[''],                                 "\n"],
    [['a', ' b \n ', "\xe9"],              "a\n b \\n \n\xe9\n"],
    [[' :noeol:x', 'x:eval:\n', ':fail:'], " :noeol:x\nx:eval:\\n\n:fail:\n"],

    [[':noeol:a', 'b', ':noeol:'],         "ab\n"],
    [[':noeol::eval:\n'],                  ':eval:\n'],

    [[":file:$file"],                      "one\n\xfftwo"],
    [['a', ":file:$file", 'b'],            "a\none\n\xfftwob\n"],
    [[":file:$empty", 'b'],                "b\n"],

    [[':eval:'],                           "\n"],
    [[':eval:a\r\n\t\f\b\a\e'],            "a\r\n\t\f\b\a\e\n"],
    [[':eval:\x41\xe9\x0\x\xg'],           "A\xe9\0\0\0g\n"],
    [[':eval:\x{41}\x{e9}\x4142'],         "A\xe9A42\n"],
    [[':eval:\x{e9}\x{263a}'],             "\xc3\xa9\xe2\x98\xba\n"],
    [[':eval:\0\12\1012\377\8'],           "\0\nA2\xff8\n"],
    [[':eval:\cA\ca\c[\c?'],               "\x01\x01\e\x7f\n"],
    [[':eval:\\\\n \" \$ \@ \q'],          "\\n \" \$ \@ q\n"],
    [[':eval:$x @y ${z} \\'],              "\$x \@y \${z} \\\n"],

    [['a', ':sleep:1', 'b', ':sleep:0.5 '], "a\nb\n"],
);
for my $case (@DATA) {
    my ($lines, $bytes) = @$case;
    is data_bytes($lines), $bytes, 'bytes of ' . join ' | ', @$lines;
}

# [line, error]
for my $case (
    [':file:/nonexistent/x', ":file:/nonexistent/x: No such file or directory\n"],
    [':file:/tmp',           ":file:/tmp: Is a directory\n"],
    [':sleep:',              ":sleep:: a number of seconds is wanted\n"],
    [':sleep:1s',            ":sleep:1s: a number of seconds is wanted\n"],
    [':sleep:1.2.3',         ":sleep:1.2.3: a number of seconds is wanted\n"],
    [':sleep:-1',            ":sleep:-1: a number of seconds is wanted\n"],
  )
{
    my ($line, $error) = @$case;
    is eval { data_bytes([$line]) } // $@, $error, "error of $line";
    my $known = $line =~ /sleep/ ? $error : 'nothing';
    is eval { check_data(['x', ':sleep:1', $line]); 'nothing' } // $@, $known, '- of which is known before anything is run: ' . $known =~ s/\n//r;
}

# ----- Handles -----

sub all_of { my ($handle) = @_; local $/ = undef; return scalar <$handle> }

is all_of(input_handle(['a', ':noeol:b'])), "a\nb", 'a handle';
is all_of(input_handle([])), '', '- of no lines';
is all_of(input_handle(undef)), '', '- of no data at all';
ok -f input_handle(['a'], 0), 'without pauses it is a file';

# Pauses are real sleeps in a process that writes. Here they are gates: the writer says how long it wants to sleep, and goes on
# when it is told to.
sub with_gates {
    my ($lines, $delay, $watch) = @_;
    pipe my $asked, my $ask or die "pipe: $!\n";
    pipe my $gate, my $open or die "pipe: $!\n";
    no warnings 'redefine';
    local *Time::HiRes::sleep = sub { syswrite $ask, "$_[0]\n"; sysread $gate, my $go, 1 };
    my $handle = input_handle($lines, $delay);
    my $next = sub { sysread $handle, my $bytes, 65_536; return $bytes };
    my $pause = sub { sysread $asked, my $seconds, 100; syswrite $open, 'x'; return $seconds };
    my @seen = $watch->($next, $pause);
    close $handle;
    wait;
    return \@seen;
}

is_deeply with_gates(['a', ':sleep:7', 'b'], undef, sub { my ($next, $pause) = @_; return ($next->(), $pause->(), $next->(), $next->()) }),
  ["a\n", "7\n", "b\n", ''], 'a pause lets pass what is before it, and holds back what is behind it';
is_deeply with_gates(['a', ':sleep:0.5', ':sleep:1'], 3, sub { my ($next, $pause) = @_; return ($next->(), $pause->(), $pause->(), $pause->(), $next->()) }),
  ["a\n", "0.5\n", "1\n", "3\n", ''], 'a delay holds back the end';

my $big = 'x' x 1_000_000;
is all_of(input_handle([$big, ':sleep:0'])), "$big\n", 'more than a pipe holds';
wait;

# The one who writes must not outlive a reader that has gone.
my $handle = input_handle([':sleep:0.1', $big]);
close $handle;
wait;
is $? & 127, 13, 'SIGPIPE ends a writer whom nobody reads';

done_testing;
