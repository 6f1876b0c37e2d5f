/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names in wire format; see dns_name.h. */

#include "dns_name.h"

#include <string.h>

/* Appends one label; false when it has no room. */
static bool append_label(struct dns_name *name, const char *label, size_t length)
{
    if (name->length + 1 + length > DNS_NAME_MAX)
        return false;
    name->wire[name->length++] = (uint8_t)length;
    memcpy(name->wire + name->length, label, length);
    name->length = (uint8_t)(name->length + length);
    return true;
}

/* Ends a name, whose labels are all there, with what follows them. */
static const char *append_origin(struct dns_name *name, const struct dns_name *origin)
{
    static const struct dns_name root = {1, {0}};
    if (!origin)
        origin = &root;
    if (name->length + origin->length > DNS_NAME_MAX)
        return "name longer than 255 bytes";
    memcpy(name->wire + name->length, origin->wire, origin->length);
    name->length = (uint8_t)(name->length + origin->length);
    return NULL;
}

const char *dns_name_parse(struct dns_name *name, struct text text, const struct dns_name *origin)
{
    name->length = 0;
    if (text.at == text.end)
        return "empty name";
    if (text_length(text) == 1 && *text.at == '.')
        return append_origin(name, NULL);
    while (text.at < text.end) {
        const char *dot = memchr(text.at, '.', text_length(text));
        size_t label = (size_t)((dot ? dot : text.end) - text.at);
        if (label == 0)
            return "empty label";
        if (label > DNS_LABEL_MAX)
            return "label longer than 63 bytes";
        if (!append_label(name, text.at, label))
            return "name longer than 255 bytes";
        text.at += label + (dot ? 1 : 0);
    }
    return append_origin(name, text.end[-1] == '.' ? NULL : origin);
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

/* A label's length is at most 63, so it is no letter and the wire can be compared as it is. */
static bool wire_equal(const uint8_t *a, const uint8_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->length == b->length && wire_equal(a->wire, b->wire, a->length);
}

bool dns_name_is_within(const struct dns_name *name, const struct dns_name *ancestor)
{
    size_t skipped = 0;
    while (name->length - skipped > ancestor->length)
        skipped += 1U + name->wire[skipped];
    return name->length - skipped == ancestor->length &&
           wire_equal(name->wire + skipped, ancestor->wire, ancestor->length);
}

struct dns_name dns_name_parent(const struct dns_name *name)
{
    struct dns_name parent;
    size_t skipped = name->wire[0] ? 1U + name->wire[0] : 0;
    parent.length = (uint8_t)(name->length - skipped);
    memcpy(parent.wire, name->wire + skipped, parent.length);
    return parent;
}

bool dns_name_is_single_label(const struct dns_name *name)
{
    return name->length > 1 && name->length == 2 + name->wire[0];
}
