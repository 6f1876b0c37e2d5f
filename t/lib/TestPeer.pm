# SPDX-License-Identifier: GPL-2.0-or-later
#
# The other end for a scripted client: a process that listens on a free loopback port, takes one connection and
# does what a piece of Perl says. Knows nothing of TLS; TestTLS.pm does.

package TestPeer;

use strict;
use warnings;

use IO::Socket::IP;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);

=head1 NAME

TestPeer - one connection, scripted in Perl

=head1 SYNOPSIS

    my $peer = TestPeer->start( sub { my ($it) = @_; $it->put("220 hello\r\n"); return $it->line } );
    ... connect to $peer->port ...
    is $peer->result, "quit\r\n";

=head1 METHODS

=cut

my $LIMIT = 60 * ( $ENV{RUNTEST_SLOW} || 1 );    # seconds that a peer may take, whatever happens
my %running;

=head2 TestPeer->start(CODE, [HOST])

Listens on HOST (127.0.0.1) and, in a process of its own, calls CODE with the connection when there is one. What CODE
returns is what C<result> gives; the connection is closed after it.

=cut

sub start {
    my ( $class, $code, $host ) = @_;
    my $listener = IO::Socket::IP->new(
        LocalHost => $host // '127.0.0.1',
        LocalPort => 0,
        Listen    => 5,
        Proto     => 'tcp',
    ) or die "cannot listen: $@\n";
    pipe my $reader, my $writer or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        close $reader;
        _serve( $listener, $writer, $code );
    }
    close $writer;
    $running{$pid} = 1;
    return bless { pid => $pid, port => $listener->sockport, reader => $reader }, $class;
}

sub _serve {
    my ( $listener, $writer, $code ) = @_;
    local $SIG{PIPE} = 'IGNORE';
    alarm $LIMIT;
    my $result = eval {
        my $socket = $listener->accept or die "accept: $!\n";
        close $listener;
        setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
        my $it = bless { socket => $socket }, 'TestPeer::Connection';
        $code->($it);
    };
    print {$writer} defined $result ? "=$result" : $@ ? "!$@" : q{=};
    close $writer;
    POSIX::_exit(0);
}

=head2 $peer->port

The port that it listens on.

=head2 $peer->result

Waits for its end and gives what CODE returned. Dies of what CODE died of.

=cut

sub port { my ($self) = @_; return $self->{port} }

sub result {
    my ($self) = @_;
    my $text = do { local $/ = undef; readline $self->{reader} }
        // q{};
    _reap( $self->{pid} );
    return $text if $text =~ s/\A=//;
    $text =~ s/\A!//;
    die 'peer: ' . ( $text || "it was ended\n" );
}

sub _reap {
    my ($pid) = @_;
    local $? = 0;
    waitpid $pid, 0 if delete $running{$pid};
    return;
}

END {
    local $? = 0;
    for my $pid ( keys %running ) {
        kill KILL => $pid;
        waitpid $pid, 0;
    }
}

package TestPeer::Connection;    ## no critic (ProhibitMultiplePackages)

use IO::Socket::UNIX;
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER);

=head1 THE CONNECTION

=head2 TestPeer::Connection->to(PORT, [HOST]), TestPeer::Connection->to_local(PATH)

A connection to a server.

=head2 $it->put(BYTES)

Sends them, in one write if the system takes them so.

=head2 $it->drip(BYTES)

Sends them one by one, each as a segment of its own.

=head2 $it->line

Reads up to and with a line feed. Dies at the end.

=head2 $it->rest

Reads to the end.

=head2 $it->close, $it->half_close, $it->reset

Closes; closes the sending side; closes with a reset.

=head2 $it->peer_address, $it->socket

=cut

sub to {
    my ( $class, $port, $host ) = @_;
    my $socket = IO::Socket::IP->new( PeerHost => $host // '127.0.0.1', PeerPort => $port, Proto => 'tcp' )
        or die "cannot connect to port $port: $@\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    return bless { socket => $socket }, $class;
}

sub to_local {
    my ( $class, $path ) = @_;
    my $socket = IO::Socket::UNIX->new( Peer => $path ) or die "cannot connect to $path: $!\n";
    return bless { socket => $socket }, $class;
}

sub socket { my ($self) = @_; return $self->{socket} }

sub put {
    my ( $self, $bytes ) = @_;
    while ( length $bytes ) {
        my $sent = syswrite $self->{socket}, $bytes;
        defined $sent or die "put: $!\n";
        substr $bytes, 0, $sent, q{};
    }
    return;
}

sub drip {
    my ( $self, $bytes ) = @_;
    $self->put($_) for split //, $bytes;
    return;
}

sub line {
    my ($self) = @_;
    my $line = q{};
    while ( $line !~ /\n\z/ ) {
        my $got = sysread $self->{socket}, $line, 1, length $line;
        defined $got or die "line: $!\n";
        $got or die "line: the client has closed\n";
    }
    return $line;
}

sub rest {
    my ($self) = @_;
    my $rest = q{};
    1 while sysread $self->{socket}, $rest, 65_536, length $rest;
    return $rest;
}

sub close {
    my ($self) = @_;
    return CORE::close $self->{socket};
}

sub half_close {
    my ($self) = @_;
    return shutdown $self->{socket}, 1;
}

sub reset {
    my ($self) = @_;
    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'll', 1, 0;
    return CORE::close $self->{socket};
}

sub peer_address {
    my ($self) = @_;
    return $self->{socket}->peerhost;
}

1;
