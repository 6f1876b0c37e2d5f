#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted server in clear: every line form, every option that needs no TLS, every exit status that can be provoked.
# The goldens are whole. TLS is for t/server-tls.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use TestClient qw(program small_program run_client did slurp spew);
use TestPeer;
use TestServer qw(serve);

my $SERVER    = program('server');
my $CONNECTED = "Listening on port PORT ... connected\nConnection request from [127.0.0.1]\n";
my $work      = tempdir( CLEANUP => 1 );

# One server with a script, one client that does what CODE says. The server must end with STATUS and have said GOLDEN.
sub meets {
    my ( $name, $script, $code, $status, $golden, @options ) = @_;
    my $server = serve( [ $SERVER, @options ], $script );
    my $it     = TestPeer::Connection->to( $server->port );
    my $result = $code->($it);
    $it->close;
    $server->is_done( $name, $status, $CONNECTED . $golden );
    return $result;
}

sub says { my ($bytes) = @_; return sub { my ($it) = @_; $it->put($bytes); return $it->rest } }

# ----- A session -----

my $SESSION = <<'END';
220 hello
EHLO
>250-server
250 HELP
MAIL FROM:<
250 OK
DATA
354 go
.
250 OK
QUIT
221 bye
*eof
END
my $SESSION_GOLDEN = <<'END';
220 hello
EHLO there
>250-server
250 HELP
MAIL FROM:<a@b>
250 OK
DATA
354 go
Subject: x

text
..
.
250 OK
QUIT
221 bye
Expected EOF read from client
End of script
END
my @ANSWERS = ( "220 hello\r\n", "250-server\r\n", "250 HELP\r\n", "250 OK\r\n", "354 go\r\n", "250 OK\r\n", "221 bye\r\n" );

sub session {
    my ($how) = @_;
    return sub {
        my ($it) = @_;
        my @got = $it->line;
        for my $turn ( [ "EHLO there\r\n", 2 ], [ "MAIL FROM:<a\@b>\r\n", 1 ], [ "DATA\r\n", 1 ], [ "Subject: x\r\n\r\ntext\r\n..\r\n.\r\n", 1 ], [ "QUIT\r\n", 1 ] ) {
            my ( $bytes, $lines ) = @$turn;
            $it->$how($bytes);
            push @got, $it->line for 1 .. $lines;
        }
        return \@got;
    };
}

for my $how (qw(put drip)) {
    is_deeply meets( "a session, $how", $SESSION, session($how), 0, $SESSION_GOLDEN ), \@ANSWERS, '… and what the client got';
}

is_deeply meets( 'a client that does not wait for answers', $SESSION,
    sub { my ($it) = @_; $it->put("EHLO there\r\nMAIL FROM:<a\@b>\r\nDATA\r\nSubject: x\r\n\r\ntext\r\n..\r\n.\r\nQUIT\r\n"); $it->half_close; return [ $it->rest ] },
    0, $SESSION_GOLDEN ), [ join q{}, @ANSWERS ], '… gets them all the same';

# ----- Lines of the server -----

is meets( 'line ends', "1\n>2\n>>3\n>CR>4\n>LF>5\n>>\n>\n>x\\r\\n\\x41\\\\\\q\n", says(q{}), 0, <<'END' ), "1\r\n2\r\n34\r5\n\r\nx\r\nA\\\\q\r\n", '… as they were sent';
1
>2
>>3
>CR>4
>LF>5
>>
>
>x\r\n\x41\\\q
End of script
END

is meets( '>*eof closes', "220 a\n>*eof\n", says(q{}), 0, "220 a\n>*eof\nEnd of script\n" ), "220 a\r\n", '… after what was sent';

{
    my $long = 'x' x 100_000;
    is meets( 'a line of 100,000 bytes, there and back', "$long\n>$long\n", says("$long\r\n"), 0, "$long\n>$long\nEnd of script\n" ), "$long\r\n", '… arrives whole';

    my $server = serve( [ small_program('server') ], "x\n" );
    my $flood  = TestPeer::Connection->to( $server->port );
    local $SIG{PIPE} = 'IGNORE';
    eval { $flood->put( 'x' x 1_000_000 ) for 1 .. 100; 1 } or note "the server has closed: $@";
    $server->is_done( '100 MB without a line end, in 64 MB', 73, "${CONNECTED}Input line too long\n" );
    meets( 'a line that is too long', "x\n", sub { my ($it) = @_; local $SIG{PIPE} = 'IGNORE'; return eval { $it->put( 'x' x 300_000 ); 1 } }, 73, "Input line too long\n" );
}

# ----- Lines of the client -----

