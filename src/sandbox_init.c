/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of the sandbox: becomes root there, calls the other parts in order, runs the
 * command and reaps. Its end is the end of every process inside: the kernel sees to that.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A change of credentials clears PDEATHSIG, so that comes after it; and the launcher may have died
 * before, so look at the pipe after that. (getppid() is 0 here.)
 */
static void become_root(int alive)
{
    struct pollfd launcher = {.fd = alive};
    char go;
    if (read(alive, &go, 1) != 1)
        _exit(SANDBOX_FAILED);
    if (setresgid(0, 0, 0) < 0)
        sandbox_fail("become root", "setresgid 0");
    if (setgroups(0, NULL) < 0)
        sandbox_fail("become root", "setgroups");
    if (setresuid(0, 0, 0) < 0)
        sandbox_fail("become root", "setresuid 0");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        sandbox_fail("become root", "prctl PR_SET_PDEATHSIG");
    if (poll(&launcher, 1, 0) != 0)
        _exit(SANDBOX_FAILED);
    close(alive);
    setsid();                  /* or kill(0, ...) inside would reach the caller's processes */
    prctl(PR_SET_DUMPABLE, 0); /* this process's memory is the launcher's */
}

/* For what an older kernel may refuse without harm. */
static bool try_to_set(const char *sysctl, const char *value)
{
    int fd = open(sysctl, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, value, strlen(value)) >= 0;
    if (fd >= 0)
        close(fd);
    return done;
}

/*
 * pid_max alone would not do: a fork that it refuses has copied the process by then, and thousands
 * of such copies keep each other, and the end of this process, waiting for minutes. RLIMIT_NPROC
 * refuses at once. It counts by user and by sandbox where pid_max is a namespace's own (on older
 * kernels it would count the user's processes outside too), and Exim wants 1000.
 */
static void contain_fork_bombs(void)
{
    struct rlimit limit;
    if (!try_to_set("/proc/sys/kernel/pid_max", "4096") || getrlimit(RLIMIT_NPROC, &limit) < 0)
        return;
    if (limit.rlim_max > 1000)
        limit.rlim_cur = limit.rlim_max = 1000;
    setrlimit(RLIMIT_NPROC, &limit);
}

static void unpack(const char *name, int archive)
{
    static const char *const argv[] = {
        "tar", "-x", "-p", "-f", "-", "-C", "/", "--numeric-owner", "--warning=no-timestamp", NULL};
    int status;
    pid_t pid = fork();
    if (pid < 0)
        sandbox_fail("unpack", "fork");
    if (pid == 0) {
        sandbox_clean_process();
        dup2(archive, STDIN_FILENO);
        execvp(argv[0], (char *const *)argv);
        sandbox_fail("unpack", "execvp tar");
    }
    close(archive);
    if (waitpid(pid, &status, 0) < 0)
        sandbox_fail("unpack", "waitpid");
    if (status != 0)
        _exit(sandbox_report_text("unpack", name, "tar failed"));
}

static pid_t start_command(const struct sandbox_options *options)
{
    pid_t pid;
    try_to_set("/proc/sys/kernel/ns_last_pid", "1"); /* whatever was unpacked, the command is 2 */
    pid = fork();
    if (pid < 0)
        sandbox_fail("command", "fork");
    if (pid > 0)
        return pid;
    if (!options->nest)
        sandbox_confine();
    if (options->probe)
        sandbox_probe_run(options);
    sandbox_exec(options);
}

static int reap(pid_t command)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid == command)
            return sandbox_exit_status(status);
        if (pid < 0 && errno != EINTR)
            sandbox_fail("command", "waitpid");
    }
}

/* ld.so(8) says so of each program that it starts, and starts it without. */
static void check_preloads(const struct sandbox_options *options)
{
    for (size_t i = 0; i < options->preload_count; i++)
        if (access(options->preloads[i], R_OK) < 0)
            sandbox_fail("preload", "access %s", options->preloads[i]);
}

int sandbox_init(const struct sandbox_options *options, int alive)
{
    pid_t command;
    become_root(alive);
    umask(022);
    if (sethostname(options->hostname, strlen(options->hostname)) < 0)
        sandbox_fail("host name", "sethostname %s", options->hostname);
    sandbox_mount_root(options);
    check_preloads(options);
    sandbox_configure_network(options);
    for (size_t i = 0; i < options->archive_count; i++)
        unpack(options->archives[i], options->archive_fds[i]);
    sandbox_lock_root();
    if (!options->nest)
        contain_fork_bombs();
    if (chdir(options->case_dir) < 0)
        sandbox_fail("case directory", "chdir %s", options->case_dir);
    command = start_command(options);
    sandbox_drop_descriptors(options);
    return reap(command);
}
