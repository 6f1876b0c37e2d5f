# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Kit;

use strict;
use warnings;

use Path::Tiny qw(path);

use Runtest::Atomic qw(write_atomically);
use Runtest::Capture qw(must_run);
use Runtest::Error;
use Runtest::MTA qw(patched_binary utilities_beside private_libraries);

=head1 NAME

Runtest::Kit - what goes into a sandbox, as tar files

=head1 DESCRIPTION

Nothing of the user's files is visible in a sandbox; what cases need is unpacked in the run's own, where the members are below
F<kit/>, and shown from there in those of the cases. Owners are root and modes 0644 or 0755,
whatever the checkout's are. The patched MTA exists as a member of a tar file only.

=head2 new($directory, $top, $tree)

Makes kits in $directory, which belongs to the run, from the project in $top and the tests in $tree.

=cut

sub new {
    my ($class, $directory, $top, $tree) = @_;
    path($directory)->mkpath({ mode => oct 700 });
    return bless { directory => $directory, top => $top, tree => $tree, lanes => {} }, $class;
}

# What the programs of a case may be given besides: src/clock.c, src/spool_2038.c.
my @PRELOADED = qw(clock.so spool_2038.so);

=head2 common()

The tar file with everything that all cases share. Dies (broken) when tar does.

=cut

sub common {
    my ($self) = @_;
    return $self->{common} //= do {
        my $file = "$self->{directory}/common.tar";
        _add($file, $self->{top}, 'kit/', 'lib');
        _add($file, $self->{top}, 'kit/', 'build/perl', map { "build/$_" } @PRELOADED);
        _add($file, "$self->{top}/build", 'kit/bin/', $self->_programs);
        _add($file, $self->{tree}, 'kit/', 'aux-fixed') if -d "$self->{tree}/aux-fixed";
        $file;
    };
}

# What a case finds in bin/.
my @PROGRAMS = qw(client client-ssl client-gnutls server server-ssl server-gnutls fakens);

sub _programs {
    my ($self) = @_;
    my ($missing) = grep { !-x "$self->{top}/build/$_" } @PROGRAMS;
    Runtest::Error->throw(broken => "build/$missing is not built: run ./setup") if defined $missing;
    return @PROGRAMS;
}

# Up to 4.86 there is no such option, and up to 4.87 no such macro: an Exim that has the option and not the macro only
# says that it purges the environment.
my $ASKED_WITH = ".ifdef _OPT_MAIN_KEEP_ENVIRONMENT\nkeep_environment =\n.endif\n";

=head2 asking($lane)

A tar file with the lane's MTA and the configuration that it is asked with about itself.

=cut

sub asking {
    my ($self, $lane) = @_;
    my $file = "$self->{directory}/asking-" . $lane->name . '.tar';
    $self->_add_mta($file, 'testsuite/eximdir/', $lane, exim => 0);
    my $configuration = path("$self->{directory}/facts.conf");
    write_atomically($configuration, $ASKED_WITH);
    _add($file, $self->{directory}, 'testsuite/', 'facts.conf');
    _add_libraries($file, '', $lane);
    return $file;
}

=head2 lane($lane)

The tar file with the lane's MTA, setuid root as F<eximdir/exim> and setuid to the MTA's user as F<eximdir/exim_exim>, with its
utilities and those of its libraries that the system does not have.

=cut

sub lane {
    my ($self, $lane) = @_;
    return $self->{lanes}{ $lane->name } //= do {
        my $file = "$self->{directory}/lane-" . $lane->name . '.tar';
        my $place = 'kit/' . $lane->name;
        $self->_add_mta($file, "$place/eximdir/", $lane, exim => 0);
        $self->_add_mta($file, "$place/eximdir/", $lane, exim_exim => $lane->user->{uid});
        _add($file, $_->[0], "$place/eximdir/", '--dereference', $_->[1]) for utilities_beside($lane->path);
        _add_libraries($file, "$place/", $lane);
        $file;
    };
}

=head2 shown($lane)

What of common() and lane() a case sees: pairs of where it is in the run's sandbox and where it is in the case's; the latter is below the
case's directory, or absolute.

=cut

sub shown {
    my ($self, $lane) = @_;
    my $place = '/kit/' . $lane->name;
    my @libraries = @{ $self->{libraries}{ $lane->name } //= [private_libraries($lane->path)] };
    return (
        (-d "$self->{tree}/aux-fixed" ? ['/kit/aux-fixed', 'aux-fixed'] : ()),
        ['/kit/bin', 'bin'],
        ["$place/eximdir", 'eximdir'],
        map { ["$place$_", $_] } @libraries
    );
}

# The patched binary is never a file that can be run: until it is in the tar file it has mode 0600.
sub _add_mta {
    my ($self, $file, $prefix, $lane, $name, $uid) = @_;
    my $binary = path("$self->{directory}/$name");
    my $out    = $binary->filehandle('>', ':raw');
    chmod oct('600'), $binary or Runtest::Error->throw(broken => "$binary: $!");
    print {$out} patched_binary($lane->path);
    close $out or Runtest::Error->throw(broken => "$binary: $!");
    _tar($file, "--mode=4755", "--owner=mta:$uid", "--transform=s,^,$prefix,", '-C', $self->{directory}, $name);
    $binary->remove;
    return;
}

sub _add_libraries {
    my ($file, $prefix, $lane) = @_;
    my @libraries = map { substr $_, 1 } private_libraries($lane->path);
    _tar($file, '--mode=0755', '--owner=root:0', '--dereference', "--transform=s,^,$prefix,", '-C', '/', @libraries) if @libraries;
    return;
}

sub _add {
    my ($file, $directory, $prefix, @names) = @_;
    return if !@names;
    return _tar($file, '--mode=u=rwX,go=rX', '--owner=root:0', "--transform=s,^,$prefix,S", '-C', $directory, @names);
}

sub _tar {
    my ($file, @arguments) = @_;
    return if eval { must_run('tar', '--append', '--file', $file, '--group=root:0', '--numeric-owner', @arguments); 1 };
    unlink $file;    # half of it would be taken for a whole one
    die $@;
}

1;
