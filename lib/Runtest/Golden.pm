# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Golden;

use strict;
use warnings;

use Path::Tiny qw(path);
use Time::HiRes ();

use Runtest::Atomic qw(write_atomically);
use Runtest::Error;
use Runtest::Requirements qw(compare_versions);

use Exporter 'import';
our @EXPORT_OK = qw(flavour_of is_prefix);

=head1 NAME

Runtest::Golden - the files that say what a stream must be, flavours included

=head1 DESCRIPTION

The golden of stream C<log> of test 2132 is F<log/2132>, of C<mail.CALLER> F<mail/2132.CALLER>. Beside it may stand flavours,
F<log/2132.openssl-1.1>, for a library or an MTA that rightly differs. A library's version stands for those that begin
with it (1.1 for 1.1.1w), an MTA's for itself and all later ones, up to the next such flavour: most of what a version
changes stays so.

=cut

my @FOLDERS = qw(stdout stderr log rejectlog paniclog msglog mail);
my $FLAVOUR = qr/(gnutls|openssl|exim)(?:-([0-9]+(?:\.[0-9]+)*))?/;

# Which flavour wins, the larger the better.
my %RANK = (gnutls => 2, openssl => 2, exim => 1);

# Whether a flavour's version stands for this one: for an MTA's, and for a library's.
my %FITS = (exim => sub { compare_versions($_[0], $_[1]) <= 0 }, map { $_ => \&is_prefix } qw(gnutls openssl));

=head2 new($tree, $number, $lane)

The goldens of one test as they are for one lane.

=cut

sub new {
    my ($class, $tree, $number, $lane) = @_;
    return bless { tree => $tree, number => $number, lane => $lane }, $class;
}

=head2 path_of($stream, @more)

The golden's path relative to the tree: of the flavour that fits the lane best, or without one. The file need not exist.
Those of @more, which are paths as flavour() makes them, count as if they existed. Dies (wrong) of a mailbox whose name
ends like a flavour's.

=cut

sub path_of {
    my ($self, $stream, @more) = @_;
    my $plain = $self->_plain($stream);
    my ($best) = $plain;
    for my $path (sort $self->_beside($plain), @more) {
        $best = $path if $self->_fits(flavour_of($path)) && _is_better($path, $best);
    }
    return $best;
}

