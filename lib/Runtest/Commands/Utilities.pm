# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands::Utilities;

use strict;
use warnings;

use Runtest::Commands qw(command_named);
use Runtest::Process qw(describe_status);

=head1 NAME

Runtest::Commands::Utilities - the MTA's own utilities, on the case's spool and log

=cut

# Stands for an MTA that was installed: scripts that ask it do not all pass a configuration on.
my $INSTALLED = 'installed-exim';

# Programs that want to know which MTA and configuration, or the spool, in front of their arguments.
my %BEFORE = (
    exinext  => sub { ('-C', "$_[0]/test-config", "-DEXIM_PATH=$_[0]/$INSTALLED") },
    exiqgrep => sub { ('-E', "$_[0]/$INSTALLED") },
    dump     => sub { ("$_[0]/spool") },
);

# Records of these databases stand in an order that a hash gives.
my %SORTED = map { $_ => 1 } qw(retry callout seen);

=head2 utility($worker, $step)

Runs exinext, exigrep and the like as root; their exit status goes to stdout.

=cut

sub utility {
    my ($worker, $step) = @_;
    my @arguments = $worker->arguments($step);
    my $status = _run($worker, $step, 'test-stdout', @arguments);
    return _finish($worker, $step, $status);
}

sub _run {
    my ($worker, $step, $stdout, @arguments) = @_;
    my $directory = $worker->{plan}{directory};
    my $name      = $step->{command};
    my $program   = "$directory/eximdir/" . command_named($name)->{utilities}[0];
    _write_installed_exim($worker);
    $program = _with_our_dumpdb($worker, $program) if $name eq 'exinext';
    my @before = $BEFORE{$name} ? $BEFORE{$name}->($directory) : ();
    return $worker->run(
        { %$step, sudo => 1 },
        argv   => [$program, @before, @arguments],
        stdout => $stdout,
    );
}

sub _write_installed_exim {
    my ($worker) = @_;
    my $directory = $worker->{plan}{directory};
    $worker->write_file($INSTALLED, <<"END");
#!$^X
my \@macro = grep({ /^-DEXIM_PATH=/ } \@ARGV) ? () : ('-DEXIM_PATH=$directory/eximdir/exim');
exec '$directory/eximdir/exim', '-C', '$directory/test-config', \@macro, \@ARGV;
END
    chmod oct('755'), $INSTALLED or die "$INSTALLED: $!\n";
    return;
}

# exinext calls exim_dumpdb by the path where its MTA was to be installed. Returns the path of one that calls the one beside it.
sub _with_our_dumpdb {
    my ($worker, $script) = @_;
    open my $in, '<', $script or die "$script: $!\n";
    my $text = do { local $/ = undef; <$in> };
    close $in;
    my $dumpdb = "$worker->{plan}{directory}/eximdir/exim_dumpdb";
    $text =~ s{[\w./-]*/exim_dumpdb\b}{$dumpdb}g;
    my $copy = 'installed-exinext';
    $worker->write_file($copy, $text);
    chmod oct('755'), $copy or die "$copy: $!\n";
    return "$worker->{plan}{directory}/$copy";
}

sub _finish {
    my ($worker, $step, $status) = @_;
    $worker->append_file('test-stdout', "$step->{command} " . describe_status($status) . "\n");
    return $worker->expect($step, $status);
}

=head2 dump_database($worker, $step)

C<dump DB>: exim_dumpdb, with the records of a hashed database sorted.

=cut

sub dump_database {
    my ($worker, $step) = @_;
    my ($database) = $worker->arguments($step);
    my $path = 'spool/test-dump';
    $worker->write_file($path, '');
    my $status = _run($worker, $step, $path, $database // ());
    open my $in, '<', $path or die "$path: $!\n";
    my @lines = <$in>;
    close $in;
    unlink $path;
    @lines = _sorted_records(@lines) if $SORTED{ $database // '' };
    $worker->append_file('test-stdout', join '', @lines);
    return _finish($worker, $step, $status);
}

# A record is one line, DATE KEY DATA, or two: KEY DATA behind two blanks, then dates. Dates say nothing of the order.
sub _sorted_records {
    my (@lines) = @_;
    my @records = join('', @lines) =~ /\G(  .*\n.*\n|.*\n)/g;
    my %key     = map { $_ => s/\A[0-9]{2}-\w{3}-[0-9]{4} [0-9:]{8}\s+//r } @records;
    my @sorted  = sort { $key{$a} cmp $key{$b} } @records;
    return @sorted;
}

1;
