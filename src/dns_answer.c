/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a question to its answer; see dns_answer.h. */

#include "dns_answer.h"

#include <stdlib.h>
#include <string.h>

#include "dns_fixed.h"
#include "rdata.h"

bool dns_answer_add(struct dns_answer_section *section, const struct dns_name *owner,
                    const struct record *record)
{
    if (section->count == section->room) {
        size_t room = section->room ? 2 * section->room : 16;
        struct dns_answer_record *grown = reallocarray(section->records, room, sizeof *grown);
        if (!grown)
            return false;
        section->records = grown;
        section->room = room;
    }
    section->records[section->count++] = (struct dns_answer_record){*owner, record};
    return true;
}

/* Adds the records of a type at one owner of the zone. A wildcard's stand for the name asked for;
 * others keep the owner as the zone file spells it. */
static bool add_all(struct dns_answer_section *section, const struct zone *zone,
                    const struct dns_name *owner, const struct dns_question *question)
{
    bool is_wildcard = !dns_name_equal(owner, &question->name);
    for (size_t i = 0; i < zone->count; i++) {
        const struct record *record = &zone->records[i];
        if (record->type == question->type && dns_name_equal(&record->owner, owner) &&
            !dns_answer_add(section, is_wildcard ? &question->name : &record->owner, record))
            return false;
    }
    return true;
}

/* Lets the prefixes of a record have their effect on the answer. */
static void heed(struct dns_answer *answer, const struct record *record)
{
    answer->flags = answer->seen++ ? answer->flags & record->flags : record->flags;
    if (record->delay > answer->delay)
        answer->delay = record->delay;
}

/* What the records of a type at one owner come to: found, not found if one of them says NXDOMAIN,
 * or no data. */
static enum dns_status heed_all(struct dns_answer *answer, const struct zone *zone,
                                const struct dns_name *owner, uint16_t type)
{
    enum dns_status status = DNS_NO_DATA;
    for (size_t i = 0; i < zone->count; i++) {
        const struct record *record = &zone->records[i];
        if (record->type != type || !dns_name_equal(&record->owner, owner))
            continue;
        heed(answer, record);
        if (record->flags & RECORD_NXDOMAIN)
            status = DNS_NOT_FOUND;
        else if (status == DNS_NO_DATA)
            status = DNS_FOUND;
    }
    return status;
}

/* Are there records at the owner, all of which say NXDOMAIN? Then they make the answer, whatever
 * type was asked for. */
static bool is_denied(struct dns_answer *answer, const struct zone *zone,
                      const struct dns_name *owner)
{
    bool is_there = false;
    for (size_t i = 0; i < zone->count; i++) {
        const struct record *record = &zone->records[i];
        if (!dns_name_equal(&record->owner, owner))
            continue;
        if (!(record->flags & RECORD_NXDOMAIN))
            return false;
        heed(answer, record);
        is_there = true;
    }
    return is_there;
}

/* Answers with the records of one type at one owner. */
static enum dns_status take(struct dns_answer *answer, const struct zone *zone,
                            const struct dns_name *owner, const struct dns_question *question)
{
    enum dns_status status = heed_all(answer, zone, owner, question->type);
    if (status == DNS_FOUND && !add_all(&answer->answer, zone, owner, question)) {
        answer->remark = "out of memory";
        return DNS_NO_RECOVERY;
    }
    return status;
}

/* Answers from the zone that the name lies in. If it has a CNAME record instead of what was asked
 * for, *alias is that. */
static enum dns_status ask_zone(struct dns_answer *answer, const struct zone *zone,
                                const struct dns_question *question, const struct record **alias)
{
    struct dns_name owner;
    if (!zone_find_owner(zone, &question->name, &owner))
        return zone->pass_on_not_found ? DNS_PASS_ON : DNS_NOT_FOUND;
    enum dns_status status = take(answer, zone, &owner, question);
    if (status == DNS_NO_DATA) {
        const struct dns_question cname = {question->name, DNS_TYPE_CNAME};
        size_t before = answer->answer.count;
        status = take(answer, zone, &owner, &cname);
        if (status == DNS_FOUND)
            *alias = answer->answer.records[before].record;
    }
    return status == DNS_NO_DATA && is_denied(answer, zone, &owner) ? DNS_NOT_FOUND : status;
}

