# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Plan;

use strict;
use warnings;

use Path::Tiny qw(path);

use Runtest::Error;
use Runtest::Requirements qw(compare_versions);
use Runtest::Substitution;
use Runtest::Zones qw(zones_of_host);

use Exporter 'import';
our @EXPORT_OK = qw(substitution_for plan_for ports);

=head1 NAME

Runtest::Plan - everything that a worker has to know to run one case

=cut

# The time limits of one step and of a whole case, in seconds.
my ($STEP_SECONDS, $CASE_SECONDS) = (60, 300);

# A person may take this long.
my $PERSON_SECONDS = 86_400;

# How long a process may take to obey SIGTERM. On a busy machine the MTA needs many seconds to make a key, and looks
# up only then.
my $PATIENCE_SECONDS = 30;

my %PORTS = (
    PORT_N       => 1223,    # nobody listens
    PORT_S       => 1224,    # the scripted server
    PORT_D       => 1225,    # the daemon
    PORT_D2      => 1226,
    PORT_D3      => 1227,
    PORT_D4      => 1228,
    PORT_DYNAMIC => 1229,    # goldens show it: so it is the same one always
);

=head2 ports()

The numbers of the ports that tests use, in order. They have to be free.

=cut

sub ports {
    my @ports = sort values %PORTS;
    return @ports;
}

=head2 substitution_for($test, $lane, \%host, $directory)

The Runtest::Substitution of a case.

=cut

sub substitution_for {
    my ($test, $lane, $host, $directory) = @_;
    my ($caller, $user) = ($host->{caller}, $lane->user);
    return Runtest::Substitution->new(
        %PORTS,
        CALLER      => $caller->{name},
        CALLERGROUP => $caller->{group},
        CALLER_UID  => $caller->{uid},
        CALLER_GID  => $caller->{gid},
        EXIMUSER    => $user->{name},
        EXIMGROUP   => $user->{group},
        MAILGROUP   => $user->{group},
        HOSTNAME    => $host->{hostname},
        HOSTIPV4    => $host->{HOSTIPV4},
        HOSTIPV6    => $host->{HOSTIPV6},
        TESTNUM     => $test->{number},
        DIR         => $directory,
        V4NET       => 224,
        V6NET       => 'ff00',
    );
}

=head2 plan_for(%case)

From C<tree>, C<test>, C<lane>, C<host>, C<place> (Runtest::Sandbox), C<script>, C<substitution>, C<timeout_factor> and C<tls_client>:
the plan (docs/architecture.md). Adds to the script's C<missing> what configurations want and this host has not. Dies (wrong) when
the test has no configuration.

=cut

