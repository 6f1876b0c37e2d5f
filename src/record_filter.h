/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drops the TLS records that still arrive after our side has ended TLS, when the connection goes on
 * in clear: the peer's close_notify, or the rest of a handshake that failed here. They are known by
 * their beginning (RFC 8446 section 5.1: content type 20 to 23, then version 3.x) and stand where a
 * line could begin; no SMTP line begins so.
 */
#ifndef RECORD_FILTER_H
#define RECORD_FILTER_H

#include <stdbool.h>
#include <stddef.h>

enum { RECORD_HEADER_SIZE = 5 };

struct record_filter {
    bool on;
    bool in_line;       /* clear text, up to its line feed */
    size_t header_have; /* bytes of a record header seen so far */
    size_t body_left;   /* bytes of the record's body still to come */
    char header[RECORD_HEADER_SIZE];
};

/* Can a TLS record begin with this byte? */
bool record_can_start(char byte);

void record_filter_start(struct record_filter *filter);

/*
 * Filters `size` bytes that have arrived. Writes the clear text among them to `clear`, which has
 * room for size + RECORD_HEADER_SIZE bytes, and returns how much that is.
 */
size_t record_filter_pass(struct record_filter *filter, const char *bytes, size_t size,
                          char *clear);

#endif
