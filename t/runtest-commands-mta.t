#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a script can say to the MTA, its daemon, its client, its server and its utilities: one inner test for each. What the
# utilities print is theirs: of that only what matters is looked at.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use TestTree qw(has_sandbox);

has_sandbox();

my $LANE = 'gnutls';
my $tree = TestTree->new;

sub inner { return $tree->inner(@_) }

my $SERVER = "\n******** SERVER ********\n";

inner '0005', 'queued messages by number', <<'END',
exim -odq one@test.ex
first
****
exim -odq two@test.ex
second
****
exim -Mrm $msg2
****
exim -Mvb $msg1
****
exim -Mrm "$msg1"
****
END
  configuration => "acl_not_smtp_start = accept\nqualify_domain = test.ex\n",
  stdout        => "Message 10HmaY-0005vi-00 has been removed\n10HmaX-0005vi-00-D\nfirst\nMessage 10HmaX-0005vi-00 has been removed\n",
  log           => <<'LOG';
1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER@test.ex U=CALLER P=local S=sss
1999-03-02 09:44:33 10HmaY-0005vi-00 <= CALLER@test.ex U=CALLER P=local S=sss
1999-03-02 09:44:33 10HmaY-0005vi-00 removed by CALLER
1999-03-02 09:44:33 10HmaY-0005vi-00 Completed
1999-03-02 09:44:33 10HmaX-0005vi-00 removed by CALLER
1999-03-02 09:44:33 10HmaX-0005vi-00 Completed
LOG

inner '0007', 'exim and exim_exim', <<'END', stdout => "> abc\n> \n0 CALLER_NAME\nx\n";
exim -be
${lc:ABC}
****
exim -be '${eval:$caller_uid-CALLER_UID} CALLER_NAME'
****
exim_exim -be x
****
END

inner '0008', 'seconds before standard input is closed', <<'END', stdout => "> a\n> \n";
1 exim -be
a
****
END

inner '0018', 'deliveries are sorted in the log', <<'END',
sortlog
exim -odi z@test.ex y@test.ex
****
END
  log => <<'LOG',
**NOTE: The delivery lines in this file have been sorted.
1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER@test.ex U=CALLER P=local S=sss
1999-03-02 09:44:33 10HmaX-0005vi-00 => :blackhole: <y@test.ex> R=second
1999-03-02 09:44:33 10HmaX-0005vi-00 => :blackhole: <z@test.ex> R=first
1999-03-02 09:44:33 10HmaX-0005vi-00 Completed
LOG
  configuration => <<'END';
qualify_domain = test.ex
begin routers
first:
  driver = redirect
  local_parts = z
  data = :blackhole:
second:
  driver = redirect
  data = :blackhole:
END

inner '0019', 'a daemon and its client', <<'END',
exim -DSERVER=server -bd -oX PORT_D
****
client 127.0.0.1 PORT_D
??? 220
helo a.client
??? 250
quit
??? 221
????
****
killdaemon
END
  configuration => "begin acl\n",
  stdout        => <<'STDOUT',
Connecting to 127.0.0.1 port 1225 ... connected
??? 220
<<< 220 myhost.test.ex ESMTP Exim x.yz Tue, 2 Mar 1999 09:44:33 +0000
>>> helo a.client
??? 250
<<< 250 myhost.test.ex Hello a.client [127.0.0.1]
>>> quit
??? 221
<<< 221 myhost.test.ex closing connection
????
End of script
STDOUT
  log => "1999-03-02 09:44:33 exim x.yz daemon started: pid=pppp, no queue runs, listening for SMTP on port 1225\n";

inner '0020', 'utilities of the MTA', <<'END', configuration => <<'CONFIGURATION', log => <<'LOG';
no_stdout_check
no_msglog_check
exim -odi x@test.ex
****
write list
key: value
****
dbmbuild list list.db
exigrep x@test.ex spool/log/mainlog
exiqgrep -i -r x
exiqgrep -c
eximstats -h0 -t0 -nr spool/log/mainlog
exinext test.ex
exim_lock -q list "touch locked"
ls locked list.db
END
qualify_domain = test.ex
begin routers
r:
  driver = redirect
  allow_defer
  data = :defer: not now
begin retry
* * F,1h,10m
CONFIGURATION
1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER@test.ex U=CALLER P=local S=sss
1999-03-02 09:44:33 10HmaX-0005vi-00 == x@test.ex R=r defer: not now
LOG

inner '0021', 'records of a hints database, sorted', <<'END', configuration => <<'CONFIGURATION', stdout => <<'STDOUT', log => <<'LOG';
sortlog
no_msglog_check
exim -odi b@b.ex a@a.ex c@c.ex
****
dump retry
1
dump no_such_database > usage
END
begin routers
r:
  driver = redirect
  allow_defer
  data = :defer: not now
begin retry
* * F,1h,10m
CONFIGURATION
  R:a.ex -1 0 not now
07-Mar-2000 12:21:52  07-Mar-2000 12:21:52  07-Mar-2000 12:21:52 
  R:b.ex -1 0 not now
07-Mar-2000 12:21:52  07-Mar-2000 12:21:52  07-Mar-2000 12:21:52 
  R:c.ex -1 0 not now
07-Mar-2000 12:21:52  07-Mar-2000 12:21:52  07-Mar-2000 12:21:52 
dump exit status 0
dump exit status 1
STDOUT
**NOTE: The delivery lines in this file have been sorted.
1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER@myhost.test.ex U=CALLER P=local S=sss
1999-03-02 09:44:33 10HmaX-0005vi-00 == a@a.ex R=r defer: not now
1999-03-02 09:44:33 10HmaX-0005vi-00 == b@b.ex R=r defer: not now
1999-03-02 09:44:33 10HmaX-0005vi-00 == c@c.ex R=r defer: not now
LOG

