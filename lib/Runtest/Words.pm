# SPDX-License-Identifier: GPL-2.0-or-later
package Runtest::Words;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(split_words expand_words plain_word);

=head1 NAME

Runtest::Words - a command line's words, as a POSIX shell would see them

=head1 DESCRIPTION

No shell ever runs. Quotes, backslash and comments work as in sh, unquoted C<* ? [> are expanded when the command
runs, C<< <F >F >>F >> redirect, and C<$msgN> is the only variable (POSIX.1-2017, Shell Command Language,
sections 2.2, 2.3, 2.7 and 2.13).

A split word is a list of parts: C<[text =E<gt> STRING]>, C<[pattern =E<gt> STRING]> (unquoted, holds glob
characters), C<[message =E<gt> N]>.

=cut

my %REDIRECTION = ('<' => 'input', '>' => 'output', '>>' => 'append');

# What may stand in an unquoted place, in the order in which it is tried: [name, pattern]. Nearly everything is plain.
my @TOKENS = (
    [plain       => qr/\G([^\s'"\\<>|&;()\$`*?\[]+)/],
    [blank       => qr/\G[ \t]+/],
    [single      => qr/\G'([^']*)'/],
    [double      => qr/\G"((?:[^"\\]|\\.)*)"/s],
    [escaped     => qr/\G\\(.)/s],
    [message     => qr/\G\$msg([0-9]+)\b/],
    [redirection => qr/\G(<|>>|>)/],
    [operator    => qr/\G([|&;()\$`\n])/],
    [quote       => qr/\G(['"\\])/],
    [pattern     => qr/\G([*?\[][^\s'"\\<>|&;()\$`]*)/],
);
my @TOKENS_AT_WORD_START = (
    [comment  => qr/\G#.*/],
    [operator => qr/\G([0-9]+(?:>>|[<>]))/],    # a redirection of another descriptor
    @TOKENS
);

# What nearly every line is: words in which nothing has a meaning.
my $PLAIN_LINE = qr/\A[^\x00-\x08\x0a-\x1f#'"\\<>|&;()\$`*?\[]*\z/;

=head2 split_words($line)

Returns (\@words, \%redirections); the redirections by C<input>, C<output>, C<append>, each a word.
Dies of one line of text: an operator that only a shell knows, an open quote, a redirection to nowhere.

=cut

sub split_words {
    my ($line) = @_;
    return ([map { [[text => $_]] } split ' ', $line], {}) if $line =~ $PLAIN_LINE;
    my $state = { words => [], redirections => {}, word => undef, target => undef };
    pos($line) = 0;
    while (pos $line < length $line) {
        my ($name, $value) = _next_token(\$line, $state->{word} ? \@TOKENS : \@TOKENS_AT_WORD_START);
        _take($state, $name, $value);
    }
    _end_word($state);
    die "nothing follows the redirection\n" if defined $state->{target};
    return ($state->{words}, $state->{redirections});
}

sub _next_token {
    my ($line, $tokens) = @_;
    for my $token (@$tokens) {
        my ($name, $pattern) = @$token;
        return ($name, $1) if $$line =~ /$pattern/gc;
    }
    die sprintf "not understood: \\x%02X\n", ord substr $$line, pos $$line;
}

my %TAKE = (
    comment => sub { return },
    blank   => sub { _end_word($_[0]) },
    single  => sub { _add($_[0], text => $_[1]) },
    double  => sub { _add_double($_[0], $_[1]) },
    escaped => sub { _add($_[0], text => $_[1]) },
    message => sub { _add($_[0], message => $_[1]) },
    pattern => sub { _add($_[0], pattern => $_[1]) },
    plain   => sub { _add($_[0], text => $_[1]) },
    redirection => sub {
        my ($state, $sign) = @_;
        _end_word($state);
        die "nothing follows the redirection\n" if defined $state->{target};
        $state->{target} = $REDIRECTION{$sign};
    },
    operator => sub { die "'$_[1]' is a shell operator, and no shell runs here: quote it\n" },
    quote    => sub { die $_[1] eq '\\' ? "nothing follows the backslash\n" : "a $_[1] is not closed\n" },
);

sub _take {
    my ($state, $name, $value) = @_;
    $TAKE{$name}->($state, $value);
    return;
}

sub _add {
    my ($state, @part) = @_;
    push @{ $state->{word} }, [@part];
    return;
}

# Between double quotes a backslash escapes only $ ` " \ and the line end (section 2.2.3).
sub _add_double {
    my ($state, $text) = @_;
    $state->{word} ||= [];
    while ($text =~ /\G(?:\$msg([0-9]+)\b|\\([\$`"\\])|\\\n|([\$`])|([^\\\$`]+|\\))/gc) {
        my ($message, $escaped, $variable, $plain) = ($1, $2, $3, $4);
        die "'$variable' between double quotes would need a shell: use single quotes, or \\$variable\n"
          if defined $variable;
        _add($state, defined $message ? (message => $message) : (text => $escaped // $plain // ''));
    }
    return;
}

sub _end_word {
    my ($state) = @_;
    my $word = delete $state->{word} or return;
    if (defined(my $target = delete $state->{target})) {
        my @same = $target eq 'input' ? 'input' : qw(output append);
        die "redirected twice\n" if grep { $state->{redirections}{$_} } @same;
        $state->{redirections}{$target} = $word;
    }
    else {
        push @{ $state->{words} }, $word;
    }
    return;
}

=head2 plain_word($word)

The text of a word that holds neither pattern nor variable, or undef.

=cut

sub plain_word {
    my ($word) = @_;
    return undef if grep { $_->[0] ne 'text' } @$word;
    return join '', map { $_->[1] } @$word;
}

=head2 expand_words(\@words, \&message_id)

The strings that the words stand for in the current directory. message_id is called with N for C<$msgN>.
A pattern without a match stays as it is.

=cut

sub expand_words {
    my ($words, $message_id) = @_;
    return map { _expand($_, $message_id) } @$words;
}

sub _expand {
    my ($word, $message_id) = @_;
    return $word->[0][1] if @$word == 1 && $word->[0][0] eq 'text';    # as nearly all are
    my ($text, $pattern, $has_pattern) = ('', '', 0);
    for my $part (@$word) {
        my ($kind, $value) = @$part;
        $value = $message_id->($value) if $kind eq 'message';
        $text .= $value;
        $has_pattern ||= $kind eq 'pattern';
        $pattern .= $kind eq 'pattern' ? $value : quotemeta $value;
    }
    return $text if !$has_pattern;
    require File::Glob;
    my @names = File::Glob::bsd_glob($pattern, File::Glob::GLOB_QUOTE());
    return @names ? @names : $text;
}

1;
