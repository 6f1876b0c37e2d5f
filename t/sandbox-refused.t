#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernels, containers and missing packages refuse a sandbox at different steps. Those that can be brought about here are, and each
# has to be named, with what to do about it.

use strict;
use warnings;

use FindBin ();
use Test::More;

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program run refusal);

my $sandbox = program('sandbox');

if ( my $why = refusal() ) {
    plan skip_all => "no sandbox here at all: $why";
}

sub refused {
    my ( $name, $message, $hint, @command ) = @_;
    my $end = run(@command);
    subtest $name => sub {
        is( $end->{status}, 125, 'exit status' );
        is( $end->{out},    q{}, 'nothing on stdout' );
        like( $end->{err}, qr/\Asandbox: $message\. .*$hint.*\n\z/, 'one line that names the step, the call, the reason and a way out' );
    };
    return;
}

# A mount namespace in which a shell command has changed what the launcher finds; root's only.
sub in_changed_mounts {
    my ($script) = @_;
    return ( 'unshare', '--mount', 'sh', '-c', "$script || exit 99; exec \"\$0\" --probe", $sandbox );
}

# The kernel lets a new /proc be mounted if any one that it knows of is whole.
my $ONE_PROC = q{awk '$3 == "proc" && $2 != "/proc" { print $2 }' /proc/mounts | xargs -r umount -l};

refused( 'no_new_privs', 'privileges: prctl PR_GET_NO_NEW_PRIVS: it is set', 'without no_new_privs', 'setpriv', '--no-new-privs', $sandbox, '--probe' );
refused(
    'no user namespaces',
    'clone: clone with new namespaces: No space left on device',
    'user\.max_user_namespaces',
    'unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" --probe', $sandbox
);
refused(
    'a root without its ids',
    'id map: write "0 100000 65536" to /proc/\d+/uid_map: Operation not permitted',
    'ids 100000 to 165535',
    'unshare', '--user', '--map-root-user', $sandbox, '--probe'
);
refused(
    'a chroot',
    'clone: clone with new namespaces: Operation not permitted',
    'a chroot',
    'unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', 'mount --rbind / /mnt && exec /usr/sbin/chroot /mnt "$0" --probe', $sandbox
);

SKIP: {
    skip 'root needs no newuidmap', 1 if $> == 0;
    refused( 'newuidmap is missing', 'id map: execvp newuidmap: No such file or directory', 'package uidmap', 'env', 'PATH=/nonexistent', $sandbox, '--probe' );
}

SKIP: {
    skip 'only root can change what is mounted', 2 if $> != 0;
    refused( 'a masked /proc', 'proc: mount proc: Operation not permitted', 'systempaths=unconfined', in_changed_mounts("$ONE_PROC && mount --bind /dev/null /proc/keys") );
    refused( 'a mount below /etc', 'overlay: mount overlay on /etc: Invalid argument', 'mounted below /etc', in_changed_mounts('mount --bind /etc/passwd /etc/group') );
}

SKIP: {
    my @nobody = qw(setpriv --reuid=65534 --regid=65534 --clear-groups);
    skip 'only root can become another user', 1 if $> != 0;
    skip 'the launcher lies where only root can run it', 1 if run( @nobody, 'test', '-x', $sandbox )->{status};
    refused(
        'no range of ids', 'id range: /etc/subuid: it grants no range of 65535 ids to \w+ \(65534\)',
        'usermod --add-subuids', @nobody, $sandbox, '--probe'
    );
}

done_testing();
