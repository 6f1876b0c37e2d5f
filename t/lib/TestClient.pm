# SPDX-License-Identifier: GPL-2.0-or-later
#
# Running a scripted client or server, and comparing what it did with what it must have done, exactly.

package TestClient;

use strict;
use warnings;

use Exporter qw(import);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

use TestPeer;

our @EXPORT_OK = qw(program small_program run_client connect_to talk_to did failed instrumented slurp spew
    @CLIENTS $CONNECTED $STARTED $ECHO $ECHO_GOLDEN);

=head1 NAME

TestClient - runs a scripted client

=head1 SUBROUTINES

=head2 program(NAME)

The path of one of the programs: in $RUNTEST_PROGRAMS, else in build/. Ends the test if it is not there.

=head2 small_program(NAME)

The command for it with 64 MB of memory, which is all that a program of ours may use, whatever its peer does. Without that limit if
it is instrumented.

=head2 instrumented

Do the programs run with sanitizers, or under valgrind? These need more memory and files than the programs themselves.

=cut

our @CLIENTS = qw(client-gnutls client-ssl);

our $CONNECTED = "Connecting to 127.0.0.1 port PORT ... connected\n";
our $STARTED   = "Attempting to start TLS\nSucceeded in starting TLS\n";

# A script that serves servers that send each line back, and those that turn it round.
our $ECHO        = "otto\n??? otto\n";
our $ECHO_GOLDEN = ">>> otto\n??? otto\n<<< otto\nEnd of script\n";

# How many times slower than usual the programs are: all their time limits are multiplied by it, and divided by it again in
# what they say.
our $SLOW = $ENV{RUNTEST_SLOW} || 1;

my $TIMEOUT = 5;             # the programs' own limit of every wait
my $LIMIT   = 60 * $SLOW;    # seconds that a program may take before it counts as hung
my $work  = tempdir( CLEANUP => 1 );

