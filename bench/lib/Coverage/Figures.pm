# SPDX-License-Identifier: GPL-2.0-or-later
package Coverage::Figures;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(count functions_of table function_lines);

=head1 NAME

Coverage::Figures - how much of a source was executed, in numbers and as text

=head1 DESCRIPTION

A file is as in gcovr's JSON: C<< { file, lines => [{ line_number, count, branches => [{ count }] }], functions => [{ name, lineno }] } >>.
A branch counts as executed when it was taken at least once.

=head2 count(@lines)

C<< { lines, lines_hit, branches, branches_hit } >>.

=cut

sub count {
    my (@lines) = @_;
    my @branches = map { @{ $_->{branches} } } @lines;
    return {
        lines        => scalar @lines,
        lines_hit    => scalar(grep { $_->{count} } @lines),
        branches     => scalar @branches,
        branches_hit => scalar(grep { $_->{count} } @branches),
    };
}

=head2 functions_of(\%file, @lines)

The functions that these lines of the file belong to, in their order: C<< { file, name, line, entered, missed => [numbers of lines], ... } >>
and what C<count> gives.

=cut

sub functions_of {
    my ($file, @lines) = @_;
    my @functions = sort { $a->{lineno} <=> $b->{lineno} } @{ $file->{functions} };
    my @found;
    for my $index (0 .. $#functions) {
        my ($function, $next) = @functions[ $index, $index + 1 ];
        my @own = grep { $_->{line_number} >= $function->{lineno} && (!$next || $_->{line_number} < $next->{lineno}) } @lines or next;
        push @found, {
            file    => $file->{file},
            name    => $function->{name},
            line    => $function->{lineno},
            entered => !!grep({ $_->{count} } @own),
            missed  => [map { $_->{line_number} } grep { !$_->{count} } @own],
            %{ count(@own) },
        };
    }
    return @found;
}

sub _percent {
    my ($hit, $all) = @_;
    return $all ? 100 * $hit / $all : 100;
}

=head2 table(@rows)

Text: a row is C<[name, all, without DEBUG]>, with figures of C<count>.

=cut

my $CELL = '%18s';

sub table {
    my (@rows) = @_;
    my $text = sprintf "%-20s%36s%36s\n", '', 'with DEBUG', 'without DEBUG';
    $text .= sprintf "%-20s" . $CELL x 4 . "\n", '', ('lines', 'branches') x 2;
    for my $row (@rows) {
        my ($name, @figures) = @$row;
        my @cells = map { my $figure = $_; map { _cell(@$figure{ "${_}_hit", $_ }) } qw(lines branches) } @figures;
        $text .= sprintf "%-20s" . $CELL x @cells . "\n", $name, @cells;
    }
    return $text;
}

sub _cell {
    my ($hit, $all) = @_;
    return $all ? sprintf '%d/%d %5.1f %%', $hit, $all, _percent($hit, $all) : '-';
}

=head2 function_lines(\%target, @functions)

Text: of the functions those that stay below the target, C<< { lines, branches } >> in per cent, with the lines that nobody takes.

=cut

sub function_lines {
    my ($target, @functions) = @_;
    my $text = '';
    for my $function (@functions) {
        next if !grep { _percent($function->{"${_}_hit"}, $function->{$_}) < $target->{$_} } keys %$target;
        $text .= sprintf "%s:%d %s: %s\n", @$function{qw(file line name)}, $function->{entered} ? _missing($function) : 'never entered';
    }
    return $text;
}

sub _missing {
    my ($function) = @_;
    my $figures = join ', ', map { "$_ " . _cell(@$function{ "${_}_hit", $_ }) =~ s/ +/ /gr } qw(lines branches);
    my $ranges = _ranges(@{ $function->{missed} });
    return $figures . ($ranges eq '' ? '' : "; not $ranges");
}

# 3 4 5 9 as "3-5 9".
sub _ranges {
    my (@numbers) = @_;
    my @ranges;
    for my $number (@numbers) {
        if (@ranges && $ranges[-1][1] == $number - 1) {
            $ranges[-1][1] = $number;
        }
        else {
            push @ranges, [$number, $number];
        }
    }
    return join ' ', map { $_->[0] == $_->[1] ? $_->[0] : "$_->[0]-$_->[1]" } @ranges;
}

1;
