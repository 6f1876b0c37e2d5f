# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Suite;

use strict;
use warnings;

use File::Basename qw(basename);
use Text::Glob qw(match_glob);

use Runtest::Error;
use Runtest::Requirements qw(parse_requirement);

=head1 NAME

Runtest::Suite - the tests of a tree, and which of them the command line names

=head2 new($tree)

Reads the folders of $tree/scripts. A test is C<< { number, folder, path, title, requirements } >>, the path
relative to the tree. Dies (wrong) of a folder or file that is not as docs/writing-tests.md says.

=cut

sub new {
    my ($class, $tree) = @_;
    -d "$tree/scripts" or Runtest::Error->throw(wrong => "$tree has no scripts/: it is not a tree of tests");
    my $self = bless { tree => $tree, tests => {} }, $class;
    for my $folder (map { basename($_) } glob(quotemeta($tree) . '/scripts/*/')) {
        my @requirements = $self->_folder_requirements("scripts/$folder/REQUIRES");
        for my $path (glob(quotemeta($tree) . "/scripts/$folder/[0-9][0-9][0-9][0-9]")) {
            $self->_add_test($folder, basename($path), \@requirements);
        }
    }
    return $self;
}

sub _folder_requirements {
    my ($self, $path) = @_;
    open my $in, '<', "$self->{tree}/$path" or do {
        return if $!{ENOENT};
        Runtest::Error->throw(wrong => "$path: cannot be read: $!");
    };
    my @requirements;
    while (my $line = <$in>) {
        chomp $line;
        next if $line =~ /\A\s*(?:#|\z)/;
        push @requirements, eval { parse_requirement($line) }
          // Runtest::Error->throw(wrong => "$path:$.: $@" =~ s/\n\z//r);
    }
    close $in;
    return @requirements;
}

sub _add_test {
    my ($self, $folder, $number, $requirements) = @_;
    my $path = "scripts/$folder/$number";
    if (my $other = $self->{tests}{$number}) {
        Runtest::Error->throw(wrong => "$path: number $number is taken by $other->{path}");
    }
    open my $in, '<', "$self->{tree}/$path" or Runtest::Error->throw(wrong => "$path: cannot be read: $!");
    my $first = <$in> // '';
    close $in;
    my ($title) = $first =~ /\A# *(\S.*?)\s*\z/
      or Runtest::Error->throw(wrong => "$path:1: the first line must be '# one-line title'");
    $self->{tests}{$number} = {
        number       => $number,
        folder       => $folder,
        path         => $path,
        title        => $title,
        requirements => $requirements,
    };
    return;
}

=head2 tests

All of them, by number.

=cut

sub tests {
    my ($self) = @_;
    return map { $self->{tests}{$_} } sort keys %{ $self->{tests} };
}

# Tests from this number on run only when they are asked for.
my $FIRST_SPECIAL = 9000;

# [pattern, function(self, captures...) that returns numbers of tests]; what names neither a number nor a range has no special ones
my @SELECTORS = (
    [qr/([0-9]{4})/,            sub { my ($self, $number) = @_; return grep { $_ eq $number } $self->_numbers }],
    [qr/([0-9]{4})-([0-9]{4})/, sub { my ($self, $from, $to) = @_; return $self->_between($from, $to) }],
    [
        qr/([0-9]{4})\+/,
        sub {
            my ($self, $from) = @_;
            return $self->_between($from, $from < $FIRST_SPECIAL ? $FIRST_SPECIAL - 1 : 9999);
        }
    ],
    [
        qr{(?:scripts/)?([^/]+)/?},
        sub {
            my ($self, $glob) = @_;
            return grep { match_glob($glob, $_) || match_glob($glob, $self->{tests}{$_}{folder}) } $self->_between(0, $FIRST_SPECIAL - 1);
        }
    ],
);

sub _numbers {
    my ($self) = @_;
    my @numbers = sort keys %{ $self->{tests} };
    return @numbers;
}

sub _between {
    my ($self, $from, $to) = @_;
    return grep { $_ >= $from && $_ <= $to } $self->_numbers;
}

=head2 select(@arguments)

The tests that the arguments name, by number, each once: numbers (2032), ranges (2100-2150, 2100+), folders and globs
(2100-OpenSSL, '21*'), of which those below 9000 count. Without arguments: all below 9000. Dies (wrong) of an argument that names none.

=cut

sub select {
    my ($self, @arguments) = @_;
    @arguments = ('0001+') if !@arguments;
    my %chosen;
    for my $argument (@arguments) {
        my @numbers = $self->_numbers_of($argument);
        @numbers or Runtest::Error->throw(wrong => "no test is named by '$argument' (runtest --list shows what there is; from 9000 on by number or range only)");
        @chosen{@numbers} = ();
    }
    return map { $self->{tests}{$_} } sort keys %chosen;
}

sub _numbers_of {
    my ($self, $argument) = @_;
    for my $selector (@SELECTORS) {
        my ($pattern, $numbers) = @$selector;
        my @captures = $argument =~ /\A$pattern\z/ or next;
        return $numbers->($self, @captures);
    }
    return;
}

=head2 range_hint(@arguments)

Two numbers name two tests. To those who know them as a range: one line on how to run it, if more tests lie between
them; else undef.

=cut

sub range_hint {
    my ($self, @arguments) = @_;
    return undef if @arguments != 2 || grep { !/\A[0-9]{4}\z/ } @arguments;
    my ($from, $to) = sort @arguments;
    my $between = $self->_between($from, $to);
    return undef if $between <= 2;
    return "these two tests only; all $between from $from to $to: runtest $from-$to";
}

1;
