#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scripted client in clear: every line form, every option that needs no TLS, every exit status that can be
# provoked. The goldens are whole: what is not in them must not be written. TLS is for t/client-tls.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use IO::Socket::IP;
use Socket qw(SOCK_STREAM AF_INET INADDR_LOOPBACK pack_sockaddr_in);
use Test::More;

use TestClient qw(program small_program run_client did spew $CONNECTED);
use TestPeer;
use TestTLS;

my $CLIENT = program('client');
my $work   = tempdir( CLEANUP => 1 );

# Runs SCRIPT against a peer that does what CODE says.
sub talk {
    my ( $code, $script, @options ) = @_;
    my $peer = TestPeer->start($code);
    my $run  = run_client( [ $CLIENT, @options, '127.0.0.1', $peer->port ], $script );
    $run->{peer} = $peer->result;
    return $run;
}

# A peer that sends BYTES and then reads to the end.
sub sends {
    my ($bytes) = @_;
    return sub { my ($it) = @_; $it->put($bytes); return $it->rest };
}

# ----- A session -----

my @SESSION = (
    [ undef,               "220 myhost.test.ex ESMTP\r\n" ],
    [ "ehlo rhu.barb\r\n", "250-myhost.test.ex Hello\r\n250-SIZE 52428800\r\n250 HELP\r\n" ],
    [ "DATA\r\n",          "354 Enter message\r\n" ],
    [ "quit\r\n",          "221 closing\r\n" ],
);

sub session {
    my ($how) = @_;
    return sub {
        my ($it) = @_;
        for my $turn (@SESSION) {
            my ( $wanted, $answer ) = @$turn;
            my $line = defined $wanted ? $it->line : undef;
            defined $wanted && $line ne $wanted and die "got $line, not $wanted";
            $it->$how($answer);
            $it->line eq "text\r\n" && $it->line eq ".\r\n" && $it->put("250 OK\r\n") if $answer =~ /\A354/;
        }
        return 'done';
    };
}

my $session_script = <<'END';
??? 220
ehlo rhu.barb
??? 250-
??? 250-SIZE
??? 250 
DATA
??? 3
text
.
??? 250
quit
??? 221
END
my $session_golden = $CONNECTED . <<'END';
??? 220
<<< 220 myhost.test.ex ESMTP
>>> ehlo rhu.barb
??? 250-
<<< 250-myhost.test.ex Hello
??? 250-SIZE
<<< 250-SIZE 52428800
??? 250 
<<< 250 HELP
>>> DATA
??? 3
<<< 354 Enter message
>>> text
>>> .
??? 250
<<< 250 OK
>>> quit
??? 221
<<< 221 closing
End of script
END

for my $how (qw(put drip)) {
    my $run = talk( session($how), $session_script );
    did( $run, "a session, $how", 0, $session_golden );
    is $run->{peer}, 'done', '… and the server got what it expected';
}

# ----- Lines of the server -----

did( talk( sends("220 hello\n250 b\r\n"), "???220\n??? 250\n" ),
    'a line may end with LF; ??? needs no blank', 0, $CONNECTED . <<'END' );
???220
<<< 220 hello
??? 250
<<< 250 b
End of script
END

did( talk( sends("a\\b\tc\0d\r\n"), qq{??? a\\\\b\\x09c\\x00\n} ), '??? obeys escapes, NUL is a byte like others',
    0, "$CONNECTED??? a\\\\b\\x09c\\x00\n<<< a\\b\tc\0d\nEnd of script\n" );

did( talk( sends("220 hello\r\n"), "??? 250\n??? 220\n" ), 'another line than expected', 79, $CONNECTED . <<'END' );
??? 250
<<< 220 hello
******** Input mismatch ********
END

did( talk( sends("22\r\n"), "??? 220\n" ), 'a line shorter than expected', 79, $CONNECTED . <<'END' );
??? 220
<<< 22
******** Input mismatch ********
END

did( talk( sub { }, "??? 220\n" ), 'the end where a line was expected', 80, $CONNECTED . <<'END' );
??? 220
Unexpected EOF read
END

did( talk( sub { $_[0]->line; $_[0]->reset }, "quit\n??? 221\n" ), 'a reset is an end too', 80, $CONNECTED . <<'END' );
>>> quit
??? 221
Unexpected EOF read
END

