/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that are answered alike in every test; see dns_fixed.h. */

#include "dns_fixed.h"

#include <stdlib.h>

#include "rdata.h"

/* The addresses of manyhome.test.ex: 10.250.104.0 to 10.250.111.255. */
enum { MANY = 2048, MANY_FIRST = 104 * 256, SECOND = 1000 };

static const struct dns_name test_again_dns = {16, "\4test\5again\3dns"};
static const struct dns_name test_fail_dns = {15, "\4test\4fail\3dns"};
static const struct dns_name manyhome_test_ex = {18, "\10manyhome\4test\2ex"};

static enum dns_status make_many(struct dns_answer *answer, const struct dns_question *question)
{
    if (question->type != DNS_TYPE_A)
        return DNS_NO_DATA;
    uint8_t *addresses = malloc(4 * MANY);
    answer->made = calloc(MANY, sizeof *answer->made);
    if (!addresses || !answer->made) {
        free(addresses);
        return DNS_NO_RECOVERY;
    }
    for (unsigned i = 0; i < MANY; i++) {
        struct record *record = &answer->made[i];
        record->owner = question->name;
        record->type = DNS_TYPE_A;
        record->ttl = RECORD_TTL_DEFAULT;
        record->length = 4;
        record->data = addresses + 4 * (size_t)i;
        record->data[0] = 10;
        record->data[1] = 250;
        record->data[2] = (uint8_t)((MANY_FIRST + i) >> 8);
        record->data[3] = (uint8_t)(MANY_FIRST + i);
        if (!dns_answer_add(&answer->answer, &record->owner, record))
            return DNS_NO_RECOVERY;
    }
    return DNS_FOUND;
}

/* N.test.again.dns answers after N seconds. */
static bool is_again_later(const struct dns_name *name, uint32_t *delay)
{
    const struct dns_name parent = dns_name_parent(name);
    const char *label = (const char *)name->wire + 1;
    const struct text number = {label, label + name->wire[0]};
    uint32_t seconds;
    if (!dns_name_equal(&parent, &test_again_dns) ||
        !text_number(number, RECORD_DELAY_MAX / SECOND, &seconds))
        return false;
    *delay = seconds * SECOND;
    return true;
}

bool dns_fixed_answer(struct dns_answer *answer, const struct dns_question *question)
{
    const struct dns_name *name = &question->name;
    if (dns_name_equal(name, &test_again_dns) || is_again_later(name, &answer->delay))
        answer->status = DNS_TRY_AGAIN;
    else if (dns_name_equal(name, &test_fail_dns))
        answer->status = DNS_NO_RECOVERY;
    else if (dns_name_equal(name, &manyhome_test_ex))
        answer->status = make_many(answer, question);
    else
        return false;
    return true;
}
