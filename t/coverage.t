#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# make coverage: which lines of a source count, and the figures.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/../bench/lib";
use Test::More;

use Coverage::Figures qw(count functions_of table function_lines);
use Coverage::Source qw(bare_lines debug_lines tls_lines);

# Lines that are debugging end in "//D": a comment, as all others are.
my $SOURCE = <<'END';
int f(void)
{
DEBUG(D_tls) debug_printf("one line\n");                     //D
DEBUG(D_tls)                                                 //D
  debug_printf("; in a string, \" and a brace {", ')');      //D
DEBUG(D_tls)                                                 //D
  {                                                          //D
  /* a comment; with a } brace */                            //D
  int x = g(a, (b), '}');                                    //D
  if (x) { debug_printf("nested\n"); }                       //D
  }                                                          //D
x = 1;
DEBUG(D_tls|D_acl) if (x == (1))                             //D
    debug_printf("then\n");                                  //D
  else if (y)                                                //D
    debug_printf("else if\n");                               //D
  else                                                       //D
    {                                                        //D
    debug_printf("else\n");                                  //D
    }                                                        //D
if (x)
  {
  DEBUG(D_tls) debug_printf(                                 //D
    "%s\n", x);  }                                           //D
else DEBUG(D_tls) debug_printf("no code beside\n");          //D
if (x) DEBUG(D_tls) debug_printf("a condition beside\n");
DEBUG(D_tls) debug_printf("a statement beside\n"); return 1;
DEBUG(D_tls) for (i = 0; i < 3; i++)                         //D
  debug_printf("%d\n", i);                                   //D
#define LOUD DEBUG(D_any) \
  debug_printf("a definition\n")
MYDEBUG(D_tls) call();
call("DEBUG(D_tls) in a string", 'D');
return 0; // DEBUG(D_tls) in a comment
/* DEBUG(D_tls)
DEBUG(D_tls) */
}
END

sub numbers { return join ' ', sort { $a <=> $b } keys %{ $_[0] } }

sub marked {
    my ($text) = @_;
    my @lines = split /\n/, $text;
    return join ' ', grep { $lines[ $_ - 1 ] =~ m{//D\z} } 1 .. @lines;
}

is numbers(debug_lines($SOURCE)), marked($SOURCE), 'statements of DEBUG, and nothing else';
is numbers(debug_lines("DEBUG(D_tls) never(ends\nx")), '1 2', 'what is no C ends, too';
is numbers(debug_lines('')), '', 'no line';

is numbers(bare_lines("if (x)\n  {\n  f(x);\n  }\nelse\n  { f(1); }\n/* why */ }\n")), '2 4 5 7 8', 'braces, and what is like them';

is numbers(tls_lines(<<'END')), '4 5 6 7 8 9 12 13', 'what is compiled for TLS';
one
#ifdef LOG
#endif
#ifndef DISABLE_TLS
four
# if defined(EXTRA)
five
#endif
#else
#endif
ten
#if defined(SUPPORT_DANE) || 0
twelve
#endif
#endif of nothing
END

# ----- Figures -----

sub line { my ($number, $count, @branches) = @_; return { line_number => $number, count => $count, branches => [map { { count => $_ } } @branches] } }

my %FILE = (
    file      => 'tls.c',
    functions => [{ name => 'second', lineno => 20 }, { name => 'first', lineno => 10 }, { name => 'third', lineno => 30 }],
);
my @LINES = (line(10, 4), line(11, 4, 4, 0), line(12, 0), line(20, 1, 1, 1), line(30, 0, 0, 0), line(31, 0), line(32, 0), line(34, 0));

is_deeply count(@LINES), { lines => 8, lines_hit => 3, branches => 6, branches_hit => 3 }, 'lines and branches, at least once';
is_deeply count(), { lines => 0, lines_hit => 0, branches => 0, branches_hit => 0 }, 'of nothing';

my @functions = functions_of(\%FILE, @LINES);
is join(' ', map { "$_->{name}:$_->{lines_hit}/$_->{lines}" } @functions), 'first:2/3 second:1/1 third:0/4', 'functions in the order of the file';
is function_lines({ lines => 85, branches => 65 }, @functions), <<'END', 'those below the target';
tls.c:10 first: lines 2/3 66.7 %, branches 1/2 50.0 %; not 12
tls.c:30 third: never entered
END
is function_lines({ lines => 60, branches => 50 }, @functions), "tls.c:30 third: never entered\n", '... is what it is';
is_deeply [map { $_->{name} } functions_of(\%FILE, @LINES[ 3 .. 3 ])], ['second'], 'a function of which nothing counts is none';
my ($gaps) = functions_of({ %FILE, functions => [{ name => 'all', lineno => 1 }] }, @LINES);
like function_lines({ lines => 100 }, $gaps), qr/; not 12 30-32 34$/m, 'lines are told as ranges';

is table(['tls.c', count(@LINES), count(@LINES[ 0, 1 ])], ['dane.c', count(), count()]), <<'END', 'the table';
                                              with DEBUG                       without DEBUG
                                 lines          branches             lines          branches
tls.c                      3/8  37.5 %       3/6  50.0 %       2/2 100.0 %       1/2  50.0 %
dane.c                               -                 -                 -                 -
END

done_testing;
