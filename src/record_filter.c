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

/* Takes one byte of a header; false when the bytes so far are no header. */
static bool take_header_byte(struct record_filter *filter, char byte)
{
    filter->header[filter->header_have++] = byte;
    if (!header_plausible(filter))
        return false;
    if (filter->header_have == RECORD_HEADER_SIZE) {
        filter->body_left = (size_t)(unsigned char)filter->header[3] << 8 |
                            (size_t)(unsigned char)filter->header[4];
        filter->header_have = 0;
    }
    return true;
}

size_t record_filter_pass(struct record_filter *filter, const char *bytes, size_t size, char *clear)
{
    size_t at = 0, header_size;

    while (filter->on && at < size) {
        if (filter->body_left > 0) {
            size_t skip = filter->body_left < size - at ? filter->body_left : size - at;
            filter->body_left -= skip;
            at += skip;
        } else if (take_header_byte(filter, bytes[at])) {
            at++;
        } else {
            at++;
            filter->on = false;
        }
    }
    if (filter->on)
        return 0;
    header_size = filter->header_have;
    memcpy(clear, filter->header, header_size);
    filter->header_have = 0;
    if (size > at)
        memcpy(clear + header_size, bytes + at, size - at);
    return header_size + size - at;
}
