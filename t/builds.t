#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What bench/builds makes, runs, keeps and says, in a folder of its own with recipes and a runtest of our own. What the true recipes make is
# for who runs `make check-builds`.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path tempdir);
use Test::More;

use Runtest::Capture qw(output_of);

my $top = tempdir()->child('with blank');

sub program {
    my ($name, $text) = @_;
    my $file = $top->child($name);
    $file->parent->mkpath;
    $file->spew_raw("#!/bin/sh\n$text");
    $file->chmod(oct '755');
    return;
}

# A binary says what made it, so that the fake runtest can say what it ran.
my $MAKES = 'mkdir -p "$2" && echo "$*" >"$2/exim" && chmod +x "$2/exim"' . "\n";

sub new_checkout {
    $top->remove_tree;
    $top->child('bench')->mkpath;
    path("$Bin/../bench/builds")->copy($top->child('bench'))->chmod(oct '755');
    symlink path("$Bin/../lib")->absolute, $top->child('lib') or die "lib: $!\n";
    program('bench/state', 'cat "${0%/*}/../tests"');
    $top->child('tests')->spew_raw('as they are');
    program('mta/apt-private',     'echo "apt-private $(basename "$1") ${*#"$1"}" >>"${0%/*}/../calls"' . "\n");
    program('mta/release-sources', 'for v in 4.98.2 4.100.1; do mkdir -p "$2/exim-$v" && echo "$v" >"$2/exim-$v/text"; done; echo "Exim 4.99 is not to be had"' . "\n");
    program('mta/build-release', 'echo "build-release ${1##*/} $3 $4" >>"${0%/*}/../calls"' . "\n" . $MAKES);
    program('mta/fetch-gnutls',  'echo "fetch-gnutls $3" >>"${0%/*}/../calls"' . "\n" . $MAKES);
    program('runtest', 'echo "runtest $*" | sed "s|=.*/mta/|=mta/|" >>"${0%/*}/calls"' . "\n" . 'echo "PASS one"; echo "1 case: 1 passed"' . "\n");
    return;
}

# What bench/builds says; its status is in $?.
sub builds { return output_of($top->child('bench/builds')->stringify, @_) }

# What it called since this was asked last.
sub calls {
    my $file  = $top->child('calls');
    my @calls = -e $file ? $file->lines_raw({ chomp => 1 }) : ();
    $file->remove;
    return \@calls;
}

sub runs {
    my ($name) = @_;
    return "runtest --mta own-$name=mta/builds/$name/exim --lane own-$name --color never";
}

# ----- What there is -----

new_checkout();
my $said = builds('--list');
is($?, 0, 'the list of what is run if nothing is named');
is($said, <<'END', 'first the sources are fetched; each version plain, and what a build can have else with the newest version') or diag $said;
builds: fetching the sources of Exim that Debian's releases have ...
builds: Exim 4.99 is not to be had
4.98.2-gnutls-plain
4.98.2-openssl-plain
4.100.1-gnutls-plain
4.100.1-openssl-plain
4.100.1-gnutls-minimal
4.100.1-openssl-minimal
4.100.1-gnutls-git
4.100.1-openssl-git
4.100.1-openssl-rc
4.100.1-gnutls-user-1234
4.100.1-openssl-user-mail
debian-heavy
END
is_deeply(calls(), ['apt-private apt  bullseye bookworm trixie sid'], 'the apt knows all releases, and nothing is made');
is(builds('--list', '4.98.2-*-rc'), "4.98.2-gnutls-rc\n4.98.2-openssl-rc\n", 'a glob');
is_deeply(calls(), [], 'the sources are fetched once');
is(builds('4.97-*'), "builds: no build is named by '4.97-*': bench/builds --list '*' shows all\n", 'a version that is not here');
isnt($?, 0, '- is an error');

