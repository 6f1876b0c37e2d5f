/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe: what an MTA does in a sandbox and what some machines refuse only then. A program that
 * is setuid root, started by the caller, must become root, and must be able to become any other
 * user.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "probe"

static void install_setuid(int program)
{
    char block[65536];
    ssize_t length;
    int copy = open(PROGRAM, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (copy < 0)
        sandbox_fail("probe", "create " PROGRAM);
    while ((length = read(program, block, sizeof block)) > 0)
        if (write(copy, block, (size_t)length) != length)
            sandbox_fail("probe", "write " PROGRAM);
    if (length < 0)
        sandbox_fail("probe", "read the running program");
    if (fchmod(copy, 04755) < 0)
        sandbox_fail("setuid", "fchmod " PROGRAM " 4755");
    close(copy);
}

static void become(uid_t user)
{
    gid_t group = user;
    if (setgroups(1, &group) < 0)
        sandbox_fail("setuid", "setgroups %u", group);
    if (setresgid(group, group, group) < 0)
        sandbox_fail("setuid", "setresgid %u", group);
    if (setresuid(user, user, user) < 0)
        sandbox_fail("setuid", "setresuid %u", user);
}

void sandbox_probe_run(const struct sandbox_options *options)
{
    install_setuid(options->program);
    sandbox_clean_process();
    become(CALLER_UID);
    execl(PROGRAM, PROGRAM, "--" SANDBOX_PROBE_SETUID, NULL);
    sandbox_fail("setuid", "exec " PROGRAM);
}

int sandbox_probe_setuid(void)
{
    if (geteuid() != 0)
        return sandbox_report_text("setuid", "geteuid", "a setuid program did not become root");
    become(65534);
    return 0;
}

void sandbox_probe_succeeded(void)
{
    const struct passwd *user = getpwuid(getuid());
    if (user)
        printf("sandbox: ok (as %s)\n", user->pw_name);
    else
        printf("sandbox: ok (as %u)\n", getuid());
}
