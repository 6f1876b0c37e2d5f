#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every Perl module that is used here comes with Perl, with this checkout, or with a package that setup installs.

use strict;
use warnings;

use File::Find qw(find);
use FindBin;
use Module::CoreList;
use Test::More;

my $top = "$FindBin::Bin/..";

# The text of a file.
sub text_of {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/ = undef;
    return scalar readline $in;
}

# The packages of setup's table.
sub packages_of_setup {
    my ($table) = text_of("$top/setup") =~ /^packages\(\) \{\n *cat <<'END'\n(.*?)^END$/ms or die "setup has no table\n";
    return map { (split)[0] } split /\n/, $table;
}

sub perl_files {
    my @files = "$top/runtest";
    find( sub { push @files, $File::Find::name if /[.](?:pm|t)\z/ }, "$top/lib", "$top/t" );
    return @files;
}

# What a module would be loaded from without our own lib.
sub file_of {
    my ($module) = @_;
    my $name = ( $module =~ s{::}{/}gr ) . '.pm';
    my ($directory) = grep { -e "$_/$name" } grep { !ref && !/\A\Q$FindBin::Bin\E/ } @INC;
    return $directory && "$directory/$name";
}

# The package that a file belongs to.
sub package_of {
    my ($file) = @_;
    open my $dpkg, '-|', 'dpkg', '-S', $file or die "dpkg: $!\n";
    my $line = readline $dpkg;
    close $dpkg or return 'none';
    return $line =~ s/[:,].*//sr;
}

my %used;
for my $file ( perl_files() ) {
    push @{ $used{$_} }, $file =~ s{.*/\.\./}{}r for text_of($file) =~ /^\s*(?:use|require)\s+([A-Z][\w:]*)/mg;
}
my %ours = map { $_ => 1 } packages_of_setup();
ok( keys %ours > 10, 'setup has a table of packages' );

my %needed;
for my $module ( sort keys %used ) {
    my $name = $module =~ s{::}{/}gr;
    next if Module::CoreList->first_release($module) || grep { -e "$top/$_/$name.pm" } qw(lib t/lib bench/lib);
    my $file    = file_of($module);
    my $package = $file ? package_of($file) : 'none';
    ok( $ours{$package}, "$module is in one of setup's packages" )
      or diag "its package: $package; it is used in @{ $used{$module} }";
    $needed{$package} = 1;
}

# These are programs, or what a program loads: perlcritic, and swaks for TLS.
my %of_programs = map { $_ => 1 } qw(libperl-critic-perl libnet-ssleay-perl);
for my $package ( grep { /\Alib.*-perl\z/ && !$of_programs{$_} } sort keys %ours ) {
    ok( $needed{$package}, "$package of setup's is used" );
}

done_testing;
