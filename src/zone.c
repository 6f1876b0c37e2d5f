/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One zone of the fake DNS; see zone.h. */

#include "zone.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rdata.h"

enum { WHAT_SIZE = RDATA_WHY_SIZE + 80 };

/* A zone file while it is read. */
struct reader {
    struct zone *zone;
    const struct zone_source *source;
    const struct fault_sink *sink;
    unsigned line;         /* the number of the current one, from 1 */
    unsigned faulty;       /* the number of the last one with a fault, or 0 */
    bool has_owner;        /* some line gave a name: */
    struct dns_name owner; /* the last one, which lines without a name belong to */
};

static bool fault(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reports a fault of the current line unless it has had one, and returns false. */
static bool fault(struct reader *reader, const char *format, ...)
{
    char what[WHAT_SIZE];
    va_list arguments;
    if (reader->faulty == reader->line)
        return false;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    reader->faulty = reader->line;
    reader->sink->report(reader->sink->context, reader->source->file, reader->line, what);
    return false;
}

/* Takes "N" of "TTL=N" or the like, and the one blank behind it. */
static bool take_number(struct reader *reader, struct text *line, const char *prefix, uint32_t max,
                        uint32_t *number)
{
    struct text word = {line->at, line->at};
    while (word.end < line->end && !text_is_blank(*word.end))
        word.end++;
    line->at = word.end < line->end ? word.end + 1 : word.end;
    return text_number(word, max, number) ||
           fault(reader, "%s: \"%.*s\" is not a number from 0 to %u", prefix, TEXT_SHOWN(word),
                 max);
}

/* Takes a prefix that is a word of its own, and the one blank behind it. */
static bool take_flag(struct text *line, const char *prefix)
{
    struct text rest = *line;
    if (!text_take(&rest, prefix) || rest.at == rest.end || !text_is_blank(*rest.at))
        return false;
    line->at = rest.at + 1;
    return true;
}

/* Takes one prefix of a record's line if there is one. */
static bool take_prefix(struct reader *reader, struct text *line, struct record *record)
{
    static const struct {
        const char *prefix;
        unsigned flag;
    } flags[] = {
        {"DNSSEC", RECORD_DNSSEC},
        {"AA", RECORD_AA},
        {"NXDOMAIN", RECORD_NXDOMAIN},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (take_flag(line, flags[i].prefix)) {
            record->flags |= flags[i].flag;
            return true;
        }
    if (text_take(line, "TTL="))
        return take_number(reader, line, "TTL", RECORD_TTL_MAX, &record->ttl);
    if (text_take(line, "DELAY="))
        return take_number(reader, line, "DELAY", RECORD_DELAY_MAX, &record->delay);
    return false;
}

/* Reads the owner's name. After a bad one, lines without a name belong to the zone itself, so that
 * they have no fault of their own. */
static bool parse_owner(struct reader *reader, struct text word)
{
    struct dns_name parsed;
    reader->has_owner = true;
    reader->owner = reader->zone->name;
    if (text_length(word) == 1 && *word.at == '@')
        return true;
    const char *wrong = dns_name_parse(&parsed, word, &reader->zone->name);
    if (wrong)
        return fault(reader, "\"%.*s\": %s", TEXT_SHOWN(word), wrong);
    if (!dns_name_is_within(&parsed, &reader->zone->name))
        return fault(reader, "\"%.*s\" does not lie in this zone", TEXT_SHOWN(word));
    reader->owner = parsed;
    return true;
}

/* Takes the owner's name; a blank in its place stands for the one before. */
static bool take_owner(struct reader *reader, struct text *line, struct dns_name *owner)
{
    bool is_named = line->at < line->end && !text_is_blank(*line->at);
    if (is_named && !parse_owner(reader, text_word(line)))
        return false;
    if (!reader->has_owner)
        return fault(reader, "no name here and on no line before");
    *owner = reader->owner;
    return true;
}

static bool take_type(struct reader *reader, struct text *line, uint16_t *type)
{
    struct text word = text_word(line);
    if (word.at == word.end)
        return fault(reader, "the record type is missing");
    *type = dns_type_number(word);
    return *type || fault(reader, "unknown record type \"%.*s\"", TEXT_SHOWN(word));
}

/* Takes the data. Those of an NXDOMAIN line are never answered, so they may be missing. */
static bool take_data(struct reader *reader, struct text line, struct record *record)
{
    text_skip_blanks(&line);
    if (line.at == line.end && record->flags & RECORD_NXDOMAIN)
        return true;
    struct rdata rdata = {
        .text = line,
        .origin = &reader->zone->name,
        .base = reader->source->base,
        .skips_certificates = reader->source->skips_certificates,
    };
    bool good = rdata_parse(&rdata, record->type);
    record->data = rdata.bytes;
    record->length = rdata.length;
    return good || fault(reader, "%s", rdata.why);
}

static bool parse_record(struct reader *reader, struct text line, struct record *record)
{
    record->ttl = RECORD_TTL_DEFAULT;
    while (take_prefix(reader, &line, record))
        ;
    return take_owner(reader, &line, &record->owner) && take_type(reader, &line, &record->type) &&
           take_data(reader, line, record);
}

static struct record *new_record(struct zone *zone)
{
    if (zone->count == zone->room) {
        size_t room = zone->room ? 2 * zone->room : 64;
        struct record *grown = reallocarray(zone->records, room, sizeof *grown);
        if (!grown)
            return NULL;
        zone->records = grown;
        zone->room = room;
    }
    struct record *record = &zone->records[zone->count];
    memset(record, 0, sizeof *record);
    return record;
}

static void add_record(struct reader *reader, struct text line)
{
    struct record *record = new_record(reader->zone);
    if (!record)
        fault(reader, "out of memory");
    else if (parse_record(reader, line, record))
        reader->zone->count++;
    else
        free(record->data);
}

/* The line up to a comment: a semicolon that begins the line or follows a blank, unless it stands
 * in a quoted string, which begins after a blank too. */
static struct text without_comment(struct text line)
{
    bool is_quoted = false, after_blank = true;
    for (const char *at = line.at; at < line.end; at++) {
        if (is_quoted && *at == '\\' && at + 1 < line.end)
            at++;
        else if (*at == '"' && (is_quoted || after_blank))
            is_quoted = !is_quoted;
        else if (*at == ';' && after_blank && !is_quoted)
            line.end = at;
        after_blank = text_is_blank(*at);
    }
    return line;
}

static void parse_line(struct reader *reader, struct text line)
{
    if (memchr(line.at, '\0', text_length(line))) {
        fault(reader, "a NUL byte");
        return;
    }
    line = without_comment(line);
    while (line.end > line.at && (text_is_blank(line.end[-1]) || line.end[-1] == '\r'))
        line.end--;
    struct text rest = line;
    text_skip_blanks(&rest);
    if (rest.at == rest.end)
        return;
    if (text_take(&rest, "PASS ON NOT FOUND") && rest.at == rest.end)
        reader->zone->pass_on_not_found = true;
    else
        add_record(reader, line);
}

bool zone_parse(struct zone *zone, const struct zone_source *source, const struct fault_sink *sink)
{
    struct reader reader = {.zone = zone, .source = source, .sink = sink};
    struct text text = {source->text, source->text + source->length};
    while (text.at < text.end) {
        const char *newline = memchr(text.at, '\n', text_length(text));
        struct text line = {text.at, newline ? newline : text.end};
        reader.line++;
        parse_line(&reader, line);
        text.at = newline ? newline + 1 : text.end;
    }
    return reader.faulty == 0;
}

void zone_free(struct zone *zone)
{
    for (size_t i = 0; i < zone->count; i++)
        free(zone->records[i].data);
    free(zone->records);
}

/* Has the name records, or a name below it? The zone itself always exists. */
static bool exists(const struct zone *zone, const struct dns_name *name)
{
    for (size_t i = 0; i < zone->count; i++)
        if (dns_name_is_within(&zone->records[i].owner, name))
            return true;
    return dns_name_equal(name, &zone->name);
}

bool zone_find_owner(const struct zone *zone, const struct dns_name *name, struct dns_name *owner)
{
    if (exists(zone, name)) {
        *owner = *name;
        return true;
    }
    struct dns_name encloser = *name;
    do
        encloser = dns_name_parent(&encloser);
    while (!exists(zone, &encloser));
    const struct text asterisk = {"*", &"*"[1]};
    return !dns_name_parse(owner, asterisk, &encloser) && exists(zone, owner);
}
