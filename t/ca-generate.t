#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The script that makes the test CA, and make-ocsp: what was lost comes back byte for byte, what is there stays, and
# what cannot be done is said. It works on copies.

use strict;
use warnings;

use lib 't/lib';

use Cwd qw(getcwd);
use File::Find qw(find);
use File::Temp qw(tempdir);
use Test::More;

use TestCA qw(run output_of slurp);

my $CA        = getcwd() . '/aux-fixed/exim-ca';
my $PROGRAMS  = $ENV{RUNTEST_PROGRAMS} // 'build';
my $MAKE_OCSP = ( $PROGRAMS =~ m{^/} ? q{} : getcwd() . q{/} ) . "$PROGRAMS/make-ocsp";
my $BROKEN    = 3 << 8;    # wait statuses
my $WRONG     = 2 << 8;

-x $MAKE_OCSP or BAIL_OUT("$MAKE_OCSP is not built");

# OpenSSL before 3.0 cannot give a CRL a date, and the script says so.
my $CAN_DATE_CRLS = output_of(qw(openssl ca -help)) =~ /-crl_lastupdate/;

# With the modes that it should have, whatever the umask of the one who checked it out.
sub copy {
    my $copy = tempdir( CLEANUP => 1 ) . '/ca';
    run( qw(cp -R), $CA, $copy );
    run( 'chmod', '-R', 'u=rwX,go=rX', $copy );
    return $copy;
}

# Path => mode and contents of all that is there.
sub snapshot {
    my ($tree) = @_;
    my %found;
    my $look = sub {
        my $path = substr $_, length $tree;
        my $mode = sprintf '%o', ( lstat $_ )[2];
        $found{$path} = -l _ ? 'link to ' . readlink : -d _ ? $mode : "$mode " . slurp($_);
    };
    find( { no_chdir => 1, wanted => $look }, $tree );
    return \%found;
}

