# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Run;

use strict;
use warnings;

use List::Util qw(max min shuffle);
use Path::Tiny qw(path);

use Runtest::Case;
use Runtest::Date qw(epoch_of);
use Runtest::Destination;
use Runtest::Durations;
use Runtest::Error;
use Runtest::Facts qw(learn_facts);
use Runtest::Kit;
use Runtest::Lane;
use Runtest::NoSandbox;
use Runtest::Options qw(parse_options);
use Runtest::Release qw(release);
use Runtest::Report::Progress;
use Runtest::Report::Terminal;
use Runtest::Results;
use Runtest::Retry;
use Runtest::Sandbox;
use Runtest::Schedule;
use Runtest::Suite;
use Runtest::Update;
use Runtest::Verdict qw(judge skipped in_error write_result);
use Runtest::Words qw(split_words expand_words);
use Runtest::Worker ();    # not run here, but a module that it lacks is missed here and not in a sandbox
use Runtest::Zones qw(check_zones);

=head1 NAME

Runtest::Run - a run from command line to exit status: select, schedule, run, judge, report

=head2 main($top, @arguments)

$top is the directory of runtest. Returns the exit status (docs/architecture.md); messages that are no results go to stderr.

=cut

sub main {
    my ($top, @arguments) = @_;
    local $| = 1;
    my $status = eval { _main($top, @arguments) };
    my $error  = defined $status ? _lost_output() : Runtest::Error->from($@);
    return $status if !$error;
    print {*STDERR} 'runtest: ', $error->message, "\n";
    return $error->exit_status;
}

# Results that could not be printed are lost; a reader who has seen enough is no error.
sub _lost_output {
    return if close STDOUT or $!{EPIPE};
    return Runtest::Error->new(broken => "standard output: $!");
}