did( talk( sub { $_[0]->put('220 hello') }, "??? 220\n???*\n" ), 'a last line without a line end', 0, $CONNECTED . <<'END' );
??? 220
<<< 220 hello
???*
Expected EOF read
End of script
END

{
    my $run = talk( sends(''), "??? 220\n", '-t0.4' );
    did( $run, 'nothing comes', 99, $CONNECTED . <<'END' );
??? 220
Timed out after 0.4 s: waited for a line that starts with "220"
END
    cmp_ok $run->{seconds}, '>=', 0.4, '… and it waited as long as told';
}

did( talk( sends('220 unfinished'), "??? 220\n", '-t', '0.4' ), 'a line that never ends', 99, $CONNECTED . <<'END' );
??? 220
Timed out after 0.4 s: waited for a line that starts with "220"
END

# ----- ???* -----

did( talk( sub { $_[0]->put("221 bye\r\n") }, "??? 221\n???*\n" ), 'an end that was expected', 0, $CONNECTED . <<'END' );
??? 221
<<< 221 bye
???*
Expected EOF read
End of script
END

did( talk( sends("250 no\r\n"), "???*\n" ), 'a line where the end was expected', 74, $CONNECTED . <<'END' );
???*
<<< 250 no
Expected EOF not read
END

did( talk( sends(''), "???*\n", '-t0.3' ), 'the end does not come', 99, $CONNECTED . <<'END' );
???*
Timed out after 0.3 s: waited for the server to close
END

# ----- ???? -----

for my $case (
    [ 'one line, with a blank after its code', "250 a\r\n250 b\r\n", '????250' ],
    [ 'a whole reply',                         "250-x\r\n250-y\r\n250 a\r\n250 b\r\n", '????250' ],
    [ 'a bare code',                           "250\r\n250 b\r\n", '????250' ],
    [ 'none',                                  "250 b\r\n", '????220' ],
    [ 'a blank before the text',               "250 a\r\n250 b\r\n", '???? 250' ],
    [ 'lines that are no replies, up to one that does not match', "x1\r\nx2\r\n250 b\r\n", '????x' ],
    )
{
    my ( $name, $bytes, $line ) = @$case;
    for my $how (qw(put drip)) {
        did( talk( sub { $_[0]->$how($bytes); $_[0]->rest }, "$line\n??? 250\n" ),
            "????: $name, $how", 0, "$CONNECTED$line\n??? 250\n<<< 250 b\nEnd of script\n" );
    }
}

{
    my $run = talk( sends("250-x\r\n"), "????250\nquit\n", '-t1' );
    did( $run, '????: after 250- the rest is waited for, and need not come', 0, "$CONNECTED????250\n>>> quit\nEnd of script\n" );
    cmp_ok $run->{seconds}, '>=', 1, '… which takes its time';
    cmp_ok talk( sub { $_[0]->put("250 x\r\n"); $_[0]->line }, "????250\nquit\n" )->{seconds}, '<', 4,
        '????: a line with a blank after its code ends the group at once';
}

did( talk( sends(''), "????250\nquit\n", '-t0.3' ), '????: nothing comes', 0, "$CONNECTED????250\n>>> quit\nEnd of script\n" );

did( talk( sub { }, "????250\n???*\n" ), '????: the end comes', 0, "$CONNECTED????250\n???*\nExpected EOF read\nEnd of script\n" );

did( talk( sends('25'), "????250\nquit\n", '-t1' ), '????: an unfinished line', 99, $CONNECTED . <<'END' );
????250
Timed out after 1 s: waited for the rest of an optional line
END

# ----- Lines of the client -----

{
    my $run = talk( sends("220 hello\r\n"), <<'END' );
??? 220
>>> no line end,
>>>  then a blank
>>>
a\r\nb\\r\x41\x0A\xff\d\x4\q\

last\
END
    did( $run, 'lines are shown as they stand in the script', 0, $CONNECTED . <<'END' );
??? 220
<<< 220 hello
>>> no line end,
>>>  then a blank
>>> 
>>> a\r\nb\\r\x41\x0A\xff\d\x4\q\
>>> 
>>> last\
End of script
END
    is $run->{peer}, "no line end, then a blank" . "a\r\nb\\rA\n\xff\\d\\x4\\q\\\r\n" . "\r\n" . "last\\\r\n", '… and sent with escapes obeyed';
}

{
    my $run = talk( sends(''), "a\0b\n" );
    did( $run, 'a NUL in the script', 0, "$CONNECTED>>> a\0b\nEnd of script\n" );
    is $run->{peer}, "a\0b\r\n", '… is sent';
}

