#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What users and machines get wrong: one clear message each, that says where and what to do, the exit status of its kind, nothing
# lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Path::Tiny qw(path);
use Test::More;

use TestRuntest qw(top project can_mount mounting);
use TestTree qw(has_sandbox is_run);

has_sandbox();

my $PASSING = "exim -be\n\${lc:ABC}\n****\n";
my $ANSWER  = "> abc\n> \n";
my @ONE     = ('--lane', 'gnutls');

sub tree_that_passes {
    my $tree = TestTree->new;
    return $tree->test('0001', "# one\n$PASSING")->file('stdout/0001', $ANSWER);
}

subtest 'scripts' => sub {
    my %wrong = (
        'frobnicate x'                    => [2, q{unknown command 'frobnicate'}],
        "exim -be\nx"                     => [2, q{'exim' takes data lines, and the line '****' that ends them is missing}],
        "perl\n****\nstray\n"             => [4, q{unknown command 'stray'}],
        'need to know'                    => [2, q{requirement 'to know' is not understood}],
        "perl\n****\nneed lookup dsearch" => [4, q{'need' belongs at the head of the script, before the first command}],
        'ls | wc'                         => [2, q{'|' is a shell operator, and no shell runs here: quote it}],
        'ls "x'                           => [2, q{a " is not closed}],
        'ls $HOME'                        => [2, q{'$' is a shell operator, and no shell runs here: quote it}],
        'sleep a while'                   => [2, 'sleep wants one whole number'],
        "background\nls &\n****"          => [3, q{'&' is a shell operator, and no shell runs here: quote it}],
        "1\nkilldaemon"                   => [3, q{'killdaemon' has no exit status that could be compared}],
        'ls >'                            => [2, 'nothing follows the redirection'],
        "munge nothing-such"              => [2, q{there is no munge rule set 'nothing-such' (lib/Runtest/Munge/Rules.pm)}],
        "ls\n17"                          => [3, 'an exit status is set here, and no command follows it'],
        "sudo client 127.0.0.1 1\n****"   => [2, q{'client' cannot be run with sudo}],
        "2 ls"                            => [2, q{only exim takes a number of seconds before it, not 'ls'}],
        "ls \\"                           => [2, 'the last line ends in a backslash'],
        'expect-fail everything'          => [2, q{'expect-fail' is not understood: it is 'expect-fail REQUIREMENT: REASON'}],
    );
    my $tree = tree_that_passes();
    my ($number, @messages) = ('0100');
    for my $script (sort keys %wrong) {
        my ($line, $message) = @{ $wrong{$script} };
        $tree->test($number, "# wrong\n$script\n");
        push @messages, "runtest: scripts/0000-Inner/$number" . ":$line: $message\n";
        $number++;
    }
    $tree->file("scripts/0000-Inner/$number", "# no configuration\n");
    push @messages, "runtest: confs/$number is missing: it is the MTA's configuration of test $number\n";
    is_run $tree->run(@ONE), { status => 2, out => '', err => join '', @messages }, 'all are told with file and line, and none is run';
    ok !-e $tree->path('results/last'), 'there are no results';
};

subtest 'folders' => sub {
    my %wrong = (
        'scripts/0000-Inner/REQUIRES' => ["# fine\nsupport\n", ":2: requirement 'support' is not understood"],
        'scripts/0000-Inner/0002'     => ["no title\n",        ":1: the first line must be '# one-line title'"],
        'scripts/0001-Other/0001'     => ["# twice\n",         ': number 0001 is taken by scripts/0000-Inner/0001'],
    );
    for my $path (sort keys %wrong) {
        my ($content, $message) = @{ $wrong{$path} };
        is_run tree_that_passes()->file($path, $content)->run(@ONE), { status => 2, out => '', err => "runtest: $path$message\n" }, $path;
    }
};

subtest 'options' => sub {
    my %wrong = (
        '--frobnicate'        => 'unknown option: frobnicate (runtest --help)',
        '--jobs many'         => 'value "many" invalid for option jobs (number expected) (runtest --help)',
        '--jobs 0'            => '--jobs 0: it has to be a number from 1 on',
        '--timeout-factor -1' => '--timeout-factor -1: it has to be a number above 0',
        '--color blue'        => '--color blue: it has to be auto, always or never',
        '--tls-client nss'    => '--tls-client nss: it has to be gnutls or openssl',
        '--mta gnutls'        => '--mta gnutls: it has to be NAME=VALUE',
        '--tree /etc'         => '/etc has no scripts/: it is not a tree of tests',
        '--tree /no/such'     => '--tree /no/such: it has to be a directory',
        '--mta a/b=/bin/true' => q{'a/b' cannot be a lane's name: letters, digits, dot, dash and underscore can},
    );
    my $tree = tree_that_passes();
    for my $options (sort keys %wrong) {
        is_run $tree->run(split ' ', $options), { status => 2, out => '', err => "runtest: $wrong{$options}\n" }, $options;
    }
};

subtest 'an MTA that is none' => sub {
    my $tree = tree_that_passes();
    my %wrong = (
        '/no/such/exim'           => 'the MTA of lane x, /no/such/exim, does not exist',
        '/etc'                    => 'the MTA of lane x, /etc, is no file that can be read',
        '/bin/true'               => q{/bin/true is not an Exim: it holds '>>>running<<<' 0 times, and must hold it once},
        $tree->path('confs/0001') => q{TREE/confs/0001 is not an Exim: it holds '>>>running<<<' 0 times, and must hold it once},
        $tree->path('pretender')  => 'the MTA of lane x, TREE/pretender, cannot be used: '
          . 'it does not answer as an Exim does: I am one / I am one',
    );
    $tree->file('pretender', "#!/bin/sh\n# >>>running<<<\necho I am one\n");
    chmod oct('755'), $tree->path('pretender');
    for my $path (sort keys %wrong) {
        is_run $tree->run('--lane', 'x', '--mta', "x=$path"), { status => 2, out => '', err => "runtest: $wrong{$path}\n" }, $path;
    }
    is_deeply [grep { -d } glob $tree->path('results/*')], [], 'no results are left';
};

subtest 'a project that was not set up' => sub {
    my $tree = tree_that_passes();
    my %message = (
        mta   => 'there is no MTA in mta/: run ./setup, or name one with --mta NAME=PATH',
        build => 'the programs are not built: run ./setup',
    );
    for my $part (sort keys %message) {
        is_run $tree->run({ command => project($part) }), { status => 3, out => '', err => "runtest: $message{$part}\n" }, "no $part/";
    }
    my $project = project('build');
    my $build   = path($project)->sibling('build');
    $build->mkpath;
    symlink $_, $build->child($_->basename) or die "$build: $!\n" for grep { $_->basename ne 'client' } path(top(), 'build')->children;
    is_run $tree->run({ command => $project }, @ONE), { status => 3, out => '', err => "runtest: build/client is not built: run ./setup\n" },
      'no build/client';
    for my $module (qw(IO::Async::Loop Linux::Inotify2)) {
        my $file = "$module.pm" =~ s{::}{/}gr;
        $tree->file('perl/Hidden.pm', <<"END");
package Hidden;
unshift \@INC, sub { die "Can't locate \$_[1] in \\\@INC (you may need to install it)\\n" if \$_[1] eq '$file'; return };
1;
END
        my %environment = (PERL5LIB => $tree->path('perl'), PERL5OPT => '-MHidden');
        is_run $tree->run({ environment => \%environment }),
          { status => 3, out => '', err => "runtest: the Perl module $module is not installed: run ./setup\n" }, "no $module";
    }
};

subtest 'goldens with conflict markers' => sub {
    my $tree = tree_that_passes()->file('stderr/0001', "fine\n<<<<<<< HEAD\n=======\n>>>>>>> branch\n");
    is_run $tree->run(@ONE), { status => 2, out => <<'END' }, 'file and line are told';
ERROR 0001 gnutls N.NNs one: stderr/0001:2: this golden has a conflict marker of a merge: resolve it first
  results: RESULTS/0001.gnutls
  again:   runtest --tree TREE --lane gnutls 0001
1 cases: 0 passed, 0 failed, 0 skipped, 1 errors
END
};

subtest 'certificates that cannot be read' => sub {
    my $tree = TestTree->new;
    $tree->file('scripts/2000-GnuTLS/REQUIRES', "support GnuTLS\n");    # where the library's own words are compared
    $tree->test('2000-GnuTLS/0001', <<'END', "tls_certificate = DIR/no-such.pem\n");
# the server's
exim -DSERVER=server -bd -oX PORT_D
****
client-gnutls 127.0.0.1 PORT_D
??? 220
ehlo x
????250
starttls
??? 220
****
killdaemon
END
    $tree->file('confs/0001', $tree->content('confs/0001') =~ s/^tls_advertise_hosts =\K/ */mr);
    $tree->test('0002', "# the client's\nclient-gnutls 127.0.0.1 PORT_N DIR/no-such.pem DIR/no-such.key\n****\n");
    $tree->test('0003', "# the client's CA\nclient-gnutls -verify DIR/no-such.pem 127.0.0.1 PORT_N\n****\n");
    my $run = $tree->run(@ONE);
    is $run->{status}, 1, 'the tests fail';
    my %said = reverse $run->{out} =~ /^(FAIL ([0-9]{4}) .*\n(?:  .*\n)*)/mg;
    like $said{'0001'}, qr{^  \+\S+ \S+ TLS error on .*cert=TESTSUITE/no-such\.pem.*: error: <<not readable>>$}m, 'the MTA says which';
    like $said{'0001'}, qr/^  \+<<< 454 TLS currently unavailable\n  \+\*{8} Input mismatch/m, 'and its client what comes of it';
    like $said{'0002'}, qr{: scripts/0000-Inner/0002:2: expected exit status 0, got exit status 83$}m, 'the client ends with its status';
    like $said{'0002'}, qr{^  \+client-gnutls: certificate TESTSUITE/no-such\.pem: No such file or directory$}m, 'and says which';
    like $said{'0003'}, qr{^  \+client-gnutls: CA TESTSUITE/no-such\.pem: No such file or directory$}m, 'a CA is named as well';
};

subtest 'files of the tree that cannot be read' => sub {
    plan skip_all => 'root can read everything' if $> == 0;
    my $tree = tree_that_passes()->file('aux-fixed/secret', "x\n");
    chmod 0, $tree->path('aux-fixed/secret');
    is_run $tree->run(@ONE), { status => 3, out => '', err => "runtest: tar: aux-fixed/secret: Cannot open: Permission denied\n" },
      'an error that names the file';
    chmod 0, $tree->path("$_/0001") for qw(stdout confs);
    is_run $tree->run(@ONE), { status => 3, out => '', err => "runtest: TREE/confs/0001: Permission denied\n" }, 'a configuration';
};

subtest 'no place for results' => sub {
    my $tree   = tree_that_passes()->file('results/mount-point', '');
    my $folder = $tree->path('results');
    my $before = can_mount() ? mounting(['--bind', $folder, $folder], ['-o', 'remount,bind,ro', $folder]) : undef;
    plan skip_all => 'root may write everywhere, and cannot mount here' if !$before && $> == 0;
    chmod oct('555'), $folder if !$before;
    my $run = $tree->run({ before => $before }, @ONE);
    chmod oct('755'), $folder;
    is $run->{status}, 3, 'the machine is broken';
    like $run->{err}, qr/\Aruntest: \S+ cannot be made: (?:Permission denied|Read-only file system)\n\z/, 'file and reason';
};

# With a disk of this size in the place of results/.
sub run_on_disk {
    my ($tree, $size, @arguments) = @_;
    $tree->file('results/mount-point', '');
    return $tree->run({ before => mounting(['-t', 'tmpfs', '-o', "size=$size", 'none', $tree->path('results')]) }, @arguments);
}

subtest 'a full disk' => sub {
    plan skip_all => 'only root can mount a small disk' if !can_mount();
    my $tree = tree_that_passes()->test('0002', <<'END');
# much mail
perl
for my $name ('a' .. 'e') { open F, '>', "test-mail/$name"; print F 'x' x 3_000_000; close F }
****
END
    is_run run_on_disk($tree, '100k', @ONE), { status => 3, out => '', err => "runtest: RESULTS/kit/exim: No space left on device\n" },
      'when the MTA is packed';
    is_run run_on_disk($tree, '4m', @ONE), { status => 3, out => '', err => "runtest: RESULTS/kit/exim: No space left on device\n" },
      'when the kit of the run is packed';
    my $run = run_on_disk($tree, '16m', @ONE, '-j1');
    is $run->{status}, 3, 'when results are written';
    like $run->{out}, qr{^ERROR 0002 gnutls N.NNs much mail: RESULTS/\S+/raw/mail/\w: No space left on device$}m, 'the case has an error';
    like $run->{out}, qr/^PASS 0001 /m, 'the other case passes';
    is $tree->content('stdout/0001'), $ANSWER, 'nothing is lost';
};

subtest 'output that goes nowhere' => sub {
    is_run tree_that_passes()->run({ stdout => '/dev/full' }, @ONE),
      { status => 3, err => "runtest: standard output: No space left on device\n" }, 'is an error';
};

done_testing;
