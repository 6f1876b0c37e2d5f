/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buffer.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

static void move_to_front(struct buffer *buffer)
{
    size_t size = buffer_size(buffer);

    if (size > 0 && buffer->start > 0)
        memmove(buffer->bytes, buffer_content(buffer), size);
    buffer->start = 0;
    buffer->end = size;
}

char *buffer_room(struct buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 512;

    if (buffer->capacity - buffer->end >= size)
        return buffer->bytes + buffer->end;
    move_to_front(buffer);
    while (capacity - buffer->end < size)
        capacity *= 2;
    if (capacity != buffer->capacity) {
        buffer->bytes = realloc(buffer->bytes, capacity);
        if (!buffer->bytes)
            err(1, "buffer of %zu bytes", capacity);
        buffer->capacity = capacity;
    }
    return buffer->bytes + buffer->end;
}

void buffer_filled(struct buffer *buffer, size_t size)
{
    buffer->end += size;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy(buffer_room(buffer, size), bytes, size);
    buffer_filled(buffer, size);
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    buffer->start += size;
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}
