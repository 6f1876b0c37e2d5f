# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a hostile step of a test tries to get out of its sandbox. The same attempts are made on the host, where the harmless ones
# have to succeed: or they would prove nothing. Knows nothing of runtest.

package Attacks;

use strict;
use warnings;

use Exporter 'import';
use Fcntl qw(O_RDONLY O_NONBLOCK F_RDLCK);
use File::Find ();
use File::Path qw(make_path);
use Socket qw(AF_INET AF_INET6 AF_UNIX SOCK_STREAM SOCK_DGRAM inet_pton pack_sockaddr_in pack_sockaddr_in6 pack_sockaddr_un);

our @EXPORT_OK = qw(successes on_the_host leave_traces forge number_of);

=head1 NAME

Attacks - attempts to leave a sandbox

=head1 DESCRIPTION

A target says what there is on the host: C<directory> with C<file> in it, C<paths> that are the user's, C<pid> of a process,
C<marker>, which stands in its arguments, C<port> of listeners on 127.0.0.1 and ::1 and C<udp> of one on 127.0.0.1, C<abstract>
and C<path> of Unix sockets, C<key> of shared memory, C<serial> of a key of the user's, C<handle> of the file (undef: not to be had).

=cut

my ($AF_VSOCK, $PTRACE_ATTACH, $KEYCTL_READ, $TIOCSTI) = (40, 16, 11, 0x5412);

# Not in every sys/syscall.ph, and the same on all architectures.
my ($SYS_PIDFD_OPEN, $SYS_PIDFD_GETFD) = (434, 438);

=head2 number_of($call)

The number of a system call. Who first asks perl for its list of these has them all, for itself only.

=cut

