/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include <dirent.h>
#include <stdlib.h>

bool pids_contain(const struct pids *pids, pid_t pid)
{
    for (size_t i = 0; i < pids->count; i++)
        if (pids->list[i] == pid)
            return true;
    return false;
}

bool pids_add(struct pids *pids, pid_t pid)
{
    pid_t *list = reallocarray(pids->list, pids->count + 1, sizeof *list);
    if (!list)
        return false;
    list[pids->count++] = pid;
    pids->list = list;
    return true;
}

static bool make_room(struct snapshot *snapshot)
{
    size_t room = snapshot->room ? 2 * snapshot->room : 64;
    struct process *list = reallocarray(snapshot->list, room, sizeof *list);
    unsigned char *owner;
    if (!list)
        return false;
    snapshot->list = list;
    owner = realloc(snapshot->owner, room);
    if (!owner)
        return false;
    snapshot->owner = owner;
    snapshot->room = room;
    return true;
}

bool snapshot_take(struct snapshot *snapshot)
{
    DIR *proc = opendir("/proc");
    struct process process;
    bool done = proc != NULL;
    snapshot->count = 0;
    while (done && process_next(proc, &process)) {
        done = snapshot->count < snapshot->room || make_room(snapshot);
        if (done)
            snapshot->list[snapshot->count++] = process;
    }
    if (proc)
        closedir(proc);
    return done;
}

static int compare_pids(const void *a, const void *b)
{
    pid_t x = ((const struct process *)a)->pid, y = ((const struct process *)b)->pid;
    return (x > y) - (x < y);
}

/* Returns the index of a process in the snapshot, or its count if there is none. */
static size_t find(const struct snapshot *snapshot, pid_t pid)
{
    struct process key = {.pid = pid};
    const struct process *found =
        bsearch(&key, snapshot->list, snapshot->count, sizeof key, compare_pids);
    return found ? (size_t)(found - snapshot->list) : snapshot->count;
}

static bool is_of(const struct process *process, const struct pids *trees)
{
    return pids_contain(trees, process->pid) || pids_contain(trees, process->group) ||
           pids_contain(trees, process->session);
}

/* A process is whose its parent is, unless there is something to say about itself. */
static enum owner find_owner(struct snapshot *snapshot, size_t i, pid_t supervisor,
                             const struct pids *trees)
{
    const struct process *process = &snapshot->list[i];
    size_t parent = find(snapshot, process->parent);
    enum owner owner = OWNER_UNSURE;
    if (snapshot->owner[i] != OWNER_UNKNOWN)
        return snapshot->owner[i];
    snapshot->owner[i] = OWNER_UNSURE; /* should pids in new hands make it its own ancestor */
    if (is_of(process, trees))
        owner = OWNER_KEPT;
    else if (process->pid == supervisor)
        owner = OWNER_TEST;
    else if (process->parent == 0)
        owner = OWNER_OTHERS;
    else if (parent < snapshot->count)
        owner = find_owner(snapshot, parent, supervisor, trees);
    snapshot->owner[i] = (unsigned char)owner;
    return owner;
}

bool snapshot_find_owners(struct snapshot *snapshot, pid_t supervisor, const struct pids *trees)
{
    bool sure = true;
    for (size_t i = 0; i < snapshot->count; i++)
        snapshot->owner[i] = OWNER_UNKNOWN;
    for (size_t i = 0; i < snapshot->count; i++)
        if (find_owner(snapshot, i, supervisor, trees) == OWNER_UNSURE)
            sure = false;
    return sure;
}
