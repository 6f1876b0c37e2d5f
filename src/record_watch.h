/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches the TLS records that come from the peer for an alert in clear. Under TLS 1.3 a client
 * that gives up before its Finished sends its alert unencrypted, and GnuTLS takes that for a record
 * that it cannot decrypt. An encrypted alert is never as short as one in clear (RFC 8446
 * section 5.1 and 5.2, RFC 5246 section 6.2.3).
 */
#ifndef RECORD_WATCH_H
#define RECORD_WATCH_H

#include <stddef.h>

#include "record_filter.h"

enum { RECORD_ALERT_SIZE = 2 };

struct record_watch {
    unsigned char header[RECORD_HEADER_SIZE];
    unsigned char body[RECORD_ALERT_SIZE]; /* its beginning */
    size_t header_have, body_have, body_size;
    int alert; /* of the last record, if it was a fatal alert in clear; else ALERT_NONE */
};

void record_watch_start(struct record_watch *watch);

/* Looks at `size` bytes on their way to the library. */
void record_watch_pass(struct record_watch *watch, const void *bytes, size_t size);

#endif
