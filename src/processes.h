/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes there are: /proc/PID/stat, proc(5). Not for what they do. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

struct process {
    pid_t pid, parent, group, session;
    char state;    /* 'Z': its first thread has ended */
    int threads;   /* that have not ended */
    long children; /* CPU time of those that it has waited for, and theirs, in sysconf(_SC_CLK_TCK)
                      a second */
    char name[64]; /* the kernel's short one, made fit to print */
};

/* Reads what there is to know of a process. Returns false if there is none with that pid. */
bool process_read(pid_t pid, struct process *process);

/*
 * The next process of `proc`, an open /proc, in the order of the pids. The pids are those of one
 * moment, what is said of each is of a later one: a process that has vanished in between has no
 * parent (-1) and the state 'X'. Returns false at the end.
 */
bool process_next(DIR *proc, struct process *process);

/*
 * Opens a pidfd, pidfd_open(2): it means that process even when its pid is another's, and poll(2)
 * finds it readable when all of the process has ended. Returns -1 with errno; ESRCH: there is no
 * such process.
 */
int process_open(pid_t pid);

/* Whether nothing of it runs any more: what is left waits for its parent. */
bool process_is_gone(const struct process *process);

#endif