sub paths_differing {
    my ( $one, $other ) = @_;
    my %all = ( %{$one}, %{$other} );
    return [ grep { ( $one->{$_} // q{} ) ne ( $other->{$_} // q{} ) } sort keys %all ];
}

# All that the script can make again, in one domain, and what only another has.
my @REMADE = (
    'dh[23]*.pem',                  'example.org/*/*.{pem,resp}',
    'example.org/*/pwdfile',        'example.org/*/certdir/*',
    'example.org/CA/crl.{v2,ca,empty,expired}', 'example.com/CA/crl.retired*',
    'example.com/{self,odd,retired,addr}*/*.pem',
);

sub lose {
    my ( $copy, @patterns ) = @_;
    my @lost = map { glob "$copy/$_" } @patterns;
    @lost = grep { !m{/crl} } @lost if !$CAN_DATE_CRLS;
    is( unlink(@lost), scalar @lost, scalar(@lost) . ' files lost' );
    return;
}

# A program in the place of make-ocsp.
sub impostor {
    my ($text) = @_;
    my $path = tempdir( CLEANUP => 1 ) . '/impostor';
    open my $script, '>', $path or die "$path: $!\n";
    print {$script} "#!/bin/sh\n$text\n";
    close $script or die "$path: $!\n";
    chmod oct 755, $path;
    return $path;
}

sub test_nothing_missing {
    my $copy   = copy();
    my $before = snapshot($copy);
    my ( $status, $text ) = run( "$copy/generate", $MAKE_OCSP );
    is( "$status $text", '0 ', 'nothing to do, nothing said' );
    is_deeply( paths_differing( $before, snapshot($copy) ), [], 'nothing changed' );
    return;
}

sub test_lost_files {
    my $copy   = copy();
    my $before = snapshot($copy);
    lose( $copy, @REMADE );
    my $umask = umask oct 77;
    my ( $status, $text ) = run( "$copy/generate", $MAKE_OCSP );
    umask $umask;
    is( $status, 0, 'made again' ) or diag $text;
    is_deeply( paths_differing( $before, snapshot($copy) ), [], 'the same bytes and modes, in spite of the umask' );
    return;
}

# Ended in the middle, it leaves no scratch and no half of a file: the next run makes the rest.
sub test_interrupted {
    my $copy   = copy();
    my $before = snapshot($copy);
    lose( $copy, 'example.org/server1.*/*.{pem,resp}' );
    my ($status) = run( "$copy/generate", impostor(qq{kill -TERM "\$PPID"\nexec "$MAKE_OCSP" "\$@"}) );
    is( $status, 143 << 8, 'exit status' );
    my $after = snapshot($copy);
    my @whole = grep { ( $before->{$_} // q{} ) eq $after->{$_} } keys %{$after};
    is( scalar @whole, scalar keys %{$after}, 'what is there is whole, and no scratch' );
    cmp_ok( scalar @whole, '<', scalar keys %{$before}, 'and not all is there' );
    run( "$copy/generate", $MAKE_OCSP );
    is_deeply( paths_differing( $before, snapshot($copy) ), [], 'made in the second run' );
    return;
}

# A leaf that is new, as after a new line in the table.
sub test_new_leaf {
    my $copy = copy();
    run( qw(rm -r), "$copy/example.net/server2.example.net" );
    my ( $status, $text ) = run( "$copy/generate", $MAKE_OCSP );
    is( $status, 0, 'made' ) or diag $text;
    chdir "$copy/example.net" or die "$copy/example.net: $!\n";
    my $pem = 'server2.example.net/server2.example.net.pem';
    is( output_of( qw(openssl verify -CAfile CA/CA.pem -untrusted CA/Signer.pem), $pem ), "$pem: OK\n", 'and good' );
    isnt( slurp($pem), slurp("$CA/example.net/$pem"), 'with a key of its own' );
    chdir q{/} or die "/: $!\n";
    return;
}

# What is lost, what is spoiled, who shall make OCSP responses, and the complaint.
sub test_refusals {
    my $stem   = 'example.com/server1.example.com/server1.example.com';
    my $signer = 'example.com/CA/Signer.pem';
    my $halves = impostor('for last; do :; done; echo half >"$last"; exit 1');
    my @cases  = (
        [ "$stem.unlocked.key",   undef,   $MAKE_OCSP,   qr/^generate: \Q$stem\E[.]unlocked[.]key is gone/m ],
        [ "$stem.pem",            $signer, $MAKE_OCSP,   qr/^generate: failed: openssl ca .*\nUsing configuration from/m ],
        [ "$stem.ocsp.good.resp", undef, $halves, qr{^generate: failed: /\S+/impostor }m ],
        [ "$stem.ocsp.good.resp", undef, '/nowhere/make-ocsp', qr{^generate: /nowhere/make-ocsp is not built}m ],
    );
    for (@cases) {
        my ( $lost, $spoiled, $make_ocsp, $message ) = @{$_};
        my $copy = copy();
        unlink "$copy/$lost" or die "$lost: $!\n";
        run( qw(ln -sf /dev/null), "$copy/$spoiled" ) if $spoiled;
        my ( $status, $text ) = run( "$copy/generate", $make_ocsp );
        is( $status, $BROKEN, "$message: exit status" );
        like( $text, $message, 'and message' );
        my $after = snapshot($copy);
        ok( !exists $after->{"/$lost"}, 'and nothing made' );
        ok( !( grep {/work/} keys %{$after} ), 'and no scratch left' );
    }
    return;
}

sub test_make_ocsp {
    my ( $ca, $folder ) = ( "$CA/example.com/CA", "$CA/example.com/server1.example.com" );
    my $output = tempdir( CLEANUP => 1 ) . '/response';
    my %good   = (
        '-i' => "$ca/Signer.pem",
        '-c' => "$folder/server1.example.com.pem",
        '-s' => "$ca/OCSP.pem",
        '-k' => "$ca/OCSP.key",
        '-t' => '20121201000000Z',
        '-n' => '20991231000000Z',
        '-o' => $output,
    );
    is( ( run( $MAKE_OCSP, %good ) )[0], 0, 'a good call' );
    is( slurp($output), slurp("$folder/server1.example.com.ocsp.good.resp"), 'and its response' );
    my @cases = (
        [ { '-t' => 'yesterday' }, $WRONG, qr/yesterday: not a date/ ],
        [ { '-r' => '20121301000000Z' }, $WRONG, qr/20121301000000Z: not a date/ ],
        [ { '-c' => '/nowhere' }, $BROKEN, qr{/nowhere: cannot open} ],
        [ { '-i' => "$ca/OCSP.key" }, $BROKEN, qr{OCSP.key: cannot read certificate} ],
        [ { '-k' => "$ca/OCSP.pem" }, $BROKEN, qr{OCSP.pem: cannot read private key} ],
        [ { '-k' => "$ca/Signer.key" }, $BROKEN, qr{OCSP.pem: cannot sign} ],
        [ { '-o' => '/dev/full' }, $BROKEN, qr{/dev/full: cannot write} ],
        [ { '-z' => 'x' }, $WRONG, qr/^usage: make-ocsp/m ],
    );
    for (@cases) {
        my ( $bad, $expected, $message ) = @{$_};
        my ( $status, $text ) = run( $MAKE_OCSP, %good, %{$bad} );
        is( $status, $expected, "@{[ %{$bad} ]}: exit status" );
        like( $text, $message, "@{[ %{$bad} ]}: message" );
    }
    is( ( run( $MAKE_OCSP, '-i' => $good{'-i'} ) )[0], $WRONG, 'too few options' );
    return;
}

chdir q{/} or die "/: $!\n";
subtest 'nothing missing' => \&test_nothing_missing;
subtest 'lost files'      => \&test_lost_files;
subtest 'interrupted'     => \&test_interrupted;
subtest 'a new leaf'      => \&test_new_leaf;
subtest 'refusals'        => \&test_refusals;
subtest 'make-ocsp'       => \&test_make_ocsp;
is( ( run("$CA/generate") )[0], $BROKEN, 'called without make-ocsp' );
done_testing();
