/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits until the processes that a step of a test has started are gone. An MTA logs some things
 * only after it has closed its connection, so the end of a client does not mean that the step is
 * over; the end of all processes does.
 */
#ifndef SETTLING_H
#define SETTLING_H

#include "snapshot.h"

#include <stdint.h>

enum settling_result { SETTLED = 0, NOT_SETTLED = 1, CANNOT_TELL = 2 };

struct settling {
    int64_t timeout;         /* milliseconds */
    struct pids keep, trees; /* who may stay, alone or with its descendants, group and session */
};

/*
 * Waits for the descendants of the parent of the process `worker`, for all but these two. That
 * parent is a supervisor, who inherits every orphan: so all processes of the test are its
 * descendants. NOT_SETTLED: the time is over, and `left`, which has to be empty and whose arrays
 * the caller frees, has who is left. CANNOT_TELL: /proc says nothing (errno), or nobody supervises
 * the worker (ESRCH).
 */
enum settling_result settling_wait(const struct settling *settling, pid_t worker,
                                   struct snapshot *left);

/* Writes "PID NAME ARGUMENTS", fit to print, at most `size` bytes with the 0 at its end. */
void settling_describe(struct process *process, char *text, size_t size);

#endif
