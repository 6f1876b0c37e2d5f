/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uids and gids of the sandbox. An MTA changes between several users, so it needs a range of
 * ids: root may map any, everybody else has what /etc/subuid and /etc/subgid grant, and newuidmap
 * and newgidmap to put it in place.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT_MAP "0 100000 65536"
#define NESTED_MAP "0 0 1\n1 1 65535" /* a range may not span several of the outer ones */
#define USER_RANGE 65535              /* ids that a user's map needs besides its own */

struct map {
    const char *file;    /* of /proc/PID */
    const char *program; /* that may write it for a user */
    const char *grants;  /* where its ranges stand */
};

static const struct map maps[] = {
    {"uid_map", "newuidmap", "/etc/subuid"},
    {"gid_map", "newgidmap", "/etc/subgid"},
};

static int write_map(pid_t child, const struct map *map, const char *text)
{
    char path[64];
    int fd;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, map->file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return sandbox_report("id map", "open %s", path);
    if (write(fd, text, strlen(text)) < 0) {
        close(fd);
        return sandbox_report("id map", "write \"%.*s\" to %s", (int)strcspn(text, "\n"), text,
                              path);
    }
    close(fd);
    return 0;
}

/* Whether a line NAME:START:COUNT grants the user, by name or number, a range that is enough. */
static bool grants_range(char *line, const char *name, uid_t uid, unsigned long *start)
{
    char *rest = strchr(line, ':');
    char *end;
    unsigned long count;
    if (!rest)
        return false;
    *rest++ = '\0';
    if (!(name && strcmp(line, name) == 0)) {
        unsigned long number = strtoul(line, &end, 10);
        if (end == line || *end || number != uid)
            return false;
    }
    *start = strtoul(rest, &end, 10);
    if (end == rest || *end != ':')
        return false;
    count = strtoul(end + 1, NULL, 10);
    return count >= USER_RANGE;
}

static bool find_range(const char *file, const char *name, uid_t uid, unsigned long *start)
{
    FILE *grants = fopen(file, "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (grants && !found && getline(&line, &size, grants) >= 0)
        found = grants_range(line, name, uid, start);
    free(line);
    if (grants)
        fclose(grants);
    return found;
}

static _Noreturn void exec_map_program(const char *const argv[], int output)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(output, STDERR_FILENO);
    execvp(argv[0], (char *const *)argv);
    _exit(errno == ENOENT ? SANDBOX_NOT_FOUND : SANDBOX_CANNOT_RUN);
}

/* Reports why newuidmap or newgidmap has failed, in the first line of what it said itself. */
static int report_map_program(const char *program, int exit_status, char *said)
{
    size_t prefix = strlen(program);
    if (exit_status == SANDBOX_NOT_FOUND || exit_status == SANDBOX_CANNOT_RUN) {
        errno = exit_status == SANDBOX_NOT_FOUND ? ENOENT : EACCES;
        return sandbox_report("id map", "execvp %s", program);
    }
    said[strcspn(said, "\n")] = '\0';
    if (strncmp(said, program, prefix) == 0 && strncmp(said + prefix, ": ", 2) == 0)
        said += prefix + 2;
    return sandbox_report_text("id map", program, *said ? said : "it failed without a message");
}

static int run_map_program(const char *const argv[])
{
    char said[256];
    ssize_t length;
    int output[2], status;
    pid_t pid;
    if (pipe2(output, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        return sandbox_report("id map", "fork %s", argv[0]);
    if (pid == 0)
        exec_map_program(argv, output[1]);
    close(output[1]);
    length = read(output[0], said, sizeof said - 1);
    said[length > 0 ? length : 0] = '\0';
    close(output[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0 : report_map_program(argv[0], sandbox_exit_status(status), said);
}

static int map_by_program(pid_t child, const struct map *map, unsigned id)
{
    const struct passwd *user = getpwuid(getuid());
    const char *name = user ? user->pw_name : NULL;
    char target[16], own[16], first[32], count[16];
    const char *const argv[] = {map->program, target, "0", own, "1", "1", first, count, NULL};
    unsigned long start;
    if (!find_range(map->grants, name, getuid(), &start)) {
        char reason[128];
        snprintf(reason, sizeof reason, "it grants no range of %d ids to %s (%u)", USER_RANGE,
                 name ? name : "the user", getuid());
        return sandbox_report_text("id range", map->grants, reason);
    }
    snprintf(target, sizeof target, "%d", (int)child);
    snprintf(own, sizeof own, "%u", id);
    snprintf(first, sizeof first, "%lu", start);
    snprintf(count, sizeof count, "%d", USER_RANGE);
    return run_map_program(argv);
}

/* Whether the ids of this process are all that there are: those of no user namespace but the first.
 */
static bool has_all_ids(void)
{
    unsigned long inside = 0, outside = 0, count = 0;
    FILE *map = fopen("/proc/self/uid_map", "re");
    bool all = !map || (fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 &&
                        outside == 0 && count == UINT32_MAX);
    if (map)
        fclose(map);
    return all;
}

int sandbox_check_nested(void)
{
    if (getuid() != 0)
        return sandbox_report_text("nested", "getuid", "only root may make one");
    if (has_all_ids())
        return sandbox_report_text("nested", "/proc/self/uid_map", "this is no sandbox");
    return 0;
}

int sandbox_map_ids(pid_t child, bool nested)
{
    const unsigned ids[] = {getuid(), getgid()};
    const char *text = nested ? NESTED_MAP : ROOT_MAP;
    int failed = 0;
    for (size_t i = 0; i < 2 && !failed; i++)
        failed = getuid() == 0 ? write_map(child, &maps[i], text)
                               : map_by_program(child, &maps[i], ids[i]);
    return failed;
}
