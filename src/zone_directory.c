/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of zone files; see zone_directory.h. */

#include "zone_directory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regular_file.h"

static bool fault(const struct zone_directory *directory, const char *path, const char *what)
{
    directory->sink.report(directory->sink.context, path, 0, what);
    return false;
}

/* Is it a network as an IPv6 address begins, such as ff00, and not yet in the way of ip6.arpa? */
static bool is_network_6(struct text text)
{
    if (text_length(text) < 2)
        return false;
    while (text.at < text.end && isxdigit((unsigned char)*text.at))
        text.at++;
    return text.at == text.end;
}

/* The name below ip6.arpa, as it stands or from a network: ff00 becomes 0.0.f.f, RFC 3596 2.5. */
static const char *parse_network_6(struct dns_name *name, struct text text,
                                   const struct dns_name *origin)
{
    char nibbles[2 * DNS_NAME_MAX];
    struct text reversed = {nibbles, nibbles};
    if (!is_network_6(text) || text_length(text) > DNS_NAME_MAX)
        return dns_name_parse(name, text, origin);
    for (char *to = nibbles; text.end > text.at; reversed.end = to - 1) {
        *to++ = *--text.end;
        *to++ = '.';
    }
    return dns_name_parse(name, reversed, origin);
}

/* The name of the zone in a file db.TEXT. */
static const char *parse_zone_name(struct dns_name *name, struct text text)
{
    static const struct dns_name in_addr_arpa = {14, "\7in-addr\4arpa"},
                                 ip6_arpa = {10, "\3ip6\4arpa"};
    if (text_take(&text, "ip4."))
        return dns_name_parse(name, text, &in_addr_arpa);
    if (text_take(&text, "ip6."))
        return parse_network_6(name, text, &ip6_arpa);
    return dns_name_parse(name, text, NULL);
}

static bool add_zone(struct zone_directory *directory, const char *path, struct text text)
{
    struct zone_file *file = &directory->files[directory->count];
    const char *wrong = parse_zone_name(&file->zone.name, text);
    if (wrong)
        return fault(directory, path, wrong);
    for (size_t i = 0; i < directory->count; i++)
        if (dns_name_equal(&directory->files[i].zone.name, &file->zone.name))
            return fault(directory, path, "another file has the same zone");
    file->path = strdup(path);
    if (!file->path)
        return fault(directory, path, strerror(errno));
    directory->count++;
    return true;
}

static bool add_qualify(struct zone_directory *directory, const char *path, struct text text)
{
    if (directory->has_qualify)
        return fault(directory, path, "a second qualify file");
    const char *wrong = dns_name_parse(&directory->qualify, text, NULL);
    directory->has_qualify = !wrong;
    return !wrong || fault(directory, path, wrong);
}

/* Files of other names are none of ours. */
static bool add_file(struct zone_directory *directory, const char *path, const char *name)
{
    struct text text = {name, name + strlen(name)};
    if (text_take(&text, "db."))
        return add_zone(directory, path, text);
    if (text_take(&text, "qualify."))
        return add_qualify(directory, path, text);
    return true;
}

static bool add_files(struct zone_directory *directory, const char *path, struct dirent **entries,
                      size_t count)
{
    bool good = true;
    directory->files = calloc(count + 1, sizeof *directory->files);
    if (!directory->files)
        return fault(directory, path, strerror(errno));
    for (size_t i = 0; i < count; i++) {
        char *file;
        if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
            return fault(directory, path, strerror(ENOMEM));
        good = add_file(directory, file, entries[i]->d_name) && good;
        free(file);
    }
    return good;
}

bool zone_directory_open(struct zone_directory *directory, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return fault(directory, path, strerror(errno));
    bool good = add_files(directory, path, entries, (size_t)count);
    while (count-- > 0)
        free(entries[count]);
    free(entries);
    return good;
}

/* Reads a zone file once. */
static bool read_zone(const struct zone_directory *directory, struct zone_file *file)
{
    char *text;
    size_t length;
    if (file->is_read)
        return file->is_good;
    file->is_read = true;
    const char *wrong = regular_file_read(file->path, &text, &length);
    if (wrong)
        return fault(directory, file->path, wrong);
    struct zone_source source = {
        .file = file->path,
        .text = text,
        .length = length,
        .base = directory->base,
        .skips_certificates = directory->skips_certificates,
    };
    file->is_good = zone_parse(&file->zone, &source, &directory->sink);
    free(text);
    return file->is_good;
}

bool zone_directory_find(struct zone_directory *directory, const struct dns_name *name,
                         const struct zone **zone)
{
    struct zone_file *best = NULL;
    for (size_t i = 0; i < directory->count; i++) {
        struct zone_file *file = &directory->files[i];
        if (dns_name_is_within(name, &file->zone.name) &&
            (!best || file->zone.name.length > best->zone.name.length))
            best = file;
    }
    *zone = best ? &best->zone : NULL;
    return !best || read_zone(directory, best);
}

bool zone_directory_check(struct zone_directory *directory)
{
    bool good = true;
    for (size_t i = 0; i < directory->count; i++)
        good = read_zone(directory, &directory->files[i]) && good;
    return good;
}

void zone_directory_free(struct zone_directory *directory)
{
    for (size_t i = 0; i < directory->count; i++) {
        zone_free(&directory->files[i].zone);
        free(directory->files[i].path);
    }
    free(directory->files);
}
