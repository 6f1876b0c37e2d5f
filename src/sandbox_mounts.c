/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file systems of the sandbox. Its root is a new tmpfs with nothing in it but what stands in
 * the tables below, so no other file of the host can be seen from inside, whoever looks.
 */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Where the new root is made before it becomes the root; nothing of what the host has there is
 * needed inside.
 */
#define BASE "/tmp"

/* mount_setattr(2), Linux 5.12: older system headers have neither it nor its constants. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
enum { ATTRIBUTE_READ_ONLY = 1, ATTRIBUTE_NO_SETUID = 2, ATTRIBUTE_NO_DEVICES = 4 };

struct scratch {
    const char *path; /* relative to the new root */
    mode_t mode;
};

static const struct scratch scratch[] = {
    {"tmp", 01777}, {"var/tmp", 01777}, {"run", 0755}, {"dev/shm", 01777}};

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
    const char *path, *target;
} links[] = {
    {"dev/fd", "/proc/self/fd"},       {"dev/stdin", "/proc/self/fd/0"},
    {"dev/stdout", "/proc/self/fd/1"}, {"dev/stderr", "/proc/self/fd/2"},
    {"dev/ptmx", "pts/ptmx"},
};

static const struct {
    const char *path;
    mode_t mode;
} directories[] = {
    {"dev", 0755},  {"dev/pts", 0755}, {"dev/shm", 0755}, {"etc", 0755},
    {"home", 0755}, {"proc", 0555},    {"root", 0700},    {"run", 0755},
    {"tmp", 0755},  {"var", 0755},     {"var/tmp", 0755},
};

static void make_directory(const char *path, mode_t mode)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        sandbox_fail("directory", "mkdir %s", path);
}

static void set_attributes(const char *path, unsigned flags, uint64_t attributes)
{
    const uint64_t change[] = {attributes, 0, 0, 0}; /* set, clear, propagation, user namespace */
    if (syscall(SYS_mount_setattr, AT_FDCWD, path, flags, change, sizeof change) < 0)
        sandbox_fail("read-only", "mount_setattr %s", path);
}

/* Shows a directory of the host, with all that is mounted below it, at the same place inside. */
static void show_read_only(const char *path)
{
    const char *target = path + 1;
    make_directory(target, 0755);
    if (mount(path, target, "none", MS_BIND | MS_REC, NULL) < 0)
        sandbox_fail("mount", "bind %s", path);
    set_attributes(target, AT_RECURSIVE,
                   ATTRIBUTE_READ_ONLY | ATTRIBUTE_NO_SETUID | ATTRIBUTE_NO_DEVICES);
}

/* /bin, /sbin and /lib*: links into /usr, or directories on systems that have not merged them. */
static void show_outside_usr(const char *name)
{
    char path[NAME_MAX + 2], target[PATH_MAX];
    ssize_t length;
    snprintf(path, sizeof path, "/%s", name);
    length = readlink(path, target, sizeof target - 1);
    if (length < 0) {
        if (errno == EINVAL)
            show_read_only(path);
        return;
    }
    target[length] = '\0';
    if (symlink(target, name) < 0)
        sandbox_fail("directory", "symlink %s", path);
}

static void show_system(void)
{
    DIR *root = opendir("/");
    struct dirent *entry;
    if (!root)
        sandbox_fail("mount", "opendir /");
    show_read_only("/usr");
    while ((entry = readdir(root)))
        if (strcmp(entry->d_name, "bin") == 0 || strcmp(entry->d_name, "sbin") == 0 ||
            strncmp(entry->d_name, "lib", 3) == 0)
            show_outside_usr(entry->d_name);
    closedir(root);
}