meets( 'a bare LF ends a line; NUL is a byte like others', "a\\x00b\nc\n", says("a\0b\nc\r\n"), 0, "a\0b\nc\nEnd of script\n" );
meets( 'a blank line fits everything', "\n", says("anything\r\n"), 0, "anything\nEnd of script\n" );
meets( '< in front is dropped', "<250 x\n<>x\n<*eof\n<.\n", says("250 x\r\n>x\r\n*eof\r\n.\r\n"), 0, "250 x\n>x\n*eof\n.\nEnd of script\n" );
meets( 'a dot with more behind it is a line', ".x\n220 a\n>*eofs\n", says(".x\r\n"), 0, ".x\n220 a\n>*eofs\nEnd of script\n" );
meets( '<< these bytes', "<<ab\n<<c\\r\\nd\n<<\n<e\n", says("abc\r\ndef\r\n"), 0, "ab\nc\r\nd\n\nef\nEnd of script\n" );
meets( '<< other bytes', "<<abc\n", says("abx"), 79, "abx\n******** Input mismatch ********\n" );
meets( '<< too few bytes', "<<abc\n", sub { $_[0]->put('ab'); $_[0]->half_close; $_[0]->rest }, 80, "Unexpected EOF read from client\n" );
meets( 'another line', "EHLO\n250 x\n", says("HELO x\r\n"), 79, "HELO x\n******** Input mismatch ********\nExpected: EHLO\n" );
meets( 'the end where a line was expected', "EHLO\n", sub { }, 80, "Unexpected EOF read from client\n" );
meets( 'the end in a message', ".\n", sub { $_[0]->put("a\r\nb\r\n"); $_[0]->half_close; $_[0]->rest }, 80, "a\nb\nUnexpected EOF read from client\n" );
meets( 'nothing comes', "EHLO\n", sub { $_[0]->rest }, 99, "Timed out after 2 s: waited for a line that starts with \"EHLO\"\n", '-t2' );
meets( 'nothing comes, with a timeout that need not be kept', "EHLO\n", sub { $_[0]->rest }, 99, "Timed out after 2 s: waited for a line that starts with \"EHLO\"\n", '-t', '-2' );

meets( '*eof: a line comes', "*eof\n", says("x\r\n"), 74, "x\nExpected EOF not read\n" );
meets( '*eof: nothing comes', "*eof\n", sub { $_[0]->rest }, 99, "Timed out after 2 s: waited for the client to close\n", '-t2' );
meets( '*eof: a reset is an end', "*eof\n", sub { $_[0]->reset }, 0, "Expected EOF read from client\nEnd of script\n" );

meets( '*data', "*data 5\nrest\n", says("1\r\n34rest\r\n"), 0, "*data 5\nrest\nEnd of script\n" );
meets( '*data, much', "*data 10000000\nrest\n", says( 'x' x 10_000_000 . "rest\r\n" ), 0, "*data 10000000\nrest\nEnd of script\n" );
meets( '*data, too little', "*data 5\n", sub { $_[0]->put('1234'); $_[0]->half_close; $_[0]->rest }, 80, "*data 5\nUnexpected EOF read from client\n" );

{
    my $start = time;
    meets( '*sleep', "220 a\n*sleep 1.2\n220 b\n", says(q{}), 0, "220 a\n*sleep 1.2\n220 b\nEnd of script\n" );
    cmp_ok time - $start, '>=', 1, '… waits';
}

for my $case (
    [ '*sleep x',   '*sleep needs a number of seconds' ],
    [ '*data x',    '*data needs a number of bytes' ],
    [ '*startls',   'not understood: *startls (write <*startls for a line of the client)' ],
    [ '*starttls',  'this server has no TLS' ],
    [ '*tls-alert nonsense', 'no TLS alert has the name "nonsense"' ],
    )
{
    my ( $line, $message ) = @$case;
    meets( $line, "220 a\n$line\n", sub { $_[0]->rest }, 96, "220 a\nstandard input:2: $message\n" );
}
meets( '*tls-truncate without TLS', "*tls-truncate\n", sub { $_[0]->rest }, 77, "*tls-truncate\nTLS is not active\n" );

meets( 'writing to nobody', '>' . 'x' x 9_000_000 . "\n>second\n", sub { $_[0]->reset }, 75,
    '>' . 'x' x 9_000_000 . "\n>second\nWrite error: the peer has closed the connection\n" );

# ----- Connections -----

{
    my $server = serve( [$SERVER], "220 one\nQUIT\n>*eof\n220 two\n*eof\n220 three\n", 3 );
    my @got;
    for my $bytes ( "QUIT\r\n", q{}, q{} ) {
        my $it = TestPeer::Connection->to( $server->port );
        $it->put($bytes);
        push @got, $it->line;
        $it->half_close;
        $it->rest;
    }
    $server->is_done( 'three connections, one script', 0,
        "${CONNECTED}220 one\nQUIT\n>*eof\n${CONNECTED}220 two\nExpected EOF read from client\n${CONNECTED}220 three\nEnd of script\n" );
    is "@got", "220 one\r\n 220 two\r\n 220 three\r\n", '… and each got its own part';
}

meets( 'more script than connections', "220 one\n>*eof\n220 two\n", says(q{}), 96, "220 one\n>*eof\nserver: the script goes on after 1 connections\n" );

{
    my $server = serve( [$SERVER], "220 one\n", 5 );
    TestPeer::Connection->to( $server->port )->rest;
    $server->is_done( 'more connections than script', 0, "${CONNECTED}220 one\nEnd of script\n" );
}

