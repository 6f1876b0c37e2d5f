#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The munger: each rule's own test, and what must hold of all of them together.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../lib";
use Test::More;

use Runtest::Munge;
use Runtest::Munge::Rules qw(all_rules rule_set_named);

my %EXAMPLE = %Runtest::Munge::Rules::EXAMPLE;

sub munge_with {
    my ($rules, $values, $stream, $text, %directives) = @_;
    my $munge = Runtest::Munge->new(values => { %EXAMPLE, %$values }, sets => [], directives => \%directives);
    $munge->{rules} = Runtest::Munge::prepared($munge->{values}, @$rules) if $rules;
    return $munge->streams({ $stream => $text })->{ $stream =~ s{/}{.}r };
}

for my $rule (all_rules()) {
    my ($stream) = @{ $rule->{streams} || ['log'] };
    $stream = 'mail/x' if $stream eq 'mail';
    my ($line, $wanted) = @{ $rule->{changes} };
    my $values = $rule->{values} || {};
    my $expected = defined $wanted ? "$wanted\n" : undef;
    is munge_with([$rule], $values, $stream, "$line\n"), $expected, "$rule->{name} changes its line";
    is munge_with([$rule], $values, $stream, "$rule->{leaves}\n"), "$rule->{leaves}\n", "$rule->{name} leaves the near miss";
    is munge_with([$rule], $values, $stream, $expected), $expected, "$rule->{name} twice is as once" if defined $expected;
    like $rule->{why}, qr/\w/, "$rule->{name} says why";
}

my $log = <<'END';
2026-11-22 10:03:59 exim 4.96 daemon started: pid=34, no queue runs, listening for SMTP on port 1225 (IPv6 and IPv4)
2026-11-22 10:03:59 1vMk3b-000008-0W <= mtacaller@test.ex H=[198.51.100.10] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes S=582
2026-11-22 10:03:59 1vMk3c-000000009ab-2wXy <= mtacaller@test.ex H=[127.0.0.1] P=esmtps X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 S=9
2026-11-22 10:03:59 1vMk3b-000008-0W Completed QT=0.2s
END
my $munged = munge_with(undef, {}, 'log', $log);
is $munged, <<'END', 'a log';
1999-03-02 09:44:33 exim x.yz daemon started: pid=pppp, no queue runs, listening for SMTP on port 1225
1999-03-02 09:44:33 10HmaX-0005vi-00 <= CALLER@test.ex H=[ip4.ip4.ip4.ip4] P=esmtps X=TLS1.3:ke-RSA-AES256-SHAnnn:xxx CV=yes S=sss
1999-03-02 09:44:33 10HmaY-0005vi-00 <= CALLER@test.ex H=[127.0.0.1] P=esmtps X=TLS1.3:ke-RSA-AES256-SHAnnn:xxx S=sss
1999-03-02 09:44:33 10HmaX-0005vi-00 Completed QT=qqs
END
is munge_with(undef, {}, 'log', $munged), $munged, 'munging twice is as munging once';
is munge_with(undef, {}, 'log', "$log\r\n", no_munge => 1), "$log\\r\n", 'no_munge leaves everything, and shows line ends as goldens do';

# What is remembered of a line: that no rule is for it, or none of those behind the one that changed it.
my @LINES = map { ["2026-11-22 10:03:59 1vMk3$_-000008-0W Completed QT=0.2s", "2026-11-22 10:03:59 [7] x pid=9", 'plain', "exim 4.96 $_"] } 'b' .. 'd';
my @MUNGED = map { ["1999-03-02 09:44:33 10Hma$_-0005vi-00 Completed QT=qqs", '1999-03-02 09:44:33 [7] x pid=pppp', 'plain', 'exim x.yz'] } 'X' .. 'Z';
$MUNGED[$_][3] .= " $LINES[$_][3]" =~ s/.* / /r for 0 .. $#LINES;
my ($raw, $wanted) = map { join '', map { "$_\n" } map { @$_ } @$_ } \@LINES, \@MUNGED;
is munge_with(undef, {}, 'log', $raw), $wanted, "the same lines again: in run $_" for 1 .. 2;
is munge_with(undef, {}, 'mail/x', "2026-11-22 10:03:59 x S=582\n"), "2026-11-22 10:03:59 x S=582\n", 'what a log\'s line becomes is nothing for mail';
is munge_with(undef, { version => '4.98' }, 'log', "exim 4.96 b\nexim 4.98 b\n"), "exim 4.96 b\nexim x.yz b\n", 'nor for another MTA';

