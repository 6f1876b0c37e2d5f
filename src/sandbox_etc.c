/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of /etc that decide what programs do and see: always the same, so that nothing of the
 * host shows in a test's results. All other files of /etc are the host's.
 */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct account {
    const char *name;
    unsigned id;
    const char *gecos, *home, *shell;
};

static const struct account users[] = {
    {"root", 0, "root", "/root", "/bin/sh"},
    {"daemon", 1, "daemon", "/usr/sbin", "/usr/sbin/nologin"},
    {"mail", 8, "mail", "/var/mail", "/usr/sbin/nologin"},
    {"mtacaller", CALLER_UID, "CALLER_NAME", "/tmp", "/bin/sh"},
    {"userx", 1001, "Test User X", "/tmp", "/bin/sh"},
    {"usery", 1002, "Test User Y", "/tmp", "/bin/sh"},
    {"nobody", 65534, "nobody", "/nonexistent", "/usr/sbin/nologin"},
};

static const struct account groups[] = {
    {.name = "root", .id = 0},
    {.name = "daemon", .id = 1},
    {.name = "tty", .id = 5},
    {.name = "mail", .id = 8},
    {.name = "mtacaller", .id = CALLER_UID},
    {.name = "userx", .id = 1001},
    {.name = "usery", .id = 1002},
    {.name = "nogroup", .id = 65534},
};

/* What never varies. A library's policy in force on the host would show in every handshake. */
static const struct {
    const char *path, *text;
} fixed[] = {
    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
                          "networks: files\nprotocols: files\nservices: files\n"},
    {"etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"},
    {"etc/gai.conf", ""},
    {"etc/timezone", "Etc/UTC\n"},
    {"etc/ssl/openssl.cnf", "# libssl's own defaults\n"},
    {"etc/gnutls/config", "# libgnutls's own defaults\n"},
};

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "wxe");
    if (!file)
        sandbox_fail("etc", "create /%s", path);
    return file;
}

static void finish(FILE *file, const char *path)
{
    if (fclose(file) != 0)
        sandbox_fail("etc", "write /%s", path);
}

static bool is_among(const struct sandbox_account *accounts, size_t count, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found |= strcmp(accounts[i].name, name) == 0;
    return found;
}

/*
 * Whoever asks for the name of an id gets the first one that has it: the MTA's users come before
 * the others, whatever id the MTA was built for.
 */
static void write_passwd(const struct sandbox_options *options)
{
    FILE *file = create("etc/passwd");
    const struct sandbox_account *mta = options->mta_users;
    for (size_t i = 0; i < options->mta_user_count; i++)
        fprintf(file, "%s:x:%u:%u::/var/spool:/usr/sbin/nologin\n", mta[i].name, mta[i].uid,
                mta[i].gid);
    for (size_t i = 0; i < sizeof users / sizeof *users; i++)
        if (!is_among(mta, options->mta_user_count, users[i].name))
            fprintf(file, "%s:x:%u:%u:%s:%s:%s\n", users[i].name, users[i].id, users[i].id,
                    users[i].gecos, users[i].home, users[i].shell);
    finish(file, "etc/passwd");
}

/* Exim lets only members of its group start a daemon. */
static void write_group(const struct sandbox_options *options)
{
    FILE *file = create("etc/group");
    const struct sandbox_account *mta = options->mta_groups;
    for (size_t i = 0; i < options->mta_group_count; i++)
        fprintf(file, "%s:x:%u:mtacaller\n", mta[i].name, mta[i].gid);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!is_among(mta, options->mta_group_count, groups[i].name))
            fprintf(file, "%s:x:%u:\n", groups[i].name, groups[i].id);
    finish(file, "etc/group");
}

static void write_hosts(const struct sandbox_options *options)
{
    const char *name = options->hostname;
    FILE *file = create("etc/hosts");
    fputs("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n", file);
    for (size_t i = 0; i < options->address_count; i++)
        fprintf(file, "%s %s %.*s\n", options->addresses[i].text, name, (int)strcspn(name, "."),
                name);
    finish(file, "etc/hosts");
}

static void write_text(const char *path, const char *text)
{
    FILE *file = create(path);
    fputs(text, file);
    finish(file, path);
}

static void write_line(const char *path, const char *line)
{
    FILE *file = create(path);
    fprintf(file, "%s\n", line);
    finish(file, path);
}

/* ld.so(8) loads these into every program, setuid ones included. */
static void write_preloads(const struct sandbox_options *options)
{
    FILE *file = create("etc/ld.so.preload");
    for (size_t i = 0; i < options->preload_count; i++)
        fprintf(file, "%s\n", options->preloads[i]);
    finish(file, "etc/ld.so.preload");
}

static void write_clock(const char *clock)
{
    if (mkdir("runtest", 0755) < 0)
        sandbox_fail("etc", "mkdir /runtest");
    write_line("runtest/clock", clock);
}

void sandbox_write_etc(const struct sandbox_options *options)
{
    if (mkdir("etc/ssl", 0755) < 0 || mkdir("etc/gnutls", 0755) < 0)
        sandbox_fail("etc", "mkdir");
    /* Where it does not lead anywhere libc takes UTC all the same. */
    if (symlink("/usr/share/zoneinfo/Etc/UTC", "etc/localtime") < 0)
        sandbox_fail("etc", "symlink /etc/localtime");
    write_passwd(options);
    write_group(options);
    write_hosts(options);
    write_line("etc/hostname", options->hostname);
    write_line("etc/mailname", options->hostname);
    if (options->preload_count > 0)
        write_preloads(options);
    if (options->clock)
        write_clock(options->clock);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        write_text(fixed[i].path, fixed[i].text);
}
