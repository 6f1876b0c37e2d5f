#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What an Exim binary is: its mark, what stands beside it, what it says of itself, and that it is asked only once.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path);
use Test::More;

use Runtest::Facts qw(learn_facts);
use Runtest::Lane;
use Runtest::MTA qw(patched_binary utilities_beside private_libraries facts_from_output facts_key cached_facts keep_facts);

my $work = Path::Tiny->tempdir;

sub file {
    my ($name, $bytes) = @_;
    my $file = $work->child($name);
    $file->parent->mkpath;
    $file->spew_raw($bytes);
    return "$file";
}

sub outcome {
    my ($code) = @_;
    return eval { $code->() } // (ref $@ ? $@->kind . ": $@" : $@);
}

# ----- The binary -----

my $bytes = "\x7fELF\0>>>running<<\0>>>running<<<\xff\n";
is patched_binary(file(exim => $bytes)), "\x7fELF\0>>>running<<\0<<<testing>>>\xff\n", 'the mark is replaced, and nothing else';
is path(file(exim => $bytes))->slurp_raw, $bytes, '- in what is returned, not in the file';
for my $case (['none', 0], ['<<<testing>>>', 0], ['>>>running<<< >>>running<<<', 2]) {
    my ($content, $count) = @$case;
    my $path = file(other => $content);
    is outcome(sub { patched_binary($path) }), "wrong: $path is not an Exim: it holds '>>>running<<<' $count times, and must hold it once",
      "no Exim: $content";
}

file("mta/$_" => '') for qw(exim exinext exim_dumpdb exim_id_update other);
$work->child('mta/exigrep')->mkpath;
is join(' ', utilities_beside($work->child('mta/exim'))), 'exinext exim_dumpdb exim_id_update', 'the utilities beside it';

# Programs with a library of their own.
SKIP: {
    skip 'no compiler here', 4 if system 'cc --version >/dev/null 2>&1';
    file('b.c' => 'int b(void) { return 0; }');
    file('a.c' => 'int b(void); int main(void) { return b(); }');
    my $library = $work->child('libprivate.so');
    system(qw(cc -shared -fPIC -o), $library, $work->child('b.c')) == 0 or die "cc\n";
    system(qw(cc -o), $work->child('a'), $work->child('a.c'), "-L$work", '-lprivate', "-Wl,-rpath,$work") == 0 or die "cc\n";
    is_deeply [private_libraries($work->child('a'))], ["$library"], 'libraries that the system does not have';
    my $key = facts_key("$work/a");
    is facts_key("$work/a"), $key, 'the key of a binary';
    utime 1, 1, $library or die "$library: $!\n";
    isnt facts_key("$work/a"), $key, '- is another one when one of its libraries is';
    $library->remove;
    is outcome(sub { private_libraries("$work/a") }), "wrong: $work/a cannot run here: its library libprivate.so is not installed",
      'a library that is missing';
}
is_deeply [private_libraries('/bin/sh')], [], 'a program of the system has no such libraries';
is_deeply [private_libraries(__FILE__)], [], '- nor has what is not dynamic';
my $binary = path(file(exim => 'a'));
my ($key, $time) = (facts_key("$binary"), (stat $binary)[9]);
$binary->append_raw('b');
utime $time, $time, $binary or die "$binary: $!\n";
isnt facts_key("$binary"), $key, 'the key of a binary of another size is another one';

# ----- What it says of itself -----

# An Exim that was made with LIBRARY.
sub answer {
    my ($library, $versions) = @_;
    return <<"END";
Exim version 4.96 uid=0 gid=0 pid=2 D=f7715cfd
changed uid/gid: forcing real = effective
Exim version 4.96 #2 built 27-May-2026 16:52:26
Copyright (c) University of Cambridge, 1995 - 2018
Support for: crypteq iconv() IPv6 $library TLS_resume
Lookups (built-in): lsearch dbm
Authenticators: cram_md5
Routers: accept
Transports: appendfile/maildir smtp
Malware:
Size of off_t: 8
Library version: Glibc: Compile: 2.36
                        Runtime: 2.36
$versions
Library version: PCRE2: Compile: 10.42
                        Runtime: 10.43 2022-12-11
exim_user = Debian-exim
exim_group = mail
_HAVE_TLS=y
_OPT_MAIN_TLS_ALPN=y
not_builtin=_HAVE_DANE=y
END
}
my $GNUTLS = "Library version: GnuTLS: Compile: 3.7.8\n                         Runtime: 3.7.9";
my $OPENSSL = "Library version: OpenSSL: Compile: OpenSSL 1.1.1n 15 Mar 2022\n                          Runtime: OpenSSL 1.1.1w 11 Sep 2023";

is_deeply facts_from_output(answer(GnuTLS => $GNUTLS)), {
    versions => { exim => '4.96', gnutls => '3.7.9' },
    library  => 'gnutls',
    lists    => {
        'Support for'        => [qw(crypteq iconv() IPv6 GnuTLS TLS_resume)],
        'Lookups (built-in)' => [qw(lsearch dbm)],
        'Authenticators'     => ['cram_md5'],
        'Routers'            => ['accept'],
        'Transports'         => [qw(appendfile maildir smtp)],
        'Malware'            => [],
    },
    macros => [qw(_HAVE_TLS _OPT_MAIN_TLS_ALPN)],
    names  => { user => 'Debian-exim', group => 'mail' },
  }, 'all facts of an Exim';

