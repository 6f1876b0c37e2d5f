/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing one DNS reply (RFC 1035 section 4.1) from front to back: header, question, records of the
 * answer section, records of the authority section.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "dns_name.h"

enum { DNS_MESSAGE_MAX = 65535 }; /* RFC 1035 section 4.2.2 */

/* Response codes, RFC 1035 section 4.1.1. */
enum {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_REFUSED = 5,
};

/* Bits of the header's second word, RFC 1035 section 4.1.1 and (AD) RFC 4035 section 3.2.3. */
enum { DNS_BIT_AA = 0x0400, DNS_BIT_TC = 0x0200, DNS_BIT_AD = 0x0020 };

/* The sections of records, by the place of their count in the header. */
enum dns_section { DNS_ANSWER = 6, DNS_AUTHORITY = 8 };

struct dns_message {
    size_t length;
    bool is_compressed;   /* an owner equal to the name before is written as a pointer to that */
    struct dns_name name; /* the question's or an owner's that was written out last, … */
    size_t name_at;       /* … and where */
    uint8_t bytes[DNS_MESSAGE_MAX];
};

/* A record as it goes into a message. */
struct dns_message_record {
    const struct dns_name *owner;
    uint16_t type;
    uint32_t ttl; /* seconds */
    const uint8_t *data;
    size_t length; /* bytes, at most 65535 */
};

/* Begins a message: the header of a recursive server's reply with these bits and code, no question
 * and no record. is_compressed chooses the form of the owners. */
void dns_message_begin(struct dns_message *message, bool is_compressed, unsigned bits,
                       unsigned code);

/* Adds the question; once, and before any record. */
void dns_message_question(struct dns_message *message, const struct dns_name *name, uint16_t type);

/* Adds a record, if there is room for it: else the message stays as it is, and false is returned.
 */
bool dns_message_record(struct dns_message *message, enum dns_section section,
                        const struct dns_message_record *record);

/* Sets further bits of the header. */
void dns_message_set(struct dns_message *message, unsigned bits);

#endif
