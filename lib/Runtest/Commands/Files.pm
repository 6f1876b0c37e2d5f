# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Files;

use strict;
use warnings;

use Runtest::Input qw(data_bytes);

use Exporter 'import';
our @EXPORT_OK = qw(parse_block);

=head1 NAME

Runtest::Commands::Files - the file commands, write and catwrite

=head2 file($worker, $step)

cp, ls, rm and the others: the system's own programs. C<cat2> is C<cat> to stderr.

=cut

sub file {
    my ($worker, $step) = @_;
    my $to_stderr = $step->{command} eq 'cat2';
    my $program   = $to_stderr ? 'cat' : $step->{command};
    my $status    = $worker->run(
        $step,
        argv => [$program, $worker->arguments($step)],
        ($to_stderr ? (stdout => 'test-stderr') : ()),
    );
    return $worker->expect($step, $status);
}

=head2 write($worker, $step), also for catwrite

Writes its data lines into a file. A word C<NxM=text> stands for N lines of M characters (C<a>s behind the text, where _ is a
space); all of them go where a line C<++++> stands, or else to the end.

=cut

sub write {
    my ($worker, $step) = @_;
    my ($path, @blocks) = $worker->arguments($step);
    my @filler = map { _block($_) } @blocks;
    my @lines;
    for my $line (@{ $step->{data} }) {
        push @lines, $line eq '++++' && @filler ? splice @filler : $line;
    }
    my $content = data_bytes([@lines, @filler]);
    $worker->write_as_caller($path, $content);
    $worker->append_file('test-stdout', $content) if $step->{command} eq 'catwrite';
    return;
}

=head2 parse_block($word)

The number of lines, their length, and the text or undef, of a word C<NxM=text>. Dies of one line of text if it is none.

=cut

sub parse_block {
    my ($word) = @_;
    my @parts = $word =~ /\A([0-9]+)x([0-9]+)(?:=(.*))?\z/ or die "'$word' is not of the form NxM or NxM=text\n";
    return @parts;
}

sub _block {
    my ($word) = @_;
    my ($count, $width, $text) = parse_block($word);
    $text = ($text // '') =~ tr/_/ /r;
    my $line = substr $text . 'a' x $width, 0, $width;
    return join "\n", ($line) x $count;
}

1;
