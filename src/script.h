/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of a script: standard input, and the files that it goes on with. Knows nothing of what
 * the lines mean.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "buffer.h"

/* Files that may stand open inside each other. */
enum { SCRIPT_DEPTH_MAX = 16 };

struct script_file {
    FILE *file;
    char *name; /* owned; NULL: standard input */
    unsigned line_number;
};

struct script {
    struct script_file files[SCRIPT_DEPTH_MAX];
    int depth;
    char *line; /* the line read last; owned */
    size_t capacity;
};

/* Begins with the lines of `input`, which stays the caller's. */
void script_open(struct script *script, FILE *input);
void script_close(struct script *script);

/* The next line without its LF, valid until the next call; may hold NULs. NULL at the end. */
const char *script_next(struct script *script, size_t *size);

/* Is there no further line? */
bool script_at_end(struct script *script);

/* Goes on with the lines of `path`, then with what is left here. False with errno set. */
bool script_include(struct script *script, const char *path);

/* Complains on stderr about the line read last: FILE:LINE: message. */
void script_complain(const struct script *script, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends `text` with its escapes converted: \r \n \\ and \xHH; any other backslash stays. */
void script_unescape(const char *text, size_t size, struct buffer *result);

#endif
