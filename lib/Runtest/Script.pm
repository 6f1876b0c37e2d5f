# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Script;

use strict;
use warnings;

use Path::Tiny qw(path);

use Runtest::Commands qw(command_named directive_named);
use Runtest::Date qw(epoch_of);
use Runtest::Error;
use Runtest::Requirements qw(parse_requirement);
use Runtest::StepCheck qw(check_step);
use Runtest::Words qw(split_words plain_word);

=head1 NAME

Runtest::Script - a test's script, understood as a whole before any of it is run

=head1 DESCRIPTION

docs/writing-tests.md has the language. A parsed script is

    { requirements => [...],            # from its head
      exclusive => 1, clock => SECONDS, slow_clock => 1, expect_fail => [{ requirements, reason }...],
      directives => { munge => [NAME...], sortlog => 1, ... }, munge_line => { NAME => N },
      steps => [...], missing => { HOSTIPV6 => 1 } }    # substitutions that this host has no value for

and a step C<< { line, text, command, sudo, user, delay, words, redirections, data, status, environment } >>: C<status> is
the expected exit status as C<< { is => N } >> or C<< { not => N } >>, C<words> are Runtest::Words' behind the command (the whole
command for C<background>), C<data> the data lines with substitutions. An MTA that is a daemon has C<daemon>: C<server>, or
C<wait:PORT>.

=head2 parse($tree, $path, $substitution)

Returns the parsed script, of which only C<missing> is the caller's to change. Dies (wrong) of what it does not understand, with file:line.

=cut

my %parsed;    # path, text and what is substituted => the script: it is the same for lanes whose users have the same names

sub parse {
    my ($class, $tree, $path, $substitution) = @_;
    my $text   = path("$tree/$path")->slurp_raw;
    my $script = $parsed{ join "\0", $path, $substitution->signature, $text } //= $class->_parsed($path, $text, $substitution);
    return bless { %$script, missing => { %{ $script->{missing} } } }, $class;
}

sub _parsed {
    my ($class, $path, $text, $substitution) = @_;
    my $self = bless {
        path         => $path,
        lines        => [split /\n/, $text],
        next         => 1,                                               # the first line is the title
        substitution => $substitution,
        missing      => {},
        requirements => [],
        expect_fail  => [],
        directives   => {},
        steps        => [],
        pending      => _nothing_pending(),
    }, $class;
    $self->_parse_line while $self->{next} < @{ $self->{lines} };
    $self->_wrong('an exit status is set here, and no command follows it') if $self->{pending}{set};
    delete @$self{qw(lines next line substitution pending)};
    return $self;
}

sub _wrong {
    my ($self, $message) = @_;
    chomp $message;
    return Runtest::Error->throw(wrong => "$self->{path}:$self->{line}: $message");
}

# What a line of digits says of the next command.
sub _nothing_pending { return { status => { is => 0 }, environment => {}, set => 0 } }

