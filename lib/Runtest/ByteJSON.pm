# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::ByteJSON;

use strict;
use warnings;

use Cpanel::JSON::XS ();

use Exporter 'import';
our @EXPORT_OK = qw(encode_bytes decode_bytes);

=head1 NAME

Runtest::ByteJSON - JSON between our own processes, in which text is bytes

=head1 DESCRIPTION

Scripts, file names and command lines are bytes to us, whatever encoding somebody meant. They go through JSON as
characters up to 0xFF. What is decoded has to become bytes again: perl would hand a string that it holds as characters
to the kernel in UTF-8, each byte above 0x7F as two.

=cut

my $JSON = Cpanel::JSON::XS->new->latin1->canonical->convert_blessed;

=head2 encode_bytes($data), decode_bytes($json)

One line of JSON, and what it stands for. Dies of what is no JSON; a character that is no byte stays one.

=cut

sub encode_bytes { return $JSON->encode($_[0]) }

sub decode_bytes {
    my ($json) = @_;
    return _as_bytes($JSON->decode($json));
}

sub _as_bytes {
    my ($data) = @_;
    if    (ref $data eq 'HASH')  { return { map { (_string($_) => _as_bytes($data->{$_})) } keys %$data } }
    elsif (ref $data eq 'ARRAY') { return [map { _as_bytes($_) } @$data] }
    return ref $data || !defined $data ? $data : _string($data);
}

sub _string {
    my ($string) = @_;
    utf8::downgrade($string, 1) if utf8::is_utf8($string);
    return $string;
}

1;
