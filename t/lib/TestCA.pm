# SPDX-License-Identifier: GPL-2.0-or-later
#
# What t/ca*.t share: the table of the test CA, read on its own and not by the means of the script that makes the
# files from it, and running openssl and GnuTLS's tools. What the tools think of a certificate is for
# TestCA::Verdict.

package TestCA;

use strict;
use warnings;

use Exporter qw(import);
use POSIX ();
use Time::Local qw(timegm);

our @EXPORT_OK = qw(@DOMAINS table leaves crls_of responses_of run output_of slurp moment day_of);

=head1 NAME

TestCA - the table of the test CA, and the tools' view of it

=head1 SUBROUTINES

All paths are relative to aux-fixed/exim-ca, which must be the working directory.

=head2 @DOMAINS

The domains that have a CA.

=cut

our @DOMAINS = qw(example.com example.net example.org);

my $NOT_EXECUTED = 127;

=head2 run(COMMAND, ARGUMENT...)

Runs it without a shell and without input. Returns the wait status, and one text: standard output, then standard error.
Dies if there is no such command.

=cut

sub run {
    my @command = @_;
    open my $errors, '+>', undef or die "cannot make a temporary file: $!\n";
    my $pid = open my $output, q{-|};
    defined $pid or die "cannot fork: $!\n";
    if ( !$pid ) {
        local @ENV{qw(LC_ALL TZ)} = qw(C UTC);
        open STDIN,  '<',  '/dev/null' or POSIX::_exit($NOT_EXECUTED);
        open STDERR, '>&', $errors     or POSIX::_exit($NOT_EXECUTED);
        exec { $command[0] } @command or POSIX::_exit($NOT_EXECUTED);
    }
    local $/ = undef;
    my $text = <$output> // q{};
    close $output;    # sets $?, which the caller gets
    die "cannot run $command[0]\n" if $? >> 8 == $NOT_EXECUTED;
    seek $errors, 0, 0 or die "cannot reread a temporary file: $!\n";
    return ( $?, $text . <$errors> );
}

=head2 output_of(COMMAND, ARGUMENT...)

The text alone.

=cut

sub output_of {
    my @command = @_;
    my ( undef, $text ) = run(@command);
    return $text;
}

=head2 slurp(PATH)

The bytes of a file. Dies if it cannot be read.

=cut

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/ = undef;
    return scalar <$file>;
}

=head2 moment(YYYYMMDD)

00:00:00 UTC of that day in seconds since 1970.

=cut

sub moment {
    my ($day) = @_;
    my ( $year, $month, $mday ) = $day =~ /^(\d{4})(\d\d)(\d\d)$/ or die "$day: not a day\n";
    return timegm( 0, 0, 0, $mday, $month - 1, $year );
}

=head2 day_of(TEXT)

The day (YYYYMMDD) of a midnight in openssl's or GnuTLS's spelling. Any other text comes back as it is.

=cut

sub day_of {
    my ($text) = @_;
    my ( $month, $day, $year ) = $text =~ /(\w{3}) +(\d+) 00:00:00 (?:UTC )?(\d{4})/ or return $text;
    return sprintf '%s%02d%02d', $year, index( 'JanFebMarAprMayJunJulAugSepOctNovDec', $month ) / 3 + 1, $day;
}

=head2 table(DOMAIN...)

The lines of these domains (default: all), as hashes: the columns by name, and

    domain   the domain it stands in
    kind     authority, leaf or self-signed
    folder   where its files lie
    stem     what the names of its files begin with
    pem      its certificate
    private  its private key, not encrypted

=cut

my %lines_of;    # by domain; the table does not change while a test runs

sub table {
    my @domains = @_;
    @domains = @DOMAINS if !@domains;
    return map { @{ $lines_of{$_} //= [ _read_table($_) ] } } @domains;
}

sub _read_table {
    my ($domain) = @_;
    my @rows;
    for my $line ( grep { !/^(?:#|$)/ } split /\n/, slurp('certificates') ) {
        my %row = ( domain => $domain );
        @row{qw(domains name serial key issuer from to usage revoked subject names)} =
            map { s/^\s+|\s+$//gr } split /[|]/, $line =~ s/%/$domain/gr, -1;
        die "certificates: unknown domain in: $line\n" if !grep { $row{domains} eq $_ } q{*}, @DOMAINS;
        next if $row{domains} ne q{*} && $row{domains} ne $domain;
        my $is_leaf = $row{usage} =~ /^(?:both|server|client)$/;
        $row{kind}    = !$is_leaf ? 'authority' : $row{issuer} eq 'self' ? 'self-signed' : 'leaf';
        $row{folder}  = $is_leaf ? "$domain/$row{name}.$domain" : "$domain/CA";
        $row{stem}    = "$row{folder}/$row{name}" . ( $is_leaf ? ".$domain" : q{} );
        $row{private} = $row{stem} . ( $is_leaf ? '.unlocked' : q{} ) . '.key';
        $row{pem}     = "$row{stem}.pem";
        $row{subject} ||= "/CN=$row{name}.$domain";
        push @rows, \%row;
    }
    return @rows;
}

=head2 leaves(DOMAIN...)

The lines whose kind is leaf.

=cut

sub leaves {
    my @domains = @_;
    return grep { $_->{kind} eq 'leaf' } table(@domains);
}

=head2 crls_of(DOMAIN)

The CRLs, without folder: name => name of the authority that it is of.

=cut

sub crls_of {
    my ($domain) = @_;
    my %crls = ( 'crl.v2' => 'Signer', 'crl.empty' => 'Signer', 'crl.expired' => 'Signer', 'crl.ca' => 'CA' );
    $crls{'crl.retired'} = 'Retired' if $domain eq 'example.com';
    return %crls;
}

=head2 responses_of(LINE)

The OCSP responses for a certificate. Only what Signer signed has any.

=cut

sub responses_of {
    my ($row) = @_;
    return if $row->{issuer} ne 'Signer' || $row->{kind} ne 'leaf';
    my @responses;
    for my $by ( q{}, 'signer.', 'signernocert.' ) {
        push @responses, map { "$row->{stem}.ocsp.$by$_.resp" } qw(good revoked dated);
    }
    return @responses;
}

1;
