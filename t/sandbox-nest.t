#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sandboxes in a sandbox (--nest, --nested), what they are shown of the one around them (--show), what their programs load and what
# time it is for them (--preload, --clock). Run it as root and as an ordinary user: the maps differ.

use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin ();
use Test::More;

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program run launch finish refusal all_gone left_with descendants write_tar);

my $sandbox = program('sandbox');
my $work    = tempdir( 'sandbox-test-XXXXXX', TMPDIR => 1, CLEANUP => 1 );

if ( my $why = refusal() ) {
    plan skip_all => "no sandbox here: $why";
}

sub content {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/ = undef;
    return scalar readline $in;
}

# What lies in the outer sandbox: the launcher, files to be shown, programs with set-id bits, the clock.
write_tar(
    "$work/kit.tar",
    'kit/sandbox'   => { text => content($sandbox),             mode => oct '755' },
    'kit/clock.so'  => { text => content( program('clock.so') ), mode => oct '755' },
    'kit/dir/file'  => { text => "shown\n" },
    'kit/dir/other' => { text => "another\n", uid => 106 },
    'kit/dir/root'  => { text => content('/usr/bin/id'), mode => oct '4755' },
    'kit/dir/mta'   => { text => content('/usr/bin/id'), mode => oct '4755', uid => 106 },
);

# A command in a sandbox that is in a sandbox; the options are the inner one's.
sub nested {
    my ( $options, @command ) = @_;
    return run( $sandbox, '--nest', '--case', '/kit', '--unpack', "$work/kit.tar", '--', '/kit/sandbox', '--nested', @$options, '--', @command );
}

sub shell {
    my ( $script, @options ) = @_;
    return nested( \@options, 'sh', '-c', $script );
}

sub is_end {
    my ( $end, $status, $out, $name ) = @_;
    return is_deeply( [ @$end{qw(status out err)} ], [ $status, $out, q{} ], $name );
}

sub fails {
    my ( $end, $message, $name ) = @_;
    return subtest $name => sub {
        is( $end->{status}, 125, 'exit status' );
        is( $end->{out},    q{}, 'nothing on stdout' );
        like( $end->{err}, qr/\Asandbox: $message\. [A-Z].*\n\z/, 'one line that names the step, the call, the reason and a way out' );
    };
}

# ----- A sandbox as any other -----

my $SAME = 'id; hostname; cat /etc/passwd /etc/group /etc/hosts; ip -brief address 2>&1 | cut -d" " -f1; stat -c "%A %U %G %N" /* /home/* /tmp/* /run/* * 2>/dev/null';
my $ORDINARY = run( $sandbox, '--', 'sh', '-c', $SAME );
is( shell($SAME)->{out}, $ORDINARY->{out}, 'files, users and names are those of a sandbox on the host' );
like( $ORDINARY->{out}, qr/^mtacaller:x:1000:/m, '- which were looked at' );

is_end( shell('echo $$ $PPID; tr -s " " </proc/self/uid_map'), 0, "2 1\n 0 0 1\n 1 1 65535\n", 'pids are its own, ids those of the outer one' );
is_end( shell('test ! -e /kit && test ! -e /proc/1/root/kit && echo hidden'), 0, "hidden\n", 'what is not shown of the outer one is hidden' );
is_end( shell('mount -t tmpfs none /tmp 2>/dev/null || echo refused'), 0, "refused\n", 'its root is confined as that of any other' );
is_end( shell('exit 3'), 3, q{}, 'the exit status comes through both' );
is_end( shell('kill -9 $$'), 137, q{}, '- of a signal too' );
is( shell( 'sleep 100', '--timeout', '0.3' )->{status}, 124, '- of the time limit' );

# ----- What is shown -----

my @SHOW = ( '--show', '/kit/dir:/testsuite/shown', '--show', '/kit/dir/file:/opt/a/b/file' );

is_end( shell( 'cat shown/file shown/other /opt/a/b/file; stat -c %u:%a shown/other', @SHOW ), 0, "shown\nanother\nshown\n106:644\n", 'a directory and a file, with their owners' );

# Each must fail as read-only, and so as root too: the reason is what counts.
my %WRITE = (
    'a new file'       => 'echo x >shown/new',
    'a change'         => 'echo x >>shown/file',
    'a single file'    => 'echo x >>/opt/a/b/file',
    'a mode'           => 'chmod 777 shown/file',
    'an owner'         => 'chown 1000 shown/file',
    'a time'           => 'touch shown/file',
    'a removal'        => 'rm -f shown/file',
    'a removed folder' => 'mv shown/file shown/moved',
);
for my $what ( sort keys %WRITE ) {
    is_end( shell( "LC_ALL=C; { $WRITE{$what}; } 2>&1 | grep -o 'Read-only file system'", @SHOW ), 0, "Read-only file system\n", "read-only for root: $what" );
}
is_end( shell( 'mount -o remount,rw,bind shown 2>/dev/null || unshare -Urm mount -o remount,rw,bind shown 2>/dev/null || echo refused', @SHOW ),
    0, "refused\n", '- and stays so' );

