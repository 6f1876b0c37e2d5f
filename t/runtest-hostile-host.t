#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without a sandbox: the patched setuid MTA is out of reach of all but root and the MTA's group, and gone with the run, however that
# ends; no link in a case's directory is followed when it goes. Root's only.

use strict;
use warnings;

use FindBin;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);
use lib "$FindBin::Bin/lib";

use TestTree qw(has_sandbox);

plan skip_all => 'only root runs tests without a sandbox' if $> != 0;
my ($caller, $mta) = map { [getpwnam $_] } qw(mtacaller Debian-exim);
plan skip_all => 'the users mtacaller and Debian-exim are not here' if !@$caller || !@$mta;
for my $port (1223 .. 1228) {
    IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Listen => 1, ReuseAddr => 1) or plan skip_all => "port $port is taken: $!";
}
has_sandbox();

my $tree   = TestTree->new->file('precious/file', "precious\n");
my $folder = $tree->path('precious');
$tree->test('0001', <<"END");
# hostile
sudo perl
mkdir "folder"; symlink "$folder", "folder/link"; symlink "$folder/file", "link"; symlink "$folder", "spool/link";
symlink "$folder", "folder/test"; open my \$out, ">", "ready"; close \$out; sleep 100;
****
END

# The case's area, another one than that of an earlier run, once the step is there.
sub start {
    my ($earlier) = @_;
    my $run      = $tree->start({}, '--no-sandbox', '--lane', 'gnutls', '0001');
    my $deadline = time + 60;
    while (time < $deadline) {
        my ($ready) = grep { !defined $earlier || !/\A\Q$earlier\E/ } glob $tree->path('tmp/runtest-case-*/case/ready');
        return ($run, $ready =~ s{/case/ready\z}{}r) if defined $ready;
        sleep 0.01;
    }
    die "the case has not begun in 60 s\n";
}

sub may {
    my ($uid, $groups, @command) = @_;
    my @groups = @$groups ? '--groups=' . join ',', @$groups : '--clear-groups';
    return system('setpriv', "--reuid=$uid", "--regid=$uid", @groups, @command) == 0;
}

sub seen {
    my ($path) = @_;
    my (undef, undef, $mode, undef, $uid, $gid) = stat $path or return "$path: $!";
    return sprintf '%04o %d %d', $mode & oct('7777'), $uid, $gid;
}

sub end_by {
    my ($run, $signal) = @_;
    kill $signal => $run->{pid};
    my $result = $tree->finish($run);
    is_deeply [TestRuntest::survivors(30)], [], "SIG$signal: no process is left";
    is $tree->content('precious/file'), "precious\n", '- and what links lead to is';
    return $result;
}

my ($run, $area) = start();
my $exim = "$area/case/eximdir/exim";
is seen("$area/case/eximdir"), "0750 0 $mta->[3]", 'the MTA lies where only root and its group can enter';
is seen($exim), '4755 0 0', '- and is setuid root';
is seen($area), '0711 0 0', 'the names of what is in the area are nobody\'s business';
ok may($caller->[2], [$mta->[3]], 'test', '-x', $exim), 'the caller reaches it';
ok !may(65_534, [], 'test', '-e', $exim), 'nobody else does';
ok !may(65_534, [], 'test', '-r', "$area/case/eximdir"), '- or sees what is there';
my @kit = glob $tree->path('results/last/kit/*.tar');
ok @kit && !(grep { may(65_534, [], 'test', '-r', $_) } @kit), '- or reads the kit';
is_deeply [grep { seen($_) =~ /\A[4-7]/ } @kit], [], 'the kit has no setuid file';

is end_by($run, 'TERM')->{status}, 143, '- which ended runtest';
is_deeply [$tree->files('tmp')], [], '- and the MTA is gone';

($run) = start();
is end_by($run, 'INT')->{status}, 130, '- which ended runtest';
is_deeply [$tree->files('tmp')], [], '- and the MTA is gone';

($run, $area) = start();
end_by($run, 'KILL');
ok -e "$area/case/eximdir/exim", '- and the MTA is there still';
is seen("$area/case/eximdir"), "0750 0 $mta->[3]", '- where nobody else can enter';
($run) = start($area);
ok !-e $area, 'the next run removes it';
end_by($run, 'TERM');
is_deeply [$tree->files('tmp')], [], '- and nothing is left';

# What looks like a leftover and is another user's, or a link, stays.
my $others = $tree->path('tmp/runtest-case-999999-aaaaaa');
mkdir $others or die "$others: $!\n";
chown 65_534, 65_534, $others;
symlink $folder, $tree->path('tmp/runtest-case-999999-bbbbbb') or die "symlink: $!\n";
($run) = start();
ok -d $others, 'a directory of another user stays';
ok -e "$folder/file", '- and what a link of such a name leads to';
end_by($run, 'TERM');

done_testing;
