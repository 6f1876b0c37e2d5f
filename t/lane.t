#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Lanes: which ones a run has, what they know, and which tests are theirs. What they list is for t/requirements.t.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Lane;
use Runtest::Requirements qw(parse_requirement);

my $top = Path::Tiny->tempdir('runtest lane-XXXXXX');    # with a blank in its name
for my $path (qw(mta/gnutls/exim mta/openssl/exim mta/unfinished/other mta/.work/exim mta/file own)) {
    my $file = $top->child($path);
    $file->parent->mkpath;
    $file->spew_raw('');
}
my $own = $top->child('own')->stringify;

# The lanes as NAME=PATH, without the directory.
sub lanes {
    my ($added, @globs) = @_;
    my @lanes = eval { Runtest::Lane->find_lanes("$top", $added, \@globs) };
    return $@ ? $@->kind . ": $@" : join ' ', map { $_->name . '=' . substr $_->path, 1 + length $top } @lanes;
}

# [added, globs, lanes]
for my $case (
    [{}, [], 'gnutls=mta/gnutls/exim openssl=mta/openssl/exim'],
    [{ own => $own }, [], 'gnutls=mta/gnutls/exim openssl=mta/openssl/exim own=own'],
    [{ gnutls => $own }, [], 'gnutls=own openssl=mta/openssl/exim'],
    [{ own => $own }, ['o*'], 'openssl=mta/openssl/exim own=own'],
    [{ own => $own }, [qw(own gnutls g*)], 'gnutls=mta/gnutls/exim own=own'],
    [{}, ['{openssl,x}'], 'openssl=mta/openssl/exim'],
    [{}, [qw(gnutls gnu)], "wrong: no lane is named by 'gnu': there are gnutls openssl"],
    [{ own => '/nonexistent/exim' }, [], 'wrong: the MTA of lane own, /nonexistent/exim, does not exist'],
    [{ own => '/nonexistent/exim' }, ['gnutls'], 'gnutls=mta/gnutls/exim'],
  )
{
    my ($added, $globs, $wanted) = @$case;
    is lanes($added, @$globs), $wanted, 'lanes: ' . join ' ', @$globs, map { "$_=$added->{$_}" } keys %$added;
}
is eval { Runtest::Lane->find_lanes('/nonexistent', {}, []) } // $@->kind . ": $@",
  'broken: there is no MTA in mta/: run ./setup, or name one with --mta NAME=PATH', 'no MTA at all';

# ----- The lanes beside those of a run -----

$top->child('mta/gone')->mkpath;
symlink '/nonexistent/exim', $top->child('mta/gone/exim') or die "symlink: $!\n";

# [added, globs, the lanes beside the chosen ones; + marks one that was added]
for my $case (
    [{ own => $own }, ['own'], 'gnutls=mta/gnutls/exim openssl=mta/openssl/exim'],
    [{ own => $own }, ['gnutls'], 'openssl=mta/openssl/exim +own=own'],
    [{ gnutls => $own }, ['gnutls'], 'gnutls of mta=mta/gnutls/exim openssl=mta/openssl/exim'],
    [{ gnutls => $own }, ['openssl'], '+gnutls=own gnutls of mta=mta/gnutls/exim'],
    [{ own => $own, same => "$top/mta/gnutls/exim" }, [qw(own same)], 'openssl=mta/openssl/exim'],
    [{ own => $own, none => '/nonexistent/exim' }, ['own'], 'gnutls=mta/gnutls/exim openssl=mta/openssl/exim'],
    [{ own => $own }, [qw(own openssl gnutls)], ''],
  )
{
    my ($added, $globs, $wanted) = @$case;
    my @beside = Runtest::Lane->lanes_beside("$top", $added, Runtest::Lane->find_lanes("$top", $added, $globs));
    is join(' ', map { ($_->is_added ? '+' : '') . $_->name . '=' . substr $_->path, 1 + length $top } @beside), $wanted,
      "the lanes beside @$globs, with " . join ' ', map { "$_=$added->{$_}" } sort keys %$added;
}
is join(' ', map { $_->is_added ? 1 : 0 } Runtest::Lane->find_lanes("$top", { own => $own }, [qw(gnutls own)])), '0 1', 'which of a run was added';
is eval { Runtest::Lane->lanes_beside("$top", { 'a/b' => $own }) } // $@->kind, 'wrong', 'a name that no lane can have';
$top->child('mta/gone')->remove_tree;

