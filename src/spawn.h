/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts a program as some user without copying the calling process, as fork(2) would: for a
 * worker, that takes longer than many a step. Not for processes with threads.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where output goes: is appended to the file, or else to the descriptor. */
struct spawn_output {
    const char *path; /* or NULL */
    int fd;
};

struct spawn {
    char **argv, **environment; /* end with NULL; the program is looked for in this PATH */
    int input;                  /* a descriptor above 2, as those of the outputs are */
    struct spawn_output output, error;
    bool session; /* of its own */
    bool as_user; /* with these ids, else with the caller's */
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    size_t group_count;
};

/*
 * Returns the pid, or -1 with errno. What fails later is said on the new process's standard error,
 * "PROGRAM: ...", and its exit status is 127.
 */
pid_t spawn(const struct spawn *how);

#endif
