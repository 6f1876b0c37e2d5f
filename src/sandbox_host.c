/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands for the sandbox's init where there is no sandbox: a child subreaper. All that its
 * command starts stays below it, and is killed when the command has ended or the launcher has.
 * Files and users are the host's.
 */
#include "sandbox.h"
#include "snapshot.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* Kills exactly the process that was seen: its pid may be another's by now. */
static void kill_process(const struct process *seen)
{
    struct process now;
    int fd = process_open(seen->pid);
    if (fd < 0)
        return;
    if (process_read(seen->pid, &now) && (now.parent == seen->parent || now.parent == getpid()))
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    close(fd);
}

/* Kills the descendants of this process that it sees. Others may be born meanwhile. */
static void kill_descendants(struct snapshot *snapshot)
{
    static const struct pids none = {NULL, 0};
    if (!snapshot_take(snapshot))
        return;
    snapshot_find_owners(snapshot, getpid(), &none);
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->owner[i] == OWNER_TEST && snapshot->list[i].pid != getpid() &&
            !process_is_gone(&snapshot->list[i]))
            kill_process(&snapshot->list[i]);
}

/*
 * Orphans become children of this process, so when it has none it has no descendants either. What
 * has ended is reaped before the others are looked for, and not after: then every child that there
 * was at that moment has been killed or is still to be reaped, and the wait for one cannot last.
 * In the other order it would, for one that was born after the look.
 */
void sandbox_host_sweep(void)
{
    struct snapshot snapshot = {NULL, NULL, 0, 0};
    do {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        kill_descendants(&snapshot);
    } while (waitpid(-1, NULL, 0) > 0 || errno != ECHILD);
    free(snapshot.list);
    free(snapshot.owner);
}

static pid_t start_command(const struct sandbox_options *options)
{
    pid_t pid = fork();
    if (pid < 0)
        sandbox_fail("command", "fork");
    if (pid > 0)
        return pid;
    setsid(); /* kill(0, ...) of the command must not reach the supervisor */
    sandbox_exec(options);
}

/*
 * What the command starts listens on every address: it must not be one of the host's.
 */
static void enter_network(const struct sandbox_options *options)
{
    if (options->address_count == 0)
        return;
    if (unshare(CLONE_NEWNET) < 0)
        sandbox_fail("own network", "unshare CLONE_NEWNET");
    sandbox_configure_network(options);
}

/* Reaps what has ended; returns true, and the status, if the command is among that. */
static bool reap(pid_t command, int *status)
{
    bool ended = false;
    int wait_status;
    pid_t pid;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
        if (pid == command) {
            *status = sandbox_exit_status(wait_status);
            ended = true;
        }
    return ended;
}

int sandbox_host_supervise(const struct sandbox_options *options, int alive)
{
    struct signalfd_siginfo info;
    struct pollfd events[] = {{.fd = alive}, {.events = POLLIN}};
    int status = SANDBOX_SIGNAL + SIGKILL;
    sigset_t all, child;
    pid_t command;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    events[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (events[1].fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        sandbox_fail("supervisor", "signalfd, prctl PR_SET_CHILD_SUBREAPER");
    setsid(); /* the terminal's signals are the launcher's */
    enter_network(options);
    command = start_command(options);
    sandbox_drop_descriptors(options);
    while (poll(events, 2, -1) < 0 || events[0].revents == 0)
        if (read(events[1].fd, &info, sizeof info) > 0 && reap(command, &status))
            break;
    sandbox_host_sweep();
    return status;
}
