# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Destination;

use strict;
use warnings;

use Runtest::Golden qw(flavour_of is_prefix);
use Runtest::Requirements qw(compare_versions);

=head1 NAME

Runtest::Destination - which file --update writes for a lane, if any

=head1 DESCRIPTION

The goldens are those of the lanes of F<mta/>, which may write them. A lane that C<--mta> has added writes none that is
another lane's, too, unless that one has written the same in this run: it gets a flavour, if there is one that would be
no other lane's, or nothing.

=head2 new(@lanes)

For all lanes that are known, in the run or not.

=cut

sub new {
    my ($class, @lanes) = @_;
    return bless { lanes => \@lanes }, $class;
}

=head2 find($case, \%difference, \%said)

The path of the golden that is to be written for a difference (Runtest::Compare); or undef, and why there is none. %said
has, by name of lane, the munged streams that the test has given in this run, twice the same.

=cut

sub find {
    my ($self, $case, $difference, $said) = @_;
    my ($lane, $stream) = ($case->lane, $difference->{stream});
    my $path = _golden($case, $lane)->path_of($stream);
    return $path if !$lane->is_added;

    my @known = grep { $case->is_for($_) } @{ $self->{lanes} };
    my ($alike, $others) = _parted($difference, $said, grep { $_ != $lane } @known);
    my @sharing = _users($case, $stream, $path, @$others);
    return $path if !@sharing && _is_named_for($path, $lane, @$alike);
    return (undef, _why_not_alone(@sharing)) if _is_new($case, @known) && grep { !$said->{ $_->name } } @sharing;

    my @flavours = map { { path => $_, users => [_users($case, $stream, $_, @$others)] } }
      _flavours($case, $stream, [$lane, @$alike], \@known);
    my ($free) = grep { !@{ $_->{users} } } @flavours;
    return $free ? $free->{path} : (undef, _why_not({ path => $path, users => \@sharing }, @flavours));
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

# The lanes whose golden a file is, or would be if it existed.
sub _users {
    my ($case, $stream, $path, @lanes) = @_;
    my ($flavour) = flavour_of($path);
    return grep { _golden($case, $_)->path_of($stream, defined $flavour ? $path : ()) eq $path } @lanes;
}

# Whether the name of a golden speaks of no earlier MTA than these lanes have: such a flavour was written for a lane
# that is not here.
sub _is_named_for {
    my ($path, @lanes) = @_;
    my ($name, $version) = flavour_of($path);
    return 1 if ($name // '') ne 'exim' || !defined $version;
    my @versions = map { $_->version_of('exim') } @lanes;
    return !!grep { is_prefix($version, $_) || compare_versions($version, $_) == 0 } @versions;
}

sub _is_new {
    my ($case, @lanes) = @_;
    return !grep { _golden($case, $_)->streams } @lanes;
}

# The paths of the flavours that would be a lane's, the first of @$alike: of its MTA since the earliest version that
# writes the same; and then of its library, where nothing but that one's version tells it from another lane.
sub _flavours {
    my ($case, $stream, $alike, $known) = @_;
    my $lane     = $alike->[0];
    my $golden   = _golden($case, $lane);
    my $library  = $lane->library;
    my $version  = $lane->version_of('exim');
    my @since    = grep { compare_versions($_, $version) <= 0 } map { $_->version_of('exim') } @$alike;
    my @flavours = map { [exim => $_] } sort { compare_versions($a, $b) } @since;
    my @like_it  = grep { $_->library eq $library && !compare_versions($_->version_of('exim'), $version) } @$known;
    push @flavours, [$library => $lane->version_of($library) =~ /\A([0-9]+(?:\.[0-9]+)*)/] if @like_it > 1;
    return grep { $golden->path_of($stream, $_) eq $_ } map { $golden->flavour($stream, @$_) } @flavours;
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
    my $run = _names(@lanes) . (@lanes > 1 ? ' run' : ' runs');
    return "this test has no golden yet, and $run it, too: $TOGETHER";
}

sub _why_not {
    my ($golden, @flavours) = @_;
    my $would_be = join ' and ', map { "$_->{path} (" . _names(@{ $_->{users} }) . ')' } @flavours;
    return
        "$golden->{path} is the golden of "
      . _names(@{ $golden->{users} })
      . ', too, and '
      . (length $would_be ? "so would be $would_be" : 'there is no flavour that goes before it')
      . ': if both are right, let the script say what it needs (need exim ..., need feature NAME), or let a munge rule '
      . "make them one; if the test was changed, $TOGETHER";
}

1;
