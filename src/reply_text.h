/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DNS reply as libresolv understands it, in text: how the tests look at what fakens writes. Part
 * of the tests only.
 */
#ifndef REPLY_TEXT_H
#define REPLY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Prints the header's response code and flags, the question and every record, each on a line of its
 * own. Returns false if libresolv finds the message malformed, or longer than what is in it.
 */
bool reply_text(const uint8_t *message, size_t length, FILE *out);

#endif