static void make_devices(void)
{
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        char path[32];
        int fd;
        snprintf(path, sizeof path, "/dev/%s", devices[i]);
        fd = open(path + 1, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
        if (fd < 0)
            sandbox_fail("device", "create %s", path);
        close(fd);
        if (mount(path, path + 1, "none", MS_BIND, NULL) < 0)
            sandbox_fail("device", "bind %s", path);
    }
    if (mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620,gid=5") < 0)
        sandbox_fail("device", "mount devpts");
}

static void mount_tmpfs(const char *path, unsigned long flags, mode_t mode, unsigned long long size)
{
    char data[64];
    snprintf(data, sizeof data, "mode=%o,size=%llu", (unsigned)mode, size);
    if (mount("tmpfs", path, "tmpfs", flags, data) < 0)
        sandbox_fail("mount", "tmpfs on %s", path);
}

/* Makes the directories that lead to a path. */
static void make_parents(const char *target)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", target);
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        make_directory(path, 0755);
        *slash = '/';
    }
}

/* The case's directory may lie anywhere. */
static void mount_case(const struct sandbox_options *options)
{
    const char *path = options->case_dir + 1;
    make_parents(path);
    make_directory(path, 0755);
    mount_tmpfs(path, MS_NODEV, 0755, options->size);
}

/* As long as nothing covers them. */
static void open_shown(const struct sandbox_options *options)
{
    for (size_t i = 0; i < options->show_count; i++) {
        struct sandbox_show *shown = &options->shows[i];
        shown->fd = open(shown->from, O_PATH | O_CLOEXEC);
        if (shown->fd < 0)
            sandbox_fail("show", "open %s", shown->from);
    }
}

static void show_one(const struct sandbox_show *show)
{
    const char *target = show->to + 1;
    char source[32];
    struct stat status;
    int fd;
    if (fstat(show->fd, &status) < 0)
        sandbox_fail("show", "fstat %s", show->from);
    make_parents(target);
    if (S_ISDIR(status.st_mode))
        make_directory(target, 0755);
    else if ((fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) < 0 || close(fd) < 0)
        sandbox_fail("show", "create %s", show->to);
    snprintf(source, sizeof source, "/proc/self/fd/%d", show->fd);
    if (mount(source, target, "none", MS_BIND, NULL) < 0)
        sandbox_fail("show", "bind %s on %s", show->from, show->to);
    close(show->fd);
    set_attributes(target, 0, ATTRIBUTE_READ_ONLY | ATTRIBUTE_NO_DEVICES);
}

static void make_directories_and_links(void)
{
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        make_directory(directories[i].path, directories[i].mode);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlink(links[i].target, links[i].path) < 0)
            sandbox_fail("directory", "symlink %s", links[i].path);
}

/* The overlay covers the directory that is the first of its layers. */
static void mount_etc(const struct sandbox_options *options)
{
    sandbox_write_etc(options);
    if (mount("overlay", "etc", "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV,
              "lowerdir=" BASE "/etc:/etc") < 0)
        sandbox_fail("overlay", "mount overlay on /etc");
}

/* pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one, and goes. */
static void enter_root(void)
{
    if (syscall(SYS_pivot_root, ".", ".") < 0)
        sandbox_fail("root", "pivot_root");
    if (umount2(".", MNT_DETACH) < 0)
        sandbox_fail("root", "umount the host's root");
    if (chdir("/") < 0)
        sandbox_fail("root", "chdir /");
}

void sandbox_mount_root(const struct sandbox_options *options)
{
    if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0)
        sandbox_fail("mount", "make / private");
    open_shown(options);
    if (mount("tmpfs", BASE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        sandbox_fail("mount", "tmpfs for /");
    if (chdir(BASE) < 0)
        sandbox_fail("mount", "chdir " BASE);
    make_directories_and_links();
    show_system();
    if (options->nest)
        show_read_only("/etc");
    else
        mount_etc(options);
    make_devices();
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        sandbox_fail("proc", "mount proc");
    for (size_t i = 0; i < sizeof scratch / sizeof *scratch; i++)
        mount_tmpfs(scratch[i].path, MS_NOSUID | MS_NODEV, scratch[i].mode, options->size);
    mount_case(options);
    for (size_t i = 0; i < options->show_count; i++)
        show_one(&options->shows[i]);
    enter_root();
}

void sandbox_lock_root(void)
{
    set_attributes("/", 0, ATTRIBUTE_READ_ONLY);
}