# What a line may be, in the order in which it is tried: [pattern, method called with what the pattern captured].
my @LINES = map { [qr/\A$_->[0]\z/, $_->[1]] } (
    [qr/###(?:\s.*)?/,                                              \&_mark],
    [qr/\s*(?:#.*)?/,                                               \&_comment],
    [qr/(~?)([0-9]+)((?:\s+\w+=\S*)*)\s*/,                          \&_expect_status],
    [qr/need\s+(\S.*?)\s*/,                                         \&_need],
    [qr/(need_\w+)\s*/,                                             \&_need_older],
    [qr/(exclusive)\s*/,                                            \&_set],
    [qr/clock\s+slow\s*/,                                           \&_slow_clock],
    [qr/clock\s+(\S.*?)\s*/,                                        \&_clock],
    [qr/expect-fail\s+([^:]+?)\s*:\s*(\S.*?)\s*/,                   \&_expect_fail],
    [qr/(need|exclusive|clock|expect-fail)(?:\s.*)?/,               \&_malformed],
    [qr/\*{4}\s*/,                                                 \&_stray_end],
    [qr/(\S.*?)\s*/,                                                \&_directive_or_command],
);

sub _parse_line {
    my ($self) = @_;
    my $text = $self->_joined_line;
    for my $line (@LINES) {
        my ($pattern, $method) = @$line;
        my @captures = $text =~ $pattern or next;
        return $self->$method($text, @captures);
    }
    return $self->_wrong("not understood: $text");
}

# A line that ends in a backslash goes on in the next one; errors name the first.
sub _joined_line {
    my ($self) = @_;
    my $text = $self->{lines}[ $self->{next}++ ];
    $self->{line} = $self->{next};
    return $text if $text =~ /\A\s*#/;
    while ($text =~ s/\\\z//) {
        $self->{next} < @{ $self->{lines} } or $self->_wrong('the last line ends in a backslash');
        my $more = $self->{lines}[ $self->{next}++ ];
        $text .= $more =~ s/\A\s+//r;
    }
    return $text;
}

sub _comment { return }

sub _mark {
    my ($self, $text) = @_;
    my $shown = $self->_substituted($text);
    push @{ $self->{steps} }, { line => $self->{line}, text => $text, command => '###', mark => $shown, status => { is => 0 } };
    return;
}

sub _expect_status {
    my ($self, undef, $not, $number, $settings) = @_;
    my %environment = $self->_substituted($settings) =~ /(\w+)=(\S*)/g;
    $self->{pending} = {
        status      => { ($not ? 'not' : 'is') => $number + 0 },
        environment => \%environment,
        set         => 1,
    };
    return;
}

# What stands at a script's head decides before the first step whether and how the case is run.
sub _at_head {
    my ($self, $what) = @_;
    $self->_wrong("'$what' belongs at the head of the script, before the first command") if @{ $self->{steps} };
    return;
}

sub _requirement {
    my ($self, $text) = @_;
    return eval { parse_requirement($text) } // $self->_wrong($@);
}

sub _need {
    my ($self, undef, $text) = @_;
    $self->_at_head('need');
    push @{ $self->{requirements} }, $self->_requirement($text);
    return;
}

sub _need_older {
    my ($self, undef, $spelling) = @_;
    $self->_at_head($spelling);
    my ($known, $requirement) = Runtest::Requirements::older_spelling($spelling);
    $known or $self->_wrong("requirement '$spelling' is not understood");
    push @{ $self->{requirements} }, $self->_requirement($requirement) if defined $requirement;
    return;
}

sub _set {
    my ($self, undef, $name, $value) = @_;
    $self->_at_head($name);
    $self->{$name} = $value // 1;
    return;
}

my %FORM = (
    need          => 'need REQUIREMENT',
    exclusive     => 'exclusive',
    clock         => 'clock YYYY-MM-DD [HH:MM[:SS]], or clock slow',
    'expect-fail' => 'expect-fail REQUIREMENT: REASON',
);

sub _slow_clock {
    my ($self) = @_;
    $self->_at_head('clock');
    $self->{slow_clock} = 1;
    return;
}

sub _clock {
    my ($self, undef, $date) = @_;
    $self->_at_head('clock');
    $self->{clock} = epoch_of($date) // $self->_wrong("'$date' is no date: $FORM{clock}");
    return;
}

sub _expect_fail {
    my ($self, undef, $requirements, $reason) = @_;
    $self->_at_head('expect-fail');
    push @{ $self->{expect_fail} }, { requirements => [map { $self->_requirement($_) } split /\s*,\s*/, $requirements], reason => $reason };
    return;
}

sub _malformed {
    my ($self, undef, $name) = @_;
    return $self->_wrong("'$name' is not understood: it is '$FORM{$name}'");
}

sub _stray_end {
    my ($self) = @_;
    return $self->_wrong("'****' ends no data: the command before it takes none, or they have ended already");
}

sub _directive_or_command {
    my ($self, undef, $text) = @_;
    my ($name, $rest) = split ' ', $text, 2;
    return $self->_command($text) if !directive_named($name);
    if ($name eq 'munge') {
        my ($set) = ($rest // '') =~ /\A(\S+)\z/ or $self->_wrong("munge wants one name of a rule set: 'munge NAME'");
        push @{ $self->{directives}{munge} }, $set;
        $self->{munge_line}{$set} = $self->{line};
    }
    else {
        $self->_wrong("'$name' takes nothing behind it") if defined $rest;
        $self->{directives}{$name} = 1;
    }
    return;
}

sub _substituted {
    my ($self, $text) = @_;
    return $self->{substitution}->apply($text, $self->{missing});
}

sub _command {
    my ($self, $text) = @_;
    my $pending = delete $self->{pending};
    $self->{pending} = _nothing_pending();
    my $step = {
        line        => $self->{line},
        text        => $text,
        status      => $pending->{status},
        environment => $pending->{environment},
    };
    (my $words, $step->{redirections}) = $self->_split($self->_substituted($text));
    my $entry = $self->_take_prefixes($step, $words);
    $step->{words} = $words;
    my $daemon = $entry->{run} eq 'exim' ? _daemon_of($words) : undef;
    $step->{daemon} = $daemon if defined $daemon;
    $step->{data} = $self->_data($step->{command}, $entry->{verbatim}) if $entry->{data};
    eval { check_step($step, $entry); 1 } or $self->_wrong($@);
    $self->_take_command_line($step) if $entry->{command_line};
    push @{ $self->{steps} }, $step;
    return;
}

sub _split {
    my ($self, $text) = @_;
    my ($words, $redirections) = eval { split_words($text) };
    return $words ? ($words, $redirections) : $self->_wrong($@);
}

# -DSERVER=server without -DNOTDAEMON, or -DSERVER=wait:PORT, makes a daemon of the MTA.
sub _daemon_of {
    my ($words) = @_;
    my %given  = map { $_ => 1 } grep { defined } map { plain_word($_) } @$words;
    my ($wait) = map { /\A-DSERVER=(wait:.*)/s ? $1 : () } sort keys %given;
    return $wait // ($given{'-DSERVER=server'} && !$given{'-DNOTDAEMON'} ? 'server' : undef);
}

# A command that is its own data line.
sub _take_command_line {
    my ($self, $step) = @_;
    my @lines = @{ delete $step->{data} };
    $self->_wrong("$step->{command} takes one data line, the command") if @lines != 1;
    $self->{line} = $self->{next} - 1;
    @$step{qw(words redirections)} = $self->_split($lines[0]);
    $self->_wrong("no command in '$lines[0]'") if !@{ $step->{words} };
    return;
}

# NAME=value... N sudo -u USER stand before the command's name, in this order.
sub _take_prefixes {
    my ($self, $step, $words) = @_;
    my $first = sub { return @$words ? plain_word($words->[0]) // '' : '' };
    while ($first->() =~ /\A(\w+)=(.*)\z/s) {
        $step->{environment}{$1} = $2;
        shift @$words;
    }
    $step->{delay} = plain_word(shift @$words) if $first->() =~ /\A[0-9]+\z/;
    if ($first->() eq 'sudo') {
        shift @$words;
        $step->{sudo} = 1;
        if ($first->() eq '-u') {
            shift @$words;
            $step->{user} = length $first->() ? plain_word(shift @$words) : $self->_wrong('sudo -u wants a user');
        }
    }
    my $name  = $step->{command} = $first->();
    my $entry = command_named($name)
      or $self->_wrong(length $name ? "unknown command '$name'" : "no command in '$step->{text}'");
    shift @$words;
    $self->_check_prefixes($step, $entry);
    return $entry;
}

sub _check_prefixes {
    my ($self, $step, $entry) = @_;
    my $name = $step->{command};
    $self->_wrong("'$name' cannot be run with sudo") if $step->{sudo} && !$entry->{sudo};
    $self->_wrong("only exim takes a number of seconds before it, not '$name'")
      if defined $step->{delay} && $entry->{run} ne 'exim';
    return;
}

# Data lines up to ****; scripts of old have white space behind it.
sub _data {
    my ($self, $name, $verbatim) = @_;
    my @data;
    while ($self->{next} < @{ $self->{lines} }) {
        my $line = $self->{lines}[ $self->{next}++ ];
        return \@data if $line =~ /\A\*\*\*\*\s*\z/;
        push @data, $verbatim ? $line : $self->_substituted($line);
    }
    return $self->_wrong("'$name' takes data lines, and the line '****' that ends them is missing");
}

1;
