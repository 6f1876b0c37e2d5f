/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.so: moves the wall clock of every program in a sandbox by a number of seconds, which stands
 * in /runtest/clock-offset there. The dynamic linker loads it by /etc/ld.so.preload, which it
 * obeys for setuid programs, too (sandbox --clock). The clock starts at another moment and runs on:
 * one that stood still would hang Exim. Monotonic clocks, and the times of files, which are the
 * kernel's, are left alone.
 *
 * Not moved are absolute times that a program hands to the kernel; none of those under test does.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t offset;

__attribute__((constructor)) static void read_offset(void)
{
    char text[32];
    int file = open("/runtest/clock-offset", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    if (size <= 0)
        return;
    text[size] = '\0';
    offset = (time_t)strtoll(text, NULL, 10);
}

/* The system call, because the C library's function is the one that is replaced here. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset;
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
