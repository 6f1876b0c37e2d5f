/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One zone of the fake DNS: its records, read from the text of a zone file (docs/dns-zones.md), and
 * the question which name's records answer for a name.
 */
#ifndef ZONE_H
#define ZONE_H

#include "dns_name.h"

/* Prefixes of a record's line. */
enum { RECORD_DNSSEC = 1, RECORD_AA = 2, RECORD_NXDOMAIN = 4 };

enum {
    RECORD_TTL_DEFAULT = 3600,     /* seconds */
    RECORD_TTL_MAX = 2147483647,   /* RFC 2181 section 8 */
    RECORD_DELAY_MAX = 600 * 1000, /* milliseconds */
};

struct record {
    struct dns_name owner;
    uint16_t type;
    unsigned flags; /* RECORD_… */
    uint32_t ttl;   /* seconds */
    uint32_t delay; /* milliseconds */
    size_t length;
    uint8_t *data;
};

struct zone {
    struct dns_name name;
    struct record *records; /* in the order of the file */
    size_t count, room;
    bool pass_on_not_found;
};

/* Where faults of zone files go. */
struct fault_sink {
    /* Says what is wrong in a line of a file; line 0 is the whole file. */
    void (*report)(void *context, const char *file, unsigned line, const char *what);
    void *context;
};

/* The text of a zone file. */
struct zone_source {
    const char *file; /* its name in faults */
    const char *text;
    size_t length;
    const char *base;        /* what relative names of certificate files begin with, "…/" */
    bool skips_certificates; /* leave out data that are computed from one: nobody asks for them */
};

/*
 * Reads the records of source into a zone that has a name and is zero otherwise. Reports every
 * fault and returns false if there was any. The zone is to be freed either way.
 */
bool zone_parse(struct zone *zone, const struct zone_source *source, const struct fault_sink *sink);

/* Frees what belongs to the zone, not the struct itself. */
void zone_free(struct zone *zone);

/*
 * Finds whose records answer for name, which lies within the zone: its own if it exists (which it
 * also does if only a name below it has records, RFC 8020), else those of the wildcard next above
 * it (RFC 4592 section 3.3.1). Returns false if the name does not exist.
 */
bool zone_find_owner(const struct zone *zone, const struct dns_name *name, struct dns_name *owner);

#endif
