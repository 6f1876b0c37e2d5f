/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a record's text to its RDATA; see rdata.h. */

#include "rdata.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tlsa.h"

enum { STRING_MAX = 255, FIELDS_MAX = 7 };

bool rdata_fail(struct rdata *rdata, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rdata->why, sizeof rdata->why, format, arguments);
    va_end(arguments);
    return false;
}

bool rdata_append(struct rdata *rdata, const void *bytes, size_t length)
{
    if (length > RDATA_MAX - rdata->length)
        return rdata_fail(rdata, "more than %d bytes of data", RDATA_MAX);
    if (rdata->length + length > rdata->room) {
        size_t room = 2 * (rdata->length + length);
        uint8_t *grown = realloc(rdata->bytes, room);
        if (!grown)
            return rdata_fail(rdata, "out of memory");
        rdata->bytes = grown;
        rdata->room = room;
    }
    if (length)
        memcpy(rdata->bytes + rdata->length, bytes, length);
    rdata->length += length;
    return true;
}

/* Takes the next word, which is there for what the message calls it. */
static bool next_word(struct rdata *rdata, struct text *word, const char *what)
{
    *word = text_word(&rdata->text);
    return text_length(*word) > 0 || rdata_fail(rdata, "%s is missing", what);
}

/* A number of 1, 2 or 4 bytes, in network byte order. */
static bool number(struct rdata *rdata, unsigned bytes)
{
    uint32_t max = UINT32_MAX >> (32 - 8 * bytes), value;
    struct text word;
    if (!next_word(rdata, &word, "a number"))
        return false;
    if (!text_number(word, max, &value))
        return rdata_fail(rdata, "\"%.*s\" is not a number from 0 to %u", TEXT_SHOWN(word), max);
    uint32_t ordered = htonl(value << (32 - 8 * bytes));
    return rdata_append(rdata, &ordered, bytes);
}

static bool number_8(struct rdata *rdata)
{
    return number(rdata, 1);
}

static bool number_16(struct rdata *rdata)
{
    return number(rdata, 2);
}

static bool number_32(struct rdata *rdata)
{
    return number(rdata, 4);
}

static bool name(struct rdata *rdata)
{
    struct text word;
    struct dns_name parsed;
    if (!next_word(rdata, &word, "a name"))
        return false;
    const char *wrong = dns_name_parse(&parsed, word, rdata->origin);
    if (wrong)
        return rdata_fail(rdata, "\"%.*s\": %s", TEXT_SHOWN(word), wrong);
    return rdata_append(rdata, parsed.wire, parsed.length);
}

static bool address(struct rdata *rdata, int family, size_t length)
{
    struct text word;
    uint8_t bytes[16];
    char zero_ended[INET6_ADDRSTRLEN];
    const char *what = family == AF_INET ? "an IPv4 address" : "an IPv6 address";
    if (!next_word(rdata, &word, what))
        return false;
    snprintf(zero_ended, sizeof zero_ended, "%.*s", TEXT_SHOWN(word));
    if (text_length(word) >= sizeof zero_ended || inet_pton(family, zero_ended, bytes) != 1)
        return rdata_fail(rdata, "\"%.*s\" is not %s", TEXT_SHOWN(word), what);
    return rdata_append(rdata, bytes, length);
}

static bool address_4(struct rdata *rdata)
{
    return address(rdata, AF_INET, 4);
}

static bool address_6(struct rdata *rdata)
{
    return address(rdata, AF_INET6, 16);
}

/* Appends as many strings of at most 255 bytes (RFC 1035 section 3.3) as the text needs. */
static bool append_strings(struct rdata *rdata, const char *text, size_t length)
{
    do {
        uint8_t part = (uint8_t)(length > STRING_MAX ? STRING_MAX : length);
        if (!rdata_append(rdata, &part, 1) || !rdata_append(rdata, text, part))
            return false;
        text += part;
        length -= part;
    } while (length > 0);
    return true;
}

