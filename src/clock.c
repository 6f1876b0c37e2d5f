/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.so: the wall clock of every program in a sandbox is divided by a number, if there is one,
 * and then moved by a number of seconds: SECONDS or SECONDS/DIVISOR in /runtest/clock there. The
 * dynamic linker loads it by /etc/ld.so.preload, which it obeys for setuid programs, too (sandbox
 * --clock). The clock starts at another moment and runs on, slowly if it is divided: one that stood
 * still would hang Exim. Monotonic clocks, and the times of files, which are the kernel's, are left
 * alone.
 *
 * Not moved are absolute times that a program hands to the kernel; none of those under test does.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t second = 1000000000; /* in nanoseconds */
static time_t offset;
static int64_t divisor = 1;

__attribute__((constructor)) static void read_clock(void)
{
    char text[64], *end;
    int file = open("/runtest/clock", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (size <= 0)
        return;
    text[size] = '\0';
    offset = (time_t)strtoll(text, &end, 10);
    if (*end == '/')
        divisor = strtoll(end + 1, NULL, 10);
}

static void move(struct timespec *now)
{
    int64_t since = (now->tv_sec * second + now->tv_nsec) / divisor;
    now->tv_sec = (time_t)(since / second) + offset;
    now->tv_nsec = (long)(since % second);
}

/* The system call, because the C library's function is the one that is replaced here. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        move(now);
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone; /* obsolete, and never set on Linux */
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *copy)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (copy)
        *copy = now.tv_sec;
    return now.tv_sec;
}