inner '0022', 'pauses in data lines', "exim -be\n:sleep:0.2\n****\n", stdout => "> \n";

inner '0023', 'a server', <<'END', configuration => <<'CONFIGURATION', stdout => $SERVER . <<'STDOUT', log => <<'LOG';
server PORT_S
220 a server
EHLO
250 OK
MAIL FROM
250 OK
RCPT TO
250 OK
DATA
354 go on
.
250 taken
QUIT
221 bye
****
exim -odi x@test.ex
hello
****
END
qualify_domain = test.ex
begin routers
r:
  driver = manualroute
  route_data = 127.0.0.1
  self = send
  transport = t
begin transports
t:
  driver = smtp
  port = PORT_S
  allow_localhost
CONFIGURATION
Listening on port 1224 ... connected
Connection request from [127.0.0.1]
220 a server
EHLO myhost.test.ex
250 OK
MAIL FROM:<CALLER@test.ex>
250 OK
RCPT TO:<x@test.ex>
250 OK
DATA
354 go on
Received: from CALLER by myhost.test.ex with local (Exim x.yz)
	(envelope-from <CALLER@test.ex>)
	id 10HmaX-0005vi-00
	for x@test.ex; Tue, 2 Mar 1999 09:44:33 +0000
Message-Id: <E10HmaX-0005vi-00@myhost.test.ex>
From: CALLER_NAME <CALLER@test.ex>
Date: Tue, 2 Mar 1999 09:44:33 +0000

hello
.
250 taken
QUIT
221 bye
End of script
STDOUT
1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER@test.ex U=CALLER P=local S=sss
1999-03-02 09:44:33 10HmaX-0005vi-00 => x@test.ex R=r T=t H=127.0.0.1 [127.0.0.1] C="250 taken"
1999-03-02 09:44:33 10HmaX-0005vi-00 Completed
LOG

# The first server ends a second after its client has: so long it waits for another one.
inner '0026', 'servers in one place, one after the other', <<'END', stdout => <<'STDOUT';
server -t-1 PORT_S 2
220 one
QUIT
221 bye
>*eof
220 never
****
client 127.0.0.1 PORT_S
??? 220 one
QUIT
??? 221
****
server -t5 PORT_S 1
220 two
QUIT
221 bye
****
client 127.0.0.1 PORT_S
??? 220 two
QUIT
??? 221
****
END
Connecting to 127.0.0.1 port 1224 ... connected
??? 220 one
<<< 220 one
>>> QUIT
??? 221
<<< 221 bye
End of script
Connecting to 127.0.0.1 port 1224 ... connected
??? 220 two
<<< 220 two
>>> QUIT
??? 221
<<< 221 bye
End of script

******** SERVER ********
Listening on port 1224 ... connected
Connection request from [127.0.0.1]
220 one
QUIT
221 bye
>*eof
Listening on port 1224 ... timed out after 1 s
Listening on port 1224 ... connected
Connection request from [127.0.0.1]
220 two
QUIT
221 bye
End of script
STDOUT

inner '0027', 'servers on one port side by side, each with a family of addresses of its own', <<'END';
no_stdout_check
server -noipv6 PORT_S
220 four
QUIT
221 bye
****
server -noipv4 PORT_S
220 six
QUIT
221 bye
****
client ::1 PORT_S
??? 220 six
QUIT
??? 221
****
client 127.0.0.1 PORT_S
??? 220 four
QUIT
??? 221
****
END

inner '0024', "inetd's wait mode, and the client of the lane's library", <<'END', stdout => <<'STDOUT', log => <<'LOG';
exim -DSERVER=wait:PORT_D -bw
****
client-anytls 127.0.0.1 PORT_D
??? 220
quit
??? 221
****
killdaemon
END
Connecting to 127.0.0.1 port 1225 ... connected
??? 220
<<< 220 myhost.test.ex ESMTP Exim x.yz Tue, 2 Mar 1999 09:44:33 +0000
>>> quit
??? 221
<<< 221 myhost.test.ex closing connection
End of script
STDOUT
1999-03-02 09:44:33 exim x.yz daemon started: pid=pppp, launched with listening socket, with no wait timeout
LOG

$tree->all_pass($LANE);

cmp_ok $tree->seconds_of('0008', $LANE, 2), '>=', 1,   'N exim: that many seconds';
cmp_ok $tree->seconds_of('0022', $LANE, 2), '>=', 0.2, ':sleep:N: a pause between data lines';

my $utilities = $tree->content('results/last/0020.gnutls/raw/stdout');
like $utilities, qr/$_->[1]/m, "$_->[0] works on the test's spool or log" for (
    [dbmbuild  => '^1 entry written\ndbmbuild exit status 0$'],
    [exigrep   => ' <= .*\n.* == x\@test.ex .*\n\nexigrep exit status 0$'],
    [exiqgrep  => '^\w+-\w+-\w+\nexiqgrep exit status 0\n1 matches out of 1 messages$'],
    [eximstats => '^  Received +[0-9]+ +1 [^\0]*\neximstats exit status 0$'],
    [exinext   => '^Route: test.ex error -1: not now[^\0]*exinext exit status 0$'],
    [exim_lock => '^exim_lock exit status 0$'],
);
done_testing;
