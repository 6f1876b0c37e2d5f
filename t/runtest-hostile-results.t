#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What comes out of a hostile case: records that the worker has not written, files that are none or too many, text for the terminal. It
# costs that case its verdict, and nothing else: no file outside its results, no other case, no byte to the terminal.

use strict;
use warnings;

use FindBin;
use File::Copy qw(copy);
use lib "$FindBin::Bin/lib";
use Test::More;

use TestTree qw(has_sandbox is_run);

has_sandbox();

my @ONE = ('--lane', 'gnutls');

# A step that writes records as if it were the worker: a list of perl expressions.
sub forging {
    my ($title, $records, $after) = @_;
    return "# $title\nsudo perl\nuse lib 'aux-fixed'; use Attacks; Attacks::forge($records);\n" . ($after // '') . "****\n";
}

sub record { my ($json, $bytes) = @_; return "q($json).\"\\n\"" . (defined $bytes ? ".q($bytes)" : '') }

# Number => [script, what the case's line and those below it have to say].
my %case = (
    '0001' => [forging('a path', record('{"type":"stream","name":"../../../../evil","size":4}', 'evil')),
        qr/^ERROR .*: the worker sent a stream of a bad name, '\.\.\/\.\.\/\.\.\/\.\.\/evil'$/m],
    '0002' => [forging('an absolute path', record('{"type":"stream","name":"/tmp/runtest-evil","size":4}', 'evil')),
        qr/^ERROR .*: the worker sent a stream of a bad name, '\/tmp\/runtest-evil'$/m],
    '0003' => [forging('a size', record('{"type":"stream","name":"log","size":99999999999}')),
        qr/^ERROR .*: the worker announced a stream of impossible size$/m],
    '0004' => [forging('no JSON', record('no JSON')), qr/^ERROR .*: the worker sent something else than a record$/m],
    '0005' => [forging('a long line', '"x" x 5_000_000'), qr/^ERROR .*: the worker sent something else than a record$/m],
    '0006' => [forging('deep JSON', '"[" x 100_000, "\n"'), qr/^ERROR .*: the worker sent something else than a record$/m],
    '0007' => [forging('too much', '(q({"type":"stream","name":"log","size":50000000})."\n".("x" x 50_000_000)) x 3'),
        qr/^ERROR .*: the case has sent more than 134217728 bytes$/m],
    '0009' => [forging('records without end', 'map { qq({"type":"other"}\n) } 1 .. 1_000_000'),
        qr/^ERROR .*: the case has sent more than 10000 records$/m],
    '0010' => [forging('a verdict', record('{"type":"verdict"}'), "exit 1;\n"),
        qr/^FAIL .*: scripts\/0000-Inner\/0010:2: expected exit status 0, got exit status 1$/m],
    '0011' => [forging('a verdict and the end', record('{"type":"verdict"}'), "kill KILL => getppid;\n"),
        qr/^ERROR .*: the worker ended with signal 9 \(KILL\) in line 2, sudo perl$/m],
    '0012' => [forging('no failure', record('{"type":"verdict","failure":"x"}')), qr/^ERROR .*: the worker sent a failure that is none$/m],
    '0013' => [forging('no line', record('{"type":"begin","line":"\\\\u001b]0;x","text":"x"}')), qr/^ERROR .*: the worker sent a begin that is none$/m],
    '0014' => [forging('a file and a folder', record('{"type":"stream","name":"log","size":0}') . ', ' . record('{"type":"stream","name":"log/x","size":0}')), qr/^ERROR .*raw\/log/m],
    '0015' => [forging('text for the terminal', record('{"type":"begin","line":2,"text":"\\\\u001b[2J\\\\u263a"}'), "kill KILL => getppid;\n"),
        qr/^ERROR .*: the worker ended with signal 9 \(KILL\) in line 2, \\x1B\[2J\\x263A$/m],
    '0016' => ["# more text \e]0;x\a\nsudo perl\nprint qq(\\e[2J\\n);\n****\n", qr/^FAIL 0016 gnutls \S+ more text \\x1B\]0;x\\x07: .*^  \+\\x1B\[2J$/ms],
    '0017' => [<<'END', qr/^ERROR .*: the worker ended with signal 9 \(KILL\) in line 2, sudo perl: x{60000}x*$/m],
# standard error without end
sudo perl
use lib "aux-fixed"; use Attacks; open my $err, ">&=", Attacks::descriptor_of(getppid, 2); print {$err} "x" x 9_000_000; kill KILL => getppid;
****
END
    '0018' => [forging('the worker in the middle of a stream', record('{"type":"stream","name":"log","size":1000}')),
        qr/^ERROR .*: the worker ended with exit status 0 in line 2, sudo perl$/m],
    '0020' => [<<'END', qr/^FAIL 0020 gnutls \S+ files that are none: mail\.\\x1B\[2J\\x0Aname differs\n  --- mail\/0020\.\\x1B\[2J\\x0Aname\n/m],
# files that are none
sudo perl
chdir "test-mail";
symlink "/etc/passwd", "link"; symlink "/proc", "proc"; system "mkfifo fifo"; mkdir "folder"; symlink "..", "folder/up";
use Socket; socket my $s, AF_UNIX, SOCK_STREAM, 0; bind $s, pack_sockaddr_un("socket");
open my $out, ">", "\e[2J\nname"; print {$out} "x\n";
****
END
    '0021' => [<<'END', qr/^FAIL .*\/0021:2: the stream mail\/sparse is longer than 4194304 bytes; it begins:$/m],
# a file that is not as large as it seems
sudo perl
open my $out, ">", "test-mail/sparse"; truncate $out, 2**36;
****
END
    '0022' => [<<'END', qr/^FAIL .*\/0022:2: the stream mail\/1 is longer than 4194304 bytes; it begins:$/m],
# and many of them
sudo perl
for (1 .. 100) { open my $out, ">", "test-mail/$_"; truncate $out, 60_000_000; }
****
END
    '0023' => [<<'END', qr/^FAIL .*\/0023:2: a part of the name of the stream mail\/y{255} is longer than 200 bytes$/m],
# a long name
sudo perl
open my $out, ">", "test-mail/" . "y" x 255; print {$out} "x\n";
****
END
    '0024' => [<<'END', qr/^PASS 0024 /m],
# a path too long
sudo perl
chdir "test-mail"; for (1 .. 20) { mkdir "x" x 250; chdir "x" x 250 } open my $out, ">", "x"; print {$out} "x";
****
END
    '0025' => ["# everybody is killed\nsudo perl\nkill KILL => -1;\n****\n", qr/^(?:ERROR|FAIL) 0025 /m],
    '0030' => ["# an honest one\nexim -be x\n****\n", qr/^FAIL 0030 gnutls \S+ an honest one: stdout differs$/m],
);

my $tree = TestTree->new;
$tree->file('aux-fixed/keep', '');
copy("$FindBin::Bin/lib/Attacks.pm", $tree->path('aux-fixed/Attacks.pm')) or die "Attacks.pm: $!\n";
$tree->test($_, $case{$_}[0]) for keys %case;

my $run   = $tree->run(@ONE, '-j4');
is $run->{status}, 3, 'the worst of all statuses';
is $run->{err}, '', 'and no message of runtest\'s own';
my %said = reverse $run->{out} =~ /^([A-Z]+ ([0-9]{4}) .*\n(?:  .*\n)*)/mg;
for my $number (sort keys %case) {
    my ($title) = $case{$number}[0] =~ /\A# (.*)/;
    like $said{$number} // 'nothing', $case{$number}[1], $title =~ s/[^ -~]/?/gr;
}
unlike $run->{out}, qr/[^\n -~]/, 'nothing of it speaks to the terminal';
ok !-e '/tmp/runtest-evil' && !(grep { /evil/ } $tree->files('.')), 'no file lies anywhere else';
is_deeply [TestRuntest::survivors()], [], 'no process is left';

done_testing;
