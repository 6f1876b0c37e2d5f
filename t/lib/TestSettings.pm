# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which options the configuration of a test sets, in itself and in what it includes, and the same files without one of them. Knows
# of the MTA's syntax only what that takes: sections, includes, conditions, lines that go on.

package TestSettings;

use strict;
use warnings;

=head1 NAME

TestSettings - which options a test's configuration sets

=head1 SYNOPSIS

    my $settings = TestSettings->new($corpus);
    my @cases    = $settings->cases_with('transports tls_crl');
    $corpus->change($settings->without('transports tls_crl'));

=head1 METHODS

An option is named by its section and itself: C<main tls_crl>, C<transports tls_crl>.

=head2 new(CORPUS)

Reads all configurations of a TestCorpus.

=cut

sub new {
    my ($class, $corpus) = @_;
    my $self = bless { corpus => $corpus, cases => {}, places => {} }, $class;
    for my $number ($corpus->numbers('confs')) {
        $self->_read("confs/$number", { number => $number, state => { section => 'main', only => [] } });
    }
    return $self;
}

# What a line may be, and what is done then with its parts.
my @LINES = (
    [qr{\A\s*[.]include\s+DIR/aux-var/(\S+)},               \&_include],
    [qr/\A\s*[.](ifn?def|else|endif)\b\s*(\S*)/,            \&_condition],
    [qr/\A\s*begin\s+(\S+)/,                                \&_section],
    [qr/\A\s*(?:hide\s+)?([a-z][a-z_0-9]*)\s*(?:=|\z)/,     \&_option],
);

sub _read {
    my ($self, $file, $at) = @_;
    my ($goes_on, @lines) = (0, $self->{corpus}->lines($file));
    while (my ($index, $line) = each @lines) {
        my $begins = !$goes_on;
        $goes_on = $line =~ /\\\z/;
        my ($kind) = grep { $begins && $line =~ $_->[0] } @LINES;
        $kind->[1]->($self, { %$at{qw(number state)}, file => $file, index => $index }, $line =~ $kind->[0]) if $kind;
    }
    return;
}

# A section that begins in an included file goes on in the one that includes it.
sub _include {
    my ($self, $at, $name) = @_;
    $self->_read('aux-var-src/' . $name =~ s/TESTNUM/$at->{number}/r, $at);
    return;
}

sub _section {
    my ($self, $at, $name) = @_;
    $at->{state}{section} = $name;
    return;
}

# Conditions that hold in one lane only. All others are the script's or the version's, and may hold in each.
my %LANE  = (_HAVE_GNUTLS => 'gnutls', _HAVE_OPENSSL => 'openssl', _OPT_OPENSSL_NO_TLSV1_3_X => 'openssl');
my %OTHER = (gnutls => 'openssl', openssl => 'gnutls', '' => '');

# Of each condition that is open, the only lane in which it holds, or ''.
sub _condition {
    my ($self, $at, $word, $name) = @_;
    my $open = $at->{state}{only};
    my $lane = $word eq 'else' ? $OTHER{ $open->[-1] } : $word eq 'ifdef' ? $LANE{$name} // '' : $OTHER{ $LANE{$name} // '' };
    pop @$open if $word =~ /\Ae/;
    push @$open, $lane if $word ne 'endif';
    return;
}

sub _option {
    my ($self, $at, $name) = @_;
    my $option = "$at->{state}{section} $name";
    for my $lane (qw(gnutls openssl)) {
        next if grep { $_ && $_ ne $lane } @{ $at->{state}{only} };
        $self->{cases}{$option}{"$at->{number} $lane"} = 1;
    }
    $self->{places}{$option}{ $at->{file} }{ $at->{index} } = 1;
    return;
}

=head2 cases_with(OPTION)

Where it is set: C<NUMBER LANE> each. Tests of one lane are there with both.

=cut

sub cases_with {
    my ($self, $option) = @_;
    my @cases = sort keys %{ $self->{cases}{$option} || {} };
    return @cases;
}

=head2 without(OPTION, [INSTEAD])

For TestCorpus's change(): each file that sets the option, with INSTEAD (or nothing) where it does.

=cut

sub without {
    my ($self, $option, $instead) = @_;
    my $places = $self->{places}{$option} || {};
    return map { $_ => $self->_lines_without($_, $places->{$_}, $instead // '') } keys %$places;
}

sub _lines_without {
    my ($self, $file, $places, $instead) = @_;
    my @lines = $self->{corpus}->lines($file);
    for my $index (keys %$places) {
        my $next = $index;
        my $more = 1;
        while ($more) {
            $more = $lines[$next] =~ /\\\z/;
            $lines[$next++] = '';
        }
        $lines[$index] = $instead;
    }
    return \@lines;
}

1;
