/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record_watch.h"

#include "alert.h"

/* RFC 8446 sections 5.1 and 6. */
enum { CONTENT_TYPE_ALERT = 21, LEVEL_FATAL = 2 };

void record_watch_start(struct record_watch *watch)
{
    *watch = (struct record_watch){.alert = ALERT_NONE};
}

static void take_header_byte(struct record_watch *watch, unsigned char byte)
{
    watch->header[watch->header_have++] = byte;
    watch->body_have = 0;
    watch->body_size = (size_t)watch->header[3] << 8 | watch->header[4];
    watch->alert = ALERT_NONE;
}

static void take_body_byte(struct record_watch *watch, unsigned char byte)
{
    if (watch->body_have < sizeof watch->body)
        watch->body[watch->body_have] = byte;
    watch->body_have++;
    if (watch->body_have == RECORD_ALERT_SIZE && watch->body_size == RECORD_ALERT_SIZE &&
        watch->header[0] == CONTENT_TYPE_ALERT && watch->body[0] == LEVEL_FATAL)
        watch->alert = watch->body[1];
}

void record_watch_pass(struct record_watch *watch, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i++) {
        if (watch->header_have < RECORD_HEADER_SIZE)
            take_header_byte(watch, at[i]);
        else
            take_body_byte(watch, at[i]);
        if (watch->header_have == RECORD_HEADER_SIZE && watch->body_have == watch->body_size)
            watch->header_have = 0;
    }
}