sub number_of {
    my ($call) = @_;
    require 'sys/syscall.ph' if !TestRuntest->can('SYS_prctl') && !Attacks->can('SYS_prctl');    ## no critic (RequireBarewordIncludes)
    return (TestRuntest->can("SYS_$call") // Attacks->can("SYS_$call"))->();
}

sub content {
    my ($path) = @_;
    sysopen my $in, $path, O_RDONLY | O_NONBLOCK or return '';
    local $/ = undef;
    return readline($in) // '';
}

sub can_write {
    my ($path) = @_;
    open my $out, '>>', $path or return 0;
    return 1;
}

sub connects {
    my ($family, $address) = @_;
    socket my $socket, $family, SOCK_STREAM, 0 or return 0;
    return connect $socket, $address;
}

# Another process's descriptor, duplicated: pidfd_getfd(2).
sub descriptor_of {
    my ($pid, $number) = @_;
    my $process = syscall $SYS_PIDFD_OPEN, $pid, 0;
    return $process < 0 ? -1 : syscall $SYS_PIDFD_GETFD, $process, $number, 0;
}

sub runs {
    my ($command) = @_;
    return system("$command >/dev/null 2>&1") == 0;
}

# Those that do no harm where they succeed: the test has them succeed on the host.
my %HARMLESS = (
    'read a file' => sub { my ($host) = @_; return content($host->{file}) },
    'see a path'  => sub { my ($host) = @_; return grep { -e } @{ $host->{paths} } },
    'root of a process' => sub { my ($host) = @_; return grep { content("$_/root$host->{file}") || content("$_/cwd$host->{file}") } glob '/proc/[0-9]*' },
    'see a process'     => sub { my ($host) = @_; return grep { content($_) =~ /$host->{marker}/ } glob '/proc/[0-9]*/cmdline' },
    'TCP on 127.0.0.1'  => sub { my ($host) = @_; return connects(AF_INET,  pack_sockaddr_in($host->{port}, inet_pton(AF_INET, '127.0.0.1'))) },
    'TCP on ::1'        => sub { my ($host) = @_; return connects(AF_INET6, pack_sockaddr_in6($host->{port}, inet_pton(AF_INET6, '::1'))) },
    'an abstract socket' => sub { my ($host) = @_; return connects(AF_UNIX, pack_sockaddr_un("\0$host->{abstract}")) },
    'a socket by path'   => sub { my ($host) = @_; return connects(AF_UNIX, pack_sockaddr_un($host->{path})) },
    'shared memory'      => sub { my ($host) = @_; return defined shmget $host->{key}, 0, 0 },
    'a key'              => sub { my ($host) = @_; return syscall(number_of('keyctl'), $KEYCTL_READ, $host->{serial}, my $buffer = ' ' x 64, 64) >= 0 },
    'a file by its handle' => sub {
        my ($host) = @_;
        opendir my $mount, '/usr' or return 0;
        my $handle = $host->{handle} // return 0;
        return syscall(number_of('open_by_handle_at'), fileno $mount, $handle, O_RDONLY) >= 0;
    },
);

# What shows on the host only: a sandbox has directories and addresses of the same names.
sub leave_traces {
    my ($host) = @_;
    make_path($host->{directory}, { error => \my $faults });
    if (open my $out, '>>', "$host->{directory}/written") {
        print {$out} "written\n";
    }
    kill TERM => $host->{pid};
    socket my $socket, AF_INET, SOCK_DGRAM, 0 or return;
    send $socket, 'x', 0, pack_sockaddr_in($host->{udp}, inet_pton(AF_INET, '127.0.0.1'));
    return;
}

# What all cases of a run share.
my $CASE = '/testsuite';
my @KIT  = map { "$CASE/$_" } qw(bin/client eximdir/exim aux-fixed/target);

# Not to be tried where they might succeed.
my %HARMFUL = (
    'read /etc/shadow'        => sub { return content('/etc/shadow') },
    'leave by chroot'         => sub { my ($host) = @_; return leaves_by_chroot($host) },
    'remount /usr'            => sub { return runs('mount -o remount,rw,bind /usr') },
    'remount /usr as another' => sub { return runs('unshare -Urm mount -o remount,rw,bind /usr') },
    'bind'                    => sub { return runs('mount --bind /usr /home') },
    'mount'                   => sub { return runs('mount -t tmpfs none /home') },
    'unmount'                 => sub { return runs('umount -l /etc') || runs('umount -l /proc') || runs('unshare -Urm umount -l /etc') },
    'write below /usr or so'  => sub { return grep { can_write("$_/written") } qw(/usr /usr/bin /usr/local /etc /bin /lib /home /root /runtest /runtest/lib/Runtest) },
    'writable disks'          => sub { return grep { my @field = split; $field[3] =~ /\Arw\b/ && $field[2] !~ /\A(?:tmpfs|devtmpfs|proc|devpts)\z/ } split /\n/, content('/proc/mounts') },
    'a disk'                  => sub { my ($host) = @_; return runs("mknod disk b @{ $host->{disk} }") && open my $disk, '<', 'disk' },
    'memory'                  => sub { return runs('mknod memory c 1 1') && open my $memory, '<', 'memory' },
    'sysctls'                 => sub { return host_sysctls() },
    'sysrq'                   => sub { return open my $out, '>', '/proc/sysrq-trigger' },
    'the init\'s memory'      => sub { return syscall(number_of('ptrace'), $PTRACE_ATTACH, 1, 0, 0) == 0 || content('/proc/1/environ') },
    'the init\'s descriptors' => sub { return grep { descriptor_of(1, $_) >= 0 || readlink "/proc/1/fd/$_" } 0 .. 9 },
    'inherited descriptors'   => sub { return inherited_descriptors() },
    'the terminal'            => sub { return grep { ioctl $_, $TIOCSTI, my $typed = 'x' } *STDIN, *STDOUT, *STDERR },
    'a terminal'              => sub { return open my $terminal, '+<', '/dev/tty' },
    'another interface'       => sub { return grep { /:/ && !/\A\s*lo:/ } split /\n/, content('/proc/net/dev') },
    'another network'         => sub { return connects(AF_INET, pack_sockaddr_in(25, inet_pton(AF_INET, '192.0.2.1'))) || !$!{ENETUNREACH} },
    'the machine around it'   => sub { return socket my $socket, $AF_VSOCK, SOCK_STREAM, 0 },
    'write to the kit'        => sub { return grep { can_write($_) || chmod(oct('700'), $_) || unlink $_ } @KIT },
    'a new file in the kit'   => sub { return grep { can_write("$CASE/$_/new") || mkdir "$CASE/$_/new" } qw(bin eximdir aux-fixed) },
    'remount the kit'         => sub { return grep { runs("mount -o remount,rw,bind $CASE/$_") || runs("unshare -Urm mount -o remount,rw,bind $CASE/$_") || runs("umount -l $CASE/$_") } qw(bin eximdir aux-fixed) },
    'a lease on the kit'      => sub { return grep { leases($_) } @KIT },
    # By a pidfd the worker waits for the step's process: it is good for nothing that kill(2) is not.
    'sockets of the worker'   => sub { return grep { (readlink // '') =~ /\A(?:socket:|anon_inode:(?!\[pidfd\]))/ } glob '/proc/[0-9]*/fd/*' },
    'the worker\'s memory, as the caller' => sub { return $> != 0 && (syscall(number_of('ptrace'), $PTRACE_ATTACH, getppid, 0, 0) == 0 || open my $memory, '+<', '/proc/' . getppid . '/mem') },
    'the wire, as the caller' => sub { return $> != 0 && descriptor_of(getppid, 3) >= 0 },
);

# Who has one makes all others wait that open the file: fcntl(2). Both kinds; 1040 is F_SETDELEG.
sub leases {
    my ($path) = @_;
    sysopen my $file, $path, O_RDONLY or return 0;
    return grep { fcntl $file, $_, F_RDLCK } 1024, 1040;
}

# The old way out of a chroot: a directory above a new root.
sub leaves_by_chroot {
    my ($host) = @_;
    my $pid = fork // return 0;
    if (!$pid) {
        mkdir 'root';
        chroot 'root' or exit 1;
        chdir '..' for 1 .. 64;
        chroot '.';
        exit !content($host->{file});
    }
    waitpid $pid, 0;
    return $? == 0;
}

# Of a namespace of the sandbox's, or files that cannot be written in spite of their mode.
my $OWN = qr{\A/proc/sys/(?:net/|user/|fs/mqueue/|kernel/(?:hostname|domainname|pid_max|ns_last_pid|sem\w*|shm\w*|msg\w*|auto_msgmni)\z)};

sub host_sysctls {
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub { push @found, $_ if -f && !/$OWN/ && open my $out, '>', $_ } }, '/proc/sys');
    return @found;
}

# The directory itself is open while it is read.
sub inherited_descriptors {
    opendir my $directory, '/proc/self/fd' or return 'none can be seen';
    return grep { /\A[0-9]+\z/ && $_ > 2 && $_ != fileno $directory } readdir $directory;
}

sub _tried {
    my ($attacks, $host) = @_;
    my @successes;
    for my $name (sort keys %$attacks) {
        local $SIG{ALRM} = sub { die "it takes too long\n" };
        alarm 10;
        push @successes, $name if eval { $attacks->{$name}->($host) } || $@ =~ /too long/;
        alarm 0;
    }
    return @successes;
}

=head2 successes(\%host), on_the_host(\%host), harmless()

The names of the attempts that succeed: of all that are to be made in a sandbox, of the harmless ones; the names of these.

=cut

sub harmless {
    my @names = sort keys %HARMLESS;
    return @names;
}

sub successes {
    my ($host) = @_;
    return _tried({ %HARMLESS, %HARMFUL }, $host);
}

sub on_the_host {
    my ($host) = @_;
    return _tried(\%HARMLESS, $host);
}

=head2 leave_traces(\%host)

Writes C<directory>/written, sends SIGTERM to C<pid> and a datagram to C<udp>.

=head2 forge(BYTES...)

Writes to the descriptor that the worker, our parent, tells the driver its results through. Root of the sandbox may do that.

=cut

sub forge {
    my (@bytes) = @_;
    my $number = descriptor_of(getppid, 3);
    open my $wire, '>&=', $number or die "the worker's descriptor 3: $!\n";
    print {$wire} @bytes;
    return close $wire;
}

1;