sub program {
    my ($name) = @_;
    my $path = ( $ENV{RUNTEST_PROGRAMS} // 'build' ) . "/$name";
    -x $path or BAIL_OUT("$path is missing: make it first");
    return $path;
}

sub small_program {
    my ($name) = @_;
    return ( instrumented() ? () : qw(prlimit --data=67108864), program($name) );
}

sub instrumented { return ( $ENV{RUNTEST_PROGRAMS} // q{} ) =~ /sanitized/ || $SLOW != 1 }

=head2 run_client(COMMAND, SCRIPT, [HELD])

Runs COMMAND, a list, with SCRIPT as its input, which does not end before it does if HELD is true. Returns a hash with `out`, `err`, `status` (exit status, or `signal N`)
and `seconds`. A program that hangs is killed, and has the status `hung`.

=cut

=head2 patient(COMMAND), impatient(TEXT)

COMMAND with its time limits multiplied by $SLOW if it runs a client or server of ours; TEXT with them divided again.

=cut

sub patient {
    my (@command) = @_;
    return @command if $SLOW == 1;
    my @patient;
    for my $at ( 0 .. $#command ) {
        my $word      = $command[$at];
        my $is_option = $word =~ /\A-t-?[0-9.]+\z/;
        my $is_value  = $at && $command[ $at - 1 ] eq '-t' && $word =~ /\A-?[0-9.]+\z/;
        push @patient, $is_option ? '-t' . substr( $word, 2 ) * $SLOW : $is_value ? $word * $SLOW : $word;
        push @patient, '-t' . $TIMEOUT * $SLOW if $word =~ m{/(?:client|server)(?:-ssl|-gnutls)?\z};
    }
    return @patient;
}

sub impatient {
    my ($text) = @_;
    return $SLOW == 1 ? $text : $text =~ s/(out after )([0-9.]+)( s)/$1 . $2 \/ $SLOW . $3/egr;
}

=head2 connect_to(CLIENT, SERVER, SCRIPT, OPTION...)

Runs one of @CLIENTS, which starts TLS at once. SERVER is a TestTLS or a TestPeer.

=head2 talk_to(CLIENT, CODE, SCRIPT, OPTION...)

The same with a TestPeer that is started for it with CODE. The hash has its result as `peer`.

=cut

sub connect_to {
    my ( $client, $server, $script, @options ) = @_;
    return run_client( [ program($client), '-tls-on-connect', @options, '127.0.0.1', $server->port ], $script );
}

sub talk_to {
    my ( $client, $code, $script, @options ) = @_;
    my $peer = TestPeer->start($code);
    my $run  = connect_to( $client, $peer, $script, @options );
    $run->{peer} = $peer->result;
    return $run;
}

=head2 slurp(NAME), spew(NAME, BYTES)

Reads, or writes, a file. C<spew> returns its name.

=cut

sub spew {
    my ( $name, $bytes ) = @_;
    open my $file, '>:raw', $name or die "$name: $!\n";
    print {$file} $bytes;
    close $file or die "$name: $!\n";
    return $name;
}

sub slurp {
    my ($name) = @_;
    open my $file, '<:raw', $name or die "$name: $!\n";
    local $/ = undef;
    return scalar <$file> // q{};
}

sub _exec {
    my ( $input, @command ) = @_;
    open STDIN,  '<&', $input     or POSIX::_exit(126);
    open STDOUT, '>', "$work/out" or POSIX::_exit(126);
    open STDERR, '>', "$work/err" or POSIX::_exit(126);
    { no warnings 'exec'; exec { $command[0] } @command }
    POSIX::_exit(127);
}

sub _wait_for {
    my ($pid) = @_;
    my $hung = 0;
    local $SIG{ALRM} = sub { $hung = kill KILL => $pid };
    alarm $LIMIT;
    waitpid $pid, 0;
    alarm 0;
    return 'hung' if $hung;
    return $? & 127 ? 'signal ' . ( $? & 127 ) : $? >> 8;
}

sub _ending {
    my ($script) = @_;
    open my $input, '<', spew( "$work/in", $script ) or die "$work/in: $!\n";
    return $input;
}

# A pipe, and its other end; it holds what these scripts are long.
sub _held {
    my ($script) = @_;
    pipe my $input, my $holder or die "pipe: $!\n";
    syswrite $holder, $script;
    return ( $input, $holder );
}

sub run_client {
    my ( $command, $script, $held ) = @_;
    my @command = patient(@$command);
    my ( $input, $holder ) = $held ? _held($script) : _ending($script);
    my $start = time;
    my $pid   = fork // die "fork: $!\n";
    _exec( $input, @command ) if !$pid;
    my $status = _wait_for($pid);
    return { out => slurp("$work/out"), err => slurp("$work/err"), status => $status, seconds => time - $start };
}

=head2 failed(REASON)

What a client writes when the handshake fails.

=cut

sub failed {
    my ($reason) = @_;
    return "Attempting to start TLS\nTLS error: $reason\nFailed to start TLS\n";
}

=head2 short(TEXT)

TEXT in which each long run of x is a count, for a readable diagnosis.

=cut

sub short {
    my ($text) = @_;
    return $text =~ s/(x{100,})/'(x times ' . length($1) . ')'/egr;
}

=head2 did(RUN, NAME, STATUS, OUT, [ERR])

A test: the run ended with STATUS and wrote exactly OUT and ERR, without regard to the port number and the paths of
certificates. ERR may be a pattern.

=cut

sub did {
    my ( $run, $name, $status, $out, $err ) = @_;
    $err //= q{};
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $shown = impatient( $run->{out} );
    $shown =~ s/(Connecting[ ]to[ ]\S+[ ]port)[ ]\d+/$1 PORT/x;
    $shown =~ s{(file[ ]=[ ])\S+/}{$1}xg;
    return subtest $name => sub {
        plan tests => 3;
        is $run->{status}, $status, 'status';
        is short($shown), short($out), 'stdout';
        ref $err ? like $run->{err}, $err, 'stderr' : is $run->{err}, $err, 'stderr';
    };
}

1;
