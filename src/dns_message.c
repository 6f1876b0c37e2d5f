/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing one DNS reply; see dns_message.h. */

#include "dns_message.h"

#include <string.h>

enum {
    HEADER_SIZE = 12,
    BITS_AT = 2, /* where the header has its bits and the response code */
    QDCOUNT_AT = 4,
    BIT_QR = 0x8000, /* a reply, */
    BIT_RD = 0x0100, /* recursion was asked for */
    BIT_RA = 0x0080, /* and is to be had */
    CLASS_IN = 1,
    POINTER_MAX = 0x3fff,
    POINTER = 0xc000, /* RFC 1035 section 4.1.4 */
};

static void put_16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void append(struct dns_message *message, const void *bytes, size_t length)
{
    if (length)
        memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
}

static void append_16(struct dns_message *message, unsigned value)
{
    put_16(message->bytes + message->length, value);
    message->length += 2;
}

static void count_one(struct dns_message *message, size_t at)
{
    put_16(message->bytes + at, (unsigned)(message->bytes[at] << 8 | message->bytes[at + 1]) + 1);
}

void dns_message_set(struct dns_message *message, unsigned bits)
{
    const uint8_t *at = message->bytes + BITS_AT;
    put_16(message->bytes + BITS_AT, (unsigned)(at[0] << 8 | at[1]) | bits);
}

void dns_message_begin(struct dns_message *message, bool is_compressed, unsigned bits,
                       unsigned code)
{
    message->is_compressed = is_compressed;
    message->length = HEADER_SIZE;
    memset(message->bytes, 0, HEADER_SIZE);
    dns_message_set(message, BIT_QR | BIT_RD | BIT_RA | bits | code);
}

/* Writes a name out, and remembers where. */
static void append_name(struct dns_message *message, const struct dns_name *name)
{
    message->name = *name;
    message->name_at = message->length;
    append(message, name->wire, name->length);
}

void dns_message_question(struct dns_message *message, const struct dns_name *name, uint16_t type)
{
    append_name(message, name);
    append_16(message, type);
    append_16(message, CLASS_IN);
    count_one(message, QDCOUNT_AT);
}

/* A pointer must not change the case of a name, so both must be the same byte by byte. */
static bool is_pointer(const struct dns_message *message, const struct dns_name *owner)
{
    return message->is_compressed && message->name_at <= POINTER_MAX &&
           owner->length == message->name.length &&
           memcmp(owner->wire, message->name.wire, owner->length) == 0;
}

bool dns_message_record(struct dns_message *message, enum dns_section section,
                        const struct dns_message_record *record)
{
    bool by_pointer = is_pointer(message, record->owner);
    size_t size = (by_pointer ? 2U : record->owner->length) + 10 + record->length;
    if (size > DNS_MESSAGE_MAX - message->length)
        return false;
    if (by_pointer)
        append_16(message, POINTER | (unsigned)message->name_at);
    else
        append_name(message, record->owner);
    append_16(message, record->type);
    append_16(message, CLASS_IN);
    append_16(message, record->ttl >> 16);
    append_16(message, record->ttl & 0xffff);
    append_16(message, (unsigned)record->length);
    append(message, record->data, record->length);
    count_one(message, section);
    return true;
}
