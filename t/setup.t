#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What setup does and says, in a checkout of its own with recipes of our own: no network, no package gets installed, and
# whether this is root or not does not matter. What the true recipes make is for t/mta.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestSetup qw(checkout run_setup start_setup line_of finish within spew slurp fake tree calls);

my $READY = <<'END';
setup: packages: all there
setup: mta/gnutls: exim4-daemon-light 1.0
setup: mta/openssl: exim4 1.0
setup: programs: made in N.N s
setup: ready, in N.N s
END

# ----- The first run, and the second -----

{
    my $top = checkout();
    my $run = run_setup( $top, umask => oct '077' );
    is( $run->{status}, 0, 'a fresh checkout, in a directory with a blank and with umask 077' );
    is( $run->{out}, <<'END', 'it says what it does' );
setup: packages: all there
setup: mta/gnutls: fetching Debian's exim4-daemon-light ...
setup: mta/gnutls: exim4-daemon-light 1.0, in N.N s
setup: mta/openssl: building Debian's exim4 with OpenSSL, which takes half a minute ...
setup: mta/openssl: exim4 1.0, in N.N s
setup: programs: made in N.N s
setup: ready, in N.N s
END
    is_deeply( calls($top), [qw(apt-private fetch-gnutls build-exim make)], 'one apt for both MTAs, then make' );
    my %mode = (
        ( map { ( "mta/$_" => '755', "mta/$_/exim" => '755', "mta/$_/SOURCE" => '644', "mta/$_/RECIPE" => '644' ) } qw(gnutls openssl) ),
        program => '644'
    );
    is_deeply( { map { $_ => sprintf '%o', ( stat "$top/$_" )[2] & oct '7777' } keys %mode },
        \%mode, 'for everyone to use, without a set-id bit' );

    my $before = tree($top);
    is( join( ' ', grep { m{/\.|\.log\z} } sort keys %$before ), '', 'nothing else is left' );
    my $again = run_setup($top);
    is( $again->{status}, 0, 'a second run' );
    is( $again->{out}, $READY, 'it says that all is there' );
    is_deeply( calls($top), [], 'it makes nothing' );
    is_deeply( tree($top),  $before, 'and touches nothing' );
    cmp_ok( $again->{seconds}, '<', 1, 'in less than a second of the processor' );
    is( run_setup( $top, directory => '/' )->{status}, 0, 'from another directory' );
}

# ----- What makes an MTA be made again -----

{
    my $top = checkout();
    run_setup($top);
    spew( "$top/mta/gnutls/stale", '' );
    my %change = (
        'its recipe is another'              => sub { spew( "$top/mta/fetch-gnutls", slurp("$top/mta/fetch-gnutls") . "# new\n" ) },
        'its binary is gone'                 => sub { unlink "$top/mta/gnutls/exim" },
        'its binary has the other library'   => sub { spew( "$top/mta/gnutls/exim", slurp("$top/mta/openssl/exim") ) },
        'it was not made by a recipe at all' => sub { unlink "$top/mta/gnutls/RECIPE" },
    );
    for my $why ( sort keys %change ) {
        $change{$why}->();
        calls($top);
        is( run_setup($top)->{status}, 0, "an MTA is made again: $why" );
        is_deeply( calls($top), [qw(apt-private fetch-gnutls)], '... and nothing else is' );
    }
    ok( !-e "$top/mta/gnutls/stale", 'the old one is gone, with all of it' );
    spew( "$top/mta/download", "# new\n" );
    run_setup($top);
    is_deeply( calls($top), [qw(apt-private fetch-gnutls build-exim)], 'both are made again when what fetches them is another' );
}

# ----- What fails -----