my $AS_CALLER = 'setpriv --reuid 1000 --regid 1000 --clear-groups';
is_end( shell( "$AS_CALLER shown/root -u; $AS_CALLER shown/mta -u; $AS_CALLER id -u", @SHOW ), 0, "0\n106\n1000\n", 'set-id bits are obeyed' );

# Also where the sandbox has something of the same name while it is made.
mkdir "$work/host" or die "$work/host: $!\n";
open my $file, '>', "$work/host/file" or die "$work/host/file: $!\n";
print {$file} "of the host\n";
close $file or die "$work/host/file: $!\n";
chmod oct '755', $work, "$work/host";
is_end( run( $sandbox, '--show', "$work/host:/testsuite/host", '--', 'sh', '-c', 'cat host/file; echo x 2>/dev/null >host/file || echo refused' ),
    0, "of the host\nrefused\n", 'of the host, from /tmp' );

# ----- What is not shown -----

fails( nested( [ '--show', '/kit/none:/testsuite/x' ], 'true' ), 'show: open /kit/none: No such file or directory', 'a source that is missing' );
fails( nested( [ '--show', '/kit/dir:/etc/passwd' ], 'true' ), 'show: bind /kit/dir on /etc/passwd: Not a directory', 'a directory on a file' );
fails( nested( [ '--show', '/kit/dir/file:/tmp' ], 'true' ), 'show: create /tmp: Is a directory', 'a file on a directory' );
fails( nested( [ '--show', '/kit/dir:/usr/new' ], 'true' ), 'directory: mkdir usr/new: Read-only file system', 'below what is read-only' );
fails( nested( [ '--show', '/kit/dir:/proc/new' ], 'true' ), 'directory: mkdir proc/new: No such file or directory', 'below /proc' );

# ----- Libraries and the clock -----

my @CLOCK = ( '--clock', 10 * 365 * 86_400, '--show', '/kit/clock.so:/runtest/clock.so', '--preload', '/runtest/clock.so' );
my $then  = (gmtime)[5] + 1900 + 9;
like( shell( 'date +%Y', @CLOCK )->{out}, qr/\A(?:$then|${\($then + 1)})\n\z/, 'the clock is moved' );
is_end( shell( 'cat /etc/ld.so.preload /runtest/clock', @CLOCK ), 0, "/runtest/clock.so\n315360000\n", '- by a library that every program loads' );
like( shell( 'date +%Y', '--clock', -315_360_000, @CLOCK[ 2 .. 5 ] )->{out}, qr/\A20[0-9]{2}\n\z/, 'it can be moved back' );
my $seconds = q(perl -MTime::HiRes=time -e 'my $before = time; select undef, undef, undef, 1; print time - $before');
my $slow    = shell( $seconds, '--clock', '0/100', @CLOCK[ 2 .. 5 ] )->{out};
cmp_ok( $slow, '>=', 0.01, 'a slow clock: it runs' );
cmp_ok( $slow, '<',  0.5,  '- a hundredth as fast' );
is_end( shell('test ! -e /etc/ld.so.preload && echo none'), 0, "none\n", 'nothing is loaded unless that was asked for' );
fails( nested( [ '--preload', '/runtest/none.so' ], 'true' ), 'preload: access /runtest/none\.so: No such file or directory', 'a library that is missing' );

# ----- Where it cannot be -----

fails( run( $sandbox, '--nested', '--', 'true' ), $> == 0 ? 'nested: /proc/self/uid_map: this is no sandbox' : 'nested: getuid: only root may make one',
    'on the host: its root would be the host\'s' );
my @OUTER = ( $sandbox, '--nest', '--case', '/kit', '--unpack', "$work/kit.tar", '--' );
fails( run( @OUTER, qw(setpriv --reuid 1000 --regid 1000 --clear-groups /kit/sandbox --nested -- true) ), 'nested: getuid: only root may make one', 'as another user' );
is( run( @OUTER, 'sh', '-c', 'test "$(cat /etc/hostname)" != "" && ls /kit' )->{out}, "clock.so\ndir\nsandbox\n", 'the outer one has its case directory' );

# ----- Its end -----

my $script = 'sleep $0 & setsid sleep $0 & (setsid sleep $0 &); exec sleep $0';

# Starts it in both sandboxes. Returns what launch() does, and the inner launcher: the parent of an init whose command runs.
sub start {
    my ($marker) = @_;
    my $started = launch( {}, @OUTER, '/kit/sandbox', '--nested', '--', 'sh', '-c', $script, $marker );
    my @family = descendants( 4, $started->{pid} );
    return ( $started, $family[1] );
}

for my $signal (qw(KILL TERM)) {
    my $marker = "5000.$$";
    my ( $started, $inner ) = start($marker);
    kill $signal => $inner;
    is( finish($started)->{status}, $signal eq 'KILL' ? 137 : 143, "SIG$signal for the inner launcher" );
    is_deeply( [ left_with($marker) ], [], '- leaves nothing' );

    ($started) = start($marker);
    kill $signal => $started->{pid};
    ok( all_gone($started), "SIG$signal for the outer launcher ends what is in both" );
    waitpid $started->{pid}, 0;
    is_deeply( [ left_with($marker) ], [], '- and leaves nothing' );
}

done_testing();
