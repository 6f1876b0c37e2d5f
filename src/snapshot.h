/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All processes at a moment, and which of them belong to a test. Not for waiting. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "processes.h"

#include <stdbool.h>
#include <stddef.h>

struct pids {
    pid_t *list;
    size_t count;
};

bool pids_contain(const struct pids *pids, pid_t pid);

/* Appends a pid. Returns false when memory is short. The caller frees the list. */
bool pids_add(struct pids *pids, pid_t pid);

/* UNSURE: its line of ancestors has changed while the processes were being read. */
enum owner { OWNER_UNKNOWN, OWNER_TEST, OWNER_KEPT, OWNER_OTHERS, OWNER_UNSURE };

struct snapshot {
    struct process *list; /* in the order of their pids */
    unsigned char *owner; /* of each, an enum owner */
    size_t count, room;
};

/*
 * Reads all processes there are. Returns false with errno. All zero is an empty snapshot; the
 * caller frees its two arrays.
 */
bool snapshot_take(struct snapshot *snapshot);

/*
 * Finds out whose each process is: the test's are `supervisor` and its descendants, but not those
 * of `trees`, the processes whose group or session is one of them, and what descends from these.
 * Returns false if that is not sure of one of them.
 */
bool snapshot_find_owners(struct snapshot *snapshot, pid_t supervisor, const struct pids *trees);

#endif
