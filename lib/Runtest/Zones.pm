# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Zones;

use strict;
use warnings;

use Path::Tiny qw(path);
use Socket qw(AF_INET6 inet_pton);

use Runtest::Atomic qw(write_whole);
use Runtest::Capture qw(output_of);
use Runtest::Error;

use Exporter 'import';
our @EXPORT_OK = qw(zones_of_host check_zones);

=head1 NAME

Runtest::Zones - the fake DNS zones: those of the test host itself; and whether those of a case are good

=head2 zones_of_host(\%host, @there)

The zone files (docs/dns-zones.md) of a Runtest::Host's name and addresses, forward and reverse, as C<< { name, content } >>; without
those that are among the file names @there, or that lie in one of these zones.

=cut

sub zones_of_host {
    my ($host, @there) = @_;
    my %there = map { $_ => 1 } @there;
    my @zones = (_forward($host), _reverse4($host), _reverse6($host));
    return grep { !_covered($_->{name}, \%there) } @zones;
}

# db.myhost.test.ex is covered by db.test.ex, too; reverse zones by a file of their own name only.
sub _covered {
    my ($name, $there) = @_;
    return 1 if $there->{$name};
    return 0 if $name =~ /\Adb\.ip[46]\./;
    my @labels = split /\./, $name =~ s/\Adb\.//r;
    return !!grep { $there->{ join '.', 'db', @labels[$_ .. $#labels] } } 1 .. $#labels;
}

sub _forward {
    my ($host) = @_;
    my @records = ((map { "@ A $_\n" } $host->{HOSTIPV4} // ()), (map { "@ AAAA $_\n" } $host->{HOSTIPV6} // ()));
    return { name => "db.$host->{hostname}", content => join '', @records };
}

sub _reverse4 {
    my ($host) = @_;
    my ($first, @rest) = split /\./, $host->{HOSTIPV4} // return;
    return { name => "db.ip4.$first", content => join('.', reverse @rest) . " PTR $host->{hostname}.\n" };
}

sub _reverse6 {
    my ($host) = @_;
    my $digits = unpack 'H32', inet_pton(AF_INET6, $host->{HOSTIPV6} // return);
    my ($network, $rest) = unpack 'A4 A28', $digits;
    return { name => "db.ip6.$network", content => join('.', reverse split //, $rest) . " PTR $host->{hostname}.\n" };
}

=head2 check_zones($fakens, $tree, $directory, @files)

Has the program fakens look at the zones among the files of a plan (Runtest::Plan), which are written to $directory meanwhile. Dies (wrong) of what
it finds, with file and line.

=cut

my %good;    # texts that were looked at: most cases have the same ones

sub check_zones {
    my ($fakens, $tree, $directory, @files) = @_;
    @files = grep { $_->{path} =~ m{\A(?:dnszones|aux-var)/} } @files;    # a zone may name a certificate
    my $texts = join "\0", $tree, map { @$_{qw(path content)} } @files;
    return if $good{$texts};
    path($directory)->remove_tree;
    my $said = _said_of($fakens, $tree, path($directory), @files);
    Runtest::Error->throw(wrong => $said) if $?;
    $good{$texts} = 1;
    return;
}

sub _said_of {
    my ($fakens, $tree, $case, @files) = @_;
    $case->child('dnszones')->mkpath;
    for my $file (@files) {
        my $path = $case->child($file->{path});
        $path->parent->mkpath;
        write_whole("$path", $file->{content});
    }
    symlink path($tree)->absolute->child('aux-fixed'), $case->child('aux-fixed') or Runtest::Error->throw(broken => "$case/aux-fixed: $!");
    my $said = output_of($fakens, '--check', $case->child('dnszones'));
    my @lines = split /\n/, $said =~ s{\Q$case\E/(?:dnszones/[.][.]/)?}{}gr;
    return join "\nruntest: ", map { s{\Adnszones/}{dnszones-src/}r } @lines;
}

1;
