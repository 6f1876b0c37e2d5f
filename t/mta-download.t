#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which version mta/download fetches, and what it says: with a true apt, and a repository in a directory, which loses files that its
# lists still name. No network, and nothing of the system's apt, its packages or preferences matters.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(sha256_hex);
use FindBin qw($Bin);
use lib "$Bin/../lib";
use Path::Tiny qw(path tempdir);
use Test::More;

use Runtest::Capture qw(must_run);

my $DOWNLOAD = "$Bin/../mta/download";

# The newest first: neither the order of the alphabet nor of numbers alone.
my @VERSIONS = qw(1.11-1 1.11~rc1-1 1.10-1 1.9-1);
my %PACKAGES = (binary => [qw(exim4-daemon-light exim4-base)], source => ['exim4']);

my $top        = tempdir();
my $repository = $top->child('repository');
my $apt        = $top->child('apt with blank');
my $directory  = $top->child('fetched with blank');

# ----- The repository, and apt -----

sub add_binary_package {
    my ($package, $version) = @_;
    my $control = $top->child('package/DEBIAN');
    $control->mkpath;
    $control->chmod(oct '755');    # dpkg-deb insists on it, whatever the umask
    $control->child('control')->spew_raw("Package: $package\nVersion: $version\nArchitecture: all\nMaintainer: a <a\@test.ex>\nDescription: a\n");
    must_run(qw(dpkg-deb --build), $control->parent, $repository->child("${package}_${version}_all.deb"));
    return;
}

# By hand, because dpkg-source wants an upstream tarball too when a version has a revision.
sub add_source_package {
    my ($version) = @_;
    my $tarball = $repository->child("exim4_$version.tar.xz");
    $tarball->spew_raw(my $content = "sources of $version\n");
    my ($size, $name) = (length $content, $tarball->basename);
    $repository->child("exim4_$version.dsc")->spew_raw(<<"END");
Format: 3.0 (native)
Source: exim4
Binary: @{ $PACKAGES{binary} }
Architecture: all
Version: $version
Maintainer: a <a\@test.ex>
Checksums-Sha256:
 ${\ sha256_hex($content)} $size $name
Files:
 ${\ md5_hex($content)} $size $name
END
    return;
}

# As mta/apt-private's, but that the system's packages, preferences and default release stay out. Two repositories, by name, have the
# same versions, as two of Debian's may.
sub make_apt {
    $apt->child($_)->mkpath for qw(lists/partial archives/partial);
    $apt->child($_)->touch for qw(status preferences);
    $apt->child('sources.list')->spew_raw(map { "$_ [trusted=yes] file:$repository ./\n$_ [trusted=yes] file:$top repository/\n" } qw(deb deb-src));
    $apt->child('apt.conf')->spew_raw(<<"END");
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "$apt/preferences";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "root";
#clear APT::Default-Release;
#clear APT::Update;
END
    must_run(qw(apt-get -q -c), $apt->child('apt.conf'), 'update');
    return;
}

$repository->mkpath;
for my $version (@VERSIONS) {
    add_binary_package($_, $version) for @{ $PACKAGES{binary} };
    add_source_package($version);
}
must_run('sh', '-c', 'cd "$0" && dpkg-scanpackages --multiversion . >Packages && dpkg-scansources . >Sources', $repository);
make_apt();

# ----- Fetching -----

# What comes of fetching, while the repository has no file that GONE matches: its standard output, and the names of the files that
# are then there, or why there are none.
sub outcome {
    my ($gone, $kind, @packages) = @_;
    my @gone = $repository->children($gone);
    $_->move("$_.gone") for @gone;
    $directory->mkpath;
    $directory->child('stale')->touch;
    my $status = system 'sh', '-c', 'exec "$@" </dev/null >"$0/out" 2>"$0/err"', $top, $DOWNLOAD, $apt, $kind, $directory, @packages;
    path("$_.gone")->move($_) for @gone;
    my $out = $top->child('out')->slurp_raw;
    return $out . join ' ', sort map { $_->basename } $directory->children if !$status;
    return $out . ($status >> 8) . ': ' . join '', grep { /\ANo repository/ } $top->child('err')->lines_raw;
}

my $NOTHING = qr/(?!)/;

sub files_of {
    my (@versions) = @_;
    my $any = join '|', map { quotemeta } @versions;
    return qr/_(?:$any)(?:_all[.]deb|[.]dsc|[.]tar[.]xz)\z/;
}

# SAID begins with the version: all of it has to be there then, and nothing else.
sub fetches {
    my ($kind, $gone, $said, $name) = @_;
    my ($version) = split / /, $said;
    my @files = $kind eq 'binary' ? map { "${_}_${version}_all.deb" } qw(exim4-base exim4-daemon-light) : map { "exim4_$version.$_" } qw(dsc tar.xz);
    is outcome($gone, $kind, @{ $PACKAGES{$kind} }), "$said\n@files", "$kind: $name" or diag $top->child('err')->slurp_raw;
    return;
}

sub refuses {
    my ($kind, $gone, $packages, $in_vain, $name) = @_;
    my $why = "No repository that apt knows, and that can be reached, has the $kind package $packages->[0]$in_vain.\n";
    is outcome($gone, $kind, @$packages), "1: $why", "$kind: $name" or diag $top->child('err')->slurp_raw;
    return;
}

for my $kind (qw(binary source)) {
    fetches($kind, $NOTHING, '1.11-1', 'the newest');
    fetches($kind, files_of('1.11-1'), '1.11~rc1-1 (not to be fetched: 1.11-1)', 'the next, when the newest is gone');
    fetches($kind, files_of(@VERSIONS[0, 1]), '1.10-1 (not to be fetched: 1.11-1 1.11~rc1-1)', '- and the one after it');
    refuses($kind, files_of(@VERSIONS), $PACKAGES{$kind}, "; listed, and not to be fetched: @VERSIONS", 'none is left');
    refuses($kind, $NOTHING, ['exim5'], '', 'a package that apt does not know');

    # apt says things in the language of who runs it. That of LC_ALL is there on every Debian.
    local @ENV{qw(LC_ALL LANGUAGE)} = qw(C.UTF-8 de);
    fetches($kind, $NOTHING, '1.11-1', 'the newest, for who has another language');
}
fetches('binary', qr/\A$_\_1[.]11-1_/, '1.11~rc1-1 (not to be fetched: 1.11-1)', "the next, when the newest $_ is gone") for @{ $PACKAGES{binary} };
fetches('source', qr/_1[.]11-1[.]$_/,  '1.11~rc1-1 (not to be fetched: 1.11-1)', "the next, when the newest $_ is gone") for qw(dsc tar);
refuses('binary', $NOTHING, ['exim4'], '', 'a package of which there are only sources');

# ----- What apt would install -----

sub prefer {
    my ($version, $priority) = @_;
    $apt->child('preferences')->spew_raw("Package: exim4-daemon-light\nPin: version $version\nPin-Priority: $priority\n");
    return;
}

prefer('1.10-1', 1001);
for my $kind (qw(binary source)) {
    fetches($kind, $NOTHING, '1.10-1', 'the preferred version');
    fetches($kind, files_of('1.10-1'), '1.9-1 (not to be fetched: 1.10-1)', 'nothing newer, when it is gone');
    refuses($kind, files_of(qw(1.10-1 1.9-1)), $PACKAGES{$kind}, '; listed, and not to be fetched: 1.10-1 1.9-1', '- even if all else is gone');
}
prefer(q{*}, -1);
refuses($_, $NOTHING, $PACKAGES{$_}, '', 'nothing, if apt is to install none') for sort keys %PACKAGES;

done_testing;
