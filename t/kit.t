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
my @PROGRAMS = qw(client client-ssl client-gnutls server server-ssl server-gnutls fakens);

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
file("top/build/$_", '755') for qw(clock.so spool_2038.so);
file('top/build/perl/auto/Runtest/Native/Native.so', '755');
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
    'kit/lib/Runtest/A.pm'                     => '-rw-r--r-- 0/0',
    'kit/build/perl/auto/Runtest/Native/Native.so'   => '-rwxr-xr-x 0/0',
    'kit/build/spool_2038.so' => '-rwxr-xr-x 0/0',
    'kit/build/clock.so'      => '-rwxr-xr-x 0/0',
    'kit/aux-fixed/exim-ca/key'                => '-rw-r--r-- 0/0',
    map { ("kit/bin/$_" => '-rwxr-xr-x 0/0') } @PROGRAMS
  },
  'what all cases share';
is $kit->common, $common, '- is made once';
is member($common, 'kit/aux-fixed/exim-ca/key'), 'key', '- with what is in it';

my $tar = $kit->lane($lane);
is_deeply members($tar), {
    'kit/mine/eximdir/exim'      => '-rwsr-xr-x 0/0',
    'kit/mine/eximdir/exim_exim' => '-rwsr-xr-x 106/0',
    'kit/mine/eximdir/exigrep'   => '-rwxr-xr-x 0/0',
  },
  'the MTA, setuid to root and to its own user, and its utilities';
is member($tar, 'kit/mine/eximdir/exim'), "\x7fELF <<<testing>>> \xff", '- in test mode';
is $kit->lane($lane), $tar, '- made once';

my $asking = $kit->asking($lane);
is_deeply members($asking), { 'testsuite/eximdir/exim' => '-rwsr-xr-x 0/0', 'testsuite/facts.conf' => '-rw-r--r-- 0/0' }, 'what it is asked with';
is member($asking, 'testsuite/facts.conf'), ".ifdef _OPT_MAIN_KEEP_ENVIRONMENT\nkeep_environment =\n.endif\n", '- and a configuration';

is_deeply [$kit->shown($lane)], [['/kit/aux-fixed', 'aux-fixed'], ['/kit/bin', 'bin'], ['/kit/mine/eximdir', 'eximdir']],
  'what of it a case sees, and where';

is_deeply [grep { -x && !-d } path("$work/kit")->children], [], 'no MTA that could be run is left beside the kits';
is join(' ', sort map { $_->basename } grep { !/\.tar\z/ } path("$work/kit")->children), 'facts.conf', '- nor anything else';

# ----- What cannot be -----

sub fresh { return Runtest::Kit->new($work->child('kit2')->stringify, $work->child('top')->stringify, $work->child('tree')->stringify) }
sub outcome { my ($code) = @_; return eval { $code->() } // $@->kind . ": $@" }

$work->child('tree/aux-fixed')->remove_tree;
is_deeply [grep { /aux-fixed/ } keys %{ members(fresh()->common) }], [], 'a tree without fixed files';
$work->child('top/build/fakens')->remove;
is outcome(sub { fresh()->common }), 'broken: build/fakens is not built: run ./setup', 'a program that is not built';
file('mta/exim', '700', 'no Exim');
like outcome(sub { fresh()->lane($lane) }), qr/\Awrong: .*\/mta\/exim is not an Exim: /, 'what is no Exim';

done_testing;
