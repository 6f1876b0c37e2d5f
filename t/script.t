#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Scripts: what is understood, and what is refused, with the line that is wrong. Words have a test of their own.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Module::Load qw(load);
use Path::Tiny qw(path);
use Test::More;

use Runtest::Commands qw(command_named directive_named);
use Runtest::Script;
use Runtest::Substitution;
use Runtest::Words qw(expand_words);

my $tree = Path::Tiny->tempdir;
my $path = 'scripts/1-Test/0001';
$tree->child('scripts/1-Test')->mkpath;
my $substitution = Runtest::Substitution->new(DIR => '/testsuite', CALLER => 'fred', PORT_D => 1225, HOSTIPV6 => undef);

# The script that consists of a title and these lines, or what parsing it dies of.
sub parsed {
    my ($lines) = @_;
    $tree->child($path)->spew_raw("# Title\n$lines");
    return eval { Runtest::Script->parse("$tree", $path, $substitution) } // $@;
}

# What the steps are, without what is as it is by default.
sub steps_of {
    my ($lines) = @_;
    my $script = parsed($lines);
    ref $script eq 'Runtest::Script' or return "$script";
    return [map { simplified($_) } @{ $script->{steps} }];
}

sub simplified {
    my ($step) = @_;
    my %step = %$step;
    delete $step{environment} if !%{ $step{environment} || {} };
    delete $step{status} if exists $step{status}{is} && $step{status}{is} == 0;
    my $redirections = delete $step{redirections} || {};
    my $id = sub { return "<id $_[0]>" };
    $step{$_} = (expand_words([ $redirections->{$_} ], $id))[0] for keys %$redirections;
    $step{words} = [expand_words($step{words}, $id)] if $step{words};
    delete $step{words} if !@{ $step{words} || [] };
    return \%step;
}

# ----- Steps -----

