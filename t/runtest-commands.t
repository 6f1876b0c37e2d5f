#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a script can say: one inner test for each command or group of commands, with the goldens that a reader of
# docs/writing-tests.md would write. What has to do with the MTA is in runtest-commands-mta.t.

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
my $MARKS = "### one\n### PORT 1225\n";
inner '0001', 'marks go to all four streams', <<'END', stdout => "$MARKS$SERVER$MARKS", stderr => "$MARKS$SERVER$MARKS";
### one
# only a remark
### PORT PORT_D
touch x
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
EXIMUSER EXIMGROUP
CALLER 4755
root
4755 root
4755 EXIMUSER
STDOUT

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
du -s d > /dev/null
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
touch x
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

inner '0025', 'a rule set by name', "munge refusal-alert\nperl -e 'print qq{TLS alert: decode_error\\n}'\n****\n",
  stdout => "TLS alert: (refusal)\n";

$tree->all_pass($LANE);

cmp_ok $tree->seconds_of('0012', $LANE, 2), '>=', 1,   'sleep N: seconds';
cmp_ok $tree->seconds_of('0012', $LANE, 3), '>=', 0.1, 'millisleep N: milliseconds';
cmp_ok $tree->seconds_of('0012', $LANE, 3), '<',  1,   'and no more';

done_testing;
