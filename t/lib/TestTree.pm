# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tiny trees of tests for the tests of the harness: made in a temporary directory, run by runtest --tree with the MTAs of mta/,
# compared byte for byte. Knows nothing of processes: TestRuntest.pm does.

package TestTree;

use strict;
use warnings;

use Cpanel::JSON::XS ();
use File::Basename qw(dirname);
use File::Find ();
use File::Path qw(make_path);
use File::Temp ();
use Test::More;

use TestRuntest qw(top why_no_sandbox);

use Exporter 'import';
our @EXPORT_OK = qw(has_sandbox is_run);

=head1 NAME

TestTree - a tree of tests, made on the spot

=head1 SYNOPSIS

    has_sandbox();
    my $tree = TestTree->new->test('0001', "# a first one\nexim -be\n\${lc:ABC}\n****\n");
    is_run $tree->run('--lane', 'gnutls'), { status => 0, out => <<'END' }, 'a test that passes';
    PASS 0001 gnutls N.NNs a first one
    1 cases: 1 passed, 0 failed, 0 skipped, 0 errors
    END

=head1 SUBROUTINES

=head2 has_sandbox()

To be called before any test: where the machine refuses sandboxes all of the file is skipped. That there is no MTA is no reason to
skip: setup makes them.

=cut

sub has_sandbox {
    my $why = why_no_sandbox();
    plan(skip_all => "there is no sandbox here: $why") if defined $why;
    for my $lane (qw(gnutls openssl)) {
        -e top() . "/mta/$lane/exim" or BAIL_OUT("mta/$lane/exim is missing: run ./setup");
    }
    return;
}

=head2 is_run(RUN, WANTED, NAME)

Compares what a run gave with what it has to: C<status>, C<out>, C<err> (nothing, unless something else is said).

=cut

