/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads /proc/PID/stat, proc(5). */
#include "processes.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open /* Linux 5.3; older system headers do not know it */
#define SYS_pidfd_open 434
#endif

/*
 * The name stands in parentheses and may itself hold any byte, so it ends at the last one; it is
 * made fit to print.
 */
static bool parse(char *text, struct process *process)
{
    char *name = strchr(text, '(');
    char *end = strrchr(text, ')');
    long user, system;
    if (!name || !end)
        return false;
    *end = '\0';
    snprintf(process->name, sizeof process->name, "%s", name + 1);
    for (char *byte = process->name; *byte; byte++)
        if (!isprint((unsigned char)*byte))
            *byte = '?';
    if (sscanf(end + 1, " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld %*d %*d %d",
               &process->state, &process->parent, &process->group, &process->session, &user,
               &system, &process->threads) != 7)
        return false;
    process->children = user + system;
    return true;
}

bool process_read(pid_t pid, struct process *process)
{
    char path[32], text[1024];
    ssize_t length;
    int fd;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    process->pid = pid;
    return parse(text, process);
}

bool process_next(DIR *proc, struct process *process)
{
    struct dirent *entry;
    pid_t pid;
    do
        entry = readdir(proc);
    while (entry && !isdigit((unsigned char)*entry->d_name));
    if (!entry)
        return false;
    pid = atoi(entry->d_name);
    if (!process_read(pid, process))
        *process = (struct process){.pid = pid, .parent = -1, .state = 'X'};
    return true;
}

int process_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool process_is_gone(const struct process *process)
{
    return (process->state == 'Z' || process->state == 'X') && process->threads <= 1;
}
