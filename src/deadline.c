/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct deadline deadline_in(int64_t ms)
{
    return (struct deadline){.at_ms = now_ms() + ms};
}

int deadline_left(struct deadline deadline)
{
    int64_t left = deadline.at_ms - now_ms();

    if (left < 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

enum deadline_result deadline_wait(struct deadline deadline, int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int ready;

    do
        ready = poll(&poll_fd, 1, deadline_left(deadline));
    while (ready == -1 && errno == EINTR);
    if (ready == -1)
        return DEADLINE_ERROR;
    return ready == 0 ? DEADLINE_PASSED : DEADLINE_READY;
}

void deadline_sleep(struct deadline deadline)
{
    int left;

    while ((left = deadline_left(deadline)) > 0)
        poll(NULL, 0, left);
}