sub _plain {
    my ($self, $stream) = @_;
    my ($folder, $rest) = split /\./, $stream, 2;
    if (($rest // '') =~ /(?:\A|\.)$FLAVOUR\z/) {
        Runtest::Error->throw(wrong =>
              "test $self->{number} has written $stream, and a name that ends like a flavour's cannot have a golden: rename it");
    }
    return "$folder/$self->{number}" . (defined $rest ? ".$rest" : '');
}

# The paths of the flavours that there are of a golden.
sub _beside {
    my ($self, $plain) = @_;
    my ($directory, $name) = $plain =~ m{\A(.*)/(.*)\z}s;
    return map { "$directory/$_" } grep { /\A\Q$name\E\.$FLAVOUR\z/ } _names("$self->{tree}/$directory", $name);
}

# Whether a flavour is one of the lane's.
sub _fits {
    my ($self, $name, $version) = @_;
    my $actual = $self->{lane}->version_of($name) // return 0;
    return !defined $version || $FITS{$name}->($version, $actual);
}

# Of two goldens that are the lane's, whether the first goes before the second: a library's goes before an MTA's, the
# later version before the earlier one.
sub _is_better {
    my ($path, $other) = @_;
    my ($name, $version)             = flavour_of($path);
    my ($other_name, $other_version) = flavour_of($other) or return 1;
    return ($RANK{$name} <=> $RANK{$other_name} || compare_versions($version // '', $other_version // '')
          || length($version // '') <=> length($other_version // '')) > 0;
}

=head2 flavour($stream, $name, $version), flavour_of($path)

The path of a flavour, which need not exist; and the other way round: the flavour's name (exim, gnutls, openssl) and its
version, undef where it has none; nothing of a path without a flavour.

=cut

sub flavour {
    my ($self, $stream, $name, $version) = @_;
    return $self->_plain($stream) . ".$name-$version";
}

sub flavour_of {
    my ($path) = @_;
    return $path =~ /\.$FLAVOUR\z/ ? ($1, $2) : ();
}

=head2 is_prefix($version, $of)

Whether a version is the beginning of another one, by numbers: 1.1 is that of 1.1.1w, and not of 1.10.

=cut

sub is_prefix {
    my ($version, $of) = @_;
    my @parts = split /\./, $version;
    my @of    = $of =~ /([0-9]+)/g;
    return @of >= @parts && compare_versions($version, join '.', @of[0 .. $#parts]) == 0;
}

my %listed;    # directory => { changed => its time of change, names => { what is before the first dot => [names] } }

# How old a change must be, in seconds, that a later one has another time for sure.
my $CLOCK_STEP = 1;

# The names in a directory that are the same as this one up to the first dot.
sub _names {
    my ($directory, $name) = @_;
    my $changed = (Time::HiRes::stat($directory))[9] // return;
    my $listing = $listed{$directory};
    if (!$listing || $listing->{changed} != $changed) {
        $listing = { changed => $changed, names => _grouped_names($directory) };
        $listed{$directory} = $listing if time - $changed > $CLOCK_STEP;
    }
    return @{ $listing->{names}{ _before_dot($name) } // [] };
}

sub _grouped_names {
    my ($directory) = @_;
    my %names;
    opendir my $handle, $directory or Runtest::Error->throw(broken => "$directory: $!");
    push @{ $names{ _before_dot($_) } }, $_ for readdir $handle;
    return \%names;
}

sub _before_dot { return $_[0] =~ s/\..*//sr }

=head2 text_of($path)

The golden's content, or undef if there is none. Carriage returns are shown, as in munged text. Dies (wrong) of conflict
markers, with file:line.

=cut

sub text_of {
    my ($self, $path) = @_;
    my $file = path("$self->{tree}/$path");
    return undef if !-e $file;
    my $text = $file->slurp_raw;
    if ($text =~ /^(?:<{7} |={7}$|>{7} )/m) {
        my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        Runtest::Error->throw(wrong => "$path:$line: this golden has a conflict marker of a merge: resolve it first");
    }
    return $text =~ s/\r/\\r/gr;
}

=head2 streams

The streams that the test has goldens for in this lane, flavours taken off.

=cut

sub streams {
    my ($self) = @_;
    my %streams;
    for my $folder (@FOLDERS) {
        for my $path ($self->_files_in($folder)) {
            my $name = substr $path, length "$self->{tree}/$folder/$self->{number}";
            next if $name =~ s/\.$FLAVOUR\z// && !$self->_fits($1, $2);
            $streams{"$folder$name"} = 1;
        }
    }
    my @names = sort keys %streams;
    return @names;
}

# The files NNNN and NNNN.* of a folder, and those in folders of such a name (mail/NNNN.folder/name).
sub _files_in {
    my ($self, $folder) = @_;
    my @found = map { "$self->{tree}/$folder/$_" } _names("$self->{tree}/$folder", $self->{number});
    my @files;
    while (defined(my $path = shift @found)) {
        if (-d $path) { push @found, path($path)->children }
        else          { push @files, "$path" }
    }
    return @files;
}

=head2 replace($path, $text)

Writes the golden, through a temporary file and a rename; an empty text removes it, unless it is a flavour: without that
another golden would be the lane's. Returns what was done: C<wrote> or C<removed>.

=cut

sub replace {
    my ($self, $path, $text) = @_;
    my $file = path("$self->{tree}/$path");
    if (!length $text && $path !~ /\.$FLAVOUR\z/) {
        $file->remove;
        return 'removed';
    }
    $file->parent->mkpath;
    write_atomically($file, $text);
    return 'wrote';
}

1;
