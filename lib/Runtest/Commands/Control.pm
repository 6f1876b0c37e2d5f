# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Control;

use strict;
use warnings;

use Time::HiRes ();

use Runtest::Input qw(input_handle);

=head1 NAME

Runtest::Commands::Control - marks, pauses, remarks, perl and background

=head2 mark($worker, $step)

C<### text> goes to all four streams.

=cut

sub mark {
    my ($worker, $step) = @_;
    $worker->append_file($_, "$step->{mark}\n") for qw(test-stdout test-stderr test-stdout-server test-stderr-server);
    return;
}

my %UNIT = (sleep => 1, millisleep => 0.001);

=head2 pause($worker, $step)

C<sleep N>, C<millisleep N>.

=cut

sub pause {
    my ($worker, $step) = @_;
    my ($number) = $worker->arguments($step);
    my $until = Time::HiRes::time() + $number * $UNIT{ $step->{command} };
    while ((my $left = $until - Time::HiRes::time()) > 0) {
        Time::HiRes::sleep($left);
    }
    return;
}

=head2 remark($worker, $step), nothing($worker, $step)

C<echo> is for the person who watches: the step's begin is what they see. C<gnutls> is historic: modern libraries need no
prepared parameters.

=cut

sub remark  { return }
sub nothing { return }

=head2 perl($worker, $step)

Runs Perl on the data lines.

=cut

sub perl {
    my ($worker, $step) = @_;
    my $status = $worker->run(
        $step,
        argv  => [$^X, $worker->arguments($step)],
        stdin => input_handle($step->{data}),
    );
    return $worker->expect($step, $status);
}

=head2 background($worker, $step)

A command, its one data line, that runs until killdaemon.

=cut

sub background {
    my ($worker, $step) = @_;
    my $pid = $worker->start(
        $step,
        argv    => [$worker->arguments($step)],
        stderr  => 'test-stderr-server',
        session => 1,
    );
    push @{ $worker->{background} }, { pid => $pid, line => $step->{line} };
    return;
}

1;
