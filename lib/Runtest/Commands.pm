# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Commands;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(command_named directive_named);

=head1 NAME

Runtest::Commands - the table of what a script can say

=head1 DESCRIPTION

A command is a step that the worker runs. A directive changes how the case is prepared or compared, and is no step.
To add a command, add a line here and its function to one of the modules in Runtest/Commands/.

A command has: C<module> and C<run>, the function that the worker calls with (worker, step); C<data>, if data lines
follow it; C<verbatim>, if those get no substitution; C<command_line>, if those are one line, a command of their own;
C<sudo>, if it may stand behind C<sudo>; C<status>, if it starts a program whose exit status is compared (that of an
MTA, if it is no daemon); C<settles>, if the processes that it caused have to end before the next step; C<idle>, if it
tests nothing; C<utilities>, the programs beside the MTA that it needs: the one that it runs, then those that this one
calls.

=cut

my %EXIM    = (module => 'Exim', run => 'exim', data => 1, sudo => 1, status => 1, settles => 1);
my %CLIENT  = (module => 'Dialogue', run => 'client', data => 1, status => 1, settles => 1);
my %SERVER  = (module => 'Dialogue', run => 'server', data => 1, verbatim => 1, status => 1);
my %FILE    = (module => 'Files', run => 'file', sudo => 1, status => 1);
my %WRITE   = (module => 'Files', run => 'write', data => 1, verbatim => 1);
my %UTILITY = (module => 'Utilities', run => 'utility', sudo => 1, status => 1);

my %COMMAND = (
    (map { $_ => \%EXIM } qw(exim exim_exim)),
    (map { $_ => \%CLIENT } qw(client client-ssl client-gnutls client-anytls)),
    (map { $_ => \%SERVER } qw(server server-ssl server-gnutls)),
    (map { $_ => \%FILE } qw(cat cat2 chmod chown cp du ln ls mkdir mkfifo mv rm rmdir touch)),
    (map { $_ => \%WRITE } qw(write catwrite)),
    (map { $_ => { %UTILITY, utilities => [$_] } } qw(exigrep exiqgrep eximstats exim_lock exim_id_update)),
    dbmbuild   => { %UTILITY, utilities => ['exim_dbmbuild'] },
    dump       => { %UTILITY, utilities => ['exim_dumpdb'], run => 'dump_database' },
    exinext    => { %UTILITY, utilities => [qw(exinext exim_dumpdb)] },
    killdaemon => { module => 'Exim', run => 'killdaemon' },
    background => { module => 'Control', run => 'background', data => 1, command_line => 1 },
    perl       => { module => 'Control', run => 'perl', data => 1, sudo => 1, status => 1, settles => 1 },
    sleep      => { module => 'Control', run => 'pause', idle => 1 },
    millisleep => { module => 'Control', run => 'pause', idle => 1 },
    echo       => { module => 'Control', run => 'remark', idle => 1 },
    gnutls     => { module => 'Control', run => 'nothing', idle => 1 },
    '###'      => { module => 'Control', run => 'mark', idle => 1 },
);

my %DIRECTIVE = map { $_ => 1 }
  qw(munge sortlog no_message_check no_msglog_check no_stderr_check no_stdout_check no_munge rmfiltertest);

=head2 command_named($name)

The entry of the table, or undef.

=cut

sub command_named { return $COMMAND{ $_[0] } }

=head2 directive_named($name)

Whether there is a directive of that name.

=cut

sub directive_named { return $DIRECTIVE{ $_[0] } }

1;
