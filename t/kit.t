#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What goes into a sandbox: names, owners and modes of the members, whatever those of the checkout are.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Capture qw(must_run);
use Runtest::Kit;
use Runtest::Lane;

my $work = Path::Tiny->tempdir;
my @PROGRAMS = qw(client client-ssl client-gnutls server server-ssl server-gnutls fakens settle);

sub file {
    my ($name, $mode, $content) = @_;
    my $file = $work->child($name);
    $file->parent->mkpath;
    $file->spew_raw($content // '');
    chmod oct $mode, $file or die "$file: $!\n";
    return $file;
}

file('top/lib/Runtest/A.pm', '600', 'module');
file("top/build/$_", '700') for @PROGRAMS;
file("top/build/$_", '755') for qw(clock.so repair.so);
file('top/build/other', '755');
file('tree/aux-fixed/exim-ca/key', '640', 'key');
file('tree/confs/0001', '644');
file('mta/exim', '700', "\x7fELF >>>running<<< \xff");
file('mta/exigrep', '700');
file('mta/notes', '644');

my $lane = Runtest::Lane->new('mine', $work->child('mta/exim')->stringify);
$lane->learn({ user => { name => 'Debian-exim', group => 'Debian-exim', uid => 106, gid => 107 } });
my $kit = Runtest::Kit->new($work->child('kit')->stringify, $work->child('top')->stringify, $work->child('tree')->stringify);

# The members of a tar file that are no folders: name => "mode owner/group".
sub members {
    my ($tar) = @_;
    my %members;
    for my $line (split /\n/, must_run(qw(tar --numeric-owner -tvf), $tar)) {
        my ($mode, $owner, undef, undef, undef, $name) = split ' ', $line, 6;
        $members{$name} = "$mode $owner" if $mode !~ /\Ad/;
    }
    return \%members;
}

sub member { my ($tar, $name) = @_; return must_run(qw(tar --to-stdout -xf), $tar, $name) }

is sprintf('%o', (stat $work->child('kit'))[2] & oct '7777'), '700', 'nobody else sees the kits';

my $common = $kit->common;
is_deeply members($common), {
    'runtest/lib/Runtest/A.pm'        => '-rw-r--r-- 0/0',
    'testsuite/aux-fixed/exim-ca/key' => '-rw-r--r-- 0/0',
    map { ("testsuite/bin/$_" => '-rwxr-xr-x 0/0') } @PROGRAMS
  },
  'what all cases share';
is $kit->common, $common, '- is made once';
is member($common, 'testsuite/aux-fixed/exim-ca/key'), 'key', '- with what is in it';

my $tar = $kit->lane($lane);
is_deeply members($tar), {
    'testsuite/eximdir/exim'      => '-rwsr-xr-x 0/0',
    'testsuite/eximdir/exim_exim' => '-rwsr-xr-x 106/0',
    'testsuite/eximdir/exigrep'   => '-rwxr-xr-x 0/0',
  },
  'the MTA, setuid to root and to its own user, and its utilities';
is member($tar, 'testsuite/eximdir/exim'), "\x7fELF <<<testing>>> \xff", '- in test mode';
is $kit->lane($lane), $tar, '- made once';

my $asking = $kit->asking($lane);
is_deeply members($asking), { 'testsuite/eximdir/exim' => '-rwsr-xr-x 0/0', 'testsuite/facts.conf' => '-rw-r--r-- 0/0' }, 'what it is asked with';
is member($asking, 'testsuite/facts.conf'), "keep_environment =\n", '- and a configuration';

my $clock = $kit->clock('0001.mine', -5);
is_deeply [sort keys %{ members($clock) }], [qw(runtest/clock-offset runtest/clock.so runtest/preload)], 'a clock';
is member($clock, 'runtest/clock-offset'), "-5\n", '- with its offset';
is member($clock, 'runtest/preload'), "/runtest/clock.so\n", '- and what is preloaded';
my $repaired = $kit->clock('0002.mine', -5, 'repair.so');
is_deeply [sort keys %{ members($repaired) }], [qw(runtest/clock-offset runtest/clock.so runtest/preload runtest/repair.so)],
  'a clock with a repair';
is member($repaired, 'runtest/preload'), "/runtest/clock.so\n/runtest/repair.so\n", '- both preloaded';

is_deeply [grep { -x && !-d } path("$work/kit")->children], [], 'no MTA that could be run is left beside the kits';
is join(' ', sort map { $_->basename } grep { !/\.tar\z/ } path("$work/kit")->children), 'facts.conf', '- nor anything else';

# ----- What cannot be -----

sub fresh { return Runtest::Kit->new($work->child('kit2')->stringify, $work->child('top')->stringify, $work->child('tree')->stringify) }
sub outcome { my ($code) = @_; return eval { $code->() } // $@->kind . ": $@" }

$work->child('tree/aux-fixed')->remove_tree;
is_deeply [grep { /aux-fixed/ } keys %{ members(fresh()->common) }], [], 'a tree without fixed files';
$work->child('top/build/settle')->remove;
is outcome(sub { fresh()->common }), 'broken: build/settle is not built: run ./setup', 'a program that is not built';
file('mta/exim', '700', 'no Exim');
like outcome(sub { fresh()->lane($lane) }), qr/\Awrong: .*\/mta\/exim is not an Exim: /, 'what is no Exim';

done_testing;