# [name, lines behind the title, steps]
my @SCRIPTS = (
    ['nothing', "\n# comment\n  # another\n\t\n####\n", []],
    [
        'a comment does not go on in the next line',
        "  # comment \\\nkilldaemon\n",
        [{ line => 3, text => 'killdaemon', command => 'killdaemon' }],
    ],
    [
        'a command without data',
        "killdaemon\n",
        [{ line => 2, text => 'killdaemon', command => 'killdaemon' }],
    ],
    [
        'no line end at the end', "\nkilldaemon",
        [{ line => 3, text => 'killdaemon', command => 'killdaemon' }],
    ],
    [
        'white space behind', "killdaemon \t\n",
        [{ line => 2, text => 'killdaemon', command => 'killdaemon' }],
    ],
    [
        'words, substitutions, the order of both',
        "exim -C DIR/x -oX PORT_D 'CALLER CALLER'\\ x # -q\n****\n",
        [
            {
                line    => 2,
                text    => q(exim -C DIR/x -oX PORT_D 'CALLER CALLER'\ x # -q),
                command => 'exim',
                words   => ['-C', '/testsuite/x', '-oX', '1225', 'fred fred x'],
                data    => [],
            }
        ],
    ],
    [
        'redirections and message ids',
        "cat <DIR/a >b \$msg2\ncat >>b\n",
        [
            { line => 2, text => 'cat <DIR/a >b $msg2', command => 'cat', words => ['<id 2>'], input => '/testsuite/a', output => 'b' },
            { line => 3, text => 'cat >>b', command => 'cat', append => 'b' },
        ],
    ],
    [
        'data lines: substitutions, blanks, comments, digits; the end with white space behind it',
        "client 127.0.0.1 PORT_D\n??? 220 \n\n# CALLER\n1\nx \\\n **** \n*****\n**** \t\nkilldaemon\n",
        [
            {
                line    => 2,
                text    => 'client 127.0.0.1 PORT_D',
                command => 'client',
                words   => ['127.0.0.1', '1225'],
                data    => ['??? 220 ', '', '# fred', '1', 'x \\', ' **** ', '*****'],
            },
            { line => 11, text => 'killdaemon', command => 'killdaemon' },
        ],
    ],
    [
        'verbatim data lines',
        join('', map { "$_ x\nCALLER PORT_D\n****\n" } qw(server write catwrite)),
        [
            map {
                {
                    line    => 3 * $_ - 1,
                    text    => (qw(server write catwrite))[ $_ - 1 ] . ' x',
                    command => (qw(server write catwrite))[ $_ - 1 ],
                    words   => ['x'],
                    data    => ['CALLER PORT_D'],
                }
            } 1 .. 3
        ],
    ],
    [
        'continuation lines',
        "cat a \\\n    b\\\n\tc\nkilldaemon\n",
        [
            { line => 2, text => 'cat a bc', command => 'cat', words => [qw(a bc)] },
            { line => 5, text => 'killdaemon', command => 'killdaemon' },
        ],
    ],
    [
        'a mark',
        "### CALLER\\\n###\n",
        [
            { line => 2, text => '### CALLER\\', command => '###', mark => '### fred\\' },
            { line => 3, text => '###',          command => '###', mark => '###' },
        ],
    ],
    [
        'an expected status counts once, and over comments, marks and directives',
        "1\n# x\n### y\nsortlog\nls\nls\n",
        [
            { line => 4, text => '### y', command => '###', mark => '### y' },
            { line => 6, text => 'ls', command => 'ls', status => { is => 1 } },
            { line => 7, text => 'ls', command => 'ls' },
        ],
    ],
    [
        'any status but one, and an environment',
        "~0\nls\n77 A=b  C=CALLER D=\t\nls\n",
        [
            { line => 3, text => 'ls', command => 'ls', status => { not => 0 } },
            { line => 5, text => 'ls', command => 'ls', status => { is => 77 }, environment => { A => 'b', C => 'fred', D => '' } },
        ],
    ],
    [
        'what stands before a command',
        qq(A=b C="d e" 5 sudo -u CALLER exim -bt x\n****\nsudo exim_exim\n****\n2 exim\n****\nsudo ls\n),
        [
            {
                line        => 2,
                text        => 'A=b C="d e" 5 sudo -u CALLER exim -bt x',
                command     => 'exim',
                words       => ['-bt', 'x'],
                environment => { A => 'b', C => 'd e' },
                delay       => 5,
                sudo        => 1,
                user        => 'fred',
                data        => [],
            },
            { line => 4, text => 'sudo exim_exim', command => 'exim_exim', sudo => 1, data => [] },
            { line => 6, text => '2 exim', command => 'exim', delay => 2, data => [] },
            { line => 8, text => 'sudo ls', command => 'ls', sudo => 1 },
        ],
    ],
    [
        'a status and an assignment',
        "1 A=b B=c\nB=d exim\n****\n",
        [
            {
                line => 3, text => 'B=d exim', command => 'exim', status => { is => 1 }, environment => { A => 'b', B => 'd' }, data => [],
            }
        ],
    ],
    [
        'a command that its data line has',
        "background\nperl -e 'sleep \$x' CALLER <in >>\"a b\"\n****\n0 A=b\nbackground\ncat \$msg1\n****\n",
        [
            { line => 2, text => 'background', command => 'background', words => ['perl', '-e', 'sleep $x', 'fred'], input => 'in', append => 'a b' },
            { line => 6, text => 'background', command => 'background', words => ['cat', '<id 1>'], environment => { A => 'b' } },
        ],
    ],
    [
        'daemons, and what is none',
        join('', map { "exim $_\n****\n" } '-DSERVER=server -bd', '-bd -DSERVER=server -DNOTDAEMON', '-DSERVER=wait:PORT_D -bw', '-DSERVER=other', '-DSERVER'),
        [
            { line => 2, text => 'exim -DSERVER=server -bd', command => 'exim', words => ['-DSERVER=server', '-bd'], data => [], daemon => 'server' },
            { line => 4, text => 'exim -bd -DSERVER=server -DNOTDAEMON', command => 'exim', words => ['-bd', '-DSERVER=server', '-DNOTDAEMON'], data => [] },
            { line => 6, text => 'exim -DSERVER=wait:PORT_D -bw', command => 'exim', words => ['-DSERVER=wait:1225', '-bw'], data => [], daemon => 'wait:1225' },
            { line => 8, text => 'exim -DSERVER=other', command => 'exim', words => ['-DSERVER=other'], data => [] },
            { line => 10, text => 'exim -DSERVER', command => 'exim', words => ['-DSERVER'], data => [] },
        ],
    ],
    [
        'what only the running case can tell',
        "write \$msg1 no-such*\n****\nperl <\$msg1\n****\nserver -t x\n:sleep:0.5\n****\n",
        [
            { line => 2, text => 'write $msg1 no-such*', command => 'write', words => ['<id 1>', 'no-such*'], data => [] },
            { line => 4, text => 'perl <$msg1', command => 'perl', data => [], input => '<id 1>' },
            { line => 6, text => 'server -t x', command => 'server', words => ['-t', 'x'], data => [':sleep:0.5'] },
        ],
    ],
    [
        'older spellings',
        "need_ipv4\ngnutls\n",
        [{ line => 3, text => 'gnutls', command => 'gnutls' }],
    ],
);

for my $case (@SCRIPTS) {
    my ($name, $lines, $steps) = @$case;
    is_deeply steps_of($lines), $steps, $name;
}

# ----- The head, and directives -----

my $script = parsed(<<'END');
need gnutls >= 3.3.6
need  support  OCSP 
need_ipv6
need_largefiles
exclusive
clock 2019-01-02 03:04
clock slow
expect-fail exim < 4.99: bug: the answer to ALPN is malformed 
munge one 
munge two
sortlog 
no_stderr_check
ls HOSTIPV6
END
is ref $script, 'Runtest::Script', 'a script with all that a head can have' or diag $script;
is_deeply [map { $_->{text} } @{ $script->{requirements} }], ['gnutls >= 3.3.6', 'support OCSP', 'running IPv6'], 'requirements';
is $script->{exclusive}, 1, 'exclusive';
is $script->{clock}, 1546398240, 'clock: 2019-01-02 03:04 UTC in seconds';
is $script->{slow_clock}, 1, 'clock slow';
is_deeply [map { $_->{text} } @{ $script->{expect_fail}[0]{requirements} }], ['exim < 4.99'], 'expect-fail: the requirement';
is $script->{expect_fail}[0]{reason}, 'bug: the answer to ALPN is malformed', 'expect-fail: the reason';
is_deeply $script->{directives}, { munge => [qw(one two)], sortlog => 1, no_stderr_check => 1 }, 'directives';
is_deeply $script->{missing}, { HOSTIPV6 => 1 }, 'what this host has no value for';
is_deeply parsed("ls\n")->{missing}, {}, '- nothing of a script that does not use it';

# ----- What is wrong -----

# [lines behind the title, line, message]
my @ERRORS = (
    ["frobnicate x\n",            2, "unknown command 'frobnicate'"],
    ["\n\nsudo frobnicate\n",     4, "unknown command 'frobnicate'"],
    ["exi[m]\n",                  2, "no command in 'exi[m]'"],
    ["sudo\n",                    2, "no command in 'sudo'"],
    ["A=b\n",                     2, "no command in 'A=b'"],
    ["5 A=b exim\n",              2, "unknown command 'A=b'"],
    ["  exim\n",                  2, 'not understood:   exim'],
    ["munge\nexim\n****\n",       2, "munge wants one name of a rule set: 'munge NAME'"],
    ["munge a b\n",               2, "munge wants one name of a rule set: 'munge NAME'"],
    ["sortlog all\n",             2, "'sortlog' takes nothing behind it"],

    # data
    ["\nexim -bd\nx\n",           3, "'exim' takes data lines, and the line '****' that ends them is missing"],
    ["exim -bd",                  2, "'exim' takes data lines, and the line '****' that ends them is missing"],
    ["exim \\\n -bd\n",           2, "'exim' takes data lines, and the line '****' that ends them is missing"],
    ["exim\n****\n****\n",        4, "'****' ends no data: the command before it takes none, or they have ended already"],
    ["killdaemon\n**** \n",       3, "'****' ends no data: the command before it takes none, or they have ended already"],
    ["killdaemon\nquit\n****\n",  3, "unknown command 'quit'"],

    # words
    ["ls | cat\n",                2, "'|' is a shell operator, and no shell runs here: quote it"],
    ["ls\nls \\\n 'a\n",          3, "a ' is not closed"],
    ["ls >\n",                    2, 'nothing follows the redirection'],
    ["ls a\\",                    2, 'the last line ends in a backslash'],
    ["ls a\\\n b\\\n",            2, 'the last line ends in a backslash'],

    # what stands before a command
    ["sudo client 1 2\n****\n",   2, "'client' cannot be run with sudo"],
    ["sudo -u\n",                 2, 'sudo -u wants a user'],
    ["3 ls\n",                    2, "only exim takes a number of seconds before it, not 'ls'"],
    ["1\n# no command\n",         3, 'an exit status is set here, and no command follows it'],
    ["ls\n~0 A=b\n",              3, 'an exit status is set here, and no command follows it'],

    # a command's own
    ["sleep\n",                   2, 'sleep wants one whole number'],
    ["sleep 1 2\n",               2, 'sleep wants one whole number'],
    ["sleep 0.5\n",               2, 'sleep wants one whole number'],
    ["sleep \$msg1\n",            2, 'sleep wants one whole number'],
    ["ls\nmillisleep 1s\n",      3, 'millisleep wants one whole number'],
    ["write\n****\n",            2, 'write wants the name of a file'],
    ["write f 2x3 2x\n****\n",   2, q('2x' is not of the form NxM or NxM=text)],
    ["catwrite f g\n****\n",     2, q('g' is not of the form NxM or NxM=text)],
    ["killdaemon now\n",          2, q('killdaemon' takes nothing behind it)],
    ["gnutls 2048\n",             2, q('gnutls' takes nothing behind it)],
    ["dump\n",                    2, 'dump wants the name of one database'],
    ["dump retry wait-smtp\n",    2, 'dump wants the name of one database'],
    ["background\n****\n",       2, 'background takes one data line, the command'],
    ["background\nls\nls\n****\n", 2, 'background takes one data line, the command'],
    ["background x\nls\n****\n", 2, q('background' takes nothing behind it)],
    ["background >x\nls\n****\n", 2, q('background' takes nothing behind it)],
    ["background\nls |wc\n****\n", 3, "'|' is a shell operator, and no shell runs here: quote it"],
    ["\nbackground\n\n****\n",  4, "no command in ''"],
    ["background\n>x\n****\n",  3, "no command in '>x'"],
    ["exim -DSERVER=wait:smtp\n****\n", 2, '-DSERVER=wait:smtp: that is no port number'],
    ["exim\n:sleep:soon\n****\n", 2, ':sleep:soon: a number of seconds is wanted'],

    # redirections
    (map { ["$_ >x\n", 2, "'" . s/ .*//r . "' cannot be redirected: it starts no program"] } 'sleep 1', 'millisleep 1', 'echo x'),
    (map { ["$_ >x\n", 2, "'$_' takes nothing behind it"] } qw(killdaemon gnutls)),
    ["write f >x\n****\n",       2, "'write' cannot be redirected: it starts no program"],
    ["catwrite f <x\n****\n",    2, "'catwrite' cannot be redirected: it starts no program"],
    ["perl <x\nexit\n****\n",   2, 'standard input is redirected, and there are data lines for it as well'],
    ["ls >x >>y\n",               2, 'redirected twice'],

    # a status that nothing is compared with
    (map { ["1\n$_\n", 3, "'" . s/\s.*//sr . "' has no exit status that could be compared"] }
      'sleep 1', 'millisleep 1', 'killdaemon', 'gnutls', 'echo x', "background\nls\n****", "write f\n****", "catwrite f\n****"),
    ["~1\nkilldaemon\n",         3, "'killdaemon' has no exit status that could be compared"],
    ["1\nexim -DSERVER=server -bd\n****\n", 3, "'exim' has no exit status as a daemon that could be compared"],
    ["~0\nexim -DSERVER=wait:1225\n****\n", 3, "'exim' has no exit status as a daemon that could be compared"],

    # the head
    ["need frob\n",               2, "requirement 'frob' is not understood"],
    ["\nneed gnutls => 3\n",      3, "requirement 'gnutls => 3' is not understood"],
    ["need_frob\n",               2, "requirement 'need_frob' is not understood"],
    ["expect-fail frob: x\n",     2, "requirement 'frob' is not understood"],
    ["expect-fail exim > 4\n",    2, "'expect-fail' is not understood: it is 'expect-fail REQUIREMENT: REASON'"],
    ["expect-fail exim > 4:\n",   2, "'expect-fail' is not understood: it is 'expect-fail REQUIREMENT: REASON'"],
    ["need\n",                    2, "'need' is not understood: it is 'need REQUIREMENT'"],
    ["exclusive x\n",             2, "'exclusive' is not understood: it is 'exclusive'"],
    ["clock tomorrow\n",          2, "'tomorrow' is no date: clock YYYY-MM-DD [HH:MM[:SS]], or clock slow"],
    ["clock\n",                   2, "'clock' is not understood: it is 'clock YYYY-MM-DD [HH:MM[:SS]], or clock slow'"],
    ["ls\nneed exim > 4\n",       3, "'need' belongs at the head of the script, before the first command"],
    ["ls\nneed_ipv4\n",           3, "'need_ipv4' belongs at the head of the script, before the first command"],
    ["ls\nexclusive\n",           3, "'exclusive' belongs at the head of the script, before the first command"],
    ["ls\nclock slow\n",          3, "'clock' belongs at the head of the script, before the first command"],
    ["ls\nclock 2019-01-02\n",    3, "'clock' belongs at the head of the script, before the first command"],
    ["ls\nexpect-fail exim > 4: x\n", 3, "'expect-fail' belongs at the head of the script, before the first command"],
);

for my $case (@ERRORS) {
    my ($lines, $number, $message) = @$case;
    my $error = parsed($lines);
    my $name  = 'wrong: ' . $lines =~ s/\n/\\n/gr;
    is eval { $error->kind . ": $error" } // $@, "wrong: $path:$number: $message", $name;
}

# ----- The same script again -----

my $other = Runtest::Substitution->new(DIR => '/testsuite', CALLER => 'mary', PORT_D => 1225, HOSTIPV6 => undef);
my $first = parsed("cat CALLER HOSTIPV6\n");
my ($same, $hers) = map { Runtest::Script->parse("$tree", $path, $_) } $substitution, $other;
is $same->{steps}, $first->{steps}, 'it is understood once';
$same->{missing}{V6NET} = 1;
is_deeply [map { [sort keys %{ $_->{missing} }] } $first, $same], [['HOSTIPV6'], [qw(HOSTIPV6 V6NET)]], '- and what else is missing is each caller\'s own';
is_deeply [expand_words($hers->{steps}[0]{words})], [qw(mary HOSTIPV6)], '- with other substitutions it is another';
is_deeply steps_of("ls\n"), [{ line => 2, text => 'ls', command => 'ls' }], '- and when the file has changed';

# ----- The table of commands -----

my %TAKES_DATA = map { $_ => 1 }
  qw(exim exim_exim client client-ssl client-gnutls client-anytls server server-ssl server-gnutls background write catwrite perl);
my @WITHOUT_DATA = qw(killdaemon dump dbmbuild exinext exigrep exiqgrep eximstats exim_lock exim_id_update sleep millisleep gnutls echo
  cat cat2 chmod chown cp du ln ls mkdir mkfifo mv rm rmdir touch);
for my $name (sort keys(%TAKES_DATA), @WITHOUT_DATA) {
    my $entry = command_named($name);
    ok $entry, "there is a command $name" or next;
    is !!$entry->{data}, !!$TAKES_DATA{$name}, "- $name " . ($TAKES_DATA{$name} ? 'takes data' : 'takes no data');
    my $module = "Runtest::Commands::$entry->{module}";
    load $module;
    ok $module->can($entry->{run}), "- $name can be run"
}
for my $name (qw(munge sortlog no_message_check no_msglog_check no_stderr_check no_stdout_check no_munge rmfiltertest)) {
    ok directive_named($name), "there is a directive $name";
    ok !command_named($name), '- and no command of that name';
}
ok !command_named('frobnicate'),   'frobnicate is no command';
ok !directive_named('frobnicate'), '- and no directive';

done_testing;
