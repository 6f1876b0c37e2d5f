# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running a scripted server: it is there when it listens, and what it did is compared with what it must have done.

package TestServer;

use strict;
use warnings;

use Exporter qw(import);
use Test::More;

use parent -norequire, 'TestTLS';
use TestClient;
use TestTLS;

our @EXPORT_OK = qw(serve);

=head1 NAME

TestServer - runs a scripted server

=head1 SUBROUTINES

=head2 serve(COMMAND, SCRIPT, [CONNECTIONS, [PATH]])

Starts COMMAND, a list, with SCRIPT as its input, on a free port or at PATH, and returns when it listens. What it
returns has the methods of TestTLS.

=cut

sub serve {
    my ( $command, $script, $connections, $path ) = @_;
    my $self = TestServer->command( qr/^Listening[ ]on[ ](?:port[ ](\d+)|\S+)[ ][.]{3}[ ]/mx, TestClient::patient( @$command, $path // 0, $connections // 1 ) );
    $self->say_all($script);
    return $self;
}

=head2 $server->is_done(NAME, STATUS, GOLDEN)

A test: it ends with STATUS, and has said exactly GOLDEN on its standard output and error, without regard to the port.

=cut

sub is_done {
    my ( $self, $name, $status, $golden ) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $said = TestClient::impatient( $self->wait );
    $said =~ s/^(Listening on port) \d+/$1 PORT/gm;
    return subtest $name => sub {
        plan tests => 2;
        is $self->status, $status, 'status';
        is TestClient::short($said), TestClient::short($golden), 'output';
    };
}

1;