for my $name (qw(a gnutls-3.8 A_b.1 4.99)) {
    is eval { Runtest::Lane->new($name, $own)->name } // $@, $name, "a lane's name: $name";
}
for my $name ('', 'a b', '../x', '.a', '-a', 'a/b', "a\n", "\xe9") {
    is eval { Runtest::Lane->new($name, $own) } // $@->kind . ": $@",
      "wrong: '$name' cannot be a lane's name: letters, digits, dot, dash and underscore can", 'none: ' . $name =~ s/([^ -~])/sprintf '\x%02x', ord $1/ger;
}
is eval { Runtest::Lane->new('own', "$top") } // $@->kind . ": $@", "wrong: the MTA of lane own, $top, is no file that can be read", 'no directory';

# ----- What a lane knows -----

sub lane {
    my ($library, @support) = @_;
    my $lane = Runtest::Lane->new('own', $own);
    $lane->learn(
        {
            library  => $library,
            versions => { exim => '4.96', gnutls => '3.7.9' },
            lists    => { 'Support for' => \@support },
            macros   => [qw(_HAVE_TLS _HAVE_TLS_ALPN)],
            user     => { name => 'mail', uid => 8, gid => 9 },
        }
    );
    return $lane;
}

is(Runtest::Lane->new('own', $own)->facts, undef, 'nothing is known at first');
my $lane = lane(gnutls => 'GnuTLS');
is $lane->path, $own, 'path';
is $lane->facts->{library}, 'gnutls', 'facts';
is $lane->library, 'gnutls', 'library';
is $lane->version_of('exim'), '4.96', 'version of the MTA';
is $lane->version_of('openssl'), undef, 'version of a library that it does not have';
my $checkout = lane(gnutls => 'GnuTLS');
$checkout->facts->{versions}{exim} = '4.99.1-148-13835a3c1';
is $checkout->version_of('exim'), '4.100', 'version of an MTA that was built from a checkout: as it counts';
is $checkout->version_name, '4.99.1-148-13835a3c1', '- and its name';
is_deeply $lane->user, { name => 'mail', uid => 8, gid => 9 }, 'user';
ok $lane->has_macro('_HAVE_TLS'), 'a macro';
ok !$lane->has_macro('_HAVE'), '- and none';
ok $lane->lists('Support for', 'GnuTLS'), 'a word of a list';
ok !$lane->lists('Routers', 'GnuTLS'), '- and of none';
ok lane(gnutls => 'PIPECONNECT')->lists('Support for', $_), "a word of then and of now: $_" for qw(PIPE_CONNECT PIPECONNECT);

# ----- Whose tests -----

sub runs {
    my ($of, @requirements) = @_;
    return $of->runs({ requirements => [map { parse_requirement($_) } @requirements] }) ? 1 : 0;
}

my $openssl = lane(openssl => 'OpenSSL');
# [requirements of the folder, runs with GnuTLS, with OpenSSL]
for my $case (
    [[], 1, 1],
    [['support GnuTLS'], 1, 0],
    [['support  OpenSSL '], 0, 1],
    [['support OCSP', 'exim > 99', 'running IPv6'], 1, 1],
    [['support OCSP', 'support OpenSSL'], 0, 1],
    [['support OpenSSL', 'support GnuTLS'], 0, 0],
  )
{
    my ($requirements, @wanted) = @$case;
    is_deeply [map { runs($_, @$requirements) } $lane, $openssl], \@wanted, 'lanes of a folder that requires: ' . join ', ', @$requirements;
}

done_testing;
