# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Options;

use strict;
use warnings;

use Getopt::Long qw(GetOptionsFromArray);

use Runtest::Date qw(epoch_of);
use Runtest::Error;

use Exporter 'import';
our @EXPORT_OK = qw(parse_options);

=head1 NAME

Runtest::Options - the command line

=head2 parse_options(@arguments)

Returns the options, with the defaults of L<runtest>'s manual and C<tests>, what is left: what to run. Dies (wrong) of what is not
understood.

=cut

sub parse_options {
    my (@arguments) = @_;
    my %option = (lane => [], mta => {}, wrap => {}, require => [], sandbox => 1, 'timeout-factor' => 1, color => 'auto');
    my @complaints;
    local $SIG{__WARN__} = sub { push @complaints, $_[0] };
    Getopt::Long::Configure(qw(no_ignore_case bundling no_auto_abbrev gnu_compat));
    # Without this, the word behind --shuffle, a test's number, would be its seed.
    s/\A--shuffle\z/--shuffle=0/ for @arguments;
    GetOptionsFromArray(
        \@arguments, \%option,
        'help|h', 'man', 'version', 'list', 'update', 'sandbox!',
        'keep', 'shell', 'gdb=s', 'wrap=s%', 'date=s', 'repeat=i', 'until-fail', 'shuffle:i', 'retry=i', 'strict',
        'jobs|j=i', 'lane=s@', 'mta=s%', 'require=s@', 'timeout-factor=f', 'tls-client=s', 'tree=s', 'color=s',
    ) or Runtest::Error->throw(wrong => _complaint(@complaints));
    _check(\%option);
    return { %option, tests => \@arguments };
}

# Getopt::Long's first complaint; what it says of NAME=VALUE nobody would understand.
sub _complaint {
    my ($first) = @_;
    return "--$1 $2: it has to be NAME=VALUE" if $first =~ /\AOption (\S+), key "(.*)", requires a value/s;
    return lcfirst($first) =~ s/\n\z//r . ' (runtest --help)';
}

# [option, whether its value is right, what it has to be]
my @CHECKS = (
    [gdb              => sub { $_[0] =~ /\A(?:mta|clients)\z/ },       'mta or clients'],
    [date             => sub { defined epoch_of($_[0]) },              'a date: YYYY or YYYY-MM-DD'],
    [repeat           => sub { $_[0] >= 1 },                           'a number from 1 on'],
    [retry            => sub { $_[0] >= 1 },                           'a number from 1 on'],
    [jobs             => sub { $_[0] >= 1 },                           'a number from 1 on'],
    ['timeout-factor' => sub { $_[0] > 0 },                            'a number above 0'],
    ['tls-client'     => sub { $_[0] =~ /\A(?:gnutls|openssl)\z/ },    'gnutls or openssl'],
    [color            => sub { $_[0] =~ /\A(?:auto|always|never)\z/ }, 'auto, always or never'],
    [tree             => sub { -d $_[0] },                             'a directory'],
);

# [option, options that it does not go with]
my @ALONE = ([update => qw(retry repeat until-fail)], ['until-fail' => qw(retry repeat)]);

sub _check {
    my ($option) = @_;
    my ($group) = grep { !/\A(?:mta|clients)\z/ } keys %{ $option->{wrap} };
    Runtest::Error->throw(wrong => "--wrap $group=...: it has to be mta=COMMAND or clients=COMMAND") if defined $group;
    for my $rule (@ALONE) {
        my ($name, @others) = @$rule;
        my ($other) = grep { $option->{$name} && $option->{$_} } @others;
        Runtest::Error->throw(wrong => "--$name does not go with --$other") if defined $other;
    }
    for my $check (@CHECKS) {
        my ($name, $is_right, $wanted) = @$check;
        my $value = $option->{$name};
        next if !defined $value || $is_right->($value);
        Runtest::Error->throw(wrong => "--$name $value: it has to be $wanted");
    }
    return;
}

1;
