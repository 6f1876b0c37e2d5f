#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A command line's words: what a POSIX shell would make of it, without one.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;

use Runtest::Words qw(split_words expand_words plain_word);

my $directory = tempdir(CLEANUP => 1);
chdir $directory or die "$directory: $!\n";
mkdir 'sub' or die "sub: $!\n";
for my $name (qw(a1 a2 b1 .hidden sub/a3 s*r), 'a b', 'q[1]') {
    open my $out, '>', $name or die "$name: $!\n";
    close $out;
}

sub message_id { my ($number) = @_; return "id-$number*" }

# The strings that a line stands for, redirections behind as KIND=WORD; or what split_words dies of.
sub expanded {
    my ($line) = @_;
    my ($words, $redirections) = eval { split_words($line) } or return $@;
    return [
        expand_words($words, \&message_id),
        map { "$_=" . join ' ', expand_words([ $redirections->{$_} ], \&message_id) } sort keys %$redirections
    ];
}

# [line, words]
my @LINES = (
    ['',                      []],
    [" \t ",                  []],
    ["exim  -bd\t-oX 1225 ",  [qw(exim -bd -oX 1225)]],
    [q('a  b'c),              ['a  bc']],
    [q('$msg1 \ "*'),         ['$msg1 \ "*']],
    [q("a  b"'c'),            ['a  bc']],
    [q('' "" x''),            ['', '', 'x']],
    [q("a\\"b \\\\ \\$ \\`"), ['a"b \\ $ `']],
    [q("\\n \\' \\a"),        ['\n \\\' \a']],
    ["\"a\\\nb\"",            ['ab']],
    [q("it's"),               [q(it's)]],
    [q(a\ \b \' \" \\\\ \#),   ['a b', q('), q("), '\\', '#']],
    [q(a#b -x=# 'c'#d e\ #), ['a#b', '-x=#', 'c#d', 'e #']],
    [q(a # b 'c > d),         ['a']],
    [q(x !~{}^%+,:@=),        ['x', '!~{}^%+,:@=']],
    ["caf\xc3\xa9 '\xff'",    ["caf\xc3\xa9", "\xff"]],

    # patterns
    ['a?',              [qw(a1 a2)]],
    ['[ab]1',           [qw(a1 b1)]],
    ['[!a]1',           ['b1']],
    ['*1',              [qw(a1 b1)]],
    ['-x *2 y',         [qw(-x a2 y)]],
    ['sub/*',           ['sub/a3']],
    ['*/a?',            ['sub/a3']],
    ['.h*',             ['.hidden']],
    ['a\ *',            ['a b']],
    ["'a b'*",          ['a b']],
    ['s\*?',            ['s*r']],
    ['q"["?]',          ['q[1]']],
    [q('a'? "a"[12]),   [qw(a1 a2 a1 a2)]],
    [q('a?' "a*" a\?),  [qw(a? a* a?)]],
    ['no* n?"o q" [x',  ['no*', 'n?o q', '[x']],
    ['[ab]{1,2} ~',     ['[ab]{1,2}', '~']],
    ['$msg1?',          ['id-1*?']],

    # the one variable
    ['$msg1 x$msg12.y', ['id-1*', 'xid-12*.y']],
    ['"<$msg2>" -$msg1', ['<id-2*>', '-id-1*']],
    [q(\$msg1 "\\$msg1"), ['$msg1', '$msg1']],

    # redirections
    ['cat <in >out',    ['cat', 'input=in', 'output=out']],
    ['cat>>a\ b x',     ['cat', 'x', 'append=a b']],
    ['> out cat -n',    ['cat', '-n', 'output=out']],
    [q(cat '<in' \>x),  ['cat', '<in', '>x']],
    ['cat <$msg1',      ['cat', 'input=id-1*']],
    ['cat <"a b"',      ['cat', 'input=a b']],
    ['echo 2 >out',     ['echo', '2', 'output=out']],
    ['echo x2>out',     ['echo', 'x2', 'output=out']],
    [q(echo '1'2>out),  ['echo', '12', 'output=out']],
);

for my $case (@LINES) {
    my ($line, $wanted) = @$case;
    is_deeply expanded($line), $wanted, "words of $line";
}

# [line, message]
my @ERRORS = (
    (map { ["exim a${_}b", "'$_' is a shell operator, and no shell runs here: quote it\n"] } qw(| & ; $ `), '(', ')'),
    ['exim $msg',    "'\$' is a shell operator, and no shell runs here: quote it\n"],
    ['exim $msg1a',  "'\$' is a shell operator, and no shell runs here: quote it\n"],
    ["a\nb",         "'\n' is a shell operator, and no shell runs here: quote it\n"],
    ['a || b',       "'|' is a shell operator, and no shell runs here: quote it\n"],
    ['exim "$HOME"', "'\$' between double quotes would need a shell: use single quotes, or \\\$\n"],
    ['exim "`id`"',  "'`' between double quotes would need a shell: use single quotes, or \\`\n"],
    [q(exim 'a),     "a ' is not closed\n"],
    [q(exim "a),     "a \" is not closed\n"],
    [q(exim "a\\"),  "a \" is not closed\n"],
    ['exim a\\',     "nothing follows the backslash\n"],
    ['cat <',        "nothing follows the redirection\n"],
    ['cat <<END',    "nothing follows the redirection\n"],
    ['cat > # x',    "nothing follows the redirection\n"],
    ['cat >a >b',    "redirected twice\n"],
    ['cat <a <b',    "redirected twice\n"],
    ['cat 2>err',    "'2>' is a shell operator, and no shell runs here: quote it\n"],
    ['cat 0<in',     "'0<' is a shell operator, and no shell runs here: quote it\n"],
    ['cat 12>>all',  "'12>>' is a shell operator, and no shell runs here: quote it\n"],
    ["a \r",         "not understood: \\x0D\n"],
);

for my $case (@ERRORS) {
    my ($line, $message) = @$case;
    is expanded($line), $message, "error of $line";
}

# [line, the first word's plain text]
for my $case (['a"b"\c', 'abc'], [q(''), ''], ['a*', undef], ['x$msg1', undef], ['"*"', '*']) {
    my ($line, $wanted) = @$case;
    is plain_word((split_words($line))[0][0]), $wanted, "plain text of $line";
}

chdir '/' or die "/: $!\n";    # so that the directory can go
done_testing;
