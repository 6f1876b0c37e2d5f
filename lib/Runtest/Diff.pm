# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Diff;

use strict;
use warnings;

use IO::Handle;
use List::Util qw(max min sum);

use Runtest::Capture qw(output_of);
use Runtest::Error;

use Exporter 'import';
our @EXPORT_OK = qw(unified_diff visible);

=head1 NAME

Runtest::Diff - what differs, for people

=cut

# So many lines are compared of each text, from the first that differs on: it bounds the time whatever the texts are.
my $MOST_COMPARED = 10_000;

# So many lines are returned, and so many characters of a line: what stands at its beginning and at its end.
my $MOST_SHOWN = 200;
my ($SHOWN_BEFORE, $SHOWN_BEHIND) = (700, 200);

# Lines around a difference, as diff(1) has them.
my $CONTEXT = 3;

=head2 unified_diff($old_name, $old, $new_name, $new, $whole)

The lines of a unified diff of two texts, odd bytes made visible; none if they are equal. If there are many, the last
one says how many more there are, and names the file, $whole, in which all of the new text is. Dies (broken) when
diff(1) cannot be run.

=cut

sub unified_diff {
    my ($old_name, $old, $new_name, $new, $whole) = @_;
    return if $old eq $new;
    my ($before, $behind) = _common($old, $new);
    my @texts = map { substr $_, $before, length($_) - $before - $behind } $old, $new;
    my @rests = map { _cut_off(\$_) } @texts;
    my $line  = substr($old, 0, $before) =~ tr/\n//;
    my @lines = map { _moved($_, $line) } _diff(map { _shown($_) } @texts);
    my $left  = max(0, @lines - $MOST_SHOWN);
    splice @lines, $MOST_SHOWN if $left;
    $left += sum(map { tr/\n// } @rests) if $rests[0] ne $rests[1];
    my @more = $left ? '... ' . _grouped($left) . ' more: ' . visible($whole) : ();
    return ('--- ' . visible($old_name), '+++ ' . visible($new_name), (map { _shortened($_) } @lines), @more);
}

# How many bytes the texts have in common at the beginning and at the end: whole lines, and not those that are shown
# around a difference.
sub _common {
    my ($old, $new) = @_;
    my $before = _without_context($old, _equal_bytes($old, $new));
    my $most   = min(length $old, length $new) - $before;
    my ($old_end, $new_end) = map { scalar reverse substr $_, length($_) - $most } $old, $new;
    my $equal  = _equal_bytes($old_end, $new_end);
    my $behind = _without_context($old_end, $equal);
    return ($before, $behind && $behind - 1);    # the newline that ends the line before them is that line's
}

sub _equal_bytes {
    my ($one, $other) = @_;
    my $most = min(length $one, length $other);
    (substr($one, 0, $most) ^ substr($other, 0, $most)) =~ /\A\0*/;
    return $+[0];
}

# Where the last of these bytes' lines begins of which $CONTEXT whole ones follow.
sub _without_context {
    my ($text, $size) = @_;
    my $at = $size;
    for (0 .. $CONTEXT) {
        return 0 if $at <= 0;
        $at = rindex $text, "\n", $at - 1;
        return 0 if $at < 0;
    }
    return $at + 1;
}

# Takes from a text what is not compared, and returns it.
sub _cut_off {
    my ($text) = @_;
    my $end = $$text =~ /\A(?:[^\n]*\n){$MOST_COMPARED}/ ? $+[0] : length $$text;
    return substr $$text, $end, length($$text) - $end, '';
}

# A missing line end is shown as well: it is a difference.
sub _shown {
    my ($text) = @_;
    my $shown = join "\n", map { visible($_) } split /\n/, $text, -1;
    return $shown eq '' || $shown =~ /\n\z/ ? $shown : "$shown\\ (no line end)\n";
}

# What diff(1) says of two texts, without its two lines of names.
sub _diff {
    my (@texts) = @_;
    my @files = map { _nameless_file($_) } @texts;
    my $said = output_of(qw(diff --unified --text), map { '/dev/fd/' . fileno $_ } @files);
    $? >> 8 <= 1 && !($? & 127) or Runtest::Error->throw(broken => 'diff has failed: ' . visible($said =~ s/\n.*//sr));
    my (undef, undef, @lines) = split /\n/, $said;
    return @lines;
}

# A file that goes with its handle, which a program that is started gets as well.
sub _nameless_file {
    my ($content) = @_;
    local $^F = 1 << 20;
    open my $file, '+>:raw', undef or Runtest::Error->throw(broken => "temporary file: $!");
    print {$file} $content and $file->flush or Runtest::Error->throw(broken => "temporary file: $!");
    return $file;
}

# The line of the head of a hunk, when so many lines stand before what was compared.
sub _moved {
    my ($line, $by) = @_;
    return $line =~ s/\A(@@ -)([0-9]+)(\S* \+)([0-9]+)/$1 . ($2 + $by) . $3 . ($4 + $by)/er;
}

sub _shortened {
    my ($line) = @_;
    my $left = length($line) - $SHOWN_BEFORE - $SHOWN_BEHIND;
    return $line if $left <= $SHOWN_BEHIND;
    return substr($line, 0, $SHOWN_BEFORE) . ' ... ' . _grouped($left) . ' more ... ' . substr $line, -$SHOWN_BEHIND;
}

sub _grouped {
    my ($number) = @_;
    return scalar reverse((reverse $number) =~ s/([0-9]{3})(?=[0-9])/$1,/gr);
}

=head2 visible($line)

The line with everything that a terminal does not show as itself written as C<\xHH>.

=cut

sub visible {
    my ($line) = @_;
    $line =~ s/([^\x20-\x7e\t])/sprintf '\\x%02X', ord $1/ge;
    return $line;
}

1;
