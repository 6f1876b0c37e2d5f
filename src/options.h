/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command lines by table: options first, each one word, then operands.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,           /* target: bool */
    OPTION_TEXT,           /* target: const char * */
    OPTION_SECONDS,        /* target: int64_t, in milliseconds; the value may be part of the word */
    OPTION_SIGNED_SECONDS, /* likewise, and may be negative */
};

struct option_form {
    const char *name; /* with its dash */
    enum option_kind kind;
    bool needs_tls;
    void *target;
};

/*
 * Obeys the options of argv by `forms`, which ends with a NULL name, and returns the index of the
 * first operand. Ends the program with a message and the exit status for it when it cannot.
 */
int options_parse(int argc, char *argv[], const struct option_form *forms, bool have_tls);

#endif
