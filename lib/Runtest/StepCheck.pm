# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::StepCheck;

use strict;
use warnings;

use Runtest::Commands::Files qw(parse_block);
use Runtest::Input qw(check_data);
use Runtest::Words qw(plain_word);

use Exporter 'import';
our @EXPORT_OK = qw(check_step);

=head1 NAME

Runtest::StepCheck - what can be known to be wrong with a step before anything is run

=head1 DESCRIPTION

What only the running case can tell is not for here: words with C<*> or C<$msgN>, files, and the options of programs, whose exit
status a script may expect.

=cut

my %CHECK = (
    (map { $_ => \&_pause } qw(sleep millisleep)),
    (map { $_ => \&_write } qw(write catwrite)),
    (map { $_ => \&_alone } qw(killdaemon gnutls background)),
    (map { $_ => \&_daemon } qw(exim exim_exim)),
    dump => \&_dump,
);

=head2 check_step(\%step, \%entry)

A step of Runtest::Script and its entry in Runtest::Commands. Dies of one line of text if something is wrong with it.

=cut

sub check_step {
    my ($step, $entry) = @_;
    my $check = $CHECK{ $step->{command} };
    $check->($step) if $check;
    _check_status($step) if !$entry->{status} || defined $step->{daemon};
    _check_redirections($step, $entry);
    check_data($step->{data} // []);
    return;
}

# What is expected, and not compared with anything, is a mistake; 0 is what a line `0 NAME=value` has to say.
sub _check_status {
    my ($step) = @_;
    return if ($step->{status}{is} // '') eq '0';
    my $when = defined $step->{daemon} ? ' as a daemon' : '';
    die "'$step->{command}' has no exit status$when that could be compared\n";
}

sub _check_redirections {
    my ($step, $entry) = @_;
    my %file = %{ $step->{redirections} };
    die "'$step->{command}' cannot be redirected: it starts no program\n" if %file && !$entry->{status};
    die "standard input is redirected, and there are data lines for it as well\n" if $file{input} && @{ $step->{data} || [] };
    return;
}

# ----- Each command's own -----

sub _pause {
    my ($step) = @_;
    my @words = @{ $step->{words} };
    die "$step->{command} wants one whole number\n" if @words != 1 || (plain_word($words[0]) // '') !~ /\A[0-9]+\z/;
    return;
}

sub _write {
    my ($step) = @_;
    my ($path, @blocks) = @{ $step->{words} };
    defined $path or die "$step->{command} wants the name of a file\n";
    parse_block($_) for grep { defined } map { plain_word($_) } @blocks;
    return;
}

sub _alone {
    my ($step) = @_;
    die "'$step->{command}' takes nothing behind it\n" if @{ $step->{words} } || %{ $step->{redirections} };
    return;
}

sub _daemon {
    my ($step) = @_;
    my ($port) = ($step->{daemon} // '') =~ /\Await:(.*)\z/s or return;
    die "-DSERVER=wait:$port: that is no port number\n" if $port !~ /\A[0-9]{1,5}\z/;
    return;
}

sub _dump {
    my ($step) = @_;
    die "dump wants the name of one database\n" if @{ $step->{words} } != 1;
    return;
}

1;
