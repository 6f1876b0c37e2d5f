/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain names in wire format (RFC 1035 section 3.1), uncompressed. The case of what was parsed
 * is kept, comparisons ignore it (RFC 4343). There is no escape syntax: a backslash is a byte
 * like any other.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "text.h"

enum {
    DNS_NAME_MAX = 255, /* bytes on the wire, RFC 1035 section 2.3.4 */
    DNS_LABEL_MAX = 63,
};

struct dns_name {
    uint8_t length; /* of wire, with the root's zero byte */
    uint8_t wire[DNS_NAME_MAX];
};

/*
 * Parses the whole text. A name that does not end in a dot continues with origin, unless
 * origin is NULL. "." is the root. Returns NULL, or in a few words what is wrong with the name
 * (static text), and *name is then undefined.
 */
const char *dns_name_parse(struct dns_name *name, struct text text, const struct dns_name *origin);

/* Equal but for case. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* Is name the ancestor itself or somewhere below it? Every name is below the root. */
bool dns_name_is_within(const struct dns_name *name, const struct dns_name *ancestor);

/* The name without its first label. The root, which has none, stays the root. */
struct dns_name dns_name_parent(const struct dns_name *name);

/* True of a name with one label only, such as "localhost". */
bool dns_name_is_single_label(const struct dns_name *name);

#endif
