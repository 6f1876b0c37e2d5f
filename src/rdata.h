/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the text of a zone file's record to its RDATA: which record types there are, and what
 * stands behind each. docs/dns-zones.md is the manual of the syntax.
 */
#ifndef RDATA_H
#define RDATA_H

#include "dns_name.h"
#include "text.h"

enum {
    RDATA_MAX = 65535, /* RDLENGTH has 16 bits, RFC 1035 section 3.2.1 */
    RDATA_WHY_SIZE = 320,
};

/* The record types that the code treats in a special way. */
enum {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_TLSA = 52, /* RFC 6698 section 7.1 */
};

/* The number of a type (RFC 1035 section 3.2.2 and later ones) by its name in any case; 0 if there
 * is none of that name. */
uint16_t dns_type_number(struct text name);

/* A record's text while it is read, and the RDATA that it becomes. */
struct rdata {
    struct text text;              /* what is not read yet */
    const struct dns_name *origin; /* what incomplete names continue with */
    const char *base;              /* what relative names of certificate files begin with, "…/" */
    bool skips_certificates;       /* leave out data that are computed from one */
    uint8_t *bytes;                /* the RDATA; the caller frees it */
    size_t length, room;
    char why[RDATA_WHY_SIZE]; /* what is wrong with the text, after a failure */
};

/*
 * Reads the whole text as data of a type that dns_type_number() knows. The caller sets text, origin
 * and base and zeroes the rest. Returns false with why set; bytes are to be freed
 * either way.
 */
bool rdata_parse(struct rdata *rdata, uint16_t type);

/* Appends to the RDATA; false with why set if it would be too long or memory is out. */
bool rdata_append(struct rdata *rdata, const void *bytes, size_t length);

/* Sets why from a format, and returns false. */
bool rdata_fail(struct rdata *rdata, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