{
    my $top = checkout( 'build-exim' => "echo half > \"\$2/half\"\necho the compiler is on strike\nexit 1\n" );
    my $run = run_setup($top);
    is( $run->{status}, 3, 'a recipe fails' );
    like( $run->{out}, qr/^    the compiler is on strike$/m,                     '... its output is shown' );
    like( $run->{out}, qr{all of its output is in \Q$top\E/mta/openssl\.log$}m,  '... and where all of it is' );
    like( $run->{out}, qr{^setup: mta/openssl: not made.* --mta openssl=PATH$}m, '... and what else one can do' );
    is( slurp("$top/mta/openssl.log"), "the compiler is on strike\n", '... which is so' );
    ok( -x "$top/mta/gnutls/exim" && -e "$top/program", '... all the rest is made' );
    ok( !-e "$top/mta/openssl",                         '... and nothing by half' );

    spew( "$top/mta/build-exim", slurp("$top/mta/build-exim") =~ s/exit 1//r );
    is( run_setup($top)->{status}, 0, '... and once it does not fail' );
    ok( !-e "$top/mta/openssl.log", '... that is history' );

    $run = run_setup( checkout( 'build-exim' => slurp("$top/mta/fetch-gnutls") . "exit 0\n" ) );
    is( $run->{status}, 3, 'a recipe makes an MTA with the wrong library' );
    like( $run->{out}, qr/^setup: what mta\/build-exim made is not linked with libssl/m, '... which is said' );

    $top = checkout( 'apt-private' => "echo no route\nexit 1\n" );
    $run = run_setup($top);
    is( $run->{status}, 3, 'there is no apt' );
    is_deeply( calls($top), [qw(apt-private make)], '... which is tried once for both' );
    is( scalar( () = $run->{out} =~ /not made/g ), 2, '... and both are missing' );

    $top = checkout();
    fake( $top, 'df', "echo Filesystem 1048576-blocks Used Available\necho /dev/full 200 1 199\n" );
    $run = run_setup($top);
    is( $run->{status}, 3, 'the disk is as good as full' );
    like( $run->{out}, qr/^setup: the disk of \Q$top\E has only 199 MB free/m, '... which is said' );
    is_deeply( calls($top), ['make'], '... before apt gets to know' );

    $top = checkout();
    spew( "$top/Makefile", "all:\n\tfalse\n" );
    $run = run_setup($top);
    is( $run->{status}, 3, 'make fails' );
    like( $run->{out}, qr/^setup: the programs could not be built$/m, '... which is said' );

    $run = run_setup( $top, arguments => ['--fast'] );
    is( $run->{status}, 2, 'an option' );
    is( $run->{out}, "setup: usage: setup [--for coverage|builds]\n", '... is none' );
}

# ----- For make coverage -----

{
    my $top = checkout( 'build-exim' => 'echo "$3 $4" >"$2/words"' . "\n" );
    mkdir "$top/src" or die "$top/src: $!\n";
    spew( "$top/src/coverage.c", "one\n" );
    my $run = run_setup( $top, arguments => [qw(--for coverage)], uid => 0, missing => 'gcovr' );
    is( $run->{status}, 0, '--for coverage' );
    is_deeply( [ grep { !/apt/ } @{ calls($top) } ], [ 'fetch-gnutls', ('build-exim') x 3, 'make' ], '... makes two MTAs more' );
    like( $run->{out}, qr/^setup: packages: installing gcovr$/m, '... and wants a package more' );
    my %words = map { $_ => slurp("$top/mta/$_/words") } qw(openssl coverage/gnutls coverage/openssl);
    is_deeply(
        \%words,
        { openssl => "openssl \n", 'coverage/gnutls' => "gnutls coverage\n", 'coverage/openssl' => "openssl coverage\n" },
        '... by one recipe'
    );
    ok( !glob("'$top/mta/cover*/exim'"), '... which are no lanes' );
    run_setup( $top, arguments => [qw(--for coverage)] );
    is_deeply( calls($top), [], '... once' );
    spew( "$top/src/coverage.c", "two\n" );
    run_setup( $top, arguments => [qw(--for coverage)] );
    is_deeply( calls($top), [ 'apt-private', ('build-exim') x 2 ], '... or when what they are linked with has changed' );
    is( run_setup( $top, missing => 'gcovr' )->{out}, $READY, 'without it nobody wants gcovr' );

    $top = checkout( 'build-exim' => '[ -z "$4" ] || exit 1' . "\n" );
    $run = run_setup( $top, arguments => [qw(--for coverage)] );
    is( $run->{status}, 3, 'one of them fails' );
    like( $run->{out}, qr{^setup: mta/coverage/openssl: not made$}m, '... and no other can take its place' );
}

# ----- Packages -----

# Somebody who has 65536 users and groups for the sandbox, if there is one here.
sub user_with_ranges {
    my %count;
    for my $file (qw(/etc/subuid /etc/subgid)) {
        next if !-e $file;
        $count{$_}++ for map { /\A([^:]+):\d+:(\d+)$/ && $2 >= 65_536 ? $1 : () } split /\n/, slurp($file);
    }
    return ( grep { $count{$_} > 1 } sort keys %count )[0];
}

# A search path with DIRECTORY alone: what setup uses of the system, but for dpkg-query.
sub without_dpkg {
    my ($directory) = @_;
    mkdir $directory or die "$directory: $!\n";
    for my $name (qw(awk bash cat chmod cp date df dirname flock grep ldd make mkdir mktemp mv nproc rm sed sh sha256sum touch)) {
        my ($program) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
        symlink $program // die("$name is not here\n"), "$directory/$name" or die "$name: $!\n";
    }
    return $directory;
}

{
    my $top = checkout();
    my $run = run_setup( $top, uid => 0, missing => 'gcc uidmap' );
    is( $run->{status}, 0, 'root, with two packages missing' );
    like( $run->{out}, qr/^setup: packages: installing gcc uidmap\nsetup: packages: installed, in /, '... is told which' );
    is_deeply(
        [ grep { /apt-get/ } @{ calls($top) } ],
        [ 'apt-get -q update', 'apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends gcc uidmap' ],
        '... and gets them'
    );

    $run = run_setup( $top, uid => 0, missing => 'gcc', apt_status => 100 );
    is( $run->{status}, 3, 'root, and apt-get fails' );
    like( $run->{out}, qr/^setup: the packages could not be installed$/m, '... which is said' );
    calls($top);

    $run = run_setup( $top, uid => 54_321, user => 'nobody-like-this', missing => 'gcc uidmap' );
    is( $run->{status}, 3, 'an ordinary user, with two packages missing' );
    like( $run->{out}, qr/\Asetup: [^\n]* As root, once:\napt-get install --no-install-recommends gcc uidmap\nusermod [^\n]*\n\z/,
        '... is told what root has to do, and no more' );
    like( $run->{out}, qr/^usermod --add-subuids \d+-\d+ --add-subgids \d+-\d+ nobody-like-this$/m, '... for the users in the sandbox too' );
    is_deeply( calls($top), [], '... and nothing is done' );

    $run = run_setup( $top, uid => 54_321, user => 'nobody-like-this' );
    is( $run->{status}, 3, 'an ordinary user without a range of users' );
    unlike( $run->{out}, qr/apt-get/, '... needs no package' );

  SKIP: {
        my $user = user_with_ranges() // skip 'no user of this machine has a range of users', 1;
        $run = run_setup( $top, uid => 54_321, user => $user );
        like( $run->{out}, qr/\Asetup: packages: all there$/m, "an ordinary user with one ($user)" );
    }

    $top = checkout();
    unlink "$top/fake/dpkg-query";
    $run = run_setup( $top, path => without_dpkg("$top/bin") );
    like( $run->{out}, qr/^setup: packages: this is no Debian: /m, 'a system without dpkg: said' );
    is( $run->{status}, 0, '... and what can be done is done' );
}

# ----- Two at once, and an end before the end -----

# A recipe that says when it is at work, and goes on when it is told to.
my $SLOW = "echo > started\nread -r line < go\n";

{
    my $top    = checkout( 'fetch-gnutls' => $SLOW );
    my $first  = start_setup($top);
    my $second = do { within( 'the recipe starts', sub { slurp("$top/started") } ); start_setup($top) };
    is( line_of($second), "setup: another setup is at work here: waiting for it\n", 'the second of two waits' );
    within( 'the recipe goes on', sub { spew( "$top/go", "\n" ) } );
    is( finish($first)->{status}, 0, '... the first ends well' );
    my $run = finish($second);
    is( $run->{status}, 0, '... and then the second' );
    is( $run->{out}, $READY, '... which has nothing to do' );
    is_deeply( [ sort @{ calls($top) } ], [qw(apt-private build-exim fetch-gnutls make)], '... so all is done once' );
}

for my $signal (qw(INT TERM HUP KILL)) {
    my $top = checkout( 'fetch-gnutls' => "echo half > \"\$2/half\"\n$SLOW" );
    my $run = start_setup($top);
    within( 'the recipe starts', sub { slurp("$top/started") } );
    kill $signal, -$run->{pid};
    my %status = ( INT => 130, TERM => 143, HUP => 129, KILL => 9 );
    is( finish($run)->{status}, $status{$signal}, "the end by SIG$signal" );
    ok( !-e "$top/mta/gnutls", '... leaves no MTA by half' );
    is( scalar( () = glob( quotemeta($top) . '/mta/.work.*' ) ), $signal eq 'KILL' ? 1 : 0, '... and cleans up if it can' );
    my $next = start_setup($top);
    within( 'the recipe starts', sub { slurp("$top/started") } );
    within( 'the recipe goes on', sub { spew( "$top/go", "\n" ) } );
    is( finish($next)->{status}, 0, '... the next run is as good as any' );
    is( join( ' ', grep { /\.work|half/ } keys %{ tree($top) } ), 'mta/gnutls/half', '... and leaves nothing of the one before' );
}

is( system( 'shellcheck', map { "$FindBin::Bin/../$_" } qw(setup .ci/run mta/apt-private mta/download mta/build-exim mta/fetch-gnutls) ),
    0, 'shellcheck is content' );

done_testing;
