/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer's entry to what looks at bytes of the peer's TLS (make fuzz-records): names in DER,
 * the filter and the watch of records. These two must come to the same result however the bytes are
 * cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "dn.h"
#include "record_filter.h"
#include "record_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void filter_in_pieces(const uint8_t *data, size_t size, size_t piece, struct buffer *clear)
{
    struct record_filter filter;

    record_filter_start(&filter);
    for (size_t at = 0; at < size; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        char *room = buffer_room(clear, length + RECORD_HEADER_SIZE);
        buffer_filled(clear, record_filter_pass(&filter, (const char *)data + at, length, room));
    }
}

static int watch_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct record_watch watch;

    record_watch_start(&watch);
    for (size_t at = 0; at < size; at += piece)
        record_watch_pass(&watch, data + at, size - at < piece ? size - at : piece);
    return watch.alert;
}

static void compare(const uint8_t *data, size_t size, size_t piece)
{
    struct buffer whole = {0}, cut = {0};

    filter_in_pieces(data, size, size, &whole);
    filter_in_pieces(data, size, piece, &cut);
    if (buffer_size(&whole) != buffer_size(&cut) || buffer_size(&whole) > size ||
        memcmp(buffer_content(&whole), buffer_content(&cut), buffer_size(&cut)) != 0)
        abort();
    if (watch_in_pieces(data, size, size) != watch_in_pieces(data, size, piece))
        abort();
    buffer_free(&whole);
    buffer_free(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *nowhere;

    if (size < 2)
        return 0;
    nowhere = fopen("/dev/null", "w");
    if (!nowhere)
        abort();
    compare(data + 1, size - 1, (size_t)data[0] % 7 + 1);
    dn_print(nowhere, data + 1, size - 1);
    fclose(nowhere);
    return 0;
}
