# SPDX-License-Identifier: GPL-2.0-or-later
#
# TLS peers that we did not write: openssl's s_server and GnuTLS's gnutls-serv, each as a process with a free port, its
# input and what it said; and the bytes on their way to and from one. Certificates are those of the test CA.

package TestTLS;

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::IP;
use POSIX ();
use Time::HiRes ();

=head1 NAME

TestTLS - TLS peers for a scripted client or server

=head1 SYNOPSIS

    my $server = TestTLS->openssl_server( TestTLS->identity('server1'), '-tls1_2' );
    ... connect to $server->port ...
    like $server->stop, qr/Protocol version: TLSv1.2/;

=head1 METHODS

=cut

our $CA = abs_path('aux-fixed/exim-ca/example.com');

our $directory;    ## no critic (ProhibitPackageVars): where the next peer starts

my $LIMIT = 60 * ( $ENV{RUNTEST_SLOW} || 1 );    # seconds to become ready, or to end
my $work  = tempdir( CLEANUP => 1 );
my $count = 0;
my %running;

=head2 TestTLS->certificate(LEAF), TestTLS->key(LEAF), TestTLS->file(LEAF, SUFFIX)

Paths of the chain, the key, another file, of a leaf of example.com, such as server1.

=cut

sub file        { my ( $class, $leaf, $suffix ) = @_; return "$CA/$leaf.example.com/$leaf.example.com.$suffix" }
sub key         { my ( $class, $leaf ) = @_; return $class->file( $leaf, 'unlocked.key' ) }

sub certificate {
    my ( $class, $leaf ) = @_;
    my $chain = $class->file( $leaf, 'chain.pem' );    # a self-signed one has none
    return -e $chain ? $chain : $class->file( $leaf, 'pem' );
}

=head2 TestTLS->identity(LEAF)

The options of our programs for the certificate and key of a leaf.

=cut

sub identity { my ( $class, $leaf ) = @_; return ( '-cert', $class->certificate($leaf), '-key', $class->key($leaf) ) }

=head2 TestTLS->openssl_server(LEAF, OPTION...)

Starts C<openssl s_server> with the certificate of LEAF. Unless the options say what to serve, it sends each line back
with its letters in reverse order. With -naccept it tells what it receives, with -HTTP it serves the files of
$TestTLS::directory.

=head2 TestTLS->gnutls_server(LEAF, OPTION...)

Starts C<gnutls-serv>, which sends each line back.

=cut

sub openssl_server {
    my ( $class, $leaf, @options ) = @_;
    my @mode = grep( {/\A-(?:HTTP|naccept)\z/} @options ) ? () : '-rev';
    my @command = (
        qw(openssl s_server -accept 127.0.0.1:0), @mode,
        '-cert'       => $class->file( $leaf, 'pem' ),
        '-key'        => $class->key($leaf),
        '-cert_chain' => "$CA/CA/Signer.pem",
        @options
    );
    return $class->_start( qr/^ACCEPT[ ]\S+:(\d+)$/mx, @command );
}

sub gnutls_server {
    my ( $class, $leaf, @options ) = @_;
    for ( 1 .. 10 ) {
        my $port   = _free_port();
        my @command = (
            qw(gnutls-serv --echo --port), $port,
            '--x509certfile' => $class->certificate($leaf),
            '--x509keyfile'  => $class->key($leaf),
            @options
        );
        my $self = eval { $class->_start( qr/Server[ ]listening[ ]on[ ]IPv4[ ]0[.]0[.]0[.]0[ ]port[ ](\d+)[.]{3}done/x, @command ) };
        return $self if $self;
        die $@ if $@ !~ /in use/;
    }
    croak 'no free port for gnutls-serv';
}

sub _free_port {
    my $socket = IO::Socket::IP->new( LocalHost => '127.0.0.1', Listen => 1, Proto => 'tcp' ) or die "cannot listen: $@\n";
    return $socket->sockport;
}

=head2 TestTLS->command(READY, COMMAND...)

Starts any other peer. READY is the pattern that tells that it is ready; its first group is the port, if it has one.

=cut

sub command { my ( $class, $ready, @command ) = @_; return $class->_start( $ready, @command ) }

sub _start {
    my ( $class, $ready, @command ) = @_;
    my $log = sprintf '%s/%03d', $work, ++$count;
    pipe my $input,  my $to_input    or die "pipe: $!\n";
    pipe my $output, my $from_output or die "pipe: $!\n";
    pipe my $news,   my $tell        or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        local $ENV{LC_ALL} = 'C';
        chdir $directory or POSIX::_exit(126) if defined $directory;
        POSIX::dup2( fileno $input,       0 );
        POSIX::dup2( fileno $from_output, 1 );
        POSIX::dup2( fileno $from_output, 2 );
        POSIX::close($_) for 3 .. 20;
        { no warnings 'exec'; exec { $command[0] } @command }
        POSIX::_exit(127);
    }
    close $_ for $input, $from_output;
    my $collector = fork // die "fork: $!\n";
    if ( !$collector ) {
        close $_ for $to_input, $news;
        _collect( $output, $log, $tell, $ready );
    }
    close $_ for $output, $tell;
    $running{$pid} = $running{$collector} = 1;
    my $self = bless { pid => $pid, collector => $collector, log => $log, input => $to_input, name => $command[0] }, $class;
    my $line = <$news>;
    if ( !defined $line ) {
        my $said = $self->stop;
        die "$command[0] did not become ready: $said\n";
    }
    chomp( $self->{port} = $line );
    return $self;
}

