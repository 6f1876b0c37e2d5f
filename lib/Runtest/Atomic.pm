# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Atomic;

use strict;
use warnings;

use Cwd ();
use File::Basename qw(basename dirname);

use Runtest::Error;

use Exporter 'import';
our @EXPORT_OK = qw(write_atomically write_whole);

=head1 NAME

Runtest::Atomic - files that are whole at any moment

=head2 write_atomically($path, $bytes)

Writes a file through a temporary one and rename(2): whatever happens, it has the old content or the new one. A link stays, and
what it leads to is written. Dies (broken) with path and reason, a full disk's too.

=cut

sub write_atomically {
    my ($path, $bytes) = @_;
    my $target = -l $path ? Cwd::realpath($path) : "$path";
    my $temporary = dirname($target) . '/.' . basename($target) . ".$$";
    return if eval { _write($temporary, $bytes); rename $temporary, $target or die "$!\n"; 1 };
    chomp(my $why = $@);
    unlink $temporary;
    return Runtest::Error->throw(broken => "$path: $why");
}

=head2 write_whole($path, $bytes)

Writes a file that nobody reads before this run has ended. Dies (broken) with path and reason.

=cut

sub write_whole {
    my ($path, $bytes) = @_;
    return if eval { _write($path, $bytes); 1 };
    chomp(my $why = $@);
    return Runtest::Error->throw(broken => "$path: $why");
}

sub _write {
    my ($path, $bytes) = @_;
    my $why;
    open my $out, '>:raw', $path or die "$!\n";
    print {$out} $bytes or $why = "$!";
    close $out or $why //= "$!";
    die "$why\n" if defined $why;
    return;
}

1;
