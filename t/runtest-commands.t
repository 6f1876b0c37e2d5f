#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a script can say: one inner test for each command or group of commands, with the goldens that a reader of
# docs/writing-tests.md would write. What the MTA's utilities print is theirs: of that only what matters is looked at.

use strict;
use warnings;

use Cpanel::JSON::XS ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use TestTree qw(has_sandbox is_run);

has_sandbox();

my $tree = TestTree->new;
my %title;

# A test with a title, a script and its goldens: folder => text.
sub inner {
    my ($number, $title, $script, %rest) = @_;
    $title{$number} = $title;
    $tree->test($number, "# $title\n$script", delete $rest{configuration});
    $tree->file("$_/$number", $rest{$_}) for keys %rest;
    return;
}

my $SERVER = "\n******** SERVER ********\n";

my $MARKS = "### one\n### PORT 1225\n";
inner '0001', 'marks go to all four streams', <<'END', stdout => "$MARKS$SERVER$MARKS", stderr => "$MARKS$SERVER$MARKS";
### one
# only a remark
### PORT PORT_D
END

inner '0002', 'expected exit statuses, environment', <<'END', configuration => "keep_environment = FOO\n", stdout => <<'STDOUT';
3
perl
exit 3;
****
~0
perl
exit 4;
****
5 FOO=bar BAR= BAZ=TESTNUM
perl
print map { "$_=$ENV{$_}\n" } grep { /^(?:FOO|BA.|LC_ALL)$/ } sort keys %ENV; exit 5
****
FOO="b  c" exim -be '${env{FOO}}'
****
exim -be '${env{FOO}{there is a FOO}{none}}'
****
END
BAR=
BAZ=0002
FOO=bar
LC_ALL=C
b  c
none
STDOUT

inner '0003', 'redirections', <<'END', stdout => "to stdout\nfirst\nsecond\nthird\n", stderr => "to stderr\n";
perl -e 'print "first\n"' > out
****
perl -e 'print "second\n"; print STDERR "to stderr\n"' >>out
****
perl -e 'print <STDIN>' < out >"a copy"
****
perl >> 'a copy'
print "third\n"
****
perl -e 'print "to stdout\n"'
****
cat "a copy"
END

