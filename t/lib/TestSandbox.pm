# SPDX-License-Identifier: GPL-2.0-or-later
#
# What t/sandbox*.t and t/settle.t share: running the launcher with a time limit of the test's own, and seeing when the last of
# its processes is gone.

package TestSandbox;

use strict;
use warnings;

use Exporter qw(import);
use IO::Handle;
use POSIX ();
use Time::HiRes qw(time);

our @EXPORT_OK = qw(program launch finish run refusal all_gone left_with child_of descendants write_tar ignore_signals);

=head1 NAME

TestSandbox - the launcher from a test's point of view

=head1 SUBROUTINES

=head2 program(NAME)

The path of one of our C programs.

=cut

my $NOT_EXECUTED = 127;
my $PATIENCE     = 60;     # seconds for what takes one at the most, on a machine that is busy

my $directory = $ENV{RUNTEST_PROGRAMS} // 'build';
$directory = POSIX::getcwd() . "/$directory" if $directory !~ m{\A/};

sub program {
    my ($name) = @_;
    return "$directory/$name";
}

=head2 launch(OPTIONS, COMMAND...)

Starts a command. Returns what finish() needs, with its C<pid>, and C<held>: the read end of a pipe whose write end is the
command's standard error, inherited by all that comes from it. OPTIONS is a hash of C<before>, called in the new process before the
command is run in it.

=cut

sub launch {
    my ( $options, @command ) = @_;
    open my $out, '+>', undef or die "cannot make a temporary file: $!\n";
    pipe my $held, my $errors or die "cannot make a pipe: $!\n";
    my $pid = fork // die "cannot fork: $!\n";
    if ( !$pid ) {
        open STDIN,  '<',  '/dev/null' or POSIX::_exit($NOT_EXECUTED);
        open STDOUT, '>&', $out        or POSIX::_exit($NOT_EXECUTED);
        open STDERR, '>&', $errors     or POSIX::_exit($NOT_EXECUTED);
        $options->{before}->() if $options->{before};
        exec { $command[0] } @command or POSIX::_exit($NOT_EXECUTED);
    }
    close $errors;
    return { pid => $pid, out => $out, held => $held, err => q{}, name => "@command" };
}

=head2 all_gone(STARTED, SECONDS)

Waits until every process that has inherited the standard error of what was launched has ended. Returns true, or false when that
takes too long.

=cut

