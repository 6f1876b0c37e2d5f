/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the main files of the scripted ends of an SMTP session, client.c and server.c, have in
 * common: setting up TLS from the options, and ending. These functions end the program, with a
 * message and the exit status for it, when something is wrong.
 */
#ifndef SMTP_END_H
#define SMTP_END_H

#include <stdbool.h>

#include "dialogue.h"
#include "tls.h"

struct smtp_end {
    struct tls_config tls;
    const char *protocol;    /* as the option has it */
    const char *keylog_file; /* likewise */
    bool verbose;            /* show the library's own words */
    bool report;             /* tell the facts of TLS sessions */
};

/* Checks the options against each other and has the TLS library read its files. To be called before
 * anything is written to dialogue->out, which is flushed at each line end from then on. */
void smtp_end_set_up(struct smtp_end *end, struct dialogue *dialogue);

/* Frees all. Returns the exit status: `status`, or one for what goes wrong only now. */
int smtp_end_finish(struct smtp_end *end, struct dialogue *dialogue, int status);

#endif