new_checkout();
my $fetches = $top->child('mta/release-sources')->slurp_raw;
program('mta/release-sources', 'mkdir -p "$2/exim-4.98.2"; echo "no network"; exit 1');
like(builds('--list'), qr/^no network$/m, 'the sources cannot be fetched');
isnt($?, 0, '- which is an error');
program('mta/release-sources', $fetches =~ s/\A#!.*\n//r);
like(builds('--list'), qr/^4\.100\.1-gnutls-plain$/m, 'the next time all of them are fetched, not only those that were there');
calls();

# ----- Making and running -----

my @one   = ('4.98.2-gnutls-plain');
my $first = "4.98.2-gnutls-plain  1 case: 1 passed\n";
is(builds(@one), $first, 'one build: its name, and the last line of runtest');
is($?, 0, '- with the status of success');
is_deeply(calls(), ['build-release exim-4.98.2 gnutls plain', runs(@one)], '- is made, and run alone');
is(builds(@one), $first, 'again: the same');
is_deeply(calls(), [], '- without doing anything');
$top->child('tests')->spew_raw('changed');
builds(@one);
is_deeply(calls(), [runs(@one)], 'it is run again when the tests have changed');
$top->child('mta/builds/sources/exim-4.98.2/text')->append('x');
builds(@one);
is_deeply(calls(), ['build-release exim-4.98.2 gnutls plain'], 'it is made again when its source has changed; the binary is the same, so it is not run');
$top->child('mta/build-release')->append("echo changed >>\"\$2/exim\"\n");
builds(@one);
is_deeply(calls(), ['build-release exim-4.98.2 gnutls plain', runs(@one)], 'it is made and run again when the recipe makes another one');
is(builds('debian-heavy'), "debian-heavy  1 case: 1 passed\n", 'the binary of a package');
is_deeply(calls(), ['apt-private apt ', 'fetch-gnutls exim4-daemon-heavy', runs('debian-heavy')], '- is fetched, and not built');

# ----- Failures -----

new_checkout();
program('runtest', 'echo "FAIL one"; echo "1 case: 1 failed"; exit 1');
is(builds(@one), "4.98.2-gnutls-plain  1 case: 1 failed (results/builds/4.98.2-gnutls-plain.log)\n" =~ s/\A/head()/er, 'a test fails: the line names the log');
is($? >> 8, 1, '- and so does the run');
is($top->child('results/builds/4.98.2-gnutls-plain.log')->slurp_raw, "FAIL one\n1 case: 1 failed\n", '- which has all that runtest said');

program('mta/build-release', 'case $1 in *4.100.1) echo "no compiler"; exit 1 ;; esac' . "\n" . $MAKES);
is(builds('4.100.1-gnutls-plain', @one), <<'END', 'one that cannot be made does not keep others from being run');
4.100.1-gnutls-plain  could not be made: mta/builds/4.100.1-gnutls-plain.log
4.98.2-gnutls-plain   1 case: 1 failed (results/builds/4.98.2-gnutls-plain.log)
END
is($? >> 8, 3, '- is worse than a test that fails');
is($top->child('mta/builds/4.100.1-gnutls-plain.log')->slurp_raw, "no compiler\n", '- and its log says why');

new_checkout();
program('runtest', 'exit 130');
builds(@one, '4.100.1-gnutls-plain');
is($? >> 8, 130, 'an interrupt ends it');
is_deeply(calls(), ['apt-private apt  bullseye bookworm trixie sid', 'build-release exim-4.98.2 gnutls plain'], '- before the next build');
program('runtest', 'echo done');
is(builds(@one), "4.98.2-gnutls-plain  done\n", '- and is no result');

# ----- Sources of one's own -----

my $own = $top->child('own sources');
$own->mkpath;
$own->child('text')->spew_raw('own');
{
    local $ENV{EXIM_SOURCE} = "$own";
    calls();
    is(builds('own-openssl-minimal'), "own-openssl-minimal  done\n", 'EXIM_SOURCE adds a version');
    is_deeply(calls(), ['build-release own sources openssl minimal'], '- made by the same recipe');
    like(builds('--list'), qr/^own-gnutls-plain\nown-openssl-plain\nown-gnutls-minimal$/m, '- which is then the newest');
}

# What the first run in a checkout says.
sub head { return "builds: fetching the sources of Exim that Debian's releases have ...\nbuilds: Exim 4.99 is not to be had\n" }

done_testing;
