# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Debug;

use strict;
use warnings;

use Runtest::Capture qw(output_of);

use Exporter 'import';
our @EXPORT_OK = qw(group_of wrapped under_gdb shell kept_files);

=head1 NAME

Runtest::Debug - a case from inside, for people: --wrap, --gdb, --shell, --keep

=head1 DESCRIPTION

The plan's C<debug> is C<< { wrap => { mta => [words], clients => [words] }, gdb => 'mta' or 'clients', shell => 1, keep => 1 } >>. Where a person
takes part, the terminal is descriptor 4.

=head2 group_of($command)

C<mta> or C<clients> (scripted servers are among them), or undef for other commands of a script.

=cut

sub group_of {
    my ($command) = @_;
    return $command =~ /\Aexim/ ? 'mta' : $command =~ /\A(?:client|server)/ ? 'clients' : undef;
}

=head2 wrapped(\%debug, $command, @argv)

The command line with the words of --wrap in front of it, if these are for it.

=cut

sub wrapped {
    my ($debug, $command, @argv) = @_;
    my $group = group_of($command) // return @argv;
    return (@{ $debug->{wrap}{$group} || [] }, @argv);
}

=head2 under_gdb($stdin, $stdout, $stderr, @argv)

The command line of gdb for a program and its arguments; at C<run> the program gets what it would have had. $stdin is a handle, the
others are paths.

=cut

sub under_gdb {
    my ($stdin, $stdout, $stderr, $program, @arguments) = @_;
    my $line = join ' ', map { "'" . s/'/'\\''/gr . "'" } @arguments;
    my $input = "/proc/$$/fd/" . fileno $stdin;
    return ('gdb', '-q', '-ex', "set args $line < $input >> $stdout 2>> $stderr", $program);
}

=head2 shell($name)

Lets the person at the terminal look around in the case's directory, as root of the sandbox; returns when they leave.

=cut

sub shell {
    my ($name) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN,  '<&=', 4 or die "there is no terminal: $!\n";
        open STDOUT, '>&',  4 or die "there is no terminal: $!\n";
        open STDERR, '>&',  4 or die "there is no terminal: $!\n";
        print STDOUT "The case is about to end its daemons. exit goes on with the script.\n";
        local $ENV{PS1} = "$name# ";
        exec '/bin/sh', '-i' or die "sh: $!\n";
    }
    waitpid $pid, 0;
    return;
}

=head2 kept_files()

A tar archive of the case's directory without what every case has.

=cut

sub kept_files {
    return output_of(qw(tar --create --file - --exclude ./aux-fixed --exclude ./bin --exclude ./eximdir .));
}

1;
