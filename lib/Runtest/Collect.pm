# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Collect;

use strict;
use warnings;

use Fcntl qw(O_RDONLY O_NOFOLLOW O_NONBLOCK);
use File::Find qw(find);

use Exporter 'import';
our @EXPORT_OK = qw(collect_streams);

=head1 NAME

Runtest::Collect - what a case has written, from the case's directory

=cut

# Raw stream => file. The server's part stands beside the client's as NAME.server.
my %FILES = (
    'stdout'           => 'test-stdout',
    'stdout.server'    => 'test-stdout-server',
    'stderr'           => 'test-stderr',
    'stderr.server'    => 'test-stderr-server',
    'log'              => 'spool/log/mainlog',
    'log.server'       => 'spool/log/servermainlog',
    'rejectlog'        => 'spool/log/rejectlog',
    'rejectlog.server' => 'spool/log/serverrejectlog',
    'paniclog'         => 'spool/log/paniclog',
    'paniclog.server'  => 'spool/log/serverpaniclog',
    'fakens.log'       => 'fakens.log',
);

# Folders of which each file is a stream of its own.
my %FOLDERS = (
    'mail'   => 'test-mail',
    'msglog' => 'spool/msglog',
);

=head2 collect_streams($most, \&take)

Calls take(name, bytes) for each stream that exists in the current directory: C<log>, C<log.server>, C<mail/NAME>,
C<msglog/ID> and so on. Only regular files count; no link is followed, and of no file more than $most bytes are read.

=cut

sub collect_streams {
    my ($most, $take) = @_;
    for my $name (sort keys %FILES) {
        my $bytes = _read($FILES{$name}, $most) // next;
        $take->($name, $bytes);
    }
    for my $folder (sort keys %FOLDERS) {
        my $top = $FOLDERS{$folder};
        next if !-d $top;
        my @files;
        find({ wanted => sub { push @files, $_ }, no_chdir => 1 }, $top);
        for my $file (sort @files) {
            my $bytes = _read($file, $most) // next;
            $take->($folder . substr($file, length $top), $bytes);
        }
    }
    return;
}

sub _read {
    my ($path, $most) = @_;
    sysopen my $in, $path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK or return;
    return if !-f $in;
    read $in, my ($bytes), $most;
    return $bytes // '';
}

1;
