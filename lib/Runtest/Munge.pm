# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Munge;

use strict;
use warnings;

use Runtest::Munge::Rules qw(rules_for);

=head1 NAME

Runtest::Munge - replaces what varies, and nothing else, in the streams of one case

=head1 DESCRIPTION

The only stage that changes text. What is replaced by what stands in Runtest::Munge::Rules.

=cut

my %prepared;    # what the rules depend on => the rules: most cases have the same ones

=head2 new(values => \%values, sets => \@sets, directives => \%directives, options => \%options)

%values has the run's directory, caller, eximuser, hostname, ipv4, ipv6, version, neutral (see Runtest::Munge::Rules::EXAMPLE);
the sets and directives are the script's, the options (name => true) those that the test's configuration sets.

=cut

sub new {
    my ($class, %given) = @_;
    my ($values, $sets) = ($given{values}, $given{sets} || []);
    my $no_munge = $given{directives}{no_munge} ? 1 : 0;
    my $depends  = join "\0", $no_munge, @$sets, '', map { "$_=" . ($values->{$_} // "\0") } sort keys %$values;
    my $rules = $prepared{$depends} //= prepared($values, grep { $_->{always} || !$no_munge } rules_for($sets));
    return bless { %given, rules => $rules, ids => {}, ports => {}, trace => [] }, $class;
}

=head2 prepared(\%values, @rules)

The rules with their patterns for these values; C<< $munge->{rules} >>.

=cut

sub prepared {
    my ($values, @rules) = @_;
    return { all => [map { my $pattern = $_->{pattern}->($values); defined $pattern ? { %$_, compiled => $pattern } : () } @rules] };
}

# Message ids get their golden names in the order of their appearance, so the streams have one, too.
my @ORDER = qw(paniclog rejectlog log stdout stderr mail msglog);

my $SERVER_PART = "\n******** SERVER ********\n";

=head2 streams(\%raw)

Takes the raw streams (C<log>, C<log.server>, C<mail/NAME> ...) and returns the munged ones by the golden's name without the
number: C<log>, C<mail.NAME>, C<msglog.ID>. The server's part stands behind the client's.

=cut

sub streams {
    my ($self, $raw) = @_;
    my %munged;
    for my $kind (@ORDER) {
        for my $name (grep { m{\A\Q$kind\E(?:/|\z)} } sort keys %$raw) {
            my $text = $self->_munge_stream($kind, $name, $raw->{$name});
            $munged{ $self->_golden_name($name) } = $text;
        }
        next if !defined(my $server = $raw->{"$kind.server"});
        $munged{$kind} //= '';
        $munged{$kind} .= $SERVER_PART . $self->_munge_stream($kind, "$kind.server", $server);
    }
    delete @munged{ grep { $munged{$_} eq '' || $munged{$_} eq $SERVER_PART } keys %munged };
    return \%munged;
}

# mail/NAME is NNNN.NAME in mail/; of a message log's path only the id counts, whatever directory of the spool it is in.
sub _golden_name {
    my ($self, $name) = @_;
    my ($folder, $rest) = split m{/}, $name, 2;
    return $folder if !defined $rest;
    $rest =~ s{.*/}{} if $folder eq 'msglog';
    return "$folder." . ($self->_munge_line($folder, $rest) // $rest);
}

sub _munge_stream {
    my ($self, $kind, $name, $bytes) = @_;
    my @lines;
    my $number = 0;
    $self->_apply($_, \$bytes, $name) for @{ $self->_rules_of($kind)->{spanning} };
    for my $line (split /^/, $bytes) {
        $number++;
        my $end = $line =~ s/\n\z// ? "\n" : '';
        my $munged = $self->_munge_line($kind, $line, "$name:$number") // next;
        push @lines, $munged . $end;
    }
    @lines = _sorted_log(@lines) if $kind eq 'log' && $self->{directives}{sortlog};
    return join '', @lines;
}

# How many lines are remembered that no rule is for, or none of the rules that are left, and how long they may be. Dialogues and
# logs repeat themselves: munged so far, most lines of a run stand in it many times.
my ($MOST_REMEMBERED, $LONGEST_REMEMBERED) = (20_000, 200);

# Undef when a rule deletes the line.
sub _munge_line {
    my ($self, $kind, $line, $place) = @_;
    my $rules = $self->_rules_of($kind);
    my $known = $rules->{known};
    my $key   = "0 $line";
    return $line if $known->{$key};
    my $index = 0;
    for my $pattern (@{ $rules->{patterns} }) {
        my $rule = $rules->{line}[ $index++ ];
        next if $line !~ $pattern;
        $self->_apply($rule, \$line, $place) or return undef;
        $key = "$index $line";
        return $line if $known->{$key};
    }
    $known->{$key} = 1 if length $key < $LONGEST_REMEMBERED && keys %$known < $MOST_REMEMBERED;
    return $line;
}

sub _rules_of {
    my ($self, $kind) = @_;
    return $self->{rules}{$kind} //= do {
        my @rules = grep { my $in = $_->{streams}; !$in || grep { $_ eq $kind } @$in } @{ $self->{rules}{all} };
        my @line  = grep { !$_->{spans} } @rules;
        +{ spanning => [grep { $_->{spans} } @rules], line => \@line, patterns => [map { $_->{compiled} } @line], known => {} };
    };
}

# False when the rule deletes the text. That it changed the text is remembered under $place.
sub _apply {
    my ($self, $rule, $text, $place) = @_;
    my ($before, $delete) = ($$text);
    $$text =~ s{$rule->{compiled}}{
        $rule->{becomes}->($self, $self->{values}, @{^CAPTURE}) // do { $delete = 1; '' }
    }gex or return 1;
    push @{ $self->{trace} }, { place => $place, rule => $rule->{name}, before => $before } if defined $place;
    return !$delete;
}

=head2 trace

What was changed, in order: C<< { place => 'log:3', rule => NAME, before => LINE } >>.

=cut

sub trace { return @{ $_[0]{trace} } }

=head2 message_id($id), port($port)

The golden's name for a message id or a port of this case: the same one each time. For the rules.

=cut

sub message_id {
    my ($self, $id) = @_;
    return _numbered($self->{ids}, $id, \&_golden_id);
}

# 10HmaX, 10HmaY, 10HmaZ, 10HmbA ...: the last two places count.
sub _golden_id {
    my ($index) = @_;
    my $count = $index + ord('X') - ord('A');
    return sprintf '10Hm%s%s-0005vi-00', chr(ord('a') + int $count / 26), chr(ord('A') + $count % 26);
}

sub port {
    my ($self, $port) = @_;
    return _numbered($self->{ports}, $port, sub { return 1111 + $_[0] });
}

=head2 is_set($option)

Whether the test's configuration sets the MTA's option of that name. For the rules.

=cut

sub is_set { return $_[0]{options}{ $_[1] } }

sub _numbered {
    my ($seen, $key, $name) = @_;
    $seen->{$key} = $name->(scalar keys %$seen) if !exists $seen->{$key};
    return $seen->{$key};
}

my $DELIVERY = qr/\A\S+ \S+ \S+ (?:=>|->|==|\*\*|\*>|>>) /;

# Deliveries that run side by side are logged in any order.
sub _sorted_log {
    my (@lines) = @_;
    my (@sorted, @run);
    for my $line (@lines, undef) {
        if (defined $line && $line =~ $DELIVERY) {
            push @run, $line;
            next;
        }
        push @sorted, sort(@run), $line // ();
        @run = ();
    }
    return ("**NOTE: The delivery lines in this file have been sorted.\n", @sorted);
}

1;
