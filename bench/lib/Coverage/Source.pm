# SPDX-License-Identifier: GPL-2.0-or-later
package Coverage::Source;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(bare_lines debug_lines tls_lines);

=head1 NAME

Coverage::Source - which lines of Exim's C are no code, which are debugging, which are TLS

Each function takes a source's text and returns the numbers of lines, as keys of a hash.

=head2 bare_lines($text)

Lines with nothing but braces, semicolons and C<else>. gcovr leaves them out when they were not executed, and counts them when they were.

=cut

my $NO_CODE = qr/(?:[{};\s]|\belse\b)*/;

sub bare_lines {
    my ($text) = @_;
    my @lines = split /\n/, _code_only($text), -1;
    return { map { $_ => 1 } grep { $lines[ $_ - 1 ] =~ /\A$NO_CODE\z/ } 1 .. @lines };
}

=head2 debug_lines($text)

Lines with nothing else than C<DEBUG(...)> statements or parts of them. Such a statement may be one line, several, a block, or an C<if>
with its C<else>.

=cut

my $PARENTHESES = qr/(\((?:[^()]++|(?-1))*+\))/;
my $BRACES      = qr/(\{(?:[^{}]++|(?-1))*+\})/;

sub debug_lines {
    my ($text) = @_;
    my $code   = _code_only($text);
    my $others = $code;
    my %touched;
    while ($code =~ /\bDEBUG\s*$PARENTHESES/gc) {
        my $start = $-[0];
        _skip_statement(\$code);
        my $length = pos($code) - $start;
        substr($others, $start, $length) =~ tr/\n/ /c;
        my $first = 1 + (substr($code, 0, $start) =~ tr/\n//);
        @touched{ $first .. $first + (substr($code, $start, $length) =~ tr/\n//) } = ();
    }
    my @others = split /\n/, $others, -1;
    return { map { $_ => 1 } grep { $others[ $_ - 1 ] =~ /\A$NO_CODE\z/ } keys %touched };
}

# Comments, literals and directives become blanks.
sub _code_only {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/|//[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|^[ \t]*\#(?:\\\n|[^\n])*)}{$1 =~ tr/\n/ /cr}egms;
    return $text;
}

# From pos() of what the reference leads to, behind the statement there.
sub _skip_statement {
    my ($code) = @_;
    return if $$code =~ /\G\s*$BRACES/gc;
    if ($$code =~ /\G\s*(if|for|while|switch)\b\s*$PARENTHESES/gc) {
        my $is_if = $1 eq 'if';
        _skip_statement($code);
        _skip_statement($code) if $is_if && $$code =~ /\G\s*else\b/gc;
        return;
    }
    $$code =~ /\G[^;]*;/gc or pos($$code) = length $$code;
    return;
}

=head2 tls_lines($text)

Lines that are compiled for the sake of TLS: those within C<#if>, C<#ifdef>, C<#ifndef> whose condition names TLS, DANE
or OCSP.

=cut

sub tls_lines {
    my ($text) = @_;
    my (%found, @groups);
    my $number = 0;
    for my $line (split /\n/, $text) {
        $number++;
        if ($line =~ /\A\s*\#\s*if(?:n?def)?\b(.*)/) {
            push @groups, scalar $1 =~ /TLS|DANE|OCSP/;
        }
        elsif ($line =~ /\A\s*\#\s*endif\b/) {
            pop @groups;
        }
        $found{$number} = 1 if grep { $_ } @groups;
    }
    return \%found;
}

1;