sub all_gone {
    my ( $started, $seconds ) = @_;
    my $deadline = time + ( $seconds // $PATIENCE );
    my $read     = -1;
    while ( $read != 0 ) {
        my $left = $deadline - time;
        vec( my $ready = q{}, fileno $started->{held}, 1 ) = 1;
        select $ready, undef, undef, $left > 0 ? $left : 0 or return 0;
        $read = sysread( $started->{held}, $started->{err}, 65_536, length $started->{err} ) // die "cannot read: $!\n";
    }
    return 1;
}

=head2 finish(STARTED)

Waits for its end and for that of all its processes. Returns a hash: C<status>, its exit status or C<signal N>, C<out> and
C<err>, what was written. Kills it, and dies, when it takes too long.

=cut

sub finish {
    my ($started) = @_;
    if ( !all_gone($started) ) {
        kill KILL => _family( $started->{pid} );
        waitpid $started->{pid}, 0;
        die "still running after $PATIENCE s: $started->{name}\n";
    }
    waitpid $started->{pid}, 0;
    my $status = $? & 127 ? 'signal ' . ( $? & 127 ) : $? >> 8;
    seek $started->{out}, 0, 0 or die "cannot reread a temporary file: $!\n";
    local $/ = undef;
    return { status => $status, out => scalar readline( $started->{out} ) // q{}, err => $started->{err} };
}

=head2 run(COMMAND...), run(OPTIONS, COMMAND...)

launch() and finish().

=cut

sub run {
    my @command = @_;
    my $options = ref $command[0] ? shift @command : {};
    return finish( launch( $options, @command ) );
}

=head2 refusal()

Why there can be no sandbox here, in the launcher's words; undef if there can. Dies where not the machine is to blame, but the
launcher: what is beyond these steps works on every machine that has got so far.

=cut

my $MACHINE = qr/privileges|clone|id range|id map|become root|root|read-only|proc|overlay/;

sub refusal {
    my $probe = run( program('sandbox'), '--probe' );
    return undef if $probe->{status} eq '0';
    die "no sandbox, though this machine should have one: $probe->{err}" if $probe->{err} !~ /\Asandbox: $MACHINE: /;
    return $probe->{err};
}

=head2 left_with(TEXT)

The pids of all processes of the machine that have TEXT in their arguments. There should be none, so they are killed.

=cut

sub left_with {
    my ($text) = @_;
    my @found;
    for my $file ( glob '/proc/[0-9]*/cmdline' ) {
        open my $in, '<', $file or next;
        my $arguments = do { local $/ = undef; readline $in };
        push @found, $file =~ /([0-9]+)/ if index( $arguments // q{}, $text ) >= 0;
    }
    kill KILL => @found;
    return @found;
}

=head2 child_of(PID)

The pid of its first child. Waits until it has one; dies when it takes too long.

=cut

sub child_of {
    my ($pid) = @_;
    my $deadline = time + $PATIENCE;
    while ( time < $deadline ) {
        my ($child) = _children($pid);
        return $child if defined $child;
    }
    die "process $pid has started nothing in $PATIENCE s\n";
}

=head2 descendants(COUNT, PID)

Pids: its child, that one's child and so on, of the last one that has some. Waits until there are so many; dies when it takes too long.

=cut

sub descendants {
    my ( $count, $pid ) = @_;
    my $deadline = time + $PATIENCE;
    while ( time < $deadline ) {
        my @line = _line($pid);
        return @line if @line >= $count;
    }
    die "process $pid has not $count descendants in a line after $PATIENCE s\n";
}

sub _line {
    my ($pid) = @_;
    my ($child) = ( _children($pid) )[-1] // return;
    return ( $child, _line($child) );
}

sub _children {
    my ($pid) = @_;
    my @children;
    for my $file ( glob '/proc/[0-9]*/stat' ) {
        open my $in, '<', $file or next;
        push @children, $1 if ( readline($in) // q{} ) =~ /\A([0-9]+) .*\) \S $pid /s;
    }
    return @children;
}

# A process and its descendants.
sub _family {
    my ($pid) = @_;
    return ( $pid, map { _family($_) } _children($pid) );
}

=head2 ignore_signals(NAME...)

For C<before>: what the command inherits as ignored.

=cut

sub ignore_signals {
    my @names = @_;
    for my $name (@names) {
        my $number = POSIX->can("SIG$name")->();
        POSIX::sigaction( $number, POSIX::SigAction->new('IGNORE') ) or die "cannot ignore SIG$name: $!\n";
    }
    return;
}

=head2 write_tar(FILE, NAME => { text, mode, uid }...)

Makes a tar file that root owns all of, but for what has a uid. The names of the owners in it are others.

=cut

sub write_tar {
    my ( $file, %members ) = @_;
    open my $tar, '>:raw', $file or die "$file: $!\n";
    for my $name ( sort keys %members ) {
        my ( $text, $mode, $uid ) = @{ $members{$name} }{qw(text mode uid)};
        my $header = pack 'a100 a8 a8 a8 a12 a12 a8 a1 a100 a6 a2 a32 a32 a183', $name,
            ( map { sprintf '%07o', $_ } $mode // oct '644', $uid // 0, $uid // 0 ),
            ( map { sprintf '%011o', $_ } length $text, 0 ), q{ } x 8, '0', q{}, 'ustar', '00', 'userx', 'userx', q{};
        substr $header, 148, 8, sprintf "%06o\0 ", unpack '%32C*', $header;
        print {$tar} $header, $text, "\0" x ( -length($text) % 512 );
    }
    print {$tar} "\0" x 1024;
    close $tar or die "$file: $!\n";
    return;
}

1;
