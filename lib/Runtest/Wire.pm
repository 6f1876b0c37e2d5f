# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Wire;

use strict;
use warnings;

use Runtest::ByteJSON qw(encode_bytes decode_bytes);
use Runtest::Error;

=head1 NAME

Runtest::Wire - what a worker tells the driver, and nothing else leaves a sandbox

=head1 DESCRIPTION

A pipe carries records. A record is one line of JSON with C<type> and whatever else belongs to it; one with C<size> is
followed by that many bytes, which are its C<bytes>. The reader trusts nothing that it reads to be well-formed: the
worker's side runs what the test says.

=cut

# The most that a record may bring: an archive of all that a case has written.
our $MOST_BYTES = 64 * 1024 * 1024;

# Far more than a step's line with all that it has to tell.
my $LONGEST_LINE = 4 * 1024 * 1024;

# The most that a case may send: the driver has it in memory, and each stream is a file of the user's.
my $MOST_IN_ALL  = 2 * $MOST_BYTES;
my $MOST_RECORDS = 10_000;

=head2 encoded(\%record, $bytes)

A record as it goes through the pipe.

=cut

sub encoded {
    my ($record, $bytes) = @_;
    local $record->{size} = length $bytes if defined $bytes;
    return encode_bytes($record) . "\n" . ($bytes // '');
}

=head2 send_encoded($handle, $message)

Writes records. Dies when the driver has gone.

=cut

sub send_encoded {
    my ($handle, $message) = @_;
    my $done = 0;
    while ($done < length $message) {
        my $written = syswrite $handle, $message, length($message) - $done, $done;
        defined $written or $!{EINTR} or die "the driver does not listen: $!\n";
        $done += $written // 0;
    }
    return;
}

=head2 new

A reader that records are fed to.

=cut

sub new {
    my ($class) = @_;
    return bless { buffer => '', open => undef, bytes => 0, records => 0 }, $class;
}

=head2 feed($bytes)

Takes what was read from the pipe and returns the records that are whole by now. Dies (broken) of what is no record.

=cut

sub feed {
    my ($self, $bytes) = @_;
    $self->{buffer} .= $bytes;
    $self->{bytes} += length $bytes;
    $self->{bytes} <= $MOST_IN_ALL or Runtest::Error->throw(broken => "the case has sent more than $MOST_IN_ALL bytes");
    my @records;
    while (my $record = $self->_next) {
        push @records, $record;
        ++$self->{records} <= $MOST_RECORDS or Runtest::Error->throw(broken => "the case has sent more than $MOST_RECORDS records");
    }
    return @records;
}

sub _next {
    my ($self) = @_;
    my $record = delete $self->{open};
    if (!$record) {
        my $line = $self->{buffer} =~ s/\A([^\n]*)\n// ? $1 : undef;
        return if !defined $line && length $self->{buffer} <= $LONGEST_LINE;
        $record = defined $line ? eval { decode_bytes($line) } : undef;
        ref $record eq 'HASH' or Runtest::Error->throw(broken => 'the worker sent something else than a record');
    }
    my $size = $record->{size} // return $record;
    $size =~ /\A[0-9]+\z/ && $size <= $MOST_BYTES
      or Runtest::Error->throw(broken => 'the worker announced a stream of impossible size');
    if (length $self->{buffer} < $size) {
        $self->{open} = $record;
        return;
    }
    $record->{bytes} = substr $self->{buffer}, 0, $size, '';
    return $record;
}

1;