for my $case ( [ '-t0.4', 99 ], [ '-t-0.4', 0 ] ) {
    my ( $option, $status ) = @$case;
    serve( [ $SERVER, $option ], "220 one\n" )->is_done( "nobody comes, $option", $status, "Listening on port PORT ... timed out after 0.4 s\n" );
}

# ----- Where it listens -----

for my $case (
    [ 'both',    [],            '127.0.0.1' => 1, '::1' => 1 ],
    [ '-noipv6', ['-noipv6'],   '127.0.0.1' => 1, '::1' => 0 ],
    [ '-noipv4', ['-noipv4'],   '127.0.0.1' => 0, '::1' => 1 ],
    )
{
    my ( $name, $options, %reached ) = @$case;
    for my $host ( sort keys %reached ) {
        my $server = serve( [ $SERVER, @$options, '-t-1' ], "220 hello\n" );
        my $it     = eval { TestPeer::Connection->to( $server->port, $host ) };
        is defined $it ? 1 : 0, $reached{$host}, "$name: $host";
        $it->rest, $it->close if $it;
        $server->is_done( "… $host", 0,
            $it ? "Listening on port PORT ... connected\nConnection request from [$host]\n220 hello\nEnd of script\n" : "Listening on port PORT ... timed out after 1 s\n" );
    }
}

{
    my $path   = "$work/socket";
    my $server = serve( [$SERVER], "220 hello\n", 1, $path );
    my $it     = TestPeer::Connection->to_local($path);
    is $it->rest, "220 hello\r\n", 'a local socket';
    $it->close;
    $server->is_done( '… says so', 0, "Listening on $path ... connected\nConnection request\n220 hello\nEnd of script\n" );
    ok !-e $path, '… and is gone';
}

{
    my $file   = "$work/pid";
    my $server = serve( [ $SERVER, '-oP', $file ], "220 hello\n" );
    is slurp($file), $server->{pid} . "\n", '-oP writes the process id before it says that it listens';
    TestPeer::Connection->to( $server->port )->rest;
    $server->is_done( '… and is a server like others', 0, "${CONNECTED}220 hello\nEnd of script\n" );
}

{
    my $start  = time;
    my $server = serve( [ $SERVER, '-i', '1.2' ], "220 hello\n" );
    cmp_ok time - $start, '>=', 1, '-i puts listening off';
    TestPeer::Connection->to( $server->port )->rest;
    $server->is_done( '… and then it is a server like others', 0, "${CONNECTED}220 hello\nEnd of script\n" );
}

# ----- What was said is there when it is killed -----

{
    my $server = serve( [ $SERVER, '-t60' ], "EHLO\n220 hello\nQUIT\n" );
    my $it     = TestPeer::Connection->to( $server->port );
    is $server->await(qr/request/) =~ s/port \d+/port PORT/r, $CONNECTED, 'who connects is told before anything comes';
    $it->put("EHLO there\r\n");
    is $it->line, "220 hello\r\n", '… and a server that is killed';
    is $server->stop('KILL') =~ s/port \d+/port PORT/r, "${CONNECTED}EHLO there\n220 hello\n", '… has said all so far';
}

# ----- What cannot be done -----

{
    my $taken = TestPeer->start( sub { } );
    my $port  = $taken->port;
    for my $case (
        [ 86, [ '/' . 'x' x 200 ],                  'listen on /' . 'x' x 200 . ': File name too long' ],
        [ 89, [ '-noipv6', $port ],                 "listen on $port: Address already in use" ],
        [ 89, ["$work/none/socket"],                "listen on $work/none/socket: No such file or directory" ],
        [ 90, [],                                   'usage: server [options] PORT_or_SOCKET [connections] <SCRIPT' ],
        [ 90, ['-oP'],                              '-oP needs a value' ],
        [ 91, [ '-nonsense', 0 ],                   'no such option: -nonsense' ],
        [ 92, [ '-t', 'x', 0 ],                     '-t: not a number of seconds: x' ],
        [ 92, [ '-t0', 0 ],                         '-t needs a time other than 0' ],
        [ 92, [ '-noipv4', '-noipv6', 0 ],          '-noipv4 and -noipv6 leave nothing to listen on' ],
        [ 92, [ 0, 'x' ],                           'not a number of connections: x' ],
        [ 92, [ 0, '0' ],                           'not a number of connections: 0' ],
        [ 93, [ 0, 1, 'more' ],                     'one argument too many: more' ],
        [ 94, ['smtp'],                             'neither a port number nor a path: smtp' ],
        [ 97, [ '-oP', "$work/none/pid", 0 ],       "-oP $work/none/pid: No such file or directory" ],
        ( map { [ 95, [ "-$_", 'x', 0 ], "-$_: this program is built without TLS" ] } qw(tls cert key ca p protocol cipher sni alpn ocsp keylog report) ),
        )
    {
        my ( $status, $arguments, $message ) = @$case;
        did( run_client( [ $SERVER, @$arguments ], q{} ), "server @$arguments", $status, q{}, "server: $message\n" );
    }
}

done_testing;
