# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checkouts in a temporary directory with the true setup and nothing else that is true: recipes that copy a program,
# a make that touches a file, and dpkg-query, id and apt-get that say what the test wants.

package TestSetup;

use strict;
use warnings;

use Exporter qw(import);
use File::Find qw(find);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use POSIX qw(mkfifo);
use Time::HiRes qw(lstat);

our @EXPORT_OK = qw(checkout run_setup start_setup line_of finish within spew slurp fake tree calls);

=head1 NAME

TestSetup - runs setup where it can do no harm

=head1 SUBROUTINES

=cut

my $DEADLINE = 60;
my %running;

END {
    my $status = $?;
    kill 'KILL', map { -$_ } keys %running;
    $? = $status;    ## no critic (RequireLocalizedPunctuationVars)
}

=head2 within(WHAT, CODE)

What CODE returns; dies when the deadline passes first, and says WHAT was waited for.

=cut

sub within {
    my ( $what, $code ) = @_;
    local $SIG{ALRM} = sub { die "waited $DEADLINE s in vain: $what\n" };
    alarm $DEADLINE;
    my $result = eval { $code->() };
    my $error = $@;
    alarm 0;
    die $error if $error;
    return $result;
}

=head2 spew(PATH, TEXT)   slurp(PATH)

Write and read a whole file.

=cut

sub spew {
    my ( $path, $text ) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out or die "$path: $!\n";
    return;
}

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/ = undef;
    return readline($in) // '';
}

# A shell script of TEXT.
sub program {
    my ( $path, $text ) = @_;
    spew( $path, "#!/bin/sh\n$text" );
    chmod 0755, $path or die "$path: $!\n";
    return;
}

# The first of our programs' search path that has NAME.
sub path_of {
    my ($name) = @_;
    my ($path) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
    return $path // die "$name is not here: run ./setup\n";
}

=head2 checkout(RECIPE => TEXT...)

The top of a new checkout. TEXT comes before what a recipe otherwise does: it copies a program that is linked
with the right library, and gives it set-id bits. The FIFOs C<started> and C<go> are there for recipes.

=cut

sub checkout {
    my %extra = @_;
    my $top = tempdir( CLEANUP => 1 ) . '/with blank';
    make_path( "$top/mta", "$top/fake" );
    program( "$top/setup", slurp("$FindBin::Bin/../setup") =~ s/\A#!.*\n//r );

    my $note = 'echo "${0##*/}" >>calls' . "\n";
    my %does = (
        'apt-private'   => "mkdir -p \"\$1\"\n: >\"\$1/apt.conf\"\n",
        'fetch-gnutls'  => copies( 'certtool', 'exim4-daemon-light 1.0' ),
        'build-exim'   => copies( 'openssl',  'exim4 1.0' ) . "[ \"\$3\" != gnutls ] || cp " . path_of('certtool') . " \"\$2/exim\"\n",
    );
    program( "$top/mta/$_", $note . 'mkdir -p "$2"' . "\n" . ( $extra{$_} // '' ) . $does{$_} ) for keys %does;
    program( "$top/mta/download", '' );
    spew( "$top/Makefile", "program:\n\techo make >>calls\n\ttouch program\n" );
    spew( "$top/calls",    '' );
    for my $fifo ( "$top/started", "$top/go" ) {
        mkfifo( $fifo, 0600 ) or die "$fifo: $!\n";
    }

    fake( $top, 'dpkg-query', <<'END' );
shift 3
for name; do
    case " $MISSING " in *" $name "*) ;; *) echo "installed $name" ;; esac
done
END
    fake( $top, 'id',      'case $1 in -u) echo "$FAKE_UID" ;; -un) echo "$FAKE_USER" ;; esac' . "\n" );
    fake( $top, 'apt-get', 'echo "apt-get $*" >>calls' . "\n" . 'exit "$APT_STATUS"' . "\n" );
    return $top;
}

sub copies {
    my ( $program, $source ) = @_;
    return 'cp ' . path_of($program) . " \"\$2/exim\"\nchmod 6700 \"\$2/exim\"\necho '$source' >\"\$2/SOURCE\"\n";
}

=head2 fake(TOP, NAME, TEXT)

A shell script that is found before the system's program of that name.

=cut

sub fake {
    my ( $top, $name, $text ) = @_;
    return program( "$top/fake/$name", $text );
}

=head2 start_setup(TOP, OPTION => VALUE...)

Starts setup in a process group of its own: a hash with C<pid>, for C<line_of> and C<finish>. Options: C<uid>
and C<user>, who it thinks it is run by (default: root); C<missing>, names of packages; C<apt_status>, of
apt-get; C<umask>, C<directory>, C<path>, C<arguments>.

=cut

sub start_setup {
    my ( $top, %option ) = @_;
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ( !$pid ) {
        setpgrp;
        local @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;    # nohup, and a shell's `&`, have us ignore some, and so would all that we start
        umask( $option{umask} // oct '022' );
        chdir( $option{directory} // $top ) or die "chdir: $!\n";
        open STDIN,  '<',  '/dev/null' or die "/dev/null: $!\n";
        open STDOUT, '>&', $in         or die "stdout: $!\n";
        open STDERR, '>&', $in         or die "stderr: $!\n";
        local @ENV{qw(PATH MISSING FAKE_UID FAKE_USER APT_STATUS CI)} = (
            "$top/fake:" . ( $option{path} // $ENV{PATH} ), $option{missing} // '', $option{uid} // 0, $option{user} // 'root', $option{apt_status} // 0, 'true'
        );
        my @command = ( "$top/setup", @{ $option{arguments} // [] } );
        exec { $command[0] } @command or die "$top/setup: $!\n";
    }
    close $in;
    $running{$pid} = 1;
    return { pid => $pid, from => $out };
}

=head2 line_of(RUN)

The next line that it writes.

=cut

sub line_of {
    my ($run) = @_;
    return within( 'a line of setup', sub { scalar readline $run->{from} } );
}

=head2 finish(RUN)

Waits for its end: adds C<status> (the exit status, or the number of the signal), C<out> (what it wrote and was not
read yet, both streams, with N.N for times), C<seconds> (of the processor).

=cut

sub finish {
    my ($run) = @_;
    my $before = ( times )[2] + ( times )[3];
    $run->{out} = within( 'the end of setup', sub { local $/ = undef; readline( $run->{from} ) // '' } );
    within( 'the end of setup', sub { waitpid $run->{pid}, 0 } );
    $run->{out} =~ s/\b\d+[.]\d s$/N.N s/mg;
    $run->{status} = $? & 127 || $? >> 8;
    $run->{seconds} = ( times )[2] + ( times )[3] - $before;
    delete $running{ $run->{pid} };
    return $run;
}

=head2 run_setup(TOP, OPTION => VALUE...)

C<start_setup> and C<finish>.

=cut

sub run_setup {
    return finish( start_setup(@_) );
}

=head2 calls(TOP)

The programs that were called since it was asked last.

=cut

sub calls {
    my ($top) = @_;
    my @calls = split /\n/, slurp("$top/calls");
    spew( "$top/calls", '' );
    return \@calls;
}

=head2 tree(TOP)

For each file of a checkout, by its path, what would change if it was written: inode, mode, size, time. C<calls> is left
out.

=cut

sub tree {
    my ($top) = @_;
    my %tree;
    find(
        sub {
            return if -d || $_ eq 'calls';
            $tree{ $File::Find::name =~ s{\A\Q$top\E/}{}r } = join ' ', ( lstat $_ )[ 1, 2, 7, 9 ];
        },
        $top
    );
    return \%tree;
}

1;
