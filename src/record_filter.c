/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record_filter.h"

#include <string.h>

bool record_can_start(char byte)
{
    return byte >= 20 && byte <= 23;
}

void record_filter_start(struct record_filter *filter)
{
    *filter = (struct record_filter){.on = true};
}

static bool header_plausible(const struct record_filter *filter)
{
    return record_can_start(filter->header[0]) &&
           (filter->header_have < 2 || filter->header[1] == 3);
}

/* Takes one byte of a header, if it is one: when it is not, its bytes are clear text. */
static size_t take_header_byte(struct record_filter *filter, char byte, char *clear)
{
    size_t size;

    filter->header[filter->header_have++] = byte;
    if (!header_plausible(filter)) {
        size = filter->header_have;
        memcpy(clear, filter->header, size);
        filter->header_have = 0;
        filter->in_line = byte != '\n';
        return size;
    }
    if (filter->header_have == RECORD_HEADER_SIZE) {
        filter->body_left = (size_t)(unsigned char)filter->header[3] << 8 |
                            (size_t)(unsigned char)filter->header[4];
        filter->header_have = 0;
    }
    return 0;
}

size_t record_filter_pass(struct record_filter *filter, const char *bytes, size_t size, char *clear)
{
    size_t filled = 0;

    for (size_t i = 0; i < size; i++) {
        if (filter->body_left > 0) {
            filter->body_left--;
        } else if (filter->in_line) {
            clear[filled++] = bytes[i];
            filter->in_line = bytes[i] != '\n';
        } else {
            filled += take_header_byte(filter, bytes[i], clear + filled);
        }
    }
    return filled;
}
