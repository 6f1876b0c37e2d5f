# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Durations;

use strict;
use warnings;

use Cpanel::JSON::XS ();
use List::Util qw(max sum0);
use Path::Tiny qw(path);

use Runtest::Atomic qw(write_atomically);

=head1 NAME

Runtest::Durations - how long cases took the last time

=head2 new($file)

Reads what an earlier run has kept there, if it has.

=cut

sub new {
    my ($class, $file) = @_;
    my $seconds = -e $file ? eval { Cpanel::JSON::XS->new->decode(path($file)->slurp_raw) } : undef;
    return bless { file => $file, seconds => ref $seconds eq 'HASH' ? $seconds : {} }, $class;
}

=head2 longest_first(@cases)

The cases, those that took longest at the front, and before them those that nothing is known of.

=cut

sub longest_first {
    my ($self, @cases) = @_;
    my %seconds = map { $_->key => $self->{seconds}{ $_->key } // 'inf' } @cases;
    my @sorted  = sort { $seconds{ $b->key } <=> $seconds{ $a->key } || $a->name cmp $b->name } @cases;
    return @sorted;
}

=head2 estimate($jobs, @cases)

How long these cases will take in seconds, $jobs at a time; undef if nothing is known of one of them.

=cut

sub estimate {
    my ($self, $jobs, @cases) = @_;
    my @seconds = grep { defined } map { $self->{seconds}{ $_->key } } @cases;
    return undef if @seconds < @cases;
    return max(0, @seconds, sum0(@seconds) / $jobs);
}

=head2 remember($case, $seconds), keep()

Takes how long a case took; writes all of them to the file.

=cut

sub remember {
    my ($self, $case, $seconds) = @_;
    $self->{seconds}{ $case->key } = 0 + sprintf '%.3f', $seconds;
    return;
}

sub keep {
    my ($self) = @_;
    write_atomically($self->{file}, Cpanel::JSON::XS->new->canonical->encode($self->{seconds}));
    return;
}

1;