sub plan_for {
    my (%case) = @_;
    my ($lane, $caller, $factor) = ($case{lane}, $case{host}{caller}, $case{timeout_factor});
    my $directory   = $case{place}{directory};
    my $interactive = $case{debug}{shell} || $case{debug}{gdb};
    my $user = $lane->user;
    return {
        directory      => $directory,
        files          => [_files(%case)],
        directories    => [
            { path => 'spool',     uid => $user->{uid},   gid => $user->{gid},   mode => '0755' },
            { path => 'test-mail', uid => $caller->{uid}, gid => $caller->{gid}, mode => '0755' },
        ],
        steps          => $case{script}{steps},
        caller         => { uid => $caller->{uid}, gid => $caller->{gid}, groups => [$caller->{gid}, $user->{gid}] },
        environment    => { PATH => "$directory/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME => '/tmp', LC_ALL => 'C' },
        name           => "$case{test}{number}." . $lane->name,
        debug          => $case{debug} // {},
        tls_client     => _tls_client($lane, $case{tls_client}),
        left_out       => [_left_out($lane)],
        timeout_factor => $factor,
        step_seconds   => $interactive ? $PERSON_SECONDS : $STEP_SECONDS * $factor,
        case_seconds   => $interactive ? $PERSON_SECONDS : $CASE_SECONDS * $factor,
        patience       => $PATIENCE_SECONDS * $factor,
    };
}

=head2 silence_seconds(\%plan)

After what time without a record a worker does not work any more: well after the limit of a step, at which it would say so.

=cut

sub silence_seconds {
    my ($plan) = @_;
    return 2 * $plan->{step_seconds} + 30;
}

=head2 backstop_seconds(\%plan)

When the launcher has to end a worker that did not end itself: well after the case's own limit.

=cut

sub backstop_seconds {
    my ($plan) = @_;
    return $plan->{case_seconds} + $plan->{step_seconds} + 2 * $plan->{patience} + 30;
}

my %TLS_CLIENT = (gnutls => 'gnutls', openssl => 'ssl');

sub _tls_client {
    my ($lane, $asked) = @_;
    return $TLS_CLIENT{ $asked // $lane->library } // 'ssl';
}

# Options of the MTA that do nothing but spare the pauses of test mode, and the version that they came with.
my %SPARING = ('-odd' => '4.94');

# Those that the lane's MTA would refuse.
sub _left_out {
    my ($lane) = @_;
    my $version = $lane->version_of('exim') // return;
    return grep { compare_versions($version, $SPARING{$_}) < 0 } sort keys %SPARING;
}

my %files;    # tree, substitution and configuration => { list, missing }: the same for lanes whose users have the same names

# The test's configuration, and what the tree has in aux-var-src/ and dnszones-src/, with substitutions.
sub _files {
    my (%case) = @_;
    my ($tree, $number) = ($case{tree}, $case{test}{number});
    my $configuration = "confs/$number";
    -f "$tree/$configuration"
      or Runtest::Error->throw(wrong => "$configuration is missing: it is the MTA's configuration of test $number");
    my $text  = path("$tree/$configuration")->slurp_raw;
    my $files = $files{ join "\0", $tree, $case{substitution}->signature, $text } //= _made_files(\%case, $text);
    $case{script}{missing}{$_} = 1 for keys %{ $files->{missing} };
    return @{ $files->{list} };
}

sub _made_files {
    my ($case, $configuration) = @_;
    my %missing;
    my $text  = $case->{substitution}->apply($configuration, \%missing);
    my @aux   = _instances($case, 'aux-var-src', 'aux-var', \%missing);
    my @zones = _instances($case, 'dnszones-src', 'dnszones', \%missing);
    my @names = map { $_->{path} =~ s{\Adnszones/}{}r } @zones;
    my @host  = map { { path => "dnszones/$_->{name}", content => $_->{content} } } zones_of_host($case->{host}, @names);
    return { list => [{ path => 'test-config', content => $text }, @aux, @zones, @host], missing => \%missing };
}

# Every file of the folder; those of other tests as well, which may want what this host has not.
sub _instances {
    my ($case, $from, $to, $missing) = @_;
    my @instances = map { $_->{of_test} ? _instance($case, $_, $to) : $_ } _common_instances($case, $from, $to);
    for my $instance (grep { defined $_->{number} && $_->{number} eq $case->{test}{number} } @instances) {
        $missing->{$_} = 1 for keys %{ $instance->{missing} };
    }
    return map { $_->{file} } @instances;
}

my %instances;    # folder and lane => { directory, list }: the same for one case after the other

# The instances; but of the files that depend on the test, the sources.
sub _common_instances {
    my ($case, $from, $to) = @_;
    my ($folder, $directory) = ("$case->{tree}/$from", $case->{place}{directory});
    my $common = $instances{ "$folder " . $case->{lane}->name } //= { directory => '' };
    if ($common->{directory} ne $directory) {
        @$common{qw(directory list)} = ($directory, [map { $_->{of_test} ? $_ : _instance($case, $_, $to) } _sources($folder)]);
    }
    return @{ $common->{list} };
}

my %sources;    # folder => [{ name, number, text, of_test }]: each case needs all of them, and they stay the same

sub _sources {
    my ($folder) = @_;
    return @{ $sources{$folder} //= [map { _source($_->relative($folder)->stringify, $_->slurp_raw) } _files_below($folder)] };
}

# A file NNNN.NAME belongs to that test, whatever test it is made for.
sub _source {
    my ($name, $text) = @_;
    my ($number) = $name =~ m{(?:\A|/)([0-9]{4})[.][^/]*\z};
    return { name => $name, number => $number, text => $text, of_test => !defined $number && "$name $text" =~ /TESTNUM/ ? 1 : 0 };
}

sub _files_below {
    my ($folder) = @_;
    return if !-d $folder;
    my $found = path($folder)->visit(sub { my ($file, $all) = @_; $all->{$file} = 1 if -f $file; return }, { recurse => 1 });
    return map { path($_) } sort keys %$found;
}

sub _instance {
    my ($case, $source, $to) = @_;
    my $number = $source->{number};
    my $substitution = defined $number ? $case->{substitution}->with(TESTNUM => $number) : $case->{substitution};
    my %missing;
    my %file = (path => "$to/" . $substitution->apply($source->{name}, {}), content => $substitution->apply($source->{text}, \%missing));
    return { file => \%file, number => $number, missing => \%missing };
}

1;
