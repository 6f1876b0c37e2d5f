#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests 2032 and 2132 notice what they are for: each gets copies in which one thing is altered, and each copy has to fail, with a
# line that tells what was altered. An unaltered copy passes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use File::Glob qw(bsd_glob);
use Test::More;

use TestRuntest qw(top);
use TestTree qw(has_sandbox);

has_sandbox();

my $CERTDIR = 'aux-fixed/exim-ca/example.com/server1.example.com/certdir';

# Where a test and its copies are; its files are known by what they are.
my %LANE = (
    gnutls  => { number => 2032, folder => '2000-GnuTLS' },
    openssl => { number => 2132, folder => '2100-OpenSSL' },
);

my $tree = TestTree->new;
for my $folder (grep { -d } map { top() . "/$_" } qw(aux-fixed aux-var-src dnszones-src)) {
    system('cp', '-R', $folder, $tree->path) == 0 or die "$folder cannot be copied\n";
}

sub text_of {
    my ($path) = @_;
    open my $in, '<', top() . "/$path" or die "$path: $!\n";
    local $/ = undef;
    return scalar readline $in;
}

sub paths {
    my ($lane, $number) = @_;
    return (
        script        => "scripts/$LANE{$lane}{folder}/$number",
        configuration => "confs/$number",
        mail          => "mail/$number.CALLER",
        map { $_ => "$_/$number" } qw(log stdout),
    );
}

sub original {
    my ($lane) = @_;
    my %path = paths($lane, $LANE{$lane}{number});
    return map { $_ => text_of($path{$_}) } keys %path;
}

# Each copy differs from the original in what is replaced in one file, once or everywhere: [file, pattern, text].
sub copy {
    my ($lane, $number, $file, $pattern, $replacement) = @_;
    my %text = original($lane);
    if (defined $file) {
        $text{$file} =~ s/$pattern/$replacement/g or die "$file of $LANE{$lane}{number} has no $pattern\n";
    }
    my %path = paths($lane, $number);
    $tree->file($path{$_}, $text{$_}) for keys %text;
    return;
}

# A directory of CA certificates with links to these; what a configuration uses instead of certdir.
sub certificate_directory {
    my ($name, @names) = @_;
    my $directory = $tree->path("$CERTDIR-$name");
    mkdir $directory or die "$directory: $!\n";
    for my $link (bsd_glob($tree->path("$CERTDIR/*"))) {
        my $target = readlink $link;
        next if !grep { $target =~ /\b\Q$_\E\z/ } @names;
        symlink $target, $directory . substr $link, rindex $link, '/' or die "$directory: $!\n";
    }
    return [configuration => qr{/certdir$}m, "/certdir-$name"];
}

# What is altered, and what runtest has to say of it: in both lanes, or by lane.
my @SABOTAGE = (
    {
        what  => 'the CA that signed the client certificate is missing from the directory',
        alter => certificate_directory('without-signer', 'CA.pem'),
        says  => {
            gnutls  => qr/^  \+\S+ \S+ TLS error on connection from .* \(certificate verification failed\): /m,
            openssl => qr/^  \+.* SSL verify error: depth=0 error=unable to get local issuer certificate cert=.*CN=server1\.example\.com$/m,
        },
    },
    {    # GnuTLS takes every certificate of the directory for an anchor, so there the signer is enough
        what  => 'the root CA is missing from the directory',
        alter => certificate_directory('without-root', 'Signer.pem'),
        says  => { openssl => qr/^  \+.* SSL verify error: depth=1 error=unable to get issuer certificate cert=.*CN=Signing CA$/m },
    },
    {
        what  => 'the directory of CA certificates is empty',
        alter => certificate_directory('empty'),
        says  => {
            gnutls  => qr/^  \+\S+ \S+ TLS error on connection from .* \(certificate verification failed\): /m,
            openssl => qr/^  \+.* SSL verify error: depth=0 error=unable to get local issuer certificate cert=.*CN=server1\.example\.com$/m,
        },
    },
    {
        what  => 'no client has to show a certificate',
        alter => [configuration => qr/^tls_verify_hosts = \K.*/m, ''],
        says  => qr/^  \+Timed out after \S+ s: waited for a TLS alert$/m,
    },
    {
        what  => 'the server shows another certificate',
        alter => [configuration => qr/server2\.example\.com/, 'server1.example.com'],
        says  => qr/^  -\S+ \S+ Our cert SN: <CN=server2\.example\.com>\n  \+\S+ \S+ Our cert SN: <CN=server1\.example\.com>$/m,
    },
    {
        what  => 'the client expects one line fewer after EHLO',
        alter => [script => qr/\A(?:.*\n)*?ehlo .*\n\K\?\?\? 250-\n/, ''],
        says  => qr/^  \+Unconsumed input: 250 HELP$/m,
    },
    {
        what  => 'a line of the golden is another',
        alter => [log => qr/\A(?:.*\n)*?\S+ \S+ SN <CN=server\K1/, '3'],
        says  => qr/^  -\S+ \S+ SN <CN=server3\.example\.com>\n  \+\S+ \S+ SN <CN=server1\.example\.com>$/m,
    },
    {
        what  => 'messages are lost in delivery',
        alter => [configuration => qr{file = DIR/test-mail/CALLER}, 'file = /dev/null'],
        says  => qr{: mail\.CALLER differs\n  --- mail/\d{4}\.CALLER\n.*\n  \@\@ -1,\d+ \+0,0 \@\@\n},
    },
    {
        what  => 'one message stays on the queue',
        alter => [script => qr/^exim -qf$/m, 'exim -M $msg1 $msg2'],
        says  => qr/^  -\S+ \S+ 10HmaZ-0005vi-00 => CALLER <CALLER\@test\.ex> R=abc T=local_delivery$/m,
    },
    {
        what  => 'the daemon is not started',
        alter => [script => qr/^exim -DSERVER=server.*\n\*{4}\n/m, ''],
        says  => qr/^  \+Connecting to 127\.0\.0\.1 port 1225 \.\.\. failed: Connection refused$/m,
    },
);

# A copy's number: the original's is that of an unaltered one.
sub number_of {
    my ($lane, $index) = @_;
    return $LANE{$lane}{number} + 1 + $index;
}

for my $lane (sort keys %LANE) {
    my $folder = "scripts/$LANE{$lane}{folder}";
    $tree->file("$folder/REQUIRES", text_of("$folder/REQUIRES"));
    copy($lane, $LANE{$lane}{number});
    copy($lane, number_of($lane, $_), @{ $SABOTAGE[$_]{alter} }) for 0 .. $#SABOTAGE;
}

# Most of a case's time is waiting, so more of them are run than there are processors.
my $run  = $tree->run('-j6');
my %case = reverse $run->{out} =~ /^([A-Z]+ ([0-9]{4}) .*\n(?:  .*\n)*)/mg;
is $run->{status}, 1, 'exit status';
is $run->{err},    '', 'nothing on stderr';

for my $lane (sort keys %LANE) {
    like $case{ $LANE{$lane}{number} }, qr/\APASS /, "$lane: nothing is altered";
    for my $index (0 .. $#SABOTAGE) {
        my ($what, $says) = @{ $SABOTAGE[$index] }{qw(what says)};
        my $wanted = ref $says eq 'HASH' ? $says->{$lane} : $says;
        my $said   = $case{ number_of($lane, $index) };
        like $said, qr/\AFAIL /, "$lane: $what" if defined $wanted;
        like $said, $wanted,     '... and a line says so' if defined $wanted;
    }
}

done_testing;
