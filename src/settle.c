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
#include "seconds.h"
#include "snapshot.h"

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
    "  --tree PID      do not wait for this process, its descendants, and the processes whose\n"
    "                  group or session it is\n"
    "\n"
    "Exit status: 0 they are gone; 1 they are not, and one line PID NAME ARGUMENTS each says who\n"
    "is left; 2 wrong usage, or /proc does not tell.\n";

struct options {
    int64_t timeout; /* milliseconds; -1: none was given */
    struct pids keep, trees;
};

static void add_pid(struct pids *pids, const char *text)
{
    char *end;
    unsigned long pid = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || pid < 1 || pid > INT_MAX)
        errx(CANNOT_TELL, "%s: a process id is expected; see --help", text);
    if (!pids_add(pids, (pid_t)pid))
        err(CANNOT_TELL, "memory");
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

/* Reads what is there, until it is sure whose each process is. */
static void look(struct snapshot *snapshot, const struct options *options, pid_t supervisor)
{
    do
        if (!snapshot_take(snapshot))
            err(CANNOT_TELL, "/proc");
    while (!snapshot_find_owners(snapshot, supervisor, &options->trees));
}

/*
 * Notes which processes of the test have ended, and returns true if one of them had not when it was
 * called before.
 */
static bool has_new_end(const struct snapshot *snapshot, struct pids *ended)
{
    struct pids now = {NULL, 0};
    bool new = false;
    for (size_t i = 0; i < snapshot->count; i++) {
        pid_t pid = snapshot->list[i].pid;
        if (snapshot->owner[i] != OWNER_TEST || !process_is_gone(&snapshot->list[i]))
            continue;
        new |= !pids_contain(ended, pid);
        if (!pids_add(&now, pid))
            err(CANNOT_TELL, "memory");
    }
    free(ended->list);
    *ended = now;
    return new;
}

/* Leaves in the snapshot only what has to be waited for. */
static void keep_waited_for(struct snapshot *snapshot, const struct pids *kept)
{
    size_t left = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->owner[i] == OWNER_TEST && !process_is_gone(&snapshot->list[i]) &&
            !pids_contain(kept, snapshot->list[i].pid))
            snapshot->list[left++] = snapshot->list[i];
    snapshot->count = left;
}

/*
 * Waits until one of the processes has ended (of the first ones: all have to end). Returns false at
 * the deadline.
 */
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
 * Waits until nothing is left. That one list has no process does not prove it: one that was in it
 * may have started another and ended before it was looked at. So it does only if none of the ended
 * ones has ended since the list before. Returns false, and what is left, at the deadline.
 */
static bool settle(const struct options *options, pid_t supervisor, struct snapshot *snapshot)
{
    struct deadline deadline = deadline_in(options->timeout);
    struct pids ended = {NULL, 0};
    bool unsure, in_time = true;
    do {
        look(snapshot, options, supervisor);
        unsure = has_new_end(snapshot, &ended);
        keep_waited_for(snapshot, &options->keep);
        if (snapshot->count > 0)
            in_time = wait_for_an_end(snapshot, deadline);
    } while (in_time && (unsure || snapshot->count > 0));
    free(ended.list);
    return in_time;
}

/* Its name is read again: it may have executed another program since it was looked at. */
static void print_process(struct process *process)
{
    char path[32], arguments[4096];
    ssize_t length = 0;
    int fd;
    process_read(process->pid, process);
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

/*
 * The process that the parent's orphans come to. It and the parent stay, of course, and so does
 * this one.
 */
static pid_t find_supervisor(struct options *options)
{
    struct process parent;
    if (!process_read(getppid(), &parent) || parent.parent == 0)
        errx(CANNOT_TELL,
             "there is no supervisor: settle has to be started by a command of sandbox");
    if (!pids_add(&options->keep, getpid()) || !pids_add(&options->keep, parent.pid) ||
        !pids_add(&options->keep, parent.parent))
        err(CANNOT_TELL, "memory");
    return parent.parent;
}

int main(int argc, char **argv)
{
    struct options options = {.timeout = -1};
    struct snapshot snapshot = {NULL, NULL, 0, 0};
    bool settled;
    parse_options(&options, argc, argv);
    settled = settle(&options, find_supervisor(&options), &snapshot);
    for (size_t i = 0; i < snapshot.count; i++)
        print_process(&snapshot.list[i]);
    free(snapshot.list);
    free(snapshot.owner);
    free(options.keep.list);
    free(options.trees.list);
    return settled ? SETTLED : NOT_SETTLED;
}
