/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A time limit as it is written on a command line. Not for waiting; that is deadline.h. */
#ifndef SECONDS_H
#define SECONDS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a number of seconds, with decimals allowed, from 0 to a million (11 days), and gives it in
 * milliseconds, rounded up. Returns false if the text is anything else.
 */
bool seconds_parse(const char *text, int64_t *ms);

#endif