# [name, answer, facts of interest]
my @ANSWERS = (
    ['OpenSSL, with a letter', answer(OpenSSL => $OPENSSL), { library => 'openssl', exim => '4.96', openssl => '1.1.1w' }],
    ['OpenSSL 3', answer(OpenSSL => $OPENSSL =~ s/1\.1\.1w/3.0.22/r), { library => 'openssl', exim => '4.96', openssl => '3.0.22' }],
    ['a library that tells no version', answer(GnuTLS => ''), { library => 'gnutls', exim => '4.96', gnutls => '0' }],
    ['no TLS', answer('' => ''), { library => 'none', exim => '4.96' }],
    ['a release candidate', answer(GnuTLS => $GNUTLS) =~ s/version 4.96/version 4.99-RC1/gr, { library => 'gnutls', exim => '4.99', gnutls => '3.7.9' }],
    ['three parts', answer(GnuTLS => $GNUTLS) =~ s/version 4.96/version 4.99.1/gr, { library => 'gnutls', exim => '4.99.1', gnutls => '3.7.9' }],
);
for my $case (@ANSWERS) {
    my ($name, $answer, $wanted) = @$case;
    my $facts = facts_from_output($answer);
    is_deeply { library => $facts->{library}, %{ $facts->{versions} } }, $wanted, $name;
}
is facts_from_output(answer(GnuTLS => $GNUTLS) =~ s/exim_group.*\n//r)->{names}{group}, 'Debian-exim', 'without a group it is the user\'s';

for my $case (
    ['',                                'it says nothing'],
    ["\n\nno\n\nsuch\nconfiguration\nfile\n", 'no / such / configuration'],
    ["not Exim version 4.96\nexim_user = a\n", 'not Exim version 4.96 / exim_user = a'],
    ["Exim version 4.96\nno user\n",    'Exim version 4.96 / no user'],
  )
{
    my ($answer, $said) = @$case;
    is outcome(sub { facts_from_output($answer) }), "it does not answer as an Exim does: $said\n", "no Exim says: $said";
}

# ----- Keeping facts -----

my $cache = $work->child('facts.json');
is cached_facts("$cache", 'a'), undef, 'no cache yet';
keep_facts("$cache", a => { x => 1 });
keep_facts("$cache", b => { x => 2 });
is_deeply cached_facts("$cache", 'a'), { x => 1 }, 'facts are kept';
is_deeply cached_facts("$cache", 'b'), { x => 2 }, '- several';
is cached_facts("$cache", 'c'), undef, '- and no others';
for my $damaged ('{"a":', '[]', '') {
    $cache->spew_raw($damaged);
    is cached_facts("$cache", 'a'), undef, "a damaged cache: '$damaged'";
}
keep_facts("$cache", a => { x => 3 });
is_deeply cached_facts("$cache", 'a'), { x => 3 }, '- is replaced';

# ----- Asking -----

# A place that answers as SAYS (sub (user, arguments)) does, and remembers what it was asked.
package Place;
sub new      { my ($class, $says) = @_; return bless { says => $says, asked => [] }, $class }
sub mta_user { my ($self, $names) = @_; return { name => $names->{user}, group => $names->{group}, uid => 106, gid => 107 } }

sub ask {
    my ($self, $lane, $user, @arguments) = @_;
    push @{ $self->{asked} }, join ' ', $lane->name, $user, @arguments;
    return $self->{says}->($user, @arguments);
}

package main;    ## no critic (ProhibitMultiplePackages)

my ($first, $second) = answer(GnuTLS => $GNUTLS) =~ /\A(.*)(exim_user.*)\z/s;
my $exim = file(exim => $bytes);

# The lane after learning, and what was asked.
sub learned {
    my ($says) = @_;
    my $lane  = Runtest::Lane->new(mine => $exim);
    my $place = Place->new($says);
    my $error = outcome(sub { learn_facts($place, "$cache", $lane); return '' });
    return ($lane, $error, @{ $place->{asked} });
}

my ($lane, $error, @asked) = learned(sub { $_[1] eq '-d' ? $first : $second });
is $error, '', 'an Exim is asked';
is_deeply \@asked, ['mine Debian-exim -d -bV', 'mine Debian-exim -bP exim_user exim_group macros'], '- for all of this';
is $lane->version_of('gnutls'), '3.7.9', '- and the lane knows it';
is_deeply $lane->user, { name => 'Debian-exim', group => 'mail', uid => 106, gid => 107 }, '- as well as its user';

($lane, $error, @asked) = learned(sub { die "asked again\n" });
is_deeply [$error, @asked], [''], 'once is enough';
is $lane->version_of('gnutls'), '3.7.9', '- to know it';

$exim = file(exim => "$bytes ");
($lane, $error, @asked) = learned(
    sub {
        my ($user, $option) = @_;
        return qq(Exim: failed to find uid for user name "mailer"\n) if $user ne 'mailer';
        return $option eq '-d' ? $first : $second;
    }
);
is $error, '', 'another binary is asked, and has a user of another name';
is_deeply \@asked, ['mine Debian-exim -d -bV', 'mine mailer -d -bV', 'mine mailer -bP exim_user exim_group macros'], '- which it tells';

$exim = file(exim => "$bytes  ");
(undef, $error) = learned(sub { return "exim: no\n" });
is $error, "wrong: the MTA of lane mine, $exim, cannot be used: it does not answer as an Exim does: exim: no / exim: no", 'no Exim';
(undef, $error) = learned(sub { Runtest::Error->throw(broken => 'no sandbox') });
is $error, 'broken: no sandbox', 'an error of the machine stays one';

done_testing;
