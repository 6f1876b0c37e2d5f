# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Input;

use strict;
use warnings;

use POSIX ();
use Time::HiRes ();

use Exporter 'import';
our @EXPORT_OK = qw(input_handle data_bytes check_data);

=head1 NAME

Runtest::Input - data lines as a program's standard input

=head1 DESCRIPTION

A data line may start with C<:eval:> (Perl's string escapes are obeyed), C<:noeol:> (no line end), C<:sleep:N> (nothing for N
seconds) or C<:file:NAME> (the file's content).

=cut

my %ESCAPE = (n => "\n", r => "\r", t => "\t", f => "\f", b => "\b", a => "\a", e => "\e");

my %PREFIX = (
    eval  => sub { return _unescaped($_[0]) . "\n" },
    noeol => sub { return $_[0] },
    file  => sub { return _content($_[0]) },
);

# What is no byte becomes UTF-8, as when Perl prints it.
sub _unescaped {
    my ($text) = @_;
    $text =~ s{\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{0,2})|([0-7]{1,3})|c([?-_a-z])|(.))}
              { defined($1 // $2) ? chr hex($1 // $2) : defined $3 ? chr oct $3 : defined $4 ? chr(64 ^ ord uc $4) : $ESCAPE{$5} // $5 }gex;
    utf8::encode($text) if $text =~ /[^\x00-\xff]/;
    return $text;
}

sub _content {
    my ($name) = @_;
    open my $in, '<', $name or die ":file:$name: $!\n";
    local $/ = undef;
    return <$in> // die ":file:$name: $!\n";
}

sub _seconds {
    my ($text) = @_;
    my ($number) = $text =~ /\A([0-9]+(?:[.][0-9]+)?)\s*\z/ or die ":sleep:$text: a number of seconds is wanted\n";
    return $number;
}

# A list of bytes to write and of { pause => seconds }.
sub _pieces {
    my ($lines) = @_;
    my @pieces = ('');
    for my $line (@$lines) {
        if ($line =~ /\A:sleep:(.*)\z/s) {
            push @pieces, { pause => _seconds($1) }, '';
        }
        elsif ($line =~ /\A:(eval|noeol|file):(.*)\z/s) {
            $pieces[-1] .= $PREFIX{$1}->($2);
        }
        else {
            $pieces[-1] .= "$line\n";
        }
    }
    return @pieces;
}

=head2 check_data(\@lines)

Dies of one line of text, if that can be known without running anything, if one of the lines is wrong.

=cut

sub check_data {
    my ($lines) = @_;
    for my $line (@$lines) {
        _seconds($1) if $line =~ /\A:sleep:(.*)\z/s;
    }
    return;
}

=head2 data_bytes(\@lines)

What the lines stand for, pauses left out.

=cut

sub data_bytes {
    my ($lines) = @_;
    return join '', grep { !ref } _pieces($lines);
}

=head2 input_handle(\@lines, $delay)

A handle to read the data from. With pauses, or a $delay in seconds before the end, it is a pipe that a process of its own
writes to; else a nameless file.

=cut

sub input_handle {
    my ($lines, $delay) = @_;
    my @pieces = _pieces($lines || []);
    push @pieces, { pause => $delay } if $delay;
    return _slow_pipe(@pieces) if grep { ref } @pieces;
    open my $file, '+>', undef or die "temporary file: $!\n";
    print {$file} @pieces;
    seek $file, 0, 0 or die "temporary file: $!\n";
    return $file;
}

sub _slow_pipe {
    my (@pieces) = @_;
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    return $out if $pid;
    close $out;
    for my $piece (@pieces) {
        if (ref $piece) { Time::HiRes::sleep($piece->{pause}) }
        else            { syswrite $in, $piece }
    }
    return POSIX::_exit(0);
}

1;
