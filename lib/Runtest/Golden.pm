# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Golden;

use strict;
use warnings;

use Path::Tiny qw(path);
use Time::HiRes ();

use Runtest::Atomic qw(write_atomically);
use Runtest::Error;
use Runtest::Requirements qw(compare_versions);

=head1 NAME

Runtest::Golden - the files that say what a stream must be, flavours included

=head1 DESCRIPTION

The golden of stream C<log> of test 2132 is F<log/2132>, of C<mail.CALLER> F<mail/2132.CALLER>. Beside it may stand flavours,
F<log/2132.openssl-1.1>, for a library or an MTA that rightly differs.

=cut

my @FOLDERS = qw(stdout stderr log rejectlog paniclog msglog mail);
my $FLAVOUR = qr/(gnutls|openssl|exim)(?:-([0-9]+(?:\.[0-9]+)*))?/;

# Which flavour wins, the larger the better.
my %RANK = (gnutls => 2, openssl => 2, exim => 1);

=head2 new($tree, $number, $lane)

The goldens of one test as they are for one lane.

=cut

sub new {
    my ($class, $tree, $number, $lane) = @_;
    return bless { tree => $tree, number => $number, lane => $lane }, $class;
}

=head2 path_of($stream)

The golden's path relative to the tree: of the flavour that fits the lane best, or without one. The file need not exist. Dies
(wrong) of a mailbox whose name ends like a flavour's.

=cut

sub path_of {
    my ($self, $stream) = @_;
    my ($folder, $rest) = split /\./, $stream, 2;
    if (($rest // '') =~ /(?:\A|\.)$FLAVOUR\z/) {
        Runtest::Error->throw(wrong =>
              "test $self->{number} has written $stream, and a name that ends like a flavour's cannot have a golden: rename it");
    }
    my $plain = "$folder/$self->{number}" . (defined $rest ? ".$rest" : '');
    my ($best, $best_rank) = ($plain, 0);
    for my $candidate ($self->_flavours_of($plain)) {
        my ($file, $name, $version) = @$candidate;
        my $rank = $self->_rank($name, $version);
        ($best, $best_rank) = ($file, $rank) if $rank > $best_rank;
    }
    return $best;
}

sub _flavours_of {
    my ($self, $plain) = @_;
    my @found;
    my ($directory, $name) = $plain =~ m{\A(.*)/(.*)\z}s;
    for my $other (_names("$self->{tree}/$directory", $name)) {
        push @found, ["$directory/$other", $1, $2] if $other =~ /\A\Q$name\E\.$FLAVOUR\z/;
    }
    return @found;
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

# 0 where the flavour is not the lane's; the longer a version, the better it fits.
sub _rank {
    my ($self, $name, $version) = @_;
    my $actual = $self->{lane}->version_of($name) // return 0;
    return $RANK{$name} * 1000 if !defined $version;
    my @parts  = split /\./, $version;
    my @actual = $actual =~ /([0-9]+)/g;
    return 0 if @actual < @parts || compare_versions($version, join '.', @actual[0 .. $#parts]);
    return $RANK{$name} * 1000 + @parts;
}

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
            if ($name =~ s/\.($FLAVOUR)\z//) {
                next if !$self->_rank($2, $3);
            }
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
another golden would be the lane's.

=cut

sub replace {
    my ($self, $path, $text) = @_;
    my $file = path("$self->{tree}/$path");
    if (!length $text && $path !~ /\.$FLAVOUR\z/) {
        $file->remove;
        return;
    }
    $file->parent->mkpath;
    write_atomically($file, $text);
    return;
}

1;
