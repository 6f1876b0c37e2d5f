#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The launcher's command line: what is wrong with it is said before anything is done.

use strict;
use warnings;

use FindBin ();
use Test::More;

use lib "$FindBin::Bin/lib";
use TestSandbox qw(program run);

my $sandbox = program('sandbox');

# Each: the arguments, and what the message has to say.
my @wrong = (
    [ [], 'a command is missing' ],
    [ ['--'],                                         'a command is missing' ],
    [ [qw(--nonsense -- true)],                       q{unrecognized option '--nonsense'} ],
    [ [qw(-x -- true)],                               q{invalid option -- 'x'} ],
    [ ['--size'],                                     q{option '--size' requires an argument} ],
    [ [qw(--case relative -- true)],                  '--case relative: an absolute path' ],
    [ [qw(--fd 2 -- true)],                           '--fd 2: a file descriptor above 2' ],
    [ [qw(--fd 77 -- true)],                          '--fd 77: it is not open' ],
    [ [qw(--address localhost -- true)],              '--address localhost: an IPv4 or IPv6 address' ],
    [ [qw(--address 300.1.1.1 -- true)],              '--address 300.1.1.1: an IPv4 or IPv6 address' ],
    [ [qw(--address ::g -- true)],                    '--address ::g: an IPv4 or IPv6 address' ],
    [ [ '--hostname', 'a b', '--', 'true' ],          '--hostname a b: a name of up to 64' ],
    [ [ '--hostname', 'a' x 65, '--', 'true' ],       'a name of up to 64' ],
    [ [qw(--probe -- true)],                          '--probe runs no command' ],
    [ [qw(--host --unpack x -- true)],                '--unpack: there is nothing to use it for with --host' ],
    [ [qw(--host --show /a:/b -- true)],              '--show: there is nothing to use it for with --host' ],
    [ [qw(--host --nested -- true)],                  '--nested: there is nothing to use it for with --host' ],
    [ [qw(--nest --preload /a -- true)],              '--preload: there is nothing to use it for with --nest' ],
    [ [qw(--clock 1 --nest -- true)],                 '--clock: there is nothing to use it for with --nest' ],
    [ [qw(--nest --user a:1:1 -- true)],              '--user: there is nothing to use it for with --nest' ],
    [ [qw(--nest --group a:1 -- true)],               '--group: there is nothing to use it for with --nest' ],
    [ [qw(--host --probe)],                           '--probe: there is nothing to use it for with --host' ],
);
push @wrong, map { [ [ '--size',    $_, '--', 'true' ], "--size $_: a number of bytes" ] } qw(0 -1 1k x 99999999999999999999);
push @wrong, map { [ [ '--timeout', $_, '--', 'true' ], "--timeout $_: a number of seconds" ] } qw(0 0.0 -1 x 1e3 1.2.3 inf 1000001), q{};
push @wrong, map { [ [ '--case',    $_, '--', 'true' ], "--case $_: an absolute path" ] } qw(/ /a/ /a//b /a/../b /.a);
push @wrong, map { [ [ '--show',    $_, '--', 'true' ], "--show $_: two absolute paths" ] }
    qw(/a a:/b /a:b /a: :/b : /a:/ /a:/b/ /a:/b/../c /a:/b/./c /a:/b//c), q{};
push @wrong, map { [ [ '--preload', $_, '--', 'true' ], "--preload $_: an absolute path" ] } qw(a.so / /a/../b.so), q{};
push @wrong, map { [ [ '--clock',   $_, '--', 'true' ], "--clock $_: a number of seconds" ] } qw(x 1.5 1s --1 - +1 9223372036854775808 1/ 1/0 1/x 1/2x /2), q{};
push @wrong, map { [ [ '--user',    $_, '--', 'true' ], "--user $_: NAME:UID:GID" ] } qw(a a:1 a:1:2:3 a:x:1 a:1:x :1:1 a:65535:1 a:1:-1 a/b:1:1);
push @wrong, map { [ [ '--group',   $_, '--', 'true' ], "--group $_: NAME:GID" ] } qw(a a:x a:1:2 :1 a:65535 a:-1 a/b:1), q{};

for my $case (@wrong) {
    my ( $arguments, $message ) = @$case;
    my $said = run( $sandbox, @$arguments );
    subtest "sandbox @$arguments" => sub {
        is( $said->{status}, 2,   'exit status' );
        is( $said->{out},    q{}, 'nothing on stdout' );
        like( $said->{err}, qr/\Q$message\E/, 'message' );
        like( $said->{err}, qr/see --help$/m, 'hint' );
    };
}

my $help = run( $sandbox, '--help' );
is( "$help->{status} $help->{err}", '0 ', '--help' );
like( $help->{out}, qr/^ +--$_ /m, "- tells of --$_" ) for qw(case size unpack show preload clock nest nested fd user group hostname address timeout probe host help);
is( ( grep { length > 95 } split /\n/, $help->{out} ), 0, '- fits a terminal' );

done_testing();
