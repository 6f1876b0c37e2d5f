# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Error;

use strict;
use warnings;

use overload '""' => sub { $_[0]{message} }, fallback => 1;

=head1 NAME

Runtest::Error - what runtest dies of, by kind

=head1 DESCRIPTION

A test that fails is a result and never an exception. Everything else is one of the kinds below, each
with its exit status (docs/architecture.md).

=cut

my %EXIT_STATUS = (
    wrong   => 2,    # the command line or a test is wrong
    broken  => 3,    # the harness or the machine is broken
    missing => 4,    # what --require names is not there, or there was nothing to run
);

=head2 throw($kind, $message)

Dies of a Runtest::Error. $kind is C<wrong>, C<broken> or C<missing>; $message is one line or several,
without the newline at the end, and says what to do.

=cut

sub throw {
    my ($class, $kind, $message) = @_;
    die $class->new($kind, $message);
}

=head2 new($kind, $message)

The error itself, for those who collect several before they die of them.

=cut

sub new {
    my ($class, $kind, $message) = @_;
    exists $EXIT_STATUS{$kind} or die "unknown kind of error '$kind'";
    return bless { kind => $kind, message => $message }, $class;
}

=head2 from($exception)

An exception of any sort as a Runtest::Error: what Path::Tiny says of a file is the machine's fault, anything else that is none
already a defect of the harness.

=cut

sub from {
    my ($class, $exception) = @_;
    return $exception if ref $exception && eval { $exception->isa($class) };
    return $class->new(broken => "$exception->{file}: " . $exception->{err} =~ s/\A\w+ failed for \Q$exception->{file}\E: //r)
      if ref $exception && eval { $exception->isa('Path::Tiny::Error') };
    chomp $exception;
    return $class->new(broken => "internal error: $exception");
}

=head2 kind, message, exit_status

What it was made of, and the exit status of a run that ends with it.

=cut

sub kind        { return $_[0]{kind} }
sub message     { return $_[0]{message} }
sub exit_status { return $EXIT_STATUS{ $_[0]{kind} } }

1;
