/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of zone files: which zones there are by the names of the files (docs/dns-zones.md),
 * and which of them a name belongs to. A file is read when a question needs it.
 */
#ifndef ZONE_DIRECTORY_H
#define ZONE_DIRECTORY_H

#include "zone.h"

struct zone_file {
    char *path;
    bool is_read, is_good;
    struct zone zone; /* its name is known before it is read */
};

struct zone_directory {
    const char *base;        /* what relative names of certificate files begin with, "…/" */
    bool skips_certificates; /* leave out data that are computed from one: nobody asks for them */
    struct fault_sink sink;
    struct zone_file *files;
    size_t count;
    bool has_qualify; /* names of one label continue with: */
    struct dns_name qualify;
};

/*
 * Lists the directory at path into *directory, where the caller has set base and sink and
 * the rest is zero. Reports what is wrong with names of files, and returns false if anything was.
 * The directory is to be freed either way.
 */
bool zone_directory_open(struct zone_directory *directory, const char *path);

/*
 * Finds the zone with the longest name that name lies in; *zone is NULL if there is none. Returns
 * false, with the faults reported, if the zone's file is bad.
 */
bool zone_directory_find(struct zone_directory *directory, const struct dns_name *name,
                         const struct zone **zone);

/* Reads every zone file and reports every fault; false if there was any. */
bool zone_directory_check(struct zone_directory *directory);

void zone_directory_free(struct zone_directory *directory);

#endif