sub _main {
    my ($top, @arguments) = @_;
    my $option = parse_options(@arguments);
    return _manual("$top/runtest", $option->{man} ? 2 : 1) if $option->{help} || $option->{man};
    return _version() if $option->{version};
    my $tree  = path($option->{tree} // $top)->absolute->stringify;
    my $suite = Runtest::Suite->new($tree);
    my @tests = $suite->select(@{ $option->{tests} });
    my $color = $option->{color} eq 'always' || ($option->{color} eq 'auto' && -t STDOUT && !defined $ENV{NO_COLOR});
    my $report = Runtest::Report::Terminal->new(color => $color, command => _command($option));
    if ($option->{list}) {
        $report->tests(@tests);
        return 0;
    }
    _note($suite->range_hint(@{ $option->{tests} }));
    my $self = bless { top => $top, tree => $tree, option => $option, report => $report }, __PACKAGE__;
    return $self->_run(@tests);
}

# How to call runtest for the same MTAs, tree and place.
sub _command {
    my ($option) = @_;
    my @words = ($0);
    push @words, "--tree $option->{tree}" if defined $option->{tree};
    push @words, map { "--mta $_=$option->{mta}{$_}" } sort keys %{ $option->{mta} };
    push @words, '--no-sandbox' if !$option->{sandbox};
    return join ' ', @words;
}

sub _manual {
    my ($file, $verbose) = @_;
    require Pod::Usage;
    Pod::Usage::pod2usage(-input => $file, -verbose => $verbose, -exitval => 'NOEXIT', -output => \*STDOUT);
    return 0;
}

sub _version {
    print 'runtest ', release(), "\n";
    return 0;
}

sub _note {
    my ($text) = @_;
    print {*STDERR} "runtest: $text\n" if defined $text;
    return;
}

my %SIGNAL_STATUS = (INT => 130, TERM => 143, HUP => 129);

sub _run {
    my ($self, @tests) = @_;
    my $option = $self->{option};
    local @SIG{ keys %SIGNAL_STATUS } = map { my $status = $_; sub { exit $status } } values %SIGNAL_STATUS;
    my @lanes = Runtest::Lane->find_lanes($self->{top}, $option->{mta}, $option->{lane});
    $self->_require_lanes(@lanes);
    $self->{results} = Runtest::Results->new($self->{tree});
    my $guard = Runtest::Run::Guard->new(sub { $self->_end });
    $self->{where} = $self->_where(Runtest::Kit->new($self->{results}->directory->child('kit'), $self->{top}, $self->{tree}));
    learn_facts($self->{where}, "$self->{tree}/results/mta-facts.json", @lanes);
    $self->{destination} = Runtest::Destination->new(@lanes, $self->_lanes_beside(@lanes));
    $self->{lanes}    = \@lanes;
    $self->{schedule} = $self->_schedule;
    return $self->_run_cases($self->_cases(\@tests, \@lanes));
}

# However the run ends: first what may still write into the results.
sub _end {
    my ($self) = @_;
    local @SIG{ keys %SIGNAL_STATUS } = ('IGNORE') x keys %SIGNAL_STATUS;
    eval { $self->{schedule}->end if $self->{schedule}; 1 } or _note("the process that starts the cases: $@");
    $self->{results}->end;
    return;
}

# The lanes that are known and not in the run: no golden of theirs is written by a lane that is not of mta/.
sub _lanes_beside {
    my ($self, @lanes) = @_;
    return if !grep { $_->is_added } @lanes;
    return grep { $self->_is_known($_) } Runtest::Lane->lanes_beside($self->{top}, $self->{option}{mta}, @lanes);
}

sub _is_known {
    my ($self, $lane) = @_;
    return 1 if eval { learn_facts($self->{where}, "$self->{tree}/results/mta-facts.json", $lane); 1 };
    my $why = Runtest::Error->from($@)->message;
    _note('goldens of lane ' . $lane->name . ", which is not in this run, may be written over: $why");
    return 0;
}

sub _require_lanes {
    my ($self, @lanes) = @_;
    my %there = (sandbox => 1, map { $_->name => 1 } @lanes);
    for my $name (@{ $self->{option}{require} }) {
        $there{$name}
          or Runtest::Error->throw(missing => "--require $name: this run has no such lane, only " . join ' ', map { $_->name } @lanes);
    }
    return;
}

# The sandbox; or, where there is none or none is wanted, this host.
sub _where {
    my ($self, $kit) = @_;
    my $program = "$self->{top}/build/sandbox";
    my $refusal = Runtest::Sandbox::refusal($program);
    my $wanted  = $self->{option}{sandbox};
    return Runtest::Sandbox->new($program, $kit) if $wanted && !defined $refusal;
    if (grep { $_ eq 'sandbox' } @{ $self->{option}{require} }) {
        Runtest::Error->throw(missing => '--require sandbox: ' . ($refusal // '--no-sandbox was given'));
    }
    my $why = $wanted ? $refusal : '--no-sandbox was given';
    $> == 0 or Runtest::Error->throw(broken => "$why\nWithout a sandbox runtest has to be root.");
    _note("no sandbox, one case at a time on this host: $why");
    return Runtest::NoSandbox->new($program, $kit);
}

sub _cases {
    my ($self, $tests, $lanes) = @_;
    my @cases;
    for my $test (@$tests) {
        for my $lane (grep { $_->runs($test) } @$lanes) {
            push @cases, Runtest::Case->new(
                test           => $test,
                lane           => $lane,
                tree           => $self->{tree},
                host           => $self->{where}->host,
                timeout_factor => $self->{option}{'timeout-factor'},
                tls_client     => $self->{option}{'tls-client'},
                debug          => $self->_debug,
                date           => defined $self->{option}{date} ? epoch_of($self->{option}{date}) : undef,
            );
        }
    }
    return @cases;
}

# What the worker has to know of --keep, --shell, --wrap and --gdb.
sub _debug {
    my ($self) = @_;
    my $option = $self->{option};
    my %wrap = map { $_ => [expand_words((split_words($option->{wrap}{$_}))[0], sub { "\$msg$_[0]" })] } keys %{ $option->{wrap} };
    return { wrap => \%wrap, map { $_ => $option->{$_} } grep { defined $option->{$_} } qw(keep shell gdb) };
}

sub _run_cases {
    my ($self, @cases) = @_;
    my ($runnable, @statuses) = $self->_check(@cases);
    @$runnable or @statuses or Runtest::Error->throw(missing => 'nothing was run: no lane runs what was selected');
    $self->_check_interactive(@$runnable) if $self->_interactive;
    $self->{results}->begin;
    $self->{policy} = $self->_policy(@$runnable);
    my $done = sub {
        my ($again, @more) = $self->_take(@_);
        push @statuses, @more;
        return $again;
    };
    my $signal;
    my $failed = eval { $signal = $self->{schedule}->run([$self->_in_order(@$runnable)], $done); 1 } ? undef : $@;
    return $self->_interrupted($signal) if $signal;
    $self->{report}->summary if @statuses || !defined $failed;
    die $failed if defined $failed;
    eval { $self->{durations}->keep; 1 } or _note("the next run will not know how long cases take: $@");
    return _exit_status(scalar @$runnable, @statuses);
}

# A person looks into one case at a time.
sub _interactive {
    my ($self) = @_;
    return $self->{option}{shell} || $self->{option}{gdb};
}

sub _check_interactive {
    my ($self, @cases) = @_;
    @cases == 1 or Runtest::Error->throw(wrong => '--shell and --gdb are for one case, and these are ' . @cases . ': add --lane NAME');
    -t STDIN or Runtest::Error->throw(wrong => '--shell and --gdb want a terminal as standard input');
    return;
}

sub _policy {
    my ($self, @cases) = @_;
    my $option = $self->{option};
    return Runtest::Update->new($self->{destination}, @cases)       if $option->{update};
    return Runtest::Retry->new($option->{retry}, $option->{strict}) if $option->{retry};
    return;
}

# All repetitions, the longest first; or in an order by chance that can be had again.
sub _in_order {
    my ($self, @cases) = @_;
    my $option = $self->{option};
    @cases = map { my $number = $_; map { $_->repeated($number) } @cases } 1 .. $option->{repeat} // 1;
    return $self->{durations}->longest_first(@cases) if !defined $option->{shuffle};
    my $seed = srand($option->{shuffle} || time % 100_000);
    _note("shuffled: --shuffle=$seed gives the same order");
    return shuffle(@cases);
}

# What is needed to start cases is made from now on, beside the caller.
sub _schedule {
    my ($self) = @_;
    my $jobs = $self->_jobs;
    $self->{durations} = Runtest::Durations->new("$self->{tree}/results/durations.json");
    $self->{progress} = Runtest::Report::Progress->new(durations => $self->{durations}, jobs => $jobs, live => -t STDERR && !$self->_interactive);
    return Runtest::Schedule->new(
        where    => $self->{where},
        lanes    => $self->{lanes},
        results  => $self->{results},
        jobs     => $jobs,
        progress => $self->{progress},
        terminal => $self->_interactive ? \*STDIN : undef,
    );
}

# Takes what one run of a case gave: returns the case that has to run next, if any, and the exit statuses that were
# decided.
sub _take {
    my ($self, $outcome, $exception) = @_;
    my $case    = $outcome->case;
    my $policy  = $self->{policy};
    my $advice  = $self->{option}{update} ? undef : $self->{destination};
    my $verdict = defined $exception ? in_error($case, $exception) : judge($outcome, $advice);
    my ($again, @decided) = $policy ? $policy->take($outcome, $verdict) : (0, [$verdict]);
    return $case->tried_again if $again;
    my @statuses = map { $self->_decided(@$_) } @decided;
    return (scalar $self->_until_fail($case, max(0, @statuses)), @statuses);
}

sub _decided {
    my ($self, $verdict, @notes) = @_;
    $self->{durations}->remember(@$verdict{qw(case seconds)}) if $verdict->{verdict} eq 'PASS';
    $self->{progress}->failed if $verdict->{exit_status};
    return $self->_report($verdict, @notes);
}

sub _until_fail {
    my ($self, $case, $status) = @_;
    return if !$self->{option}{'until-fail'};
    $self->{schedule}->drop_waiting if $status;
    return $self->{progress}->any_failed ? undef : $case->repeated(($case->{repetition} // 1) + 1);
}

# All that can be known before anything is run: errors of tests end the run here, cases that cannot be run are reported.
sub _check {
    my ($self, @cases) = @_;
    my (@errors, @runnable, @statuses);
    my $place = { directory => '/testsuite' };
    for my $case (@cases) {
        if (!eval { $self->_check_case($case, $place); 1 }) {
            my $error = Runtest::Error->from($@);
            $error->kind eq 'wrong' ? push @errors, $error->message : die $error;
        }
        elsif (defined(my $reason = $case->skip_reason)) {
            push @statuses, $self->_report(skipped($case, $reason));
        }
        else {
            push @runnable, $case;
        }
    }
    my %seen;
    Runtest::Error->throw(wrong => join "\nruntest: ", grep { !$seen{$_}++ } @errors) if @errors;
    return (\@runnable, @statuses);
}

sub _check_case {
    my ($self, $case, $place) = @_;
    my $plan = $case->plan($place);
    check_zones("$self->{top}/build/fakens", $self->{tree}, $self->{results}->directory->child('kit/zones'), @{ $plan->{files} });
    return;
}

# Cases mostly wait: for the pauses that the MTA makes, for processes to end. One takes a tenth of a processor or less.
my $JOBS_PER_PROCESSOR = 12;

sub _jobs {
    my ($self) = @_;
    my $wanted = $self->{option}{jobs} // _processors() * $JOBS_PER_PROCESSOR;
    return min($wanted, $self->{where}->most_jobs // $wanted);
}

sub _processors {
    open my $in, '<', '/proc/cpuinfo' or return 1;
    my $processors = grep { /^processor\s*:/ } <$in>;
    return max(1, $processors);
}

sub _report {
    my ($self, $verdict, @notes) = @_;
    eval { write_result($verdict); 1 } or $verdict = in_error($verdict->{case}, $@);
    $self->{report}->case($verdict, @notes);
    return $verdict->{exit_status};
}

sub _interrupted {
    my ($self, $signal) = @_;
    $self->{report}->summary;
    _note("interrupted by SIG$signal: all processes of the tests have ended");
    return $SIGNAL_STATUS{$signal};
}

# The worst counts: a broken harness, a wrong test, a failure. Nothing but skips is no success.
sub _exit_status {
    my ($run, @statuses) = @_;
    return 4 if !$run;
    return max(0, @statuses);
}

package Runtest::Run::Guard;    ## no critic (ProhibitMultiplePackages)

# Calls a function when it goes out of scope, however that happens.
sub new     { my ($class, $function) = @_; return bless { function => $function, pid => $$ }, $class }
sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);    ## no critic (RequireInitializationForLocalVars) # exit's status is in $?, and initialized it would be 0
    $self->{function}->() if $self->{pid} == $$;
    return;
}

1;