inner '0004', 'globs', <<'END', stdout => <<'STDOUT', stderr => "ls: cannot access 'f*': No such file or directory\n";
touch f2 f1 'x*y' '[z' d.b d.c
ls f*
ls f?
2
ls 'f*'
perl -le 'print for @ARGV' f1 "f*" x\*[y] [z
****
perl -le 'print for @ARGV' d.[bc]
****
END
f1
f2
f1
f2
f1
f*
x*y
[z
d.b
d.c
STDOUT

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

inner '0006', 'who a command runs as', <<'END', stdout => <<'STDOUT';
perl -e 'print getpwuid($>) . " " . getgrgid($)+0) . "\n"'
****
sudo perl -e 'print getpwuid($>) . " " . getgrgid($)+0) . "\n"'
****
sudo -u EXIMUSER perl -e 'print getpwuid($>) . " " . getgrgid($)+0) . "\n"'
****
touch mine
chmod 4755 mine
perl -e '@s = stat "mine"; printf "%s %o\n", scalar getpwuid $s[4], $s[2] & 07777'
****
sudo cp mine roots
perl -e 'print getpwuid((stat "roots")[4]) . "\n"'
****
perl
printf "%o %s\n", (stat)[2] & 07777, scalar getpwuid((stat)[4]) for qw(eximdir/exim eximdir/exim_exim);
****
END
CALLER CALLER
root root
EXIMUSER EXIMUSER
CALLER 4755
root
4755 root
4755 EXIMUSER
STDOUT

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

inner '0009', 'file management', <<'END', stdout => "a\nb\nc\nd\nfrom f1\nfrom f1\n", stderr => "from f1\n";
mkdir d
write f1
from f1
****
cp f1 d/a
mv f1 d/b
ln -s b d/c
mkfifo d/d
ls d
cat d/c d/a
cat2 d/b
chmod 600 d/a
sudo chown EXIMUSER d/a
1
cat d/a > /dev/null
rm d/a d/b d/c d/d
touch d/e
rm d/e
rmdir d
sudo mkdir s
sudo rm -rf s
2
ls s s 
END
$tree->file('stderr/0009', "from f1\ncat: d/a: Permission denied\n" . "ls: cannot access 's': No such file or directory\n" x 2);

inner '0010', 'write and catwrite', <<'END', stdout => "top DIR\naaaaa\naaaaa\nb ca\nbottom\nXtop\nno end";
write f 2x5 1x4=b_c
top DIR
++++
bottom
****
cat f
catwrite g
X:noeol:
:eval:\x74op
:noeol:no end
****
2
ls nothing > /dev/null
END
$tree->file('stdout/0010', "top DIR\naaaaa\naaaaa\nb ca\nbottom\nX:noeol:\ntop\nno end");
$tree->file('stderr/0010', "ls: cannot access 'nothing': No such file or directory\n");

inner '0011', 'background until killdaemon', <<'END', stdout => "ready\nstill there\n", stderr => "${SERVER}from behind\n";
background
perl -e 'print STDERR "from behind\n"; open F, ">", "ready"; close F; sleep 100'
****
perl
select undef, undef, undef, 0.01 until -e "ready"; print "ready\n";
****
perl -e 'print "still there\n"'
****
killdaemon
END

inner '0012', 'pauses and remarks', <<'END';
sleep 1
millisleep 100
echo something to see
gnutls
END

inner '0013', 'data lines', <<'END', stdout => "plain 0013 \\x41\nAB\tC\nend\nfrom a file\nlast";
write f
from a file
****
perl -e 'print <STDIN>'
plain TESTNUM \x41
:eval:\x41\102\tC
:sleep:0.3
end
:file:f
:noeol:last
****
END

inner '0014', 'continuation lines and quotes', <<'END', stdout => "one|two three|it's|\$msg1|a#b|\n";
perl -e 'print map { "$_|" } @ARGV; print "\n"' \
  one "two three" \
  it\'s '$msg1' a#b  # a remark
****
END

inner '0015', 'auxiliary files', <<'END', stdout => "0015 ip4.ip4.ip4.ip4 TESTSUITE/x\n0001 too\nfixed TESTNUM\n";
cat aux-var/0015.mine aux-var/d/0001.other
cat DIR/aux-fixed/f
END
$tree->file('aux-var-src/0015.mine', "TESTNUM HOSTIPV4 DIR/x\n")->file('aux-var-src/d/0001.other', "TESTNUM too\n");
$tree->file('aux-fixed/f', "fixed TESTNUM\n");

inner '0016', 'nothing munged, nothing checked', <<'END', stdout => "pid=123 1vMk3b-000008-0W mtacaller\n";
no_munge
no_stderr_check
no_message_check
no_msglog_check
rmfiltertest
perl
print "pid=123 1vMk3b-000008-0W mtacaller\n"; print STDERR "never seen\n";
open F, ">", "test-mail/x"; print F "never seen\n";
****
END

inner '0017', 'stdout is not checked', "no_stdout_check\nperl -e 'print 1'\n****\n";

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
1999-03-02 09:44:33 10HmaX-0005vi-00 == x@test.ex R=r defer (-1): not now
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
1999-03-02 09:44:33 10HmaX-0005vi-00 == a@a.ex R=r defer (-1): not now
1999-03-02 09:44:33 10HmaX-0005vi-00 == b@b.ex R=r defer (-1): not now
1999-03-02 09:44:33 10HmaX-0005vi-00 == c@c.ex R=r defer (-1): not now
LOG

inner '0022', 'pauses in data lines', "exim -be\n:sleep:0.2\n****\n", stdout => "> \n";

my $run   = $tree->run('--lane', 'gnutls');
my $count = keys %title;
is_run $run, { out => join '', (map { "PASS $_ gnutls N.NNs $title{$_}\n" } sort keys %title),
    "$count cases: $count passed, 0 failed, 0 skipped, 0 errors\n" }, 'all of them';

# What a step took, in seconds: file and line as in steps.jsonl.
sub seconds_of {
    my ($number, $line) = @_;
    my @steps = map { Cpanel::JSON::XS->new->decode($_) } split /\n/, $tree->content("results/last/$number.gnutls/steps.jsonl");
    my ($step) = grep { $_->{line} == $line } @steps;
    return $step->{end} - $step->{start};
}

cmp_ok seconds_of('0008', 2), '>=', 1,   'N exim: that many seconds';
cmp_ok seconds_of('0012', 2), '>=', 1,   'sleep N: seconds';
cmp_ok seconds_of('0012', 3), '>=', 0.1, 'millisleep N: milliseconds';
cmp_ok seconds_of('0012', 3), '<',  1,   'and no more';
cmp_ok seconds_of('0022', 2), '>=', 0.2, ':sleep:N: a pause between data lines';

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
