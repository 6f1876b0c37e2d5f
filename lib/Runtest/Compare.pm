# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Compare;

use strict;
use warnings;

use Runtest::Diff qw(unified_diff);

use Exporter 'import';
our @EXPORT_OK = qw(compare_streams is_compared);

=head1 NAME

Runtest::Compare - munged streams against goldens

=cut

my %UNCOMPARED = (
    no_stdout_check  => 'stdout',
    no_stderr_check  => 'stderr',
    no_msglog_check  => 'msglog',
    no_message_check => 'mail',
);

=head2 is_compared($stream, \%directives)

Whether the script wants it compared.

=cut

sub is_compared {
    my ($stream, $directives) = @_;
    my ($kind) = split /\./, $stream;
    return !grep { ($UNCOMPARED{$_} // '') eq $kind } keys %$directives;
}

=head2 compare_streams(\%munged, $golden, \%directives, $directory)

Returns a list of what differs, by stream: C<< { stream, path, golden, text, diff => [lines] } >>. No golden means
that the stream must be empty; a golden that no stream matches is a difference, too. $directory is where all of the
munged streams are. Dies as Runtest::Golden does.

=cut

sub compare_streams {
    my ($munged, $golden, $directives, $directory) = @_;
    my %streams = map { $_ => 1 } keys %$munged, $golden->streams;
    my @differences;
    for my $stream (grep { is_compared($_, $directives) } sort keys %streams) {
        my $path   = $golden->path_of($stream);
        my $wanted = $golden->text_of($path) // '';
        my $text   = $munged->{$stream} // '';
        next if $text eq $wanted;
        my $whole  = length $text ? "$directory/$stream" : $path;
        push @differences, {
            stream => $stream,
            path   => $path,
            golden => $wanted,
            text   => $text,
            diff   => [unified_diff($path, $wanted, "this run's $stream", $text, $whole)],
        };
    }
    return @differences;
}

1;
