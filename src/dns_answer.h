/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a question to its answer out of the zones: fixed names, wildcards, CNAME chains, and what
 * the prefixes of the records make of the reply. No input or output but the reading of zone files.
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "dns_message.h"
#include "zone_directory.h"

/* What Exim wants to hear as exit status: h_errno of a failed lookup (netdb.h), and two more. */
enum dns_status {
    DNS_FOUND = 0,
    DNS_NOT_FOUND = 1,
    DNS_TRY_AGAIN = 2,
    DNS_NO_RECOVERY = 3,
    DNS_NO_DATA = 4,
    DNS_PASS_ON = 5, /* ask the real resolver */
};

enum { DNS_CHAIN_MAX = 16 }; /* CNAME records that are followed */

struct dns_question {
    struct dns_name name;
    uint16_t type;
};

/* A record under the name that it answers for, which is not its own if that is a wildcard. */
struct dns_answer_record {
    struct dns_name owner;
    const struct record *record;
};

struct dns_answer_section {
    struct dns_answer_record *records;
    size_t count, room;
};

struct dns_answer {
    enum dns_status status;
    const char *remark; /* more about the status, for the log; or NULL */
    struct dns_answer_section answer, authority;
    unsigned seen;       /* records that the answer was made of, … */
    unsigned flags;      /* … and the RECORD_… flags that all of them have */
    uint32_t delay;      /* milliseconds before the reply is due */
    struct record *made; /* records that are in no zone, of a fixed name */
};

/* Answers a question into *answer, which is zero and to be freed afterwards. Faults of zone files
 * are reported to the directory's sink; the status is then DNS_NO_RECOVERY. */
void dns_answer_make(struct dns_answer *answer, struct zone_directory *directory,
                     const struct dns_question *question);

/* Adds a record, which must outlive the section, under an owner. False if memory is out. */
bool dns_answer_add(struct dns_answer_section *section, const struct dns_name *owner,
                    const struct record *record);

/* Writes the reply. What does not fit is left out, with the bit TC if it belongs to the answer.
 * Returns the header's bits. */
unsigned dns_answer_write(const struct dns_answer *answer, const struct dns_question *question,
                          struct dns_message *message);

/* Frees what belongs to the answer, not the struct itself. */
void dns_answer_free(struct dns_answer *answer);

#endif