/* Takes the byte that stands behind a backslash, RFC 1035 section 5.1. */
static bool escape(struct rdata *rdata, char *byte)
{
    struct text *text = &rdata->text;
    text->at++;
    if (text->at == text->end || *text->at < '0' || *text->at > '9') {
        *byte = text->at == text->end ? '\\' : *text->at++;
        return true;
    }
    uint32_t value;
    struct text digits = {text->at, text_length(*text) < 3 ? text->end : text->at + 3};
    if (text_length(digits) < 3 || !text_number(digits, UINT8_MAX, &value))
        return rdata_fail(rdata, "\"\\%.*s\" is not \\ and three digits from 000 to 255",
                          TEXT_SHOWN(digits));
    text->at = digits.end;
    *byte = (char)value;
    return true;
}

/* Takes a quoted string, at its opening quote, into bytes, which have room for it. */
static bool quoted(struct rdata *rdata, char *bytes, size_t *length)
{
    struct text *text = &rdata->text;
    *length = 0;
    text->at++;
    while (text->at < text->end && *text->at != '"') {
        if (*text->at != '\\')
            bytes[(*length)++] = *text->at++;
        else if (!escape(rdata, &bytes[(*length)++]))
            return false;
    }
    if (text->at == text->end)
        return rdata_fail(rdata, "the closing quote is missing");
    text->at++;
    return true;
}

/* One or more quoted strings. */
static bool quoted_strings(struct rdata *rdata)
{
    struct text *text = &rdata->text;
    size_t length;
    bool good = true;
    char *bytes = malloc(text_length(*text));
    if (!bytes)
        return rdata_fail(rdata, "out of memory");
    while (good && text->at < text->end && *text->at == '"') {
        good = quoted(rdata, bytes, &length) && append_strings(rdata, bytes, length);
        text_skip_blanks(text);
    }
    free(bytes);
    return good;
}

/* Data that do not begin with a quote are one string, to the end of the line. */
static bool strings(struct rdata *rdata)
{
    struct text *text = &rdata->text;
    text_skip_blanks(text);
    if (text->at == text->end)
        return rdata_fail(rdata, "a string is missing");
    if (*text->at == '"')
        return quoted_strings(rdata);
    struct text all = *text;
    text->at = text->end;
    return append_strings(rdata, all.at, text_length(all));
}

/* The types of spec and manual, with the fields of their data in order. */
static const struct type {
    const char *name;
    uint16_t number;
    bool (*fields[FIELDS_MAX])(struct rdata *rdata);
} types[] = {
    {"A", DNS_TYPE_A, {address_4}},
    {"NS", DNS_TYPE_NS, {name}},
    {"CNAME", DNS_TYPE_CNAME, {name}},
    {"SOA",
     DNS_TYPE_SOA,
     {name, name, number_32, number_32, number_32, number_32, number_32}}, /* RFC 1035 3.3.13 */
    {"PTR", 12, {name}},
    {"MX", 15, {number_16, name}},
    {"TXT", 16, {strings}},
    {"AAAA", 28, {address_6}},                                          /* RFC 3596 */
    {"SRV", 33, {number_16, number_16, number_16, name}},               /* RFC 2782 */
    {"TLSA", DNS_TYPE_TLSA, {number_8, number_8, number_8, tlsa_data}}, /* RFC 6698 section 2.1 */
    {"SPF", 99, {strings}},                                             /* RFC 4408 section 3.1.1 */
};

uint16_t dns_type_number(struct text word)
{
    size_t length = text_length(word);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strlen(types[i].name) == length && strncasecmp(types[i].name, word.at, length) == 0)
            return types[i].number;
    return 0;
}

static const struct type *find_type(uint16_t type)
{
    size_t i = 0;
    while (types[i].number != type)
        i++;
    return &types[i];
}

bool rdata_parse(struct rdata *rdata, uint16_t type)
{
    const struct type *found = find_type(type);
    for (size_t i = 0; i < FIELDS_MAX && found->fields[i]; i++)
        if (!found->fields[i](rdata))
            return false;
    text_skip_blanks(&rdata->text);
    return rdata->text.at == rdata->text.end ||
           rdata_fail(rdata, "\"%.*s\" is too much", TEXT_SHOWN(rdata->text));
}
