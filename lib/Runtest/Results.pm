# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Results;

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Errno qw(EWOULDBLOCK);
use Fcntl qw(LOCK_EX LOCK_NB);
use File::Path qw(make_path);
use Path::Tiny qw(path);
use POSIX qw(strftime);
use Time::HiRes ();

use Runtest::Atomic qw(write_whole);
use Runtest::Capture qw(output_of);
use Runtest::Error;

=head1 NAME

Runtest::Results - what a run leaves on disk: results/RUN/NNNN.LANE/, and results/last

=cut

# How many runs are kept.
my $KEPT = 5;

my $LATIN1 = Cpanel::JSON::XS->new->canonical->latin1;
my $ASCII  = Cpanel::JSON::XS->new->canonical->ascii;

=head2 new($tree)

Makes the directory of this run. Runs that are going on at the same time have directories of their own. Dies (broken) when it
cannot be made.

=cut

sub new {
    my ($class, $tree) = @_;
    my $top  = path("$tree/results");
    my $name = strftime('%Y%m%d-%H%M%S', gmtime) . "-$$";
    my $self = bless { top => $top, directory => $top->child($name) }, $class;
    make_path("$self->{directory}", { error => \my $errors });
    my ($why) = map { values %$_ } @$errors;
    Runtest::Error->throw(broken => "$self->{directory} cannot be made: $why") if defined $why;
    _spread("$top") if !-l $top->child('last');
    open $self->{lock}, '>', "$self->{directory}/lock" or Runtest::Error->throw(broken => "$self->{directory}/lock: $!");
    flock $self->{lock}, LOCK_EX | LOCK_NB or Runtest::Error->throw(broken => "$self->{directory}/lock: $!");
    return $self;
}

# On ext4, runs are kept apart (chattr(1), +T). Else a run that begins soon after another one has taken thousands of files away pays for that:
# the kernel looks at all inodes beside its own that were freed lately before it takes a new one. Other file systems have no such attribute.
sub _spread {
    my ($directory) = @_;
    output_of(qw(chattr +T --), $directory);
    return;
}

=head2 begin()

The first case is about to be run: results/last becomes this run.

=cut

sub begin {
    my ($self) = @_;
    my $link = $self->{top}->child(".last-$$");
    unlink $link;    # of a run that was killed here
    symlink $self->{directory}->basename, $link or Runtest::Error->throw(broken => "$link: $!");
    rename $link, $self->{top}->child('last') or Runtest::Error->throw(broken => "$link: $!");
    $self->_remove_of_ended(map { "$_/kit" } $self->_runs);    # of runs that were killed
    $self->{begun} = 1;
    return;
}

=head2 end()

Takes away what is no result: everything, if the run has not begun; else the kit, and of the runs that have ended all but the newest.

=cut

sub end {
    my ($self) = @_;
    local @SIG{qw(INT TERM HUP)} = ('IGNORE') x 3;
    _remove($self->{begun} ? $self->{directory}->child('kit')->stringify : "$self->{directory}");
    return if !$self->{begun};
    my @runs = $self->_runs;
    $self->_remove_of_ended(@runs[$KEPT .. $#runs]);
    return;
}

# The directories of runs, the newest first.
sub _runs {
    my ($self) = @_;
    my %began = map { $_ => (Time::HiRes::stat("$_/lock"))[9] // 0 } grep { -d && !-l } $self->{top}->children(qr/\A[0-9]{8}-[0-9]{6}-[0-9]+\z/);
    my @runs  = sort { $began{$b} <=> $began{$a} } keys %began;
    return @runs;
}

# Removes directories of runs, or what is in them, unless the run still goes on.
sub _remove_of_ended {
    my ($self, @directories) = @_;
    for my $directory (grep { -e } @directories) {
        my $lock = _lock_of_ended($directory =~ s{/kit\z}{}r);
        _remove($directory) if $lock;
    }
    return;
}

# By rm(1), which takes a fraction of File::Path's time for the thousands of files of a run.
sub _remove {
    my ($path) = @_;
    my $said = output_of(qw(rm -rf --), $path);
    print {*STDERR} "runtest: $said" if $?;
    return;
}

# A run holds the lock of its directory as long as it lives, and who removes one that has ended holds it meanwhile.
sub _lock_of_ended {
    my ($run) = @_;
    open my $lock, '<', "$run/lock" or return $!{ENOENT};
    return flock($lock, LOCK_EX | LOCK_NB) || $! != EWOULDBLOCK ? $lock : undef;
}

=head2 directory

The directory of this run.

=cut

sub directory { return $_[0]{directory} }

=head2 case($name)

The directory of one case, NNNN.LANE, empty.

=cut

sub case {
    my ($self, $name) = @_;
    my $directory = $self->{directory}->child($name);
    _remove("$directory") if -e $directory;
    for my $made ($directory, "$directory/raw", "$directory/munged") {
        mkdir $made or Runtest::Error->throw(broken => "$made: $!");
    }
    return $directory;
}

=head2 write_stream($directory, $kind, $name, $bytes)

Writes one stream into the directory of a case; $kind is C<raw> or C<munged>. A name that would lead elsewhere is refused: it came out of the
case.

=cut

sub write_stream {
    my ($directory, $kind, $name, $bytes) = @_;
    Runtest::Error->throw(broken => "the worker sent a stream of a bad name, '$name'")
      if $name =~ m{\A/|(?:\A|/)\.\.?(?:/|\z)|\0} || $name eq '';
    my ($folder) = $name =~ m{\A(.*)/}s;
    make_path("$directory/$kind/$folder") if defined $folder;
    write_whole("$directory/$kind/$name", $bytes);
    return;
}

=head2 write_json($file, @objects)

Writes each object as one line.

=cut

sub write_json {
    my ($file, @objects) = @_;
    write_whole($file, join '', map { _line($_) . "\n" } @objects);
    return;
}

# Text is bytes here. UTF-8 stays as it came; what is none would be no JSON (RFC 8259, section 8.1).
sub _line {
    my ($object) = @_;
    my $line = $LATIN1->encode($object);
    return utf8::decode(my $copy = $line) ? $line : $ASCII->encode($object);
}

1;