{
    my $long = 'x' x 100_000;
    my $run  = talk( sub { my $line = $_[0]->line; $_[0]->put($line); return length $line . $_[0]->rest }, "$long\n??? $long\n", '-t30' );
    did( $run, 'a line of 100,000 bytes, there and back', 0, "$CONNECTED>>> $long\n??? $long\n<<< $long\nEnd of script\n" );
    is $run->{peer}, 100_002, '… arrives whole';
}

{
    my $run = talk( sends(''), 'no line feed' );
    did( $run, 'the last line needs no line feed', 0, "$CONNECTED>>> no line feed\nEnd of script\n" );
    is $run->{peer}, "no line feed\r\n", '… and is sent with CRLF';
}

did( talk( sends(''), "+++ 0.3\n+++ x\n" ), '+++ without a number', 96, "$CONNECTED+++ 0.3\n",
    qr{\Astandard\ input:2:\ [+]{3}\ needs\ a\ number\ of\ seconds\n\z}x );
cmp_ok talk( sends(''), "+++ 0.4\n" )->{seconds}, '>=', 0.4, '+++ waits';

# Without TLS there is nothing special about starttls.
for my $case ( [ starttls => 'starttls' ], [ STARTTLS => 'STARTTLS' ], [ starttls_wait => 'starttls' ] ) {
    my ( $line, $sent ) = @$case;
    my $run = talk( sub { my $got = $_[0]->line; $_[0]->put("220 go\r\n"); return $got . $_[0]->rest }, "$line\n??? 220\nquit\n" );
    did( $run, "$line without TLS", 0, "$CONNECTED>>> $sent\n??? 220\n<<< 220 go\n>>> quit\nEnd of script\n" );
    is $run->{peer}, "$sent\r\nquit\r\n", '… is sent as it is';
}

did( talk( sub { $_[0]->line; $_[0]->line; $_[0]->put("*x\r\n"); $_[0]->rest }, "stoptls now\nstarttls_waits\n???*x\n" ), 'more than a keyword is something else', 0,
    "$CONNECTED>>> stoptls now\n>>> starttls_waits\n???*x\n<<< *x\nEnd of script\n" );
did( talk( sends(''), "stoptls\n" ), 'stoptls without TLS', 77, "${CONNECTED}stoptls\nTLS is not active\n" );
did( talk( sends(''), "???alert\n" ), '???alert without TLS', 79, "$CONNECTED???alert\n******** Input mismatch ********\n" );
did( talk( sends(''), "???alert certificate_requird\n" ),
    '???alert with a name that no alert has',
    96,
    "$CONNECTED???alert certificate_requird\n",
    qr{\Astandard\ input:1:\ no\ TLS\ alert\ has\ the\ name\ "certificate_requird"\n\z}x
);

# ----- <<< -----

{
    my $inner = spew( "$work/inner", "inner\n" );
    my $outer = spew( "$work/outer", "outer 1\n<<< $inner\nouter 2" );
    my $run   = talk( sends(''), "before\n<<< $outer\nafter\n" );
    did( $run, '<<< goes on with a file, and then with what is left', 0, <<"END" );
${CONNECTED}>>> before
<<< $outer
>>> outer 1
<<< $inner
>>> inner
>>> outer 2
>>> after
End of script
END
    is $run->{peer}, "before\r\nouter 1\r\ninner\r\nouter 2\r\nafter\r\n", '… and sends it';
    my $self = "$work/self";
    spew( "$work/self", "<<< $self\n" );
    did( talk( sends(''), "<<< $self\n" ), 'a file that goes on with itself', 74, $CONNECTED . "<<< $self\n" x 16, qr{levels of symbolic links|nested}i );
    my $bad = spew( "$work/bad", "fine\n+++ never\n" );
    did( talk( sends(''), "<<< $bad\n" ), 'a mistake in a file is named with file and line', 96, "$CONNECTED<<< $bad\n>>> fine\n",
        qr{\A\Q$bad\E:2:\ }x );
}

did( talk( sends(''), "<<< $work/none\n" ), 'a file that is missing', 74, "$CONNECTED<<< $work/none\n",
    "standard input:1: $work/none: No such file or directory\n" );

# ----- What nobody reads -----

