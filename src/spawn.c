/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void fail(const struct spawn *how, const char *what, const char *object)
{
    char text[1024];
    int error = errno;
    int length = snprintf(text, sizeof text, "%s: %s%s%s%s\n", how->argv[0], what, object,
                          *what ? ": " : "", strerror(error));
    if (length > 0 && write(STDERR_FILENO, text, strnlen(text, sizeof text)) < 0)
        _exit(126);
    _exit(127);
}

static void redirect(const struct spawn *how, const struct spawn_output *output, int target)
{
    int fd = output->fd;
    if (output->path)
        fd = open(output->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || dup2(fd, target) < 0)
        fail(how, "cannot open ", output->path ? output->path : "");
}

static void switch_user(const struct spawn *how)
{
    if (setgroups(how->group_count, how->groups) < 0)
        fail(how, "setgroups", "");
    if (setgid(how->gid) < 0)
        fail(how, "setgid", "");
    if (setuid(how->uid) < 0)
        fail(how, "setuid", "");
}

static _Noreturn void become(const struct spawn *how)
{
    if (how->session)
        setsid();
    redirect(how, &how->error, STDERR_FILENO);
    if (dup2(how->input, STDIN_FILENO) < 0)
        fail(how, "standard input", "");
    redirect(how, &how->output, STDOUT_FILENO);
    if (how->as_user)
        switch_user(how);
    environ = how->environment;
    execvp(how->argv[0], how->argv);
    fail(how, "", "");
}

/*
 * vfork(2): until the program runs, the new process has the caller's memory, and the caller waits.
 * So what it changes there has to be put right again.
 */
pid_t spawn(const struct spawn *how)
{
    char **own_environment = environ;
    pid_t pid = vfork();
    if (pid == 0)
        become(how);
    environ = own_environment;
    return pid;
}
