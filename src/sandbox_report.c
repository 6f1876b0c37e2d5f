/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a sandbox cannot be made, and what to do about it. Kernels and containers refuse at different
 * steps, so the hint belongs to the step and the error.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WITHOUT "or run without a sandbox, as root"

static const struct {
    const char *step;
    int error; /* 0: any */
    const char *hint;
} hints[] = {
    {"privileges", 0,
     "Start it without no_new_privs (docker: without no-new-privileges; systemd: without "
     "NoNewPrivileges=), " WITHOUT},
    {"clone", EPERM,
     "User namespaces are forbidden here by a container's seccomp filter, a chroot, or the sysctl "
     "kernel.unprivileged_userns_clone=0: allow them, " WITHOUT},
    {"clone", ENOSPC,
     "Raise the sysctl user.max_user_namespaces (or max_mnt_, max_net_, max_uts_, max_pid_, "
     "max_ipc_namespaces), " WITHOUT},
    {"clone", EINVAL,
     "The kernel was built without one of the namespaces: use another one, " WITHOUT},
    {"clone", EAGAIN,
     "The user's processes are limited (ulimit -u), or the machine is out of them"},
    {"id range", 0,
     "Give the user a range, as root: usermod --add-subuids 100000-165535 --add-subgids "
     "100000-165535 USER"},
    {"id map", ENOENT, "Install the package uidmap (newuidmap and newgidmap), " WITHOUT},
    {"id map", EPERM,
     "Root needs the ids 100000 to 165535 here: run it outside of the container, " WITHOUT},
    {"id map", 0,
     "newuidmap and newgidmap must be setuid root (package uidmap) on a file system without "
     "nosuid, " WITHOUT},
    {"proc", EPERM,
     "The container hides parts of /proc: start it with an unmasked /proc (docker: --security-opt "
     "systempaths=unconfined), " WITHOUT},
    {"overlay", EPERM,
     "An overlay in a user namespace needs Linux 5.11 or newer: use another kernel, " WITHOUT},
    {"overlay", ENODEV, "Load the kernel module overlay (modprobe overlay), " WITHOUT},
    {"overlay", EINVAL,
     "Something is mounted below /etc (a container's resolv.conf): unmount it, " WITHOUT},
    {"read-only", ENOSYS,
     "mount_setattr needs Linux 5.12 or newer, and a seccomp filter that lets it pass: use another "
     "kernel, " WITHOUT},
    {"root", EINVAL,
     "The root file system is the initial ramdisk, or a chroot: start it from a mounted "
     "root, " WITHOUT},
    {"own network", EPERM,
     "Root needs CAP_SYS_ADMIN for that, which a container may not have (docker: --cap-add "
     "SYS_ADMIN)"},
    {"unpack", 0,
     "See the message of tar, or the file's name and mode; /usr, /bin, /lib and most of /dev and "
     "/etc are read-only inside"},
    {"nested", 0, "Use --nested for a command of a sandbox that has --nest, as root"},
    {"preload", 0, "Show the sandbox that library (--show)"},
    {"show", 0, "See the name and mode of the file or directory"},
    {"setuid", 0,
     "A setuid program must be able to become root inside: start it without "
     "no_new_privs, " WITHOUT},
    {NULL, EACCES, "A security module refuses it: look for a denial in the kernel's log, " WITHOUT},
    {NULL, EPERM,
     "The kernel or a security module refuses it: look for a denial in the kernel's log, " WITHOUT},
    {NULL, ENOMEM, "The machine is out of memory"},
    {NULL, 0, "Try sandbox --probe, " WITHOUT},
};

/* Ubuntu lets everybody make a user namespace, and then takes away what it is good for. */
static bool restricted_by_apparmor(int error)
{
    char value = '0';
    int fd;
    if (error != EACCES && error != EPERM)
        return false;
    fd = open("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, &value, 1) != 1)
        value = '0';
    if (fd >= 0)
        close(fd);
    return value == '1';
}

static const char *hint_for(const char *step, int error)
{
    size_t i = 0;
    if (restricted_by_apparmor(error))
        return "AppArmor restricts user namespaces: sysctl "
               "kernel.apparmor_restrict_unprivileged_userns=0, " WITHOUT;
    while ((hints[i].step && strcmp(hints[i].step, step) != 0) ||
           (hints[i].error && hints[i].error != error))
        i++;
    return hints[i].hint;
}

static void report(const char *step, const char *call, const char *reason, int error)
{
    dprintf(STDERR_FILENO, "sandbox: %s: %s: %s. %s\n", step, call, reason, hint_for(step, error));
}

__attribute__((format(printf, 2, 0))) static void report_errno(const char *step, const char *format,
                                                               va_list arguments)
{
    int error = errno;
    char call[512];
    vsnprintf(call, sizeof call, format, arguments);
    report(step, call, strerror(error), error);
}

int sandbox_report(const char *step, const char *call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    report_errno(step, call, arguments);
    va_end(arguments);
    return SANDBOX_FAILED;
}

int sandbox_report_text(const char *step, const char *call, const char *reason)
{
    report(step, call, reason, 0);
    return SANDBOX_FAILED;
}

void sandbox_fail(const char *step, const char *call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    report_errno(step, call, arguments);
    va_end(arguments);
    _exit(SANDBOX_FAILED);
}
