/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool_2038.so: lets Exim keep messages on its queue after 2038-01-19, when seconds since 1970
 * stop to fit into an int. Exim 4.96 writes a message's time of receipt by "%d" into the spool,
 * reads a negative number back, and so takes each message for one that has waited for 136 years:
 * what should be tried again is bounced. Here the same bits are written as an unsigned number,
 * right until 2106.
 *
 * It is preloaded beside clock.so in a run with --date, which looks for all the rest that a date
 * can break; a script with a clock of its own sees Exim as it is. Nothing else of Exim's that is
 * short of bits is repaired.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What fortified programs (_FORTIFY_SOURCE) call instead of fprintf. */
int __fprintf_chk(FILE *file, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The lines of a spool file (-H) that begin with a time, as Exim's source spells them; a test knows
 * if it changes. */
static const struct {
    const char *is_short;
    const char *is_long;
} lines[] = {
    {"%d %d\n", "%u %d\n"},
    {"-received_time_complete %d.%06d\n", "-received_time_complete %u.%06d\n"},
};

__attribute__((format_arg(1))) static const char *unsigned_time(const char *format)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strcmp(format, lines[i].is_short) == 0)
            return lines[i].is_long;
    }
    return format;
}

int fprintf(FILE *file, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vfprintf(file, unsigned_time(format), values);
    va_end(values);
    return length;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    (void)flag;
    va_list values;
    va_start(values, format);
    int length = vfprintf(file, unsigned_time(format), values);
    va_end(values);
    return length;
}
