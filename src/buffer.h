/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing sequence of bytes that is filled at the end and consumed at the front. A zeroed
 * struct is an empty buffer. Running out of memory ends the program.
 */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

struct buffer {
    char *bytes;     /* the allocation; the content begins at `start` */
    size_t start;    /* bytes consumed */
    size_t end;      /* bytes filled */
    size_t capacity; /* bytes allocated */
};

/* The content: `buffer_size` bytes, valid until the next append. */
static inline const char *buffer_content(const struct buffer *buffer)
{
    return buffer->bytes ? buffer->bytes + buffer->start : "";
}

static inline size_t buffer_size(const struct buffer *buffer)
{
    return buffer->end - buffer->start;
}

/* Makes room for `size` more bytes and returns where they go; buffer_filled() then counts them. */
char *buffer_room(struct buffer *buffer, size_t size);
void buffer_filled(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *bytes, size_t size);

/* Drops the first `size` bytes. */
void buffer_consume(struct buffer *buffer, size_t size);

void buffer_free(struct buffer *buffer);

#endif
