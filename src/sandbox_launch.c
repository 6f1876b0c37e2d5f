/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launcher proper, outside of the sandbox: starts the supervisor (the sandbox's init, or what
 * stands for it without a sandbox), waits for its end, for the time limit or for a signal, and
 * takes it down. What happens inside is not known here.
 */
#include "sandbox.h"
#include "deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES                                                                                 \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWIPC)

struct supervisor {
    pid_t pid;
    int alive; /* the write end of its liveness pipe */
};

/* Signals that end a run in an orderly way. One that the caller ignores (nohup) stays ignored. */
static void block_signals(sigset_t *stop)
{
    static const int stopping[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t blocked;
    struct sigaction action;
    sigemptyset(stop);
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        if (sigaction(stopping[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(stop, stopping[i]);
    blocked = *stop;
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGPIPE);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    sigaddset(stop, SIGCHLD);
}

static int open_archives(struct sandbox_options *options)
{
    for (size_t i = 0; i < options->archive_count; i++) {
        options->archive_fds[i] = open(options->archives[i], O_RDONLY | O_CLOEXEC);
        if (options->archive_fds[i] < 0)
            return sandbox_report("unpack", "open %s", options->archives[i]);
    }
    return 0;
}

/*
 * clone() without a new stack, that is, fork() into new namespaces; not clone3, which seccomp
 * filters refuse.
 */
static pid_t fork_into_namespaces(void)
{
    unsigned long flags = NAMESPACES | SIGCHLD;
#ifdef __s390__
    return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, NULL);
#else
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
#endif
}

/*
 * Should the machine run out of memory, it is a test that goes, and nobody else. What the
 * supervisor starts inherits this. A kernel that refuses has its reasons, and no harm is done.
 */
static void go_first_without_memory(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    dprintf(fd, "1000");
    close(fd);
}

static int supervise(const struct sandbox_options *options, int alive)
{
    go_first_without_memory();
    return options->host ? sandbox_host_supervise(options, alive) : sandbox_init(options, alive);
}

static int start_supervisor(const struct sandbox_options *options, struct supervisor *supervisor)
{
    int alive[2];
    if (pipe2(alive, O_CLOEXEC) < 0)
        return sandbox_report("launch", "pipe2");
    supervisor->pid = options->host ? fork() : fork_into_namespaces();
    if (supervisor->pid < 0)
        return sandbox_report("clone", options->host ? "fork" : "clone with new namespaces");
    if (supervisor->pid == 0) {
        close(alive[1]);
        _exit(supervise(options, alive[0]));
    }
    close(alive[0]);
    supervisor->alive = alive[1];
    return 0;
}

static void close_files(const struct sandbox_options *options)
{
    for (size_t i = 0; i < options->archive_count; i++)
        close(options->archive_fds[i]);
    if (options->program >= 0)
        close(options->program);
}

/*
 * Returns SIGCHLD when the supervisor has ended (and its status), a signal that stops the run, or 0
 * at the time limit.
 */
static int wait_for_event(const struct supervisor *supervisor, const sigset_t *events,
                          const struct deadline *deadline, int *wait_status)
{
    for (;;) {
        int ms = deadline ? deadline_left(*deadline) : 0;
        struct timespec left = {ms / 1000, ms % 1000 * 1000000L};
        int event = sigtimedwait(events, NULL, deadline ? &left : NULL);
        if (event < 0 && errno == EAGAIN)
            return 0;
        if (event == SIGCHLD && waitpid(supervisor->pid, wait_status, WNOHANG) != supervisor->pid)
            continue;
        if (event > 0)
            return event;
    }
}

/* Killing the init kills its whole pid namespace, and waiting for it waits for all of that. */
static int stop_supervisor(const struct sandbox_options *options, struct supervisor *supervisor)
{
    int wait_status;
    close(supervisor->alive);
    if (!options->host)
        kill(supervisor->pid, SIGKILL);
    while (waitpid(supervisor->pid, &wait_status, 0) < 0 && errno == EINTR)
        ;
    return wait_status;
}

static int wait_for_end(const struct sandbox_options *options, struct supervisor *supervisor,
                        const sigset_t *events, const struct deadline *deadline)
{
    int wait_status;
    int event =
        wait_for_event(supervisor, events, options->timeout > 0 ? deadline : NULL, &wait_status);
    if (event != SIGCHLD)
        wait_status = stop_supervisor(options, supervisor);
    if (options->host && WIFSIGNALED(wait_status))
        sandbox_host_sweep(); /* somebody killed the supervisor: its orphans are ours now */
    if (event == SIGCHLD)
        return sandbox_exit_status(wait_status);
    if (event > 0)
        return SANDBOX_SIGNAL + event;
    fprintf(stderr, "sandbox: timeout: %s was still running after %g s, and was killed\n",
            options->probe    ? "the probe"
            : options->inside ? "the worker"
                              : options->command[0],
            (double)options->timeout / 1000);
    return SANDBOX_TIMEOUT;
}

int sandbox_launch(struct sandbox_options *options)
{
    struct supervisor supervisor;
    struct deadline deadline = deadline_in(options->timeout);
    sigset_t events;
    int failed, status;
    block_signals(&events);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* what the caller has started ends with it */
    if (options->host)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    else if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return sandbox_report_text("privileges", "prctl PR_GET_NO_NEW_PRIVS", "it is set");
    if (options->nested && (failed = sandbox_check_nested()))
        return failed;
    if (options->probe && (options->program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)) < 0)
        return sandbox_report("probe", "open /proc/self/exe");
    if ((failed = open_archives(options)) || (failed = start_supervisor(options, &supervisor)))
        return failed;
    close_files(options);
    if (!options->probe)
        sandbox_drop_descriptors(options);
    if (!options->host && (failed = sandbox_map_ids(supervisor.pid, options->nested))) {
        stop_supervisor(options, &supervisor);
        return failed;
    }
    if (!options->host && write(supervisor.alive, "", 1) != 1)
        sandbox_report("launch", "write to the init");
    status = wait_for_end(options, &supervisor, &events, &deadline);
    if (options->probe && status == 0)
        sandbox_probe_succeeded();
    return status;
}
