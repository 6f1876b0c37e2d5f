/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle: waits until the processes that a step of a test has started are gone. An MTA logs some
 * things only after it has closed its connection, so the end of a client does not mean that the
 * step is over; the end of all processes does.
 *
 * It is started by the process that runs the steps, and that by a supervisor who inherits every
 * orphan. So all processes of the test are the supervisor's descendants, and those of the step are
 * what is left without the three.
 */
#include "deadline.h"
#include "processes.h"
#include "seconds.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETTLED = 0, NOT_SETTLED = 1, CANNOT_TELL = 2 };

static const char usage[] =
    "usage: settle --timeout SECS [--keep PID]... [--tree PID]...\n"
    "Waits until the descendants of its grandparent are gone, except for its parent and itself.\n"
    "\n"
    "  --timeout SECS  how long, at the most (decimals allowed)\n"
    "  --keep PID      do not wait for this process, but for its children\n"
    "  --tree PID      do not wait for this process, its descendants, and the processes whose "
    "group or\n"
    "                  session it is\n"
    "\n"
    "Exit status: 0 they are gone; 1 they are not, and one line PID NAME ARGUMENTS each says who "
    "is left;\n"
    "2 wrong usage, or /proc does not tell.\n";

struct pids {
    pid_t *list;
    size_t count;
};

struct options {
    int64_t timeout; /* milliseconds; -1: none was given */
    struct pids keep, trees;
};

/* Whose a process is. TORN: its parent has ended while the list was being read, so the list has to
 * be read again. */
enum owner { UNKNOWN, TEST, KEPT, OTHERS, TORN };

struct snapshot {
    struct process *list; /* in the order of their pids */
    unsigned char *owner; /* of each, an enum owner */
    size_t count, room;
};

static bool contains(const struct pids *pids, pid_t pid)
{
    for (size_t i = 0; i < pids->count; i++)
        if (pids->list[i] == pid)
            return true;
    return false;
}

static void *grow(void *memory, size_t count, size_t size)
{
    memory = reallocarray(memory, count, size);
    if (!memory)
        err(CANNOT_TELL, "memory");
    return memory;
}

static void add_pid(struct pids *pids, const char *text)
{
    char *end;
    unsigned long pid = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || pid < 1 || pid > INT_MAX)
        errx(CANNOT_TELL, "%s: a process id is expected; see --help", text);
    pids->list = grow(pids->list, pids->count + 1, sizeof *pids->list);
    pids->list[pids->count++] = (pid_t)pid;
}

static void parse_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"timeout", required_argument, NULL, 't'},
                                          {"keep", required_argument, NULL, 'k'},
                                          {"tree", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 't' && !seconds_parse(optarg, &options->timeout))
            errx(CANNOT_TELL, "--timeout %s: a number of seconds is expected; see --help", optarg);
        else if (option == 'k')
            add_pid(&options->keep, optarg);
        else if (option == 'r')
            add_pid(&options->trees, optarg);
        else if (option == 'h')
            exit(fputs(usage, stdout) < 0);
        else if (option == '?')
            errx(CANNOT_TELL, "see --help");
    }
    if (optind < argc)
        errx(CANNOT_TELL, "%s: an option is expected; see --help", argv[optind]);
    if (options->timeout < 0)
        errx(CANNOT_TELL, "--timeout is missing; see --help");
}

