/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settling.h"
#include "deadline.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Who supervises the test, and who need not end for it to be settled. */
struct scene {
    pid_t worker, supervisor;
    const struct settling *settling;
};

/* Reads what is there, until it is sure whose each process is. */
static bool look(struct snapshot *snapshot, const struct scene *scene)
{
    do
        if (!snapshot_take(snapshot))
            return false;
    while (!snapshot_find_owners(snapshot, scene->supervisor, &scene->settling->trees));
    return true;
}

/*
 * Notes which processes of the test have ended, and sets `new` if one of them had not when it was
 * called before. Returns false when memory is short.
 */
static bool find_new_ends(const struct snapshot *snapshot, struct pids *ended, bool *new)
{
    struct pids now = {NULL, 0};
    bool done = true;
    *new = false;
    for (size_t i = 0; i < snapshot->count && done; i++) {
        pid_t pid = snapshot->list[i].pid;
        if (snapshot->owner[i] != OWNER_TEST || !process_is_gone(&snapshot->list[i]))
            continue;
        *new |= !pids_contain(ended, pid);
        done = pids_add(&now, pid);
    }
    free(ended->list);
    *ended = now;
    return done;
}

static bool may_stay(const struct scene *scene, pid_t pid)
{
    return pid == scene->worker || pid == scene->supervisor ||
           pids_contain(&scene->settling->keep, pid);
}

/* Leaves in the snapshot only what has to be waited for. */
static void keep_waited_for(struct snapshot *snapshot, const struct scene *scene)
{
    size_t left = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->owner[i] == OWNER_TEST && !process_is_gone(&snapshot->list[i]) &&
            !may_stay(scene, snapshot->list[i].pid))
            snapshot->list[left++] = snapshot->list[i];
    snapshot->count = left;
}

/* Waits until one of the processes has ended (of the first ones: all have to end). */
static enum settling_result wait_for_an_end(const struct snapshot *snapshot,
                                            struct deadline deadline)
{
    struct pollfd ends[64];
    nfds_t count = 0;
    int ended = 0;
    for (size_t i = 0; i < snapshot->count && count < 64 && !ended; i++) {
        int fd = process_open(snapshot->list[i].pid);
        if (fd >= 0)
            ends[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
        else
            ended = errno == ESRCH ? 1 : -1;
    }
    if (!ended)
        ended = poll(ends, count, deadline_left(deadline));
    if (ended < 0 && errno == EINTR)
        ended = 1; /* a signal: look again */
    while (count > 0)
        close(ends[--count].fd);
    return ended > 0 ? SETTLED : ended == 0 ? NOT_SETTLED : CANNOT_TELL;
}

/*
 * That one list has no process does not prove that nothing is left: one that was in it may have
 * started another and ended before it was looked at. So it does only if none of the ended ones has
 * ended since the list before.
 */
static enum settling_result wait_for_all(const struct scene *scene, struct snapshot *snapshot)
{
    struct deadline deadline = deadline_in(scene->settling->timeout);
    struct pids ended = {NULL, 0};
    enum settling_result result = SETTLED;
    bool unsure = true;
    do {
        if (!look(snapshot, scene) || !find_new_ends(snapshot, &ended, &unsure))
            result = CANNOT_TELL;
        keep_waited_for(snapshot, scene);
        if (result == SETTLED && snapshot->count > 0)
            result = wait_for_an_end(snapshot, deadline);
    } while (result == SETTLED && (unsure || snapshot->count > 0));
    free(ended.list);
    return result;
}

enum settling_result settling_wait(const struct settling *settling, pid_t worker,
                                   struct snapshot *left)
{
    struct process process;
    struct scene scene = {.worker = worker, .settling = settling};
    if (!process_read(worker, &process) || process.parent == 0) {
        errno = ESRCH;
        return CANNOT_TELL;
    }
    scene.supervisor = process.parent;
    return wait_for_all(&scene, left);
}

/* Its name is read again: it may have executed another program since it was looked at. */
void settling_describe(struct process *process, char *text, size_t size)
{
    char path[32];
    size_t used;
    ssize_t length = 0;
    int fd;
    process_read(process->pid, process);
    used = (size_t)snprintf(text, size, "%d %s", (int)process->pid, process->name);
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && used + 2 < size) {
        text[used++] = ' ';
        length = read(fd, text + used, size - used - 1);
    }
    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < length; i++)
        if (text[used + (size_t)i] == '\0')
            text[used + (size_t)i] = ' ';
        else if (!isprint((unsigned char)text[used + (size_t)i]))
            text[used + (size_t)i] = '?';
    while (length > 0 && text[used + (size_t)length - 1] == ' ')
        length--;
    text[used + (size_t)(length > 0 ? length : 0)] = '\0';
}