sub is_run {
    my ($run, $wanted, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %wanted = (status => 0, err => '', %$wanted);
    my %got    = map { $_ => $run->{$_} } keys %wanted;
    return ok(1, $name) if !grep { $got{$_} ne $wanted{$_} } keys %wanted;
    for my $what (sort keys %wanted) {
        is($got{$what}, $wanted{$what}, "$name: $what");
    }
    diag("all of it:\n$run->{out}$run->{err}");
    return 0;
}

=head1 METHODS

=head2 new()

An empty tree; it goes with the object.

=cut

sub new {
    my ($class) = @_;
    my $self = bless { directory => File::Temp->newdir('runtest-tree-XXXXXX', TMPDIR => 1) }, $class;
    chmod oct('755'), $self->{directory};
    mkdir "$self->{directory}/$_" or die "$_: $!\n" for qw(scripts confs tmp);
    return $self;
}

=head2 path([NAME])

The full path of the tree, or of a file of it.

=cut

sub path {
    my ($self, $name) = @_;
    return "$self->{directory}" . (defined $name ? "/$name" : '');
}

=head2 file(NAME, CONTENT), test(NUMBER, SCRIPT, [CONFIGURATION])

Writes a file; a test with its configuration, which ends with the options that all need. The test's folder is F<0000-Inner>, or
what stands before a slash in NUMBER. They return the tree.

=cut

sub file {
    my ($self, $name, $content) = @_;
    make_path(dirname($self->path($name)));
    open my $out, '>', $self->path($name) or die "$name: $!\n";
    print {$out} $content;
    close $out or die "$name: $!\n";
    return $self;
}

my $CONFIGURATION = <<'END';
exim_path = EXIM_PATH
primary_hostname = myhost.test.ex
rfc1413_query_timeout = 0s
spool_directory = DIR/spool
log_file_path = DIR/spool/log/%slog
gecos_pattern = ""
gecos_name = CALLER_NAME
tls_advertise_hosts =
END
my $NO_ENVIRONMENT = ".ifdef _OPT_MAIN_KEEP_ENVIRONMENT\nkeep_environment =\n.endif\n";

sub test {
    my ($self, $number, $script, $configuration) = @_;
    my ($folder, $digits) = $number =~ m{\A(?:(.*)/)?([^/]+)\z};
    $self->file('scripts/' . ($folder // '0000-Inner') . "/$digits", $script);
    $configuration //= '';
    return $self->file("confs/$digits", ($configuration =~ /^keep_environment/m ? '' : $NO_ENVIRONMENT) . $CONFIGURATION . $configuration);
}

=head2 mta(VERSION)

The path of a copy of the GnuTLS lane's MTA that calls itself VERSION, which has to be as long as its own.

=cut

sub mta {
    my ($self, $version) = @_;
    open my $in, '<:raw', top() . '/mta/gnutls/exim' or die "mta/gnutls/exim: $!\n";
    local $/ = undef;
    my $bytes = <$in>;
    $bytes =~ s/\b([0-9][0-9.]*)(?=\0<<eximversion>>)/length $1 == length $version ? $version : die "$1 is not as long as $version\n"/e
      or die "mta/gnutls/exim: it has no version\n";
    $self->file("mta-$version/exim", $bytes);
    chmod oct('755'), $self->path("mta-$version/exim");
    return $self->path("mta-$version/exim");
}

=head2 inner(NUMBER, TITLE, SCRIPT, [FOLDER => GOLDEN...]), all_pass(LANE)

A test with its goldens (and C<configuration>, if it needs one). All of them, run in a lane, have to pass: this is tested.

=cut

sub inner {
    my ($self, $number, $title, $script, %rest) = @_;
    $self->{title}{$number} = $title;
    $self->test($number, "# $title\n$script", delete $rest{configuration});
    $self->file("$_/$number", $rest{$_}) for keys %rest;
    return $self;
}

sub all_pass {
    my ($self, $lane) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @numbers = sort keys %{ $self->{title} };
    my $count   = @numbers;
    my $lines   = join '', map { "PASS $_ $lane N.NNs $self->{title}{$_}\n" } @numbers;
    my $summary = "$count cases: $count passed, 0 failed, 0 skipped, 0 errors\n";
    return is_run($self->run('--lane', $lane), { out => $lines . $summary }, 'all pass');
}

=head2 content(NAME), files(FOLDER)

The content of a file, undef if there is none; the names of all files below a folder, sorted.

=cut

sub content {
    my ($self, $name) = @_;
    open my $in, '<', $self->path($name) or return;
    local $/ = undef;
    return scalar readline($in) // '';
}

sub files {
    my ($self, $folder) = @_;
    my ($top, @found) = ($self->path($folder));
    return if !-d $top;
    File::Find::find({ wanted => sub { push @found, $_ if !-d }, no_chdir => 1 }, $top);
    my @names = sort map { substr $_, 1 + length $top } @found;
    return @names;
}

=head2 seconds_of(NUMBER, LANE, LINE)

How long a step of the last run took, by file and line as in F<steps.jsonl>.

=cut

sub seconds_of {
    my ($self, $number, $lane, $line) = @_;
    my @steps = map { Cpanel::JSON::XS->new->decode($_) } split /\n/, $self->content("results/last/$number.$lane/steps.jsonl");
    my ($step) = grep { $_->{line} == $line } @steps;
    return $step->{end} - $step->{start};
}

=head2 start(HOW, ARGUMENTS...), finish(RUN), run([HOW], ARGUMENTS...)

runtest on this tree, as TestRuntest's. What varies in its output is replaced: durations by N.NN, the tree by C<TREE>, this run's
results by C<RESULTS>, and runtest's own path by C<runtest>. Cases end in any order; here they stand by number and lane.

=cut

sub start {
    my ($self, $how, @arguments) = @_;
    my %environment = (TMPDIR => $self->path('tmp'), %{ $how->{environment} || {} });
    $self->_lend_facts;
    return TestRuntest::start({ %$how, environment => \%environment }, '--tree', $self->path, @arguments);
}

# What a run has learnt about the MTAs is learnt once in a test.
my $facts;

sub _lend_facts {
    my ($self) = @_;
    $self->file('results/mta-facts.json', $facts) if defined $facts && !-e $self->path('results');
    return;
}

sub finish {
    my ($self, $run) = @_;
    my $result = TestRuntest::finish($run);
    $facts //= $self->content('results/mta-facts.json');
    $result->{$_} = $self->_without_what_varies($run, $result->{$_}) for qw(out err);
    $result->{out} = _in_order($result->{out});
    return $result;
}

# A case's line with the indented ones below it.
my $CASE = qr/^(?:PASS|FAIL|SKIP|XFAIL|FLAKY|ERROR) ([0-9]{4} \S+) .*\n(?:  .*\n)*/m;

sub _in_order {
    my ($text) = @_;
    my @cases;
    while ($text =~ s/($CASE)//) {
        push @cases, [$2, $1];
    }
    return join '', (map { $_->[1] } sort { $a->[0] cmp $b->[0] } @cases), $text;
}

sub _without_what_varies {
    my ($self, $run, $text) = @_;
    my $tree = $self->path;
    $text =~ s{\Q$run->{command}\E}{runtest}g;
    $text =~ s{\Q$tree\E/results/[0-9]{8}-[0-9]{6}-[0-9.]+}{RESULTS}g;
    $text =~ s{\Q$tree\E}{TREE}g;
    $text =~ s{ [0-9]+\.[0-9]{2}s }{ N.NNs }g;
    return $text;
}

sub run {
    my ($self, @arguments) = @_;
    my $how = ref $arguments[0] ? shift @arguments : {};
    return $self->finish($self->start($how, @arguments));
}

1;