static void take_snapshot(struct snapshot *snapshot)
{
    DIR *proc = opendir("/proc");
    struct process process;
    if (!proc)
        err(CANNOT_TELL, "/proc");
    snapshot->count = 0;
    while (process_next(proc, &process)) {
        if (snapshot->count == snapshot->room) {
            snapshot->room = snapshot->room ? 2 * snapshot->room : 64;
            snapshot->list = grow(snapshot->list, snapshot->room, sizeof *snapshot->list);
            snapshot->owner = grow(snapshot->owner, snapshot->room, sizeof *snapshot->owner);
        }
        snapshot->owner[snapshot->count] = UNKNOWN;
        snapshot->list[snapshot->count++] = process;
    }
    closedir(proc);
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

/* A process is whose its parent is, unless the options exempt it with all that comes from it. */
static enum owner find_owner(struct snapshot *snapshot, size_t i, pid_t supervisor,
                             const struct pids *trees)
{
    const struct process *process = &snapshot->list[i];
    size_t parent = find(snapshot, process->parent);
    if (snapshot->owner[i] != UNKNOWN)
        return snapshot->owner[i];
    snapshot->owner[i] =
        TORN; /* also ends a circle, which an old parent's pid in new hands can make */
    if (contains(trees, process->pid) || contains(trees, process->group) ||
        contains(trees, process->session))
        snapshot->owner[i] = KEPT;
    else if (process->pid == supervisor)
        snapshot->owner[i] = TEST;
    else if (process->parent == 0)
        snapshot->owner[i] = OTHERS;
    else if (parent < snapshot->count)
        snapshot->owner[i] = (unsigned char)find_owner(snapshot, parent, supervisor, trees);
    return snapshot->owner[i];
}

static bool is_waited_for(const struct snapshot *snapshot, size_t i, pid_t parent, pid_t supervisor,
                          const struct options *options)
{
    const struct process *process = &snapshot->list[i];
    return snapshot->owner[i] == TEST && !process_is_gone(process) && process->pid != getpid() &&
           process->pid != parent && process->pid != supervisor &&
           !contains(&options->keep, process->pid);
}

/* Leaves in the snapshot only what has to be waited for. Returns false if the list is torn. */
static bool keep_waited_for(struct snapshot *snapshot, const struct options *options)
{
    pid_t parent = getppid();
    struct process up;
    pid_t supervisor = process_read(parent, &up) ? up.parent : 0;
    size_t left = 0;
    if (supervisor == 0)
        errx(CANNOT_TELL,
             "the parent, process %d, has no parent: start settle from a command of sandbox",
             (int)parent);
    for (size_t i = 0; i < snapshot->count; i++)
        if (find_owner(snapshot, i, supervisor, &options->trees) == TORN)
            return false;
    for (size_t i = 0; i < snapshot->count; i++)
        if (is_waited_for(snapshot, i, parent, supervisor, options))
            snapshot->list[left++] = snapshot->list[i];
    snapshot->count = left;
    return true;
}

/* Waits until one of the processes has ended (of the first ones: all have to end). Returns false at
 * the deadline. */
static bool wait_for_an_end(const struct snapshot *snapshot, struct deadline deadline)
{
    struct pollfd ends[64];
    nfds_t count = 0;
    int ended = 0;
    for (size_t i = 0; i < snapshot->count && count < 64 && !ended; i++) {
        int fd = process_open(snapshot->list[i].pid);
        if (fd >= 0)
            ends[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
        else if (errno == ESRCH)
            ended = 1;
        else
            err(CANNOT_TELL, "pidfd_open");
    }
    if (!ended)
        ended = poll(ends, count, deadline_left(deadline));
    while (count > 0)
        close(ends[--count].fd);
    return ended != 0;
}

/*
 * Waits until nothing is left. One list without a process does not prove it: when the pids wrap, a
 * new process can stand in a part of the list that has been read already. Returns false, and what
 * is left, at the deadline.
 */
static bool settle(const struct options *options, struct snapshot *snapshot)
{
    struct deadline deadline = deadline_in(options->timeout);
    int empty = 0;
    while (empty < 2) {
        take_snapshot(snapshot);
        if (!keep_waited_for(snapshot, options))
            continue;
        empty = snapshot->count == 0 ? empty + 1 : 0;
        if (snapshot->count > 0 && !wait_for_an_end(snapshot, deadline))
            return false;
    }
    return true;
}

static void print_process(const struct process *process)
{
    char path[32], arguments[4096];
    ssize_t length = 0;
    int fd;
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)process->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        length = read(fd, arguments, sizeof arguments);
        close(fd);
    }
    printf("%d %s", (int)process->pid, process->name);
    for (ssize_t i = 0; i < length; i++) {
        if (i == 0 || arguments[i - 1] == '\0')
            putchar(' ');
        if (arguments[i] != '\0')
            putchar(isprint((unsigned char)arguments[i]) ? arguments[i] : '?');
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct options options = {.timeout = -1};
    struct snapshot snapshot = {NULL, NULL, 0, 0};
    bool settled;
    parse_options(&options, argc, argv);
    settled = settle(&options, &snapshot);
    for (size_t i = 0; i < snapshot.count; i++)
        print_process(&snapshot.list[i]);
    free(snapshot.list);
    free(snapshot.owner);
    free(options.keep.list);
    free(options.trees.list);
    return settled ? SETTLED : NOT_SETTLED;
}