did( talk( sends("220 a\r\n250-b\r\n250 c\r\nrest"), "??? 220\nquit\n" ), 'text that came with the line before', 78, $CONNECTED . <<'END' );
??? 220
<<< 220 a
Unconsumed input: 250-b
Unconsumed input: 250 c
Unconsumed input: rest
END

{
    my $run = talk( sub { $_[0]->put("220 a\r\n"); $_[0]->line; $_[0]->put("250 b\r\n"); return $_[0]->rest },
        "??? 220\nhelo\n+++ 1\n>>> x\n" );
    did( $run, 'text that has come by itself', 78, $CONNECTED . <<'END' );
??? 220
<<< 220 a
>>> helo
+++ 1
Unconsumed input: 250 b
END
    is $run->{peer}, q{}, '… and the next line is not sent';
}

did( talk( sends("220 a\r\n250 b\r\n"), "??? 220\n" ), 'text after the last line of the script is nobody\'s business', 0, $CONNECTED . <<'END' );
??? 220
<<< 220 a
End of script
END

# ----- Much -----

for my $script ( "??? 220\n", "????220\nquit\n", "???*\n", "+++ 1\nquit\n" ) {
    my ($form) = split /\n/, $script;
    my $peer = TestPeer->start( sub { my ($it) = @_; return eval { $it->put( 'x' x 1_000_000 ) for 1 .. 100; 'sent' } // 'sent' } );
    my $run = run_client( [ small_program('client'), '127.0.0.1', $peer->port ], $script );
    my %end = ( q{+} => [ 78, qr/\AUnconsumed[ ]input:[ ]x{10000}x+\n\z/x ] );
    my ( $status, $end ) = @{ $end{ substr $form, 0, 1 } // [ 73, qr/\AInput[ ]line[ ]too[ ]long\n\z/x ] };
    is $run->{status}, $status, "100 MB without a line end, $form: status";
    like $run->{out} =~ s/\A[^\n]*\n\Q$form\E\n//r, $end, '… and what it says';
    is $run->{err}, q{}, '… and nothing else';
    is $peer->result, 'sent', '… and the peer was not held up';
}

did( talk( sends( 'x' x 100_000 . "\r\n" . 'y' x 200_000 . "\r\n" ), "??? x\n??? y\n" ), 'lines of 100,000 bytes, and of too many', 73,
    "$CONNECTED??? x\n<<< " . 'x' x 100_000 . "\n??? y\nInput line too long\n" );

# ----- The end -----

{
    my $run = talk( sub { my $all = $_[0]->rest; $_[0]->put("x\r\n") for 1 .. 1000; return "$all|EOF seen" }, "quit\n" );
    did( $run, 'it half-closes and reads to the end', 0, "$CONNECTED>>> quit\nEnd of script\n" );
    is $run->{peer}, "quit\r\n|EOF seen", '… so that the server can still answer';
    cmp_ok $run->{seconds}, '<', 4, '… and does not wait longer';
}

{
    my $run = talk( sub { $_[0]->rest; return sysread( $_[0]->socket, my $byte, 1 ) // 'reset' }, "quit\n", '-t0.4' );
    did( $run, 'a server that does not close is left after the timeout', 0, "$CONNECTED>>> quit\nEnd of script\n" );
}

did( talk( sub { $_[0]->reset }, 'x' x 9_000_000 . "\nsecond\n" ), 'writing to nobody', 75,
    $CONNECTED . '>>> ' . 'x' x 9_000_000 . "\n>>> second\nWrite error: the peer has closed the connection\n" );

{
    my $peer = TestPeer->start( sub { sleep 300 } );    # until the end of the test
    my $long = 'x' x 20_000_000;
    did( run_client( [ $CLIENT, '-t0.5', '127.0.0.1', $peer->port ], "$long\n" ), 'a server that does not read', 99,
        "$CONNECTED>>> $long\nTimed out after 0.5 s: waited to send the line\n" );
}

# Its script does not come, so that it waits.
{
    my $peer   = TestPeer->start( sub { $_[0]->rest } );
    my $client = TestTLS->command( qr/connected$/m, $CLIENT, '127.0.0.1', $peer->port );
    like $client->stop('KILL'), qr/\AConnecting to 127[.]0[.]0[.]1 port \d+ [.]{3} connected\n\z/, 'what it said before it is killed is there';
}

# ----- Addresses -----

{
    my $peer = TestPeer->start( sub { $_[0]->put("220 a\r\n"); return $_[0]->peer_address }, '::1' );
    my $run  = run_client( [ $CLIENT, '::1', $peer->port ], "??? 220\n" );
    did( $run, 'IPv6', 0, "Connecting to ::1 port PORT ... connected\n??? 220\n<<< 220 a\nEnd of script\n" );
    is $peer->result, '::1', '… from IPv6';
}

{
    my $peer = TestPeer->start( sub { $_[0]->put("220 a\r\n"); return $_[0]->peer_address } );
    my $run  = run_client( [ $CLIENT, '127.0.0.1', $peer->port, '127.0.0.5' ], "??? 220\n" );
    did( $run, 'INTERFACE', 0, "$CONNECTED??? 220\n<<< 220 a\nEnd of script\n" );
    is $peer->result, '127.0.0.5', '… is where it comes from';
}

my $nobody = do {
    my $socket = IO::Socket::IP->new( LocalHost => '127.0.0.1', Proto => 'tcp' ) or die "cannot bind: $@\n";
    $socket->sockport;
};
did( run_client( [ $CLIENT, '127.0.0.1', $nobody ], q{} ), 'nobody listens', 85,
    "Connecting to 127.0.0.1 port PORT ... failed: Connection refused\n" );

{
    socket my $full, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
    bind $full, pack_sockaddr_in( 0, INADDR_LOOPBACK ) or die "bind: $!\n";
    listen $full, 0 or die "listen: $!\n";
    my $port   = ( Socket::unpack_sockaddr_in( getsockname $full ) )[0];
    my @queued = map { IO::Socket::IP->new( PeerHost => '127.0.0.1', PeerPort => $port, Blocking => 0 ) } 1 .. 4;
    did( run_client( [ $CLIENT, '-t0.4', '127.0.0.1', $port ], q{} ),
        'a connection that does not come about', 99, "Connecting to 127.0.0.1 port PORT ... timed out after 0.4 s\n" );
}

my @ADDRESS = qw(127.0.0.1 25);
for my $case (
    [ 86, [qw(localhost 25)],                                    'not an IP address: localhost' ],
    [ 87, [qw(127.0.0.1 25 ::1)],                                'the interface ::1 cannot reach 127.0.0.1: one is IPv4, the other IPv6' ],
    [ 89, [qw(127.0.0.1 25 198.51.100.77)],                      'interface 198.51.100.77: Cannot assign requested address' ],
    [ 90, [],                                                    'usage: client [options] ADDRESS PORT [INTERFACE] [CERT] [KEY] <SCRIPT' ],
    [ 90, [qw(127.0.0.1)],                                       'usage: client [options] ADDRESS PORT [INTERFACE] [CERT] [KEY] <SCRIPT' ],
    [ 90, [qw(-t)],                                              '-t needs a value' ],
    [ 91, [ '-nonsense', @ADDRESS ],                             'no such option: -nonsense' ],
    [ 91, [ '-tx', @ADDRESS ],                                   'no such option: -tx' ],
    [ 92, [ '-t', 'x', @ADDRESS ],                               '-t: not a number of seconds: x' ],
    [ 92, [ '-t0', @ADDRESS ],                                   '-t needs a time greater than 0' ],
    [ 93, [ @ADDRESS, qw(127.0.0.1 cert key more) ],             'one argument too many: more' ],
    [ 94, [qw(127.0.0.1 smtp)],                                  'not a port number: smtp' ],
    [ 94, [qw(127.0.0.1 65536)],                                 'not a port number: 65536' ],
    [ 95, [ @ADDRESS, 'cert.pem' ],                              'a certificate: this program is built without TLS' ],
    ( map { [ 95, [ "-$_", 'x', @ADDRESS ], "-$_: this program is built without TLS" ] }
            qw(tls-on-connect tls-quiet p protocol cipher sni alpn verify verify-name keylog cert key) ),
    )
{
    my ( $status, $arguments, $message ) = @$case;
    did( run_client( [ $CLIENT, @$arguments ], q{} ), "client @$arguments", $status, q{}, "client: $message\n" );
}

{
    my $peer = TestPeer->start( sends('') );
    my @command = ( 'sh', '-c', 'exec "$@" >/dev/full', 'sh', $CLIENT, '127.0.0.1', $peer->port );
    did( run_client( \@command, q{} ), 'its output does not get written', 97, q{}, "client: stdout could not be written\n" );
}

done_testing;
