#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bytes above 0x7F come through a run as they are, UTF-8 or not: in titles, on command lines, in the names of files and
# of goldens.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use TestTree qw(has_sandbox);

has_sandbox();

my ($UTF8, $LATIN1) = ("Zo\xc3\xab", "Zo\xeb");
my @ONE = ('--lane', 'gnutls');

# A message for each mailbox, whose name stands in the configuration.
my $CONFIGURATION = <<"END";
qualify_domain = test.ex
begin routers
all:
  driver = accept
  transport = \${if eq{\$local_part}{utf8}{utf8}{latin1}}
begin transports
utf8:
  driver = appendfile
  file = DIR/test-mail/$UTF8
  user = CALLER
latin1:
  driver = appendfile
  file = DIR/test-mail/$LATIN1
  user = CALLER
END

my $SCRIPT = <<"END";
# A message for $UTF8, and for $LATIN1
exim -be '<$UTF8> <$LATIN1>'
****
exim -odi utf8\@test.ex
Subject: $UTF8

****
exim -odi latin1\@test.ex
Subject: $LATIN1

****
ls test-mail/$UTF8 test-mail/$LATIN1
write made-$UTF8
x
****
cat made-$UTF8 > copy-$LATIN1
cat copy-$LATIN1 made-*
91
client -x$UTF8
****
END

my $tree = TestTree->new->test('0001', $SCRIPT, $CONFIGURATION);

my $run = $tree->run(@ONE, '--update');
is $run->{status}, 0, 'goldens can be written' or diag $run->{out};
like $run->{out}, qr/^PASS 0001 gnutls N.NNs A message for \QZo\xC3\xAB, and for Zo\xEB\E\n/,
  'the title is shown safely';
like $run->{out}, qr/^  wrote mail\/0001[.]\QZo\xC3\xAB\E\n  wrote mail\/0001[.]\QZo\xEB\E$/m, '- and what was written';
unlike $run->{out}, qr/[^\n -~]/, '- and all else';
is_deeply [$tree->files('mail')], ["0001.$UTF8", "0001.$LATIN1"], 'a golden has the name of its mailbox';
like $tree->content("mail/0001.$_") // '', qr/^Subject: $_$/m, '- and its text' for $UTF8, $LATIN1;
is $tree->content('stdout/0001'), "<$UTF8> <$LATIN1>\ntest-mail/$UTF8\ntest-mail/$LATIN1\nx\nx\n",
  'words of command lines are the same bytes';
like $tree->content('stderr/0001'), qr/^client: no such option: -x$UTF8$/m, '- a client gets them, too';
is $tree->run(@ONE)->{status}, 0, 'the next run passes with these goldens';

my $results = 'results/last/0001.gnutls';
is_deeply [$tree->files("$results/raw/mail")], [$UTF8, $LATIN1], 'raw streams have these names';
is_deeply [grep { /mail/ } $tree->files("$results/munged")], ["mail.$UTF8", "mail.$LATIN1"], '- munged ones, too';

# A script that is all UTF-8 has results that are, byte for byte.
$tree->test('0002', "# $UTF8\n17\nexim -be $UTF8\n****\n");
$run = $tree->run(@ONE, '0002');
like $run->{out}, qr{^  step:   scripts/0000-Inner/0002:3: exim -be \QZo\xC3\xAB\E$}m, 'a step is shown safely';
for my $file (qw(result.json steps.jsonl)) {
    my $text = $tree->content("results/last/0002.gnutls/$file");
    like $text, qr/$UTF8/, "$file has the script's bytes";
    unlike $text, qr/\xc3\x83/, '- not encoded twice';
}

done_testing;
