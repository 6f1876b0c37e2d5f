/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a process of the launcher to the user's command: what it inherits (nothing but the fds that
 * were asked for), and the exit status that tells of its end.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/syscall.h>
#include <unistd.h>

static void own_environment(void)
{
    if (clearenv() != 0 || setenv("LC_ALL", "C", 1) < 0 ||
        setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0 || setenv("HOME", "/", 1) < 0)
        sandbox_fail("environment", "setenv");
}

/* By the system call: signal() refuses the two signals that the C library keeps for itself, and
 * make leaves just these ignored. All zero is SIG_DFL in the kernel's struct, which is smaller. */
static void default_signals(void)
{
    static const uint64_t action[8];
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, action, NULL, (size_t)(NSIG - 1) / 8);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The soft limits that programs behave differently by. A hard limit below that stays as it is. */
static void default_limits(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, 1024}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].resource, &limit) < 0)
            continue;
        limit.rlim_cur = limits[i].limit < limit.rlim_max ? limits[i].limit : limit.rlim_max;
        setrlimit(limits[i].resource, &limit);
    }
}

void sandbox_clean_process(void)
{
    default_signals();
    default_limits();
    umask(022);
    own_environment();
}

void sandbox_exec(const struct sandbox_options *options)
{
    int error;
    sandbox_clean_process();
    if (options->inside) {
        prctl(PR_SET_DUMPABLE, 1); /* as every program is; gdb looks at its descriptors */
        _exit(options->inside->run(options->inside->data));
    }
    for (size_t i = 0; i < options->fd_count; i++)
        fcntl(options->fds[i], F_SETFD, 0);
    execvp(options->command[0], options->command);
    error = errno;
    dprintf(STDERR_FILENO, "sandbox: command: %s: %s\n", options->command[0], strerror(error));
    _exit(error == ENOENT ? SANDBOX_NOT_FOUND : SANDBOX_CANNOT_RUN);
}

void sandbox_drop_descriptors(const struct sandbox_options *options)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        close(null);
    }
    for (size_t i = 0; i < options->fd_count; i++)
        close(options->fds[i]);
}

int sandbox_exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? SANDBOX_SIGNAL + WTERMSIG(wait_status)
                                    : WEXITSTATUS(wait_status);
}
