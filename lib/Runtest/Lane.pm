# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Lane;

use strict;
use warnings;

use File::Basename qw(basename dirname);
use Text::Glob qw(match_glob);

use Runtest::Error;
use Runtest::MTA qw(current_word utilities_beside);
use Runtest::Requirements qw(parse_requirement unmet);
use Runtest::Version qw(counted_version);

=head1 NAME

Runtest::Lane - an MTA binary, by name, and what is known about it

=head2 find_lanes($top, \%added, \@globs)

The lanes that a run has: those in $top/mta, those that C<--mta NAME=PATH> added or replaced (%added: name => path), of these
the ones that match one of @globs, by name. Dies (wrong) when a glob matches none, and when there are none at all.

=cut

sub find_lanes {
    my ($class, $top, $added, $globs) = @_;
    my %path = (_in_mta($top), %$added);
    %path or Runtest::Error->throw(broken => 'there is no MTA in mta/: run ./setup, or name one with --mta NAME=PATH');
    my %chosen = map { $_ => 1 } @$globs ? () : keys %path;
    for my $glob (@$globs) {
        my @names = grep { match_glob($glob, $_) } keys %path
          or Runtest::Error->throw(wrong => "no lane is named by '$glob': there are " . join(' ', sort keys %path));
        @chosen{@names} = ();
    }
    return map { $class->new($_, $path{$_}, exists $added->{$_}) } sort keys %chosen;
}

sub _in_mta {
    my ($top) = @_;
    return map { basename(dirname($_)) => $_ } glob(quotemeta($top) . '/mta/*/exim');
}

=head2 lanes_beside($top, \%added, @lanes)

All other lanes that find_lanes() could choose from: the MTAs that none of @lanes has, as far as they can be read. The
lane of $top/mta whose name was given to another MTA is called C<NAME of mta>.

=cut

sub lanes_beside {
    my ($class, $top, $added, @lanes) = @_;
    my %in_mta  = _in_mta($top);
    my %path    = (%$added, map { (exists $added->{$_} ? "$_ of mta" : $_) => $in_mta{$_} } keys %in_mta);
    my %in_run  = map { $_->path => 1 } @lanes;
    my @beside  = grep { !$in_run{ $path{$_} } && -f $path{$_} && -r _ } sort keys %path;
    return map { exists $added->{$_} ? $class->new($_, $path{$_}, 1) : bless { name => $_, path => $path{$_} }, $class }
      @beside;
}

=head2 new($name, $path, $is_added)

A lane of which no facts are known yet; $is_added says that it is not one of F<mta/>.

=cut

sub new {
    my ($class, $name, $path, $is_added) = @_;
    $name =~ /\A[A-Za-z0-9][A-Za-z0-9._-]*\z/
      or Runtest::Error->throw(wrong => "'$name' cannot be a lane's name: letters, digits, dot, dash and underscore can");
    -e $path or Runtest::Error->throw(wrong => "the MTA of lane $name, $path, does not exist");
    -f _ && -r _ or Runtest::Error->throw(wrong => "the MTA of lane $name, $path, is no file that can be read");
    return bless { name => $name, path => $path, is_added => $is_added }, $class;
}

=head2 name, path, is_added, facts

As they were given; the facts are Runtest::MTA's.

=cut

sub name     { return $_[0]{name} }
sub path     { return $_[0]{path} }
sub is_added { return $_[0]{is_added} }
sub facts    { return $_[0]{facts} }

=head2 learn(\%facts)

Sets the facts.

=cut

sub learn {
    my ($self, $facts) = @_;
    $self->{facts} = $facts;
    return;
}

=head2 library

C<gnutls>, C<openssl> or C<none>.

=cut

sub library { return $_[0]{facts}{library} }

=head2 version_of($what)

The version of C<exim>, as it counts (Runtest::Version), or of C<gnutls> or C<openssl> if the MTA runs with that; else undef.

=cut

sub version_of {
    my ($self, $what) = @_;
    my $version = $self->{facts}{versions}{$what} // return undef;
    return $what eq 'exim' ? counted_version($version) : $version;
}

=head2 version_name

The MTA's version as it says it itself.

=cut

sub version_name { return $_[0]{facts}{versions}{exim} }

=head2 lists($list, $word)

Whether the -bV lines whose names begin with $list have the word, or each part of one such as appendfile/maildir. A word has
the same meaning in every spelling that an Exim has had for it.

=cut

sub lists {
    my ($self, $list, $word) = @_;
    my $lists = $self->{facts}{lists};
    my %listed = map { $_ => 1 } map { @{ $lists->{$_} } } grep { /\A\Q$list\E/ } keys %$lists;
    return !grep { !$listed{ current_word($_) } } split m{/}, $word;
}

=head2 has_macro($name)

Whether the MTA predefines the macro.

=cut

sub has_macro {
    my ($self, $name) = @_;
    return !!grep { $_ eq $name } @{ $self->{facts}{macros} };
}

=head2 has_utility($name)

Whether a program of that name stands beside the MTA.

=cut

sub has_utility {
    my ($self, $name) = @_;
    return !!grep { $_->[1] eq $name } utilities_beside($self->{path});
}

=head2 user

The MTA's user: C<< { name, uid, gid } >> in the sandbox.

=cut

sub user { return $_[0]{facts}{user} }

# These requirements do not skip a case: they decide whether a test is one of the lane's.
my @LIBRARIES = map { parse_requirement("support $_") } qw(GnuTLS OpenSSL);

=head2 runs(\%test)

Whether the test is a case in this lane: its folder's C<support GnuTLS> or C<support OpenSSL> decides.

=cut

sub runs {
    my ($self, $test) = @_;
    return !defined unmet([_deciding($test)], $self, {});
}

=head2 is_for_every_lane(\%test)

Whether the test's folder decides no library. For class and object.

=cut

sub is_for_every_lane {
    my (undef, $test) = @_;
    return !_deciding($test);
}

sub _deciding {
    my ($test) = @_;
    my %library = map { $_->{text} => 1 } @LIBRARIES;
    return grep { $library{ $_->{text} } } @{ $test->{requirements} };
}

1;
