#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What an Exim binary is: its mark, what stands beside it, what it says of itself, and that it is asked only once.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Cpanel::JSON::XS ();
use Path::Tiny qw(path);
use Test::More;

use Runtest::Facts qw(learn_facts);
use Runtest::Lane;
use Runtest::MTA qw(patched_binary utilities_beside private_libraries facts_from_output current_word facts_key cached_facts keep_facts);

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
my $there = $work->child('mta')->realpath;
sub beside { return join ' ', map { path($_->[0])->realpath->relative($work->realpath) . "/$_->[1]" } utilities_beside($_[0]) }
is beside("$there/exim"), 'mta/exinext mta/exim_dumpdb mta/exim_id_update', 'the utilities beside it';
file("linked/$_" => '') for qw(exinext exiwhat);
symlink '../mta/exim', $work->child('linked/exim') or die "linked/exim: $!\n";
symlink 'exim', $work->child('linked/sendmail')    or die "linked/sendmail: $!\n";
is beside($work->child('linked/sendmail')), 'linked/exinext mta/exim_dumpdb mta/exim_id_update linked/exiwhat',
  '- and of a link, beside it and beside what it leads to, in this order';

# Programs with a library of their own.
SKIP: {
    skip 'no compiler here', 5 if system 'cc --version >/dev/null 2>&1';
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
    my ($loader) = grep { -e } map { glob } qw(/lib64/ld-linux*.so.* /lib/ld-linux*.so.*);
    my $own_loader = path($loader)->copy($work->child('ld.so'));
    system(qw(cc -o), $work->child('c'), $work->child('a.c'), "-L$work", '-lprivate', "-Wl,-rpath,$work", "-Wl,--dynamic-linker=$own_loader") == 0 or die "cc\n";
    is_deeply [sort { $a cmp $b } private_libraries($work->child('c'))], ["$own_loader", "$library"], '- and a loader that it does not have';
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
  }, 'all facts of an Exim';

# [name, answer, facts of interest]
my @ANSWERS = (
    ['OpenSSL, with a letter', answer(OpenSSL => $OPENSSL), { library => 'openssl', exim => '4.96', openssl => '1.1.1w' }],
    ['OpenSSL 3', answer(OpenSSL => $OPENSSL =~ s/1\.1\.1w/3.0.22/r), { library => 'openssl', exim => '4.96', openssl => '3.0.22' }],
    ['a library that tells no version', answer(GnuTLS => ''), { library => 'gnutls', exim => '4.96', gnutls => '0' }],
    ['no TLS', answer('' => ''), { library => 'none', exim => '4.96' }],
    ['a release candidate', answer(GnuTLS => $GNUTLS) =~ s/version 4.96/version 4.99-RC1/gr, { library => 'gnutls', exim => '4.99-RC1', gnutls => '3.7.9' }],
    ['a checkout', answer(GnuTLS => $GNUTLS) =~ s/version 4.96/version 4.99.1-148-13835a3c1/gr,
        { library => 'gnutls', exim => '4.99.1-148-13835a3c1', gnutls => '3.7.9' }],
    ['three parts', answer(GnuTLS => $GNUTLS) =~ s/version 4.96/version 4.99.1/gr, { library => 'gnutls', exim => '4.99.1', gnutls => '3.7.9' }],
);
for my $case (@ANSWERS) {
    my ($name, $answer, $wanted) = @$case;
    my $facts = facts_from_output($answer);
    is_deeply { library => $facts->{library}, %{ $facts->{versions} } }, $wanted, $name;
}

# [what an Exim of some time prints in "Support for:", what it is called now]
for my $case (
    ['TLS_resume',                 'TLS_resume'],
    ['Experimental_TLS_resume',    'TLS_resume'],       # 4.93, 4.94
    ['Experimental_PIPE_CONNECT',  'PIPECONNECT'],      # 4.92
    ['PIPE_CONNECT',               'PIPECONNECT'],      # 4.93, 4.94
    ['PIPECONNECT',                'PIPECONNECT'],
    ['Experimental_DANE',          'DANE'],             # up to 4.90
    ['Experimental_Event',         'Event'],            # 4.85, 4.86
    ['Experimental_Proxy',         'PROXY'],
    ['Experimental_SOCKS',         'SOCKS'],
    ['Experimental_International', 'I18N'],
    ['Experimental_ESMTP_Limits',  'ESMTP_Limits'],     # 4.95 to 4.97
    ['Experimental_Queue_Ramp',    'Queue_Ramp'],       # 4.94
    ['move_frozen_messages',       'move_frozen_messages'],
    ['iconv()',                    'iconv()'],
  )
{
    my ($printed, $now) = @$case;
    is current_word($printed), $now, "$printed is $now";
    is current_word($now), $now, '- which stays';
}
my @experimental = qw(Experimental_TLS_resume PIPE_CONNECT);
is_deeply facts_from_output(answer(GnuTLS => $GNUTLS) =~ s/TLS_resume/@experimental/r)->{lists}{'Support for'},
  [qw(crypteq iconv() IPv6 GnuTLS TLS_resume PIPECONNECT)], 'an older Exim lists them under their newer names';

my $NO_SUCH_OPTION = <<'END';
LOG: PANIC DIE
  Exim configuration error in line 1 of /testsuite/facts.conf:
  main option "keep_environment" unknown
2026-11-30 13:47:04 Exim configuration error in line 1 of /testsuite/facts.conf:
  main option "keep_environment" unknown
