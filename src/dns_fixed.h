/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that are answered alike in every test, whatever the zones say. */
#ifndef DNS_FIXED_H
#define DNS_FIXED_H

#include "dns_answer.h"

/* Answers a question about a fixed name; returns false if its name is none. */
bool dns_fixed_answer(struct dns_answer *answer, const struct dns_question *question);

#endif
