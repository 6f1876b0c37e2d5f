# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes a case's directory with zone files, asks fakens as Exim does, and puts its answer in text.

package FakeDNS;

use strict;
use warnings;

use Exporter qw(import);
use File::Spec;
use File::Temp;
use POSIX ();
use Socket qw(AF_INET AF_INET6 inet_ntop);

our @EXPORT_OK = qw(new_case write_file slurp program run ask log_of);

=head1 FUNCTIONS

=head2 new_case(NAME => TEXT, ...)

Makes a case's directory with C<dnszones/NAME> holding TEXT, and C<spool/>. Returns its path; it goes when the test
ends. Dies when a file cannot be written.

=cut

my @cases;

sub new_case {
    my %files = @_;
    push @cases, File::Temp->newdir('fakens-XXXXXX', TMPDIR => 1);
    my $case = $cases[-1]->dirname;
    mkdir "$case/$_" or die "$case/$_: $!\n" for qw(dnszones spool);
    write_file("$case/dnszones/$_", $files{$_}) for sort keys %files;
    return $case;
}

=head2 write_file(PATH, TEXT), slurp(PATH)

Write and read a file of bytes. Die when they cannot.

=cut

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>:raw', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
    return;
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/ = undef;
    my $text = <$file>;
    close $file or die "$path: $!\n";
    return $text;
}

=head2 program(NAME)

The path of one of our programs, also valid in another working directory.

=cut

my $programs = File::Spec->rel2abs($ENV{RUNTEST_PROGRAMS} // 'build');

sub program {
    my ($name) = @_;
    return "$programs/$name";
}

=head2 run({ stdin => PATH, cwd => DIR, setup => CODE }, COMMAND...)

Runs a command in an empty environment and within 60 seconds; SETUP is called in the child before. Returns a hash of
C<status> (as the shell counts), C<stdout> and C<stderr>.

=cut

sub run {
    my ($options, @command) = @_;
    my %paths = map { $_ => File::Temp->new } qw(stdout stderr);
    my $pid = fork // die "fork: $!\n";
    _exec($options, \%paths, @command) if !$pid;
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return { status => $status, map { $_ => slurp($paths{$_}->filename) } keys %paths };
}

sub _exec {
    my ($options, $paths, @command) = @_;
    open STDIN, '<', $options->{stdin} // '/dev/null' or POSIX::_exit(126);
    open STDOUT, '>&', $paths->{stdout} or POSIX::_exit(126);
    open STDERR, '>&', $paths->{stderr} or POSIX::_exit(126);
    chdir $options->{cwd} or POSIX::_exit(126) if $options->{cwd};
    $options->{setup}->() if $options->{setup};
    %ENV = ();    ## no critic (RequireLocalizedPunctuationVars)
    alarm 60;
    exec { $command[0] } @command or POSIX::_exit(127);
}

=head2 ask(CASE, "NAME TYPE", OPTIONS...)

Asks fakens as Exim does and returns its answer as text: a line of exit status, response code and flags (those that
every reply has are left out), then a line for each record. Anything on the standard error is a line too, and so is
that libresolv does not understand the reply. OPTIONS are those of C<run>, C<argument> (the first argument) and
C<program> (the path of fakens).

=cut

sub ask {
    my ($case, $question, %options) = @_;
    my $argument = delete $options{argument} // $case;
    my $program = delete $options{program} // program('fakens');
    my ($name, $type) = $question =~ /\A(.*)[ ](\S+)\z/xs;
    my $run = run({ cwd => "$case/spool", %options }, $program, $argument, $name, $type);
    my $text = $run->{stdout} eq q{} ? "no reply\n" : _reply_text($run->{stdout});
    $text .= "stderr: $run->{stderr}" if $run->{stderr} ne q{};
    return "$run->{status} $text";
}

sub _reply_text {
    my ($reply) = @_;
    my $file = File::Temp->new;
    write_file($file->filename, $reply);
    my $run = run({ stdin => $file->filename }, program('parse-reply'));
    return "malformed: $run->{stderr}" if $run->{status};
    my @lines = split /\n/x, $run->{stdout};
    return join q{}, map {"$_\n"} _header_text(shift @lines), map { _record_text($_) } @lines;
}

# "rcode N QR ... RD RA ...": the code by its name, and the flags but those three.
sub _header_text {
    my ($line) = @_;
    my (undef, $code, @flags) = split q{ }, $line;
    return "no reply of a recursive server: $line" if 3 != grep {/\A(?:QR|RD|RA)\z/x} @flags;
    return join q{ }, _code($code), grep { !/\A(?:QR|RD|RA)\z/x } @flags;
}

sub _code {
    my ($number) = @_;
    return (qw(NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED))[$number];
}

my %types = (
    1  => [ 'A',     sub { inet_ntop(AF_INET, $_[0]) } ],
    2  => [ 'NS',    sub { _name(\$_[0]) } ],
    5  => [ 'CNAME', sub { _name(\$_[0]) } ],
    6  => [ 'SOA',   sub { join q{ }, _name(\$_[0]), _name(\$_[0]), unpack 'N*', $_[0] } ],
    12 => [ 'PTR',   sub { _name(\$_[0]) } ],
    15 => [ 'MX',    sub { join q{ }, _numbers(\$_[0], 1), _name(\$_[0]) } ],
    16 => [ 'TXT',   sub { _strings($_[0]) } ],
    28 => [ 'AAAA',  sub { inet_ntop(AF_INET6, $_[0]) } ],
    33 => [ 'SRV',   sub { join q{ }, _numbers(\$_[0], 3), _name(\$_[0]) } ],
    52 => [ 'TLSA',  sub { join q{ }, unpack 'C3 H*', $_[0] } ],
    99 => [ 'SPF',   sub { _strings($_[0]) } ],
);

# "answer NAME TTL TYPE HEX" in words; the section is named unless it is the answer.
sub _record_text {
    my ($line) = @_;
    my ($section, $name, @rest) = split q{ }, $line, -1;
    return "$section: $name $types{$rest[0]}[0]" if $section eq 'question';
    my ($ttl, $type, $hex) = @rest;
    my $data = pack 'H*', $hex;
    $section = $section eq 'answer' ? q{} : "$section: ";
    return "$section$name $ttl $types{$type}[0] " . $types{$type}[1]->($data);
}

sub _numbers {
    my ($data, $count) = @_;
    return unpack "n$count", substr ${$data}, 0, 2 * $count, q{};
}

sub _name {
    my ($data) = @_;
    my $name = q{};
    while (my $length = ord substr ${$data}, 0, 1, q{}) {
        $name .= substr(${$data}, 0, $length, q{}) . q{.};
    }
    return $name eq q{} ? q{.} : $name;
}

sub _strings {
    my ($data) = @_;
    return join q{ }, map {qq{"$_"}} unpack '(C/a)*', $data;
}

=head2 log_of(CASE)

The lines of the case's F<fakens.log>, which begins anew.

=cut

sub log_of {
    my ($case) = @_;
    return q{} if !-e "$case/fakens.log";
    my $text = slurp("$case/fakens.log");
    unlink "$case/fakens.log" or die "$case/fakens.log: $!\n";
    return $text;
}

1;