# Whatever a build calls itself, its whole name is its version; that of another build is not.
for my $name (qw(4.96 4.99.1-148-13835a3c1 4.99.1-148-g13835a3c1 4.100-RC3 4.99_RC1 4.96+fixes 4.95-dev-2021-07-01 4.99-1-gabcdef0-XX)) {
    my @lines = ('exim %s daemon started: x', '220 h ESMTP Exim %s Tue, x', '\tby h with esmtp (Exim %s)', 'Exim %s', 'exim %s: x');
    is munge_with(undef, { version => $name }, 'mail/x', sprintf("$_\n", $name)), sprintf("$_\n", 'x.yz'), "the version $name: $_" for @lines;
    for my $other ("${name}1", "$name.1", "$name-1-gabc", "$name+x", "${name}_RC1") {
        is munge_with(undef, { version => $name }, 'mail/x', "(Exim $other)\n"), "(Exim $other)\n", "- which $other is not";
    }
}
is munge_with(undef, { eximuser => $_ }, 'log', "exim x.yz daemon started, EXIMUSER\n"), "exim x.yz daemon started, EXIMUSER\n",
  "the program's name stays with the user $_" for qw(exim EXIMUSER);

my $lane = <<'END';
1999-03-02 09:44:33 x (SSL_connect): timed out DN="/O=example.com/CN=Signing CA"
1999-03-02 09:44:33 x (certificate verification failed): certificate invalid
1999-03-02 09:44:33 x O=example.com,CN=Signing CA
END
is munge_with(undef, {}, 'log', $lane), $lane, 'the log of a test that is for one library';
my $neutral = munge_with(undef, { neutral => 1 }, 'log', $lane);
is $neutral, <<'END', 'of one that is for all';
1999-03-02 09:44:33 x (TLS handshake): timed out DN="CN=Signing CA,O=example.com"
1999-03-02 09:44:33 x (TLS handshake): error: <<certificate verification failed>>
1999-03-02 09:44:33 x CN=Signing CA,O=example.com
END
is munge_with(undef, { neutral => 1 }, 'log', $neutral), $neutral, 'and twice';

my $all = Runtest::Munge->new(values => \%EXAMPLE, sets => [], directives => {})->streams(
    {
        'mail/mtacaller'            => "id 1aaaaa-000001-00\n",
        'log'                       => "x 1ccccc-000001-00 y\n",
        'paniclog'                  => "x 1ccccd-000001-00 y\n",
        'stdout'                    => "in\n",
        'stdout.server'             => "out\n",
        'stderr.server'             => '',
        'msglog/0/1aaaaa-000001-00' => "z\n",
    }
);
is_deeply $all, {
    'mail.CALLER'             => "id 10HmaZ-0005vi-00\n",
    'log'                     => "x 10HmaY-0005vi-00 y\n",
    'paniclog'                => "x 10HmaX-0005vi-00 y\n",
    'stdout'                  => "in\n\n******** SERVER ********\nout\n",
    'msglog.10HmaZ-0005vi-00' => "z\n",
  },
  'ids over all streams in their order, names of files, the server\'s part; two empty parts are nothing';

my $unset = join '', map { ">>> host in $_? no (option unset)\n" } qw(hosts_proxy host_lookup);
is_deeply(
    Runtest::Munge->new(values => \%EXAMPLE, sets => [], directives => {}, options => { host_lookup => 1 })->streams({ stderr => $unset }),
    { stderr => ">>> host in host_lookup? no (option unset)\n" },
    'a list that is not set is told of where the configuration sets it'
);

is munge_with(undef, {}, 'log', "a b c => y\na b c => x\na b d\na b c -> w\n", sortlog => 1),
  "**NOTE: The delivery lines in this file have been sorted.\na b c => x\na b c => y\na b d\na b c -> w\n", 'sortlog';
is(Runtest::Munge::_golden_id(2), '10HmaZ-0005vi-00', 'the third id');     ## no critic (ProtectPrivateSubs)
is(Runtest::Munge::_golden_id(3), '10HmbA-0005vi-00', 'the fourth id');    ## no critic (ProtectPrivateSubs)
ok !rule_set_named('no-such-set'), 'a set that there is not';

done_testing;
