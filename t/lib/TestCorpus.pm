# SPDX-License-Identifier: GPL-2.0-or-later
#
# The corpus with other configurations: a tree whose tests and goldens are those of the checkout, and whose configurations can be
# changed, to see which tests notice. Knows nothing of what is in a configuration: TestSettings.pm does.

package TestCorpus;

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use Path::Tiny qw(path);

=head1 NAME

TestCorpus - the corpus, with other configurations

=head1 SYNOPSIS

    my $corpus = TestCorpus->new;
    $corpus->change('confs/1111' => $without_crl);
    $corpus->verdicts('1111');    # { '1111 gnutls' => 'FAIL', '1111 openssl' => 'FAIL' }

=head1 METHODS

=head2 new()

The corpus as it is; its tree goes with the object.

=cut

my $TOP = abs_path(dirname(__FILE__) . '/../..');

# What a case gets copied as it is, or may be changed here, is copied: a link would lead out of the case.
my @LINKED = qw(scripts stdout stderr log rejectlog paniclog msglog mail);
my @COPIED = qw(confs aux-fixed aux-var-src dnszones-src);

sub new {
    my ($class) = @_;
    my $self = bless { directory => File::Temp->newdir('runtest-corpus-XXXXXX', TMPDIR => 1), changed => [] }, $class;
    for my $part (grep { -d "$TOP/$_" } @LINKED) {
        symlink "$TOP/$part", "$self->{directory}/$part" or die "$part: $!\n";
    }
    system('cp', '-R', (map { "$TOP/$_" } @COPIED), $self->{directory}) == 0 or die "cp has failed\n";
    return $self;
}

=head2 lines(NAME)

The lines of a file of the checkout, without their ends.

=cut

sub lines {
    my ($self, $name) = @_;
    return path("$TOP/$name")->lines_raw({ chomp => 1 });
}

=head2 numbers(FOLDER)

The names of all files in a folder of the checkout, sorted: of F<confs>, the numbers of the tests that have a configuration.

=cut

sub numbers {
    my ($self, $folder) = @_;
    my @numbers = sort map { $_->basename } path("$TOP/$folder")->children;
    return @numbers;
}

=head2 change(NAME => \@LINES...)

These files, and no others, differ from those of the checkout now.

=cut

sub change {
    my ($self, %lines) = @_;
    path("$TOP/$_")->copy("$self->{directory}/$_") for @{ $self->{changed} };
    path("$self->{directory}/$_")->spew_raw(map { "$_\n" } @{ $lines{$_} }) for keys %lines;
    $self->{changed} = [keys %lines];
    return;
}

=head2 verdicts(NUMBER...)

Runs these tests, in each lane; returns, by C<NUMBER LANE>, how they ended.

=cut

sub verdicts {
    my ($self, @numbers) = @_;
    my %verdict;
    open my $run, '-|', "$TOP/runtest", '--color=never', '--tree', $self->{directory}, @numbers or die "runtest: $!\n";
    while (my $line = readline $run) {
        $verdict{"$2 $3"} = $1 if $line =~ /\A([A-Z]+) ([0-9]{4}) (\S+) /;
    }
    close $run;    # its status only says that a test has failed
    return \%verdict;
}

1;
