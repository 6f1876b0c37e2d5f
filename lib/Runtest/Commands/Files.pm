# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Files;

use strict;
use warnings;

use Runtest::Input qw(data_bytes);

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
    defined $path or die "$step->{command} wants the name of a file\n";
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

sub _block {
    my ($word) = @_;
    my ($count, $width, $text) = $word =~ /\A([0-9]+)x([0-9]+)(?:=(.*))?\z/
      or die "'$word' is not of the form NxM or NxM=text\n";
    $text = ($text // '') =~ tr/_/ /r;
    my $line = substr $text . 'a' x $width, 0, $width;
    return join "\n", ($line) x $count;
}

1;
