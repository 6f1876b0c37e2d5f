/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A moment on the monotonic clock until which something may take. One wait has one deadline,
 * however many system calls it is made of.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdint.h>

struct deadline {
    int64_t at_ms; /* on CLOCK_MONOTONIC */
};

enum deadline_result {
    DEADLINE_READY,
    DEADLINE_PASSED,
    DEADLINE_ERROR, /* errno is set */
};

/* The moment `ms` milliseconds from now; 0 is now. */
struct deadline deadline_in(int64_t ms);

/* Milliseconds left, 0 when it has passed; fits poll(2). */
int deadline_left(struct deadline deadline);

/* Waits until `fd` is ready for `events` (those of poll(2); an error on it counts as ready). */
enum deadline_result deadline_wait(struct deadline deadline, int fd, short events);

/* Waits for the deadline itself. */
void deadline_sleep(struct deadline deadline);

#endif