/* Answers from wherever the name belongs; *zone is its zone, or NULL. */
static enum dns_status ask(struct dns_answer *answer, struct zone_directory *directory,
                           const struct dns_question *question, const struct zone **zone,
                           const struct record **alias)
{
    *zone = NULL;
    *alias = NULL;
    if (dns_fixed_answer(answer, question))
        return answer->status;
    if (!zone_directory_find(directory, &question->name, zone)) {
        *zone = NULL;
        return DNS_NO_RECOVERY;
    }
    if (!*zone)
        return DNS_NOT_FOUND; /* not the real resolver's: what it says varies */
    return ask_zone(answer, *zone, question, alias);
}

/* Does the chain of CNAME records in the answer come by this name? */
static bool comes_by(const struct dns_answer_section *chain, const struct dns_name *name)
{
    for (size_t i = 0; i < chain->count; i++)
        if (dns_name_equal(&chain->records[i].owner, name))
            return true;
    return false;
}

/* Whether a chain that goes on at name is to be followed. If not, the answer is the chain so far:
 * it is for the MTA to find the loop, as it must with real resolvers. */
static bool may_follow(struct dns_answer *answer, const struct dns_name *name)
{
    if (comes_by(&answer->answer, name))
        answer->remark = "CNAME loop";
    else if (answer->answer.count >= DNS_CHAIN_MAX)
        answer->remark = "CNAME chain too long";
    return !answer->remark;
}

/* The authority section is as name servers have it: NS records with an authoritative answer, the
 * SOA record with one that something does not exist (RFC 2308 section 3). */
static void add_authority(struct dns_answer *answer, const struct zone *zone)
{
    bool is_found = answer->status == DNS_FOUND;
    const struct dns_question apex = {zone->name, is_found ? DNS_TYPE_NS : DNS_TYPE_SOA};
    if (!is_found || answer->flags & RECORD_AA)
        add_all(&answer->authority, zone, &zone->name, &apex);
}

void dns_answer_make(struct dns_answer *answer, struct zone_directory *directory,
                     const struct dns_question *question)
{
    struct dns_question now = *question;
    const struct zone *zone;
    const struct record *alias;
    for (;;) {
        answer->status = ask(answer, directory, &now, &zone, &alias);
        if (!alias)
            break;
        now.name.length = (uint8_t)alias->length;
        memcpy(now.name.wire, alias->data, alias->length);
        if (!may_follow(answer, &now.name))
            break;
    }
    /* The real resolver knows nothing of this chain, only of the name at its end. */
    if (answer->status == DNS_PASS_ON && answer->answer.count > 0)
        answer->status = DNS_FOUND;
    if (zone)
        add_authority(answer, zone);
}

/* The response code that makes a resolver come to the status, which is not DNS_PASS_ON. */
static unsigned response_code(enum dns_status status)
{
    static const unsigned codes[] = {
        [DNS_FOUND] = DNS_NOERROR,      [DNS_NOT_FOUND] = DNS_NXDOMAIN,
        [DNS_TRY_AGAIN] = DNS_SERVFAIL, [DNS_NO_RECOVERY] = DNS_REFUSED,
        [DNS_NO_DATA] = DNS_NOERROR,
    };
    return codes[status];
}

/* Writes as many records as there is room for; false if that is not all. */
static bool write_section(struct dns_message *message, enum dns_section section,
                          const struct dns_answer_section *source)
{
    for (size_t i = 0; i < source->count; i++) {
        const struct record *record = source->records[i].record;
        const struct dns_message_record written = {
            .owner = &source->records[i].owner,
            .type = record->type,
            .ttl = record->ttl,
            .data = record->data,
            .length = record->length,
        };
        if (!dns_message_record(message, section, &written))
            return false;
    }
    return true;
}

unsigned dns_answer_write(const struct dns_answer *answer, const struct dns_question *question,
                          struct dns_message *message)
{
    unsigned bits = (answer->flags & RECORD_AA ? DNS_BIT_AA : 0U) |
                    (answer->flags & RECORD_DNSSEC ? DNS_BIT_AD : 0U);
    bool is_whole = false;
    for (int is_compressed = 0; is_compressed <= 1 && !is_whole; is_compressed++) {
        dns_message_begin(message, is_compressed, bits, response_code(answer->status));
        dns_message_question(message, &question->name, question->type);
        is_whole = write_section(message, DNS_ANSWER, &answer->answer);
    }
    if (!is_whole)
        dns_message_set(message, DNS_BIT_TC);
    write_section(message, DNS_AUTHORITY, &answer->authority);
    return is_whole ? bits : bits | DNS_BIT_TC;
}

void dns_answer_free(struct dns_answer *answer)
{
    free(answer->answer.records);
    free(answer->authority.records);
    if (answer->made)
        free(answer->made->data);
    free(answer->made);
}
