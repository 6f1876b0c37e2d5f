# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Dialogue;

use strict;
use warnings;

use Runtest::Await qw(await_file);
use Runtest::Input qw(input_handle);

=head1 NAME

Runtest::Commands::Dialogue - the scripted clients and servers

=cut

# The own timeout of clients and servers in seconds (docs/writing-tests.md), which runtest multiplies.
my $SECONDS = 30;

my $SERVER_STDOUT = 'test-stdout-server';

=head2 client($worker, $step)

Runs a scripted client as the caller.

=cut

sub client {
    my ($worker, $step) = @_;
    my $plan    = $worker->{plan};
    my $program = $step->{command} eq 'client-anytls' ? "client-$plan->{tls_client}" : $step->{command};
    my @options = _with_timeout($plan->{timeout_factor}, $worker->arguments($step));
    my $status  = $worker->run(
        $step,
        argv  => ["$plan->{directory}/bin/$program", @options],
        stdin => input_handle($step->{data}),
    );
    return $worker->expect($step, $status);
}

# The last -t wins; what the script gives is a limit too, so it gets the factor as well.
sub _with_timeout {
    my ($factor, @options) = @_;
    return @options if $factor == 1;
    my $number = qr/-?[0-9.]+/;
    my @scaled = map { /\A-t($number)\z/ ? '-t' . $1 * $factor : $_ } @options;
    for my $at (grep { $options[$_] eq '-t' } 0 .. $#options - 1) {
        $scaled[ $at + 1 ] *= $factor if $options[ $at + 1 ] =~ /\A$number\z/;
    }
    return ('-t' . $SECONDS * $factor, @scaled);
}

=head2 server($worker, $step)

Starts a scripted server, and returns when it listens; its exit status is waited for after the next non-daemon C<exim>, or before another
server is started in the same place.

=cut

sub server {
    my ($worker, $step) = @_;
    my $plan  = $worker->{plan};
    my @words = $worker->arguments($step);
    my $place = _place(@words);
    await_servers($worker, $place);
    my $before = length _said();
    my $pid    = $worker->start(
        $step,
        argv    => ["$plan->{directory}/bin/$step->{command}", _with_timeout($plan->{timeout_factor}, @words)],
        stdin   => input_handle($step->{data}),
        stdout  => $SERVER_STDOUT,
        stderr  => 'test-stderr-server',
        session => 1,
    );
    my $server = { pid => $pid, line => $step->{line}, step => $step, place => $place };
    push @{ $worker->{servers} }, $server;
    return _await_server($worker, $server, $before);
}

# Where a server listens: port or socket, which a number of connections may follow, and the families of addresses.
sub _place {
    my @words = @_;
    my ($operand) = grep { m{\A[0-9]{4,5}\z|/} } reverse @words;
    return join ' ', $operand // (), sort grep { /\A-noipv[46]\z/ } @words;
}

# A server says on its standard output that it listens. One that has ended already is judged where it is waited for.
sub _await_server {
    my ($worker, $server, $before) = @_;
    my $listened = eval {
        $server->{status} = await_file(
            directory => $worker->{plan}{directory},
            ready     => sub { return substr(_said(), $before) =~ /^Listening on /m },
            who       => 'the server',
            what      => 'listen',
            pid       => $server->{pid},
            deadline  => $worker->{deadline},
            next_look => sub { return $worker->next_look },
        );
        $server->{ended} = 1 if defined $server->{status};
        1;
    };
    return if $listened;
    $server->{ended} = 1 if $@ =~ /\Athe server ended/;
    die $@;
}

sub _said {
    open my $in, '<', $SERVER_STDOUT or return '';
    local $/ = undef;
    return <$in> // '';
}

=head2 await_servers($worker, $place)

Waits for the servers that were started (if there is a place, for those that are there), and dies if one did not end as its script line expects.

=cut

sub await_servers {
    my ($worker, $place) = @_;
    my (@ending, @others);
    push @{ !defined $place || $_->{place} eq $place ? \@ending : \@others }, $_ for @{ $worker->{servers} };
    for my $server (@ending) {
        my $status = $server->{status} // $worker->await_end($server->{pid})
          // die "timeout: waited for the server of line $server->{line} to end\n";
        $server->{ended} = 1;
        eval { $worker->expect($server->{step}, $status); 1 } or die "the server of line $server->{line}: $@";
    }
    $worker->{servers} = \@others;
    return;
}

1;
