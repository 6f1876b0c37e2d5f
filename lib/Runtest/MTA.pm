# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::MTA;

use strict;
use warnings;

use Cpanel::JSON::XS ();
use Cwd qw(realpath);
use File::Basename qw(dirname);
use List::Util qw(first);
use Path::Tiny qw(path);

use Runtest::Atomic qw(write_atomically);
use Runtest::Capture qw(output_of);
use Runtest::Error;

use Exporter 'import';
our @EXPORT_OK = qw(patched_binary utilities_beside private_libraries facts_from_output current_word facts_key cached_facts keep_facts);

=head1 NAME

Runtest::MTA - what an Exim binary is, apart from where it is run

=cut

my ($RUNNING, $TESTING) = ('>>>running<<<', '<<<testing>>>');

=head2 patched_binary($path)

The binary's bytes with the mark that puts Exim into its test mode. Dies (wrong) if it has no place for that.

=cut

sub patched_binary {
    my ($path) = @_;
    my $bytes = path($path)->slurp_raw;
    my $count = () = $bytes =~ /\Q$RUNNING\E/g;
    $count == 1
      or Runtest::Error->throw(wrong => "$path is not an Exim: it holds '$RUNNING' $count times, and must hold it once");
    $bytes =~ s/\Q$RUNNING\E/$TESTING/;
    return $bytes;
}

my @UTILITIES = qw(exinext exigrep exiqgrep eximstats exim_dumpdb exim_dbmbuild exim_fixdb exim_tidydb exim_lock exim_id_update
  exipick exiwhat exicyclog exiqsumm);

=head2 utilities_beside($path)

The MTA's utilities: pairs of directory and name. They stand beside the binary, or, if that is a link, beside what it
leads to.

=cut

sub utilities_beside {
    my ($path) = @_;
    my @directories = (dirname($path), dirname(realpath($path)));
    return grep { defined $_->[0] } map { my $name = $_; [(first { -f "$_/$name" } @directories), $name] } @UTILITIES;
}

=head2 private_libraries($path)

The shared libraries that the binary is linked with, and its loader, as far as they lie outside the system's
directories, by full path. Dies (wrong) when one is missing.

=cut

sub private_libraries {
    my ($path) = @_;
    my @lines = _dynamic_libraries($path);
    my ($missing) = map { /(\S+) => not found/ } @lines;
    Runtest::Error->throw(wrong => "$path cannot run here: its library $missing is not installed") if defined $missing;
    return grep { !m{\A/(?:usr/|lib)} } map { _library_of($_) } @lines;
}

# The path in a line of ldd's: "libx.so.1 => PATH (0x...)", "PATH (0x...)", or, for the loader that a binary asks for
# itself, as those made for another release or in a prefix of their own do, "PATH => the loader that ldd took
# (0x...)".
sub _library_of {
    my ($line) = @_;
    my ($path) = $line =~ m{\A\s*(/\S+) => /} ? $1 : $line =~ m{(?:=> )?(/\S+) \(0x};
    return $path // ();
}

sub _dynamic_libraries {
    my ($path) = @_;
    return split /^/, output_of('ldd', $path);    # one that is not dynamic is no error
}

# -bV's lines "Name: words" that requirements ask about.
my $LIST = qr/^((?:Support for|Lookups|Authenticators|Routers|Transports|Malware)[^:\n]*):[ \t]*(.*)$/m;

=head2 facts_from_output($output)

What C<exim -d -bV> and C<exim -bP exim_user exim_group macros> said, one after the other, as facts:

    { versions => { exim, gnutls or openssl }, library, lists => { 'Support for' => [words] }, macros => [names] }

C<exim> is the version as the build calls itself (see Runtest::Version). The words are as newer Exims spell them
(C<current_word>). Dies of one line of text when it is not what an Exim says: the MTA's own, if it says what is wrong.

=cut

sub facts_from_output {
    my ($output) = @_;
    my ($version) = $output =~ /^Exim version ([0-9]\S*) #/m or die _why_not($output);
    $output =~ /^exim_user = \S/m or die _why_not($output);
    my %lists;
    while ($output =~ /$LIST/g) {
        push @{ $lists{$1} }, map { current_word($_) } split m{[ /]+}, $2;
    }
    my %name     = map { lc $_ => 1 } @{ $lists{'Support for'} || [] };
    my ($library) = grep { $name{$_} } qw(gnutls openssl);
    my %versions = (exim => $version);
    $versions{$library} = _library_version($output) if $library;
    return {
        versions => \%versions,
        library  => $library // 'none',
        lists    => \%lists,
        macros   => [$output =~ /^(_[A-Z]\w+)=/mg],
    };
}

# What features were called while they were experiments, or later, and are called now. Experimental_X is X unless it
# stands here.
my %CURRENT = (
    Experimental_International => 'I18N',           # up to 4.86
    Experimental_Proxy         => 'PROXY',          # up to 4.86
    Experimental_PIPE_CONNECT  => 'PIPECONNECT',    # up to 4.92
    PIPE_CONNECT               => 'PIPECONNECT',    # up to 4.94
);

=head2 current_word($word)

A word of C<Support for:> as newer Exims spell it: C<Experimental_TLS_resume> is C<TLS_resume>.

=cut

sub current_word {
    my ($word) = @_;
    return $CURRENT{$word} // $word =~ s/\AExperimental_//r;
}

sub _library_version {
    my ($output) = @_;
    my ($version) = $output =~ /Library version: (?:GnuTLS|OpenSSL):.*?Runtime:\s*(?:OpenSSL )?([0-9][0-9.]*[a-z]?)/s;
    return $version // '0';
}

# How an Exim says that it cannot go on, the most telling first; it says so several times, and more besides.
my @GIVES_UP = (
    qr/Exim configuration error[^\n]*:\n\s*([^\n]+)/,
    qr/^(?:[0-9-]{10} [0-9:]{8})? *(\S[^\n]*\b(?:no passwd entry|failed to find)\b[^\n]*)/m,
    qr/^(exim: (?!could not open panic log)[^\n]+)/m,
);

sub _why_not {
    my ($output) = @_;
    for my $pattern (@GIVES_UP) {
        return "it says: $1\n" if $output =~ $pattern;
    }
    my @lines = grep { /\S/ } split /\n/, $output;
    my $last = $#lines > 2 ? 2 : $#lines;
    return 'it does not answer as an Exim does: ' . (@lines ? join ' / ', @lines[0 .. $last] : 'it says nothing') . "\n";
}

=head2 cached_facts($file, $key), keep_facts($file, $key, \%facts)

Facts of an earlier run, and keeping them. The key says which binary with which libraries it was: see C<facts_key>.

=cut

sub cached_facts {
    my ($file, $key) = @_;
    return _cache($file)->{$key};
}

sub keep_facts {
    my ($file, $key, $facts) = @_;
    my $cache = _cache($file);
    $cache->{$key} = $facts;
    write_atomically($file, Cpanel::JSON::XS->new->canonical->encode($cache));
    return;
}

sub _cache {
    my ($file) = @_;
    my $cache = -e $file ? eval { Cpanel::JSON::XS->new->decode(path($file)->slurp_raw) } : undef;
    return ref $cache eq 'HASH' ? $cache : {};
}

=head2 facts_key($path)

Path, size, mtime and inode of the binary and of the libraries that it is linked with.

=cut

sub facts_key {
    my ($path) = @_;
    my @files = ($path, map { _library_of($_) } _dynamic_libraries($path));
    return join ' ', map { join ':', $_, (stat $_)[ 7, 9, 1 ] } @files;
}

1;
