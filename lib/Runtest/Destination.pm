# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Destination;

use strict;
use warnings;

use Runtest::Golden qw(flavour_of is_prefix);
use Runtest::Requirements qw(compare_versions);

=head1 NAME

Runtest::Destination - which file --update writes for a lane, if any

=head1 DESCRIPTION

The goldens are those of the lanes of F<mta/>, which may write them. A lane that C<--mta> has added writes none that is another lane's, too, unless
that one has written the same in this run: it gets a flavour, if there is one that would be no other lane's, or nothing.

=head2 new(@lanes)

For all lanes that are known, in the run or not.

=cut

sub new {
    my ($class, @lanes) = @_;
    return bless { lanes => \@lanes }, $class;
}

=head2 find($case, \%difference, \%said)

The path of the golden that is to be written for a difference (Runtest::Compare); or undef, and why there is none. %said has, by
name of lane, the munged streams that the test has given in this run, twice the same.

=cut

sub find {
    my ($self, $case, $difference, $said) = @_;
    my $lane   = $case->lane;
    my $stream = $difference->{stream};
    my $path   = _golden($case, $lane)->path_of($stream);
    return $path if !$lane->is_added;
    my @known = grep { $case->is_for($_) } @{ $self->{lanes} };
    my ($alike, $others) = _parted($difference, $said, grep { $_ != $lane } @known);
    my $users = sub { my ($golden, @more) = @_; return grep { _golden($case, $_)->path_of($stream, @more) eq $golden } @$others };
    my @sharing = $users->($path);
    return $path if !@sharing && _is_named_for($path, $lane, @$alike);
    return (undef, _why_not_alone(@sharing)) if (grep { !$said->{ $_->name } } @sharing) && !grep { _golden($case, $_)->streams } @known;
    my @flavours = _flavours($case, $stream, [$lane, @$alike], \@known);
    my ($free) = grep { !$users->($_, $_) } @flavours;
    return $free // (undef, _why_not($path, \@sharing, map { [$_, $users->($_, $_)] } @flavours));
}

sub _golden {
    my ($case, $lane) = @_;
    return Runtest::Golden->new($case->{tree}, $case->test->{number}, $lane);
}

# The lanes that have written the same, and all others.
sub _parted {
    my ($difference, $said, @lanes) = @_;
    my ($stream, $text) = @$difference{qw(stream text)};
    my (@alike, @others);
    for my $lane (@lanes) {
        my $streams = $said->{ $lane->name };
        push @{ $streams && ($streams->{$stream} // '') eq $text ? \@alike : \@others }, $lane;
    }
    return (\@alike, \@others);
}

# Whether a golden's name does not speak of an earlier MTA than these lanes have. One that does was written for a lane that is not here.
sub _is_named_for {
    my ($path, @lanes) = @_;
    my ($name, $version) = flavour_of($path);
    return 1 if ($name // '') ne 'exim' || !defined $version;
    return !!grep { is_prefix($version, $_) || compare_versions($version, $_) == 0 } map { $_->version_of('exim') } @lanes;
}

# The flavours that would be a lane's, the first of @$alike: of its MTA since the earliest version that writes the same, and only then of its
# library, if that is all that tells it from another lane.
sub _flavours {
    my ($case, $stream, $alike, $known) = @_;
    my $lane    = $alike->[0];
    my $golden  = _golden($case, $lane);
    my $library = $lane->library;
    my $is_mta  = sub { my ($other) = @_; return compare_versions($other->version_of('exim'), $lane->version_of('exim')) };
    my @flavours = map { [exim => $_] } sort { compare_versions($a, $b) } map { $_->version_of('exim') } grep { $is_mta->($_) <= 0 } @$alike;
    push @flavours, [$library => $lane->version_of($library)]
      if grep { $_ != $lane && $_->library eq $library && $is_mta->($_) == 0 } @$known;
    my @paths = map { $golden->flavour($stream, $_->[0], $_->[1] =~ /\A([0-9]+(?:\.[0-9]+)*)/) } @flavours;
    return grep { $golden->path_of($stream, $_) eq $_ } @paths;
}

# ----- What is said to a person -----

my $TOGETHER = '--update all of them in one run';

sub _names {
    my (@lanes) = @_;
    my @names = map { $_->name } @lanes;
    my $last  = pop @names;
    return @names ? 'lanes ' . join(', ', @names) . " and $last" : "lane $last";
}

sub _why_not_alone {
    my (@lanes) = @_;
    return 'this test has no golden yet, and ' . _names(@lanes) . (@lanes > 1 ? ' run' : ' runs') . " it, too: $TOGETHER";
}

# @flavours: the path of each, and the lanes that it would be the golden of, too.
sub _why_not {
    my ($path, $sharing, @flavours) = @_;
    my @would_be = map { my ($flavour, @lanes) = @$_; "$flavour (" . _names(@lanes) . ')' } @flavours;
    my $no_flavour = @would_be ? 'so would be ' . join(' and ', @would_be) : 'there is no flavour that goes before it';
    return
        "$path is the golden of "
      . _names(@$sharing)
      . ", too, and $no_flavour: if both are right, let the script say what it needs (need exim ..., need feature NAME), "
      . "or let a munge rule make them one; if the test was changed, $TOGETHER";
}

1;
