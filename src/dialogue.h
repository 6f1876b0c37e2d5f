/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two ends of a scripted SMTP session have in common: a script's line is looked up in a
 * table of line forms and obeyed; lines come and go and are printed; TLS starts and fails. The line
 * forms of the client are in client_lines.c, those of the server in server_lines.c.
 *
 * All functions that return a status give EXIT_DONE to go on, else the exit status (exit_status.h)
 * that ends the run, after the reason was printed.
 */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "script.h"
#include "stream.h"
#include "tls.h"

struct dialogue {
    struct stream stream;
    struct script script;
    struct tls_context *tls; /* NULL: there is no TLS; not owned */
    FILE *out;
    const char *peer;            /* what it is: `server` or `client` */
    const char *eof_words;       /* what is said behind `EOF read` … */
    const char *truncated_words; /* … and behind that, when TLS had no close_notify */
    int64_t timeout_ms;          /* the limit of every wait */
    bool report;                 /* tell the facts of a TLS session */
    bool connection_over;        /* a line has closed it */
    bool starttls_sent;          /* the answer to it is still to come */
};

/* A line, or the rest of one: bytes that may hold NULs. Borrowed. */
struct dialogue_text {
    const char *bytes;
    size_t size;
};

struct dialogue_form {
    const char *start; /* what a line of this form starts with, without regard to case … */
    bool whole;        /* … or what it is, all of it */
    int (*obey)(struct dialogue *dialogue, struct dialogue_text line, struct dialogue_text rest);
};

/* Obeys the script's lines until there is none, or the connection is over. The first form that fits
 * counts; the last one must fit everything. */
int dialogue_run(struct dialogue *dialogue, const struct dialogue_form *forms);

/* The deadline of a wait that begins now. */
struct deadline dialogue_deadline(const struct dialogue *dialogue);

/* Prints bytes as a line of their own behind `before`. */
void dialogue_print(struct dialogue *dialogue, const char *before, struct dialogue_text text);

/* The next line from the peer, not yet consumed. When TLS fails meanwhile, says so and goes on. */
enum stream_status dialogue_next_line(struct dialogue *dialogue, struct deadline deadline,
                                      struct stream_line *line);

/* Prints why there was no line; returns the exit status for it. `what` was waited for. */
int dialogue_no_line(struct dialogue *dialogue, enum stream_status status, const char *what);

/*
 * The peer's next line is printed behind `before` and must start with `start`, whose escapes are
 * converted. It is then consumed.
 */
int dialogue_expect(struct dialogue *dialogue, const char *before, struct dialogue_text start,
                    struct stream_line *line);

/* Does the line start so? */
bool dialogue_starts(const struct stream_line *line, struct dialogue_text start);

/* The peer must close. A line that comes instead is printed behind `before`. */
int dialogue_expect_end(struct dialogue *dialogue, const char *before);

int dialogue_mismatch(struct dialogue *dialogue);

/* Is anything unread? Then prints it; to be asked before a line is sent. */
int dialogue_check_unread(struct dialogue *dialogue);

/* Sends `text` with its escapes converted, and then `line_end`. */
int dialogue_send(struct dialogue *dialogue, struct dialogue_text text, const char *line_end);

/* Sends bytes as they are. */
int dialogue_send_bytes(struct dialogue *dialogue, const void *bytes, size_t size);

int dialogue_start_tls(struct dialogue *dialogue);
int dialogue_stop_tls(struct dialogue *dialogue);

/* Half-closes, with close_notify inside TLS, and waits for the peer to close. */
int dialogue_close(struct dialogue *dialogue);

#endif
