# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Collect;

use strict;
use warnings;

use Fcntl qw(O_RDONLY O_NOFOLLOW O_NONBLOCK);
use File::Find qw(find);

use Exporter 'import';
our @EXPORT_OK = qw(collect_streams excess);

=head1 NAME

Runtest::Collect - what a case has written, from the case's directory

=cut

# Raw stream => file. The server's part stands beside the client's as NAME.server.
my %FILES = (
    'stdout'           => 'test-stdout',
    'stdout.server'    => 'test-stdout-server',
    'stderr'           => 'test-stderr',
    'stderr.server'    => 'test-stderr-server',
    'log'              => 'spool/log/mainlog',
    'log.server'       => 'spool/log/servermainlog',
    'rejectlog'        => 'spool/log/rejectlog',
    'rejectlog.server' => 'spool/log/serverrejectlog',
    'paniclog'         => 'spool/log/paniclog',
    'paniclog.server'  => 'spool/log/serverpaniclog',
    'fakens.log'       => 'fakens.log',
);

# Folders of which each file is a stream of its own.
my %FOLDERS = (
    'mail'   => 'test-mail',
    'msglog' => 'spool/msglog',
);

# The most that a case may write to be judged: bytes of a stream and of all, streams, and bytes of a part of a name (a
# golden's is longer, and no file system takes more than 255).
our $MOST_OF_A_STREAM    = 4 * 1024 * 1024;
our $MOST_OF_ALL_STREAMS = 16 * 1024 * 1024;
my $MOST_STREAMS = 1000;
my $LONGEST_NAME = 200;

=head2 excess()

What the case has written too much of, in words and with the first lines; undef if there is nothing.

=cut

sub excess {
    my ($all, $count) = (0, 0);
    for my $stream (_streams()) {
        my ($name, $file) = @$stream;
        my $size = -s $file // 0;
        $all += $size;
        return "the stream $name is longer than $MOST_OF_A_STREAM bytes" . _beginning($file)
          if $size > $MOST_OF_A_STREAM;
        return "the streams have more than $MOST_OF_ALL_STREAMS bytes, the last one is $name" . _beginning($file)
          if $all > $MOST_OF_ALL_STREAMS;
        return "there are more than $MOST_STREAMS streams, the last one is $name" if ++$count > $MOST_STREAMS;
        return "a part of the name of the stream $name is longer than $LONGEST_NAME bytes" if _is_long($name);
    }
    return undef;
}

sub _is_long { return $_[0] =~ m{[^/]{$LONGEST_NAME}[^/]} }

my ($BEGINNING_LINES, $BEGINNING_BYTES) = (3, 300);

sub _beginning {
    my ($file) = @_;
    my @lines = split /\n/, _read($file, $BEGINNING_LINES * $BEGINNING_BYTES) // '';
    splice @lines, $BEGINNING_LINES if @lines > $BEGINNING_LINES;
    return join "\n", '; it begins:', map { substr $_, 0, $BEGINNING_BYTES } @lines;
}

=head2 collect_streams(\&take)

Calls take(name, bytes) for each stream that exists in the current directory: C<log>, C<log.server>, C<mail/NAME>,
C<msglog/ID> and so on. Only regular files count, and no link is followed. Of what there is too much the beginning is
taken.

=cut

sub collect_streams {
    my ($take) = @_;
    my ($left, $count) = ($MOST_OF_ALL_STREAMS, 0);
    for my $stream (_streams()) {
        my ($name, $file) = @$stream;
        next if _is_long($name);
        last if ++$count > $MOST_STREAMS;
        my $bytes = _read($file, $left < $MOST_OF_A_STREAM ? $left : $MOST_OF_A_STREAM) // next;
        $left -= length $bytes;
        $take->($name, $bytes);
    }
    return;
}

# Names and files of the streams.
sub _streams {
    my @streams = map { [$_, $FILES{$_}] } sort keys %FILES;
    for my $folder (sort keys %FOLDERS) {
        my $top = $FOLDERS{$folder};
        next if !-d $top;
        my @files;
        find({ wanted => sub { push @files, $_ }, no_chdir => 1 }, $top);
        push @streams, map { [$folder . substr($_, length $top), $_] } sort @files;
    }
    return grep { lstat($_->[1]) && -f _ } @streams;
}

sub _read {
    my ($path, $most) = @_;
    sysopen my $in, $path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK or return;
    return if !-f $in;
    read $in, my ($bytes), $most;
    return $bytes // '';
}

1;
