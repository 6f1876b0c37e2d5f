#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The MTAs that setup made in this checkout, and the private apt that they come from. Without network: apt-get itself is
# not run.

use strict;
use warnings;

use File::Basename qw(basename);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";

use Test::More;

use TestSetup qw(spew slurp);

my $mta = "$FindBin::Bin/../mta";

# What a command writes, and its exit status in $?.
sub output_of {
    my (@command) = @_;
    open my $from, '-|', @command or die "$command[0]: $!\n";
    local $/ = undef;
    my $output = readline $from;
    close $from or $! == 0 or die "$command[0]: $!\n";
    return $output // '';
}

# ----- The MTAs -----

my %library = ( gnutls => 'libgnutls', openssl => 'libssl' );

for my $lane ( sort keys %library ) {
    my $exim = "$mta/$lane/exim";
    -x $exim or BAIL_OUT("mta/$lane/exim is missing: run ./setup");

    my $libraries = output_of( 'ldd', $exim );
    my @tls       = grep { $libraries =~ /\b\Q$_\E[.]so/ } values %library;
    is_deeply( \@tls, [ $library{$lane} ], "$lane: its own TLS library, and no other" );
    like( slurp("$mta/$lane/SOURCE"), qr/\Aexim4\S* \S*\d\S*[^\n]*\n\z/, "$lane: says where it comes from" );

    my @files = grep { !/\A(?:RECIPE|SOURCE)\z/ } map { basename($_) } glob "\Q$mta/$lane\E/*";
    my @odd   = grep { ( ( stat "$mta/$lane/$_" )[2] & oct '7777' ) != oct '755' } @files;
    is( "@odd", '', "$lane: for everyone to use, without set-id bits" );

    my %there     = map { $_ => 1 } @files;
    my @utilities = qw(exinext exigrep exiqgrep eximstats exim_dumpdb exim_dbmbuild exim_lock exim_tidydb exim_fixdb exicyclog exiwhat exipick);
    is( join( ' ', grep { !$there{$_} } @utilities ), '', "$lane: with its utilities" );
    my @broken = grep { output_of( 'ldd', "$mta/$lane/$_" ) =~ /not found/ } grep { /\Aexim_(?:d|fix|lock|tidy)/ } @files;
    is( "@broken", '', "$lane: with the libraries of these" );
}

# ----- The private apt -----

my $work = tempdir( CLEANUP => 1 ) . '/with blank';
my $fake = "$work/fake";
mkdir $_ or die "$_: $!\n" for $work, $fake;

# apt-get and apt-cache with the arguments that mta/apt-private gives them, but for its own directory.
sub private_apt {
    my ( $name, %status ) = @_;
    my %does = (
        'apt-get' => <<'END' . "exit $status{update}\n",
case $* in
indextargets*) printf '%s\n' 'proto://host.example/debian stable main' 'proto://host.example/debian stable main' 'proto://host.example/own ./ '; exit ;;
esac
END
        'apt-cache' => "exit $status{show}\n",
    );
    for my $program ( keys %does ) {
        spew( "$fake/$program", "#!/bin/sh\necho \"$program \$*\" >>'$work/calls'\n$does{$program}" );
        chmod 0755, "$fake/$program" or die "$fake/$program: $!\n";
    }
    local $ENV{PATH} = "$fake:$ENV{PATH}";
    my $output = output_of( "$mta/apt-private", "$work/$name" );
    my @calls  = map { s{ -c \Q$work/$name\E/apt.conf\b}{ -c PRIVATE}r } split /\n/, slurp("$work/calls");
    unlink "$work/calls";
    return ( $? >> 8, $output, @calls );
}

my ( $status, $output, @calls ) = private_apt( apt => ( update => 0, show => 0 ) );
is( $status, 0, 'a private apt' );
is_deeply(
    [ @calls[ 1 .. $#calls ] ],
    [ 'apt-get -q -c PRIVATE update', 'apt-cache -c PRIVATE show exim4-daemon-light' ],
    '... is all that gets updated and asked'
);

my $architecture = output_of(qw(dpkg --print-architecture)) =~ s/\n//r;
is( slurp("$work/apt/sources.list"), <<"END", '... with binary and source packages of each of the system\'s repositories, once' );
deb [target=Packages arch=$architecture] proto://host.example/debian stable main
deb-src [target=Sources] proto://host.example/debian stable main
deb [target=Packages arch=$architecture] proto://host.example/own ./
deb-src [target=Sources] proto://host.example/own ./
END

# A system's hooks, which are there on some machines only.
spew( "$work/hooks.conf", join '', map { qq(APT::Update::$_ { "rm -rf /the/cache"; };\n) } qw(Pre-Invoke Post-Invoke Post-Invoke-Success) );
my %setting = do {
    local $ENV{APT_CONFIG} = "$work/hooks.conf";
    map { /\A(\S+) "(.*)";\z/ ? ( $1 => $2 ) : () } split /\n/, output_of( 'apt-config', '-c', "$work/apt/apt.conf", 'dump' );
};
is_deeply( [ grep { /\AAPT::Update::.*Invoke/ && $setting{$_} ne '' } keys %setting ], [], '... without the system\'s hooks' );
my %own = (
    'Dir::State'            => "$work/apt",
    'Dir::Cache'            => "$work/apt",
    'Dir::Etc::sourcelist'  => "$work/apt/sources.list",
    'Dir::Etc::sourceparts' => '/dev/null',
);
is_deeply( { map { $_ => $setting{$_} } keys %own }, \%own, '... with lists, a cache and repositories of its own' );
my @keys = map { basename($_) } glob '/etc/apt/trusted.gpg.d/*.{gpg,asc}';
is_deeply( [ grep { !-s "$work/apt/trusted/$_" } @keys ], [], '... and the keys of the system' );

( $status, $output ) = private_apt( partly => ( update => 100, show => 0 ) );
is( $status, 0, 'a repository that fails does no harm if the package is there' );
( $status, $output ) = private_apt( nothing => ( update => 0, show => 100 ) );
is( $status, 1, 'no package is a failure' );
like( $output, qr/^No repository that apt knows, .* exim4-daemon-light\.$/m, '... that is said' );

done_testing;