# Writes what the process says to a file, and tells when it is ready.
sub _collect {
    my ( $output, $log, $tell, $ready ) = @_;
    alarm $LIMIT;
    open my $file, '>', $log or POSIX::_exit(1);
    my $text = q{};
    while ( sysread $output, my $chunk, 65_536 ) {
        syswrite $file, $chunk;
        next if !$tell;
        $text .= $chunk;
        next if $text !~ $ready;
        my $port = $1 // 0;
        syswrite $tell, "$port\n";
        close $tell;
        undef $tell;
        alarm 0;
    }
    POSIX::_exit(0);
}

=head2 $peer->port, $peer->stop

Its port; ends it and returns all that it said.

=cut

sub port { my ($self) = @_; return $self->{port} }

sub stop {
    my ( $self, $signal ) = @_;
    kill $signal // 'TERM' => $self->{pid} if $running{ $self->{pid} };
    for my $pid ( grep {defined} @$self{qw(pid feeder collector)} ) {
        local $? = 0;
        waitpid $pid, 0 if delete $running{$pid};
    }
    return $self->said;
}

=head2 $peer->say_all(BYTES)

Gives it input, in a process of its own if it does not take it at once, and then no more.

=cut

sub say_all {
    my ( $self, $bytes ) = @_;
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        alarm $LIMIT;
        local $SIG{PIPE} = 'IGNORE';
        print { $self->{input} } $bytes;
        close $self->{input};
        POSIX::_exit(0);
    }
    $running{$pid} = 1;
    $self->{feeder} = $pid;
    return close $self->{input};
}

=head2 $peer->await(PATTERN)

Waits until something that it said matches, and returns all that it said so far; at the time limit that is all, too.

=cut

sub await {
    my ( $self, $pattern ) = @_;
    my $deadline = time + $LIMIT;
    my $said     = $self->said;
    while ( $said !~ $pattern && time < $deadline ) {
        Time::HiRes::sleep(0.01);
        $said = $self->said;
    }
    return $said;
}

=head2 $peer->wait

Waits until it ends by itself, and returns all that it said. Its exit status is then C<< $peer->status >>, or
C<signal N>.

=cut

sub wait {
    my ($self) = @_;
    my $pid = $self->{pid};
    local $SIG{ALRM} = sub { kill KILL => $pid };
    alarm $LIMIT;
    waitpid $pid, 0;
    alarm 0;
    $self->{status} = $? & 127 ? 'signal ' . ( $? & 127 ) : $? >> 8;
    delete $running{$pid};
    return $self->stop;
}

sub status { my ($self) = @_; return $self->{status} }

=head2 $peer->said

All that it has said so far.

=cut

sub said {
    my ($self) = @_;
    open my $file, '<', $self->{log} or return q{};
    local $/ = undef;
    return scalar <$file>;
}

END {
    local $? = 0;
    for my $pid ( keys %running ) {
        kill KILL => $pid;
        waitpid $pid, 0;
    }
}

=head2 TestTLS::splice(CONNECTION, PORT, [FROM_SERVER, [FROM_CLIENT]])

Connects to PORT and passes bytes between it and the connection (a TestPeer::Connection) until one of them closes. The
filters, if given, get what comes from PORT and from the connection, and return what to pass on, and true behind it to have it
end after that; or undef to have it end at once.

=cut

sub splice {
    my ( $it, $port, $from_server, $from_client ) = @_;
    my $client = $it->socket;
    my $server = IO::Socket::IP->new( PeerHost => '127.0.0.1', PeerPort => $port ) or die "port $port: $@\n";
    my $select = IO::Select->new( $client, $server );
    while ( my @ready = $select->can_read ) {
        for my $from (@ready) {
            my ( $to, $filter ) = $from == $client ? ( $server, $from_client ) : ( $client, $from_server );
            return if !sysread $from, my $bytes, 65_536;
            my ( $pass, $over ) = $filter ? $filter->($bytes) : $bytes;
            return if !defined $pass || !_pass( $to, $pass ) || $over;
        }
    }
    return;
}

sub _pass {
    my ( $to, $bytes ) = @_;
    while ( length $bytes ) {
        my $sent = syswrite $to, $bytes;
        return 0 if !defined $sent;
        substr $bytes, 0, $sent, q{};
    }
    return 1;
}

=head2 TestTLS::first_bytes(LIMIT)

A filter for C<splice> that passes so many bytes on, and has it end when there are more.

=cut

sub first_bytes {
    my ($limit) = @_;
    return sub {
        my ($bytes) = @_;
        my $pass = substr $bytes, 0, $limit;
        $limit -= length $pass;
        return ( $pass, length $pass < length $bytes );
    };
}

=head2 TestTLS::record(TYPE, BODY), TestTLS::count_records(TYPE, CODE)

A TLS record in clear (RFC 8446 section 5.1). A filter for C<splice> that calls CODE with 1, 2 and so on for each record of TYPE
that begins, before it is passed on; what CODE returns false for is not.

=cut

sub record { my ( $type, $body ) = @_; return pack 'Cnn/a*', $type, 0x0303, $body }

sub count_records {
    my ( $type, $code ) = @_;
    my ( $pending, $seen ) = ( q{}, 0 );
    return sub {
        my ($bytes) = @_;
        my $pass = q{};
        $pending .= $bytes;
        while ( length $pending >= 5 && length $pending >= 5 + unpack 'x3n', $pending ) {
            my $record = substr $pending, 0, 5 + unpack( 'x3n', $pending ), q{};
            return if ord $record == $type && !$code->( ++$seen );
            $pass .= $record;
        }
        return $pass;
    };
}

1;