SYSLOG: '[2/2]   main option "keep_environment" unknown'
exim: could not open panic log - aborting: see message(s) above
Exim version 4.85 #2 built 30-Nov-2026 13:31:14
END
my $NO_USER = <<'END';
Exim version 4.98.2 #1 built 30-Nov-2026 13:31:14
LOG: MAIN PANIC DIE
  cannot run initgroups(): no passwd entry for uid=1234
2026-11-30 13:47:04 cannot run initgroups(): no passwd entry for uid=1234
exim: could not open panic log - aborting: see message(s) above
END
my $NO_NAME = qq(Exim version 4.96 #1 built x\n1\n2\nexim: failed to find gid for group name "mailers"\n);
for my $case (
    ['',                                'it does not answer as an Exim does: it says nothing'],
    ["\n\nno\n\nsuch\nconfiguration\nfile\n", 'it does not answer as an Exim does: no / such / configuration'],
    ["not Exim version 4.96 #1\nexim_user = a\n", 'it does not answer as an Exim does: not Exim version 4.96 #1 / exim_user = a'],
    ["Exim version 4.96 #1\nno user\n",    'it does not answer as an Exim does: Exim version 4.96 #1 / no user'],
    ["Exim version of mine #1\nexim_user = a\n", 'it does not answer as an Exim does: Exim version of mine #1 / exim_user = a'],
    [$NO_SUCH_OPTION,                   'it says: main option "keep_environment" unknown'],
    [$NO_USER,                          'it says: cannot run initgroups(): no passwd entry for uid=1234'],
    [$NO_NAME,                          'it says: exim: failed to find gid for group name "mailers"'],
    ["1\n2\n3\nexim: permission denied\n4\n", 'it says: exim: permission denied'],
  )
{
    my ($answer, $said) = @$case;
    is outcome(sub { facts_from_output($answer) }), "$said\n", "no facts: $said";
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

# A place that answers as SAYS (sub (users, arguments)) does, and remembers what it was asked.
package Place;
sub new      { my ($class, $says) = @_; return bless { says => $says, asked => [] }, $class }
sub mta_user { my ($self, $names) = @_; return $self->{refuses} ? die $self->{refuses} : { name => $names->{user}, uid => 106 } }

sub ask {
    my ($self, $lane, $accounts, @arguments) = @_;
    my $users = join '+', $accounts->wanted;
    push @{ $self->{asked} }, join ' ', $lane->name, $users, @arguments;
    return $self->{says}->($users, @arguments);
}

package main;    ## no critic (ProhibitMultiplePackages)

my ($first, $second) = answer(GnuTLS => $GNUTLS) =~ /\A(.*)(exim_user.*)\z/s;
my $exim = file(exim => $bytes);

# The lane after learning, and what was asked.
sub learned {
    my ($says, $refuses) = @_;
    my $lane  = Runtest::Lane->new(mine => $exim);
    my $place = Place->new($says);
    $place->{refuses} = $refuses;
    my $error = outcome(sub { learn_facts($place, "$cache", $lane); return '' });
    return ($lane, $error, @{ $place->{asked} });
}

# An Exim that looks up the user mailer, and has the group 12.
sub says {
    my ($users, $option) = @_;
    return qq(exim: failed to find uid for user name "mailer"\n) if $users ne 'mailer';
    return $option eq '-d' ? $first : $second =~ s/Debian-exim/mailer/r =~ s/= mail$/= 12/mr;
}

my $BP = '-bP exim_user exim_group macros';
my ($lane, $error, @asked) = learned(\&says);
is $error, '', 'an Exim is asked';
is_deeply \@asked, ["mine  $BP", "mine mailer $BP", 'mine mailer -d -bV'], '- with the user that it wants, for all of this';
is $lane->version_of('gnutls'), '3.7.9', '- and the lane knows it';
is_deeply $lane->facts->{names}, { user => 'mailer', group => 12, users => ['mailer'], groups => [] }, '- as well as its user';
is_deeply $lane->user, { name => 'mailer', uid => 106 }, '- which the place has given it';

($lane, $error, @asked) = learned(sub { die "asked again\n" });
is_deeply [$error, @asked], [''], 'once is enough';
is $lane->version_of('gnutls'), '3.7.9', '- to know it';
is_deeply [sort { length $a <=> length $b } keys %{ Cpanel::JSON::XS->new->decode($cache->slurp_raw) }], ['a', '2 Place ' . facts_key($exim)],
  'the key in the cache has the shape of the facts, and the kind of place';

(undef, $error) = learned(\&says, "it was built for nobody\n");
is $error, "wrong: the MTA of lane mine, $exim, cannot be used: it was built for nobody", 'a user that the place cannot give it';

$exim = file(exim => "$bytes ");
(undef, $error, @asked) = learned(sub { return qq(exim: failed to find uid for user name "mailer"\n) });
is $error, "wrong: the MTA of lane mine, $exim, cannot be used: it says: exim: failed to find uid for user name \"mailer\"",
  'one that is never content';
is @asked, 3, '- is not asked for ever';

$exim = file(exim => "$bytes  ");
my $round = 0;
(undef, $error, @asked) = learned(sub { $round++; return qq(exim: failed to find uid for user name "mailer$round"\n) });
is @asked, 13, '- nor one that wants another user each time';
(undef, $error) = learned(sub { return "exim: no\n" });
is $error, "wrong: the MTA of lane mine, $exim, cannot be used: it says: exim: no", 'no Exim';
(undef, $error) = learned(sub { Runtest::Error->throw(broken => 'no sandbox') });
is $error, 'broken: no sandbox', 'an error of the machine stays one';

done_testing;
