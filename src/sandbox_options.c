/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The launcher's command line, read as a whole before anything is done.
 */
#include "sandbox.h"
#include "seconds.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: sandbox [options] -- COMMAND [ARG...]\n"
    "       sandbox --host [--address A]... [--timeout SECS] [--fd N]... -- COMMAND [ARG...]\n"
    "       sandbox --probe\n"
    "Runs COMMAND as root of a sandbox (user, mount, network, UTS, PID and IPC namespaces) and\n"
    "ends with its status. COMMAND sees /usr and /etc of the host, the latter with users and\n"
    "names of its own, and no other file. All its processes end with it, with sandbox, and with\n"
    "the process that has started sandbox.\n"
    "\n"
    "  --case DIR           its working directory, a file system of its own; default /testsuite\n"
    "  --size BYTES         limit of each writable file system; default 536870912\n"
    "  --unpack FILE        unpack a tar file at / first; repeatable, in that order\n"
    "  --show FROM:TO       show file or directory FROM of the host at TO, read-only; repeatable\n"
    "  --preload LIBRARY    have every program load this one, which is shown; repeatable\n"
    "  --clock SECS[/N]     clock.so, if preloaded, divides the clock by N, then moves it by SECS\n"
    "  --fd N               let COMMAND inherit descriptor N besides 0, 1 and 2; repeatable\n"
    "  --user NAME:UID:GID  a user of the MTA, in front of the others in /etc/passwd; repeatable;\n"
    "                       default EXIMUSER:106:106\n"
    "  --group NAME:GID     a group of the MTA, likewise in /etc/group; default EXIMGROUP:106\n"
    "  --hostname NAME      default myhost.test.ex\n"
    "  --address A          an address of lo, IPv4 or IPv6; repeatable; default 198.51.100.10\n"
    "                       and 2001:db8::10\n"
    "  --timeout SECS       kill everything after that time (decimals allowed)\n"
    "  --probe              try everything that a sandbox needs, and say what is missing\n"
    "  --nest               COMMAND may make sandboxes in this one, and sees the host's /etc\n"
    "  --nested             this is such a one: it has the users of the sandbox that it is in\n"
    "  --host               no sandbox, only the control of processes as above; with --address\n"
    "                       also a network of its own, of lo with these addresses (root's only)\n"
    "  --help               this text\n"
    "\n"
    "Exit status: COMMAND's; 128 and the signal that ended COMMAND or sandbox; 124 the time limit\n"
    "was reached; 125 no sandbox can be made; 126 COMMAND cannot be run; 127 it does not exist;\n"
    "2 wrong usage.\n";

enum {
    OPTION_CASE = 256,
    OPTION_SIZE,
    OPTION_UNPACK,
    OPTION_SHOW,
    OPTION_PRELOAD,
    OPTION_CLOCK,
    OPTION_FD,
    OPTION_USER,
    OPTION_GROUP,
    OPTION_HOSTNAME,
    OPTION_ADDRESS,
    OPTION_TIMEOUT,
    OPTION_PROBE,
    OPTION_NEST,
    OPTION_NESTED,
    OPTION_HOST,
    OPTION_HELP,
    OPTION_PROBE_SETUID,
};

static const struct option names[] = {
    {"case", required_argument, NULL, OPTION_CASE},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"unpack", required_argument, NULL, OPTION_UNPACK},
    {"show", required_argument, NULL, OPTION_SHOW},
    {"preload", required_argument, NULL, OPTION_PRELOAD},
    {"clock", required_argument, NULL, OPTION_CLOCK},
    {"fd", required_argument, NULL, OPTION_FD},
    {"user", required_argument, NULL, OPTION_USER},
    {"group", required_argument, NULL, OPTION_GROUP},
    {"hostname", required_argument, NULL, OPTION_HOSTNAME},
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"probe", no_argument, NULL, OPTION_PROBE},
    {"nest", no_argument, NULL, OPTION_NEST},
    {"nested", no_argument, NULL, OPTION_NESTED},
    {"host", no_argument, NULL, OPTION_HOST},
    {"help", no_argument, NULL, OPTION_HELP},
    {SANDBOX_PROBE_SETUID, no_argument, NULL, OPTION_PROBE_SETUID},
    {NULL, 0, NULL, 0},
};

static _Noreturn void usage_error(const char *option, const char *value, const char *expected)
{
    errx(SANDBOX_USAGE, "--%s %s: %s; see --help", option, value, expected);
}

/*
 * An unsigned decimal number up to a maximum; `end` is where it ends, or NULL if nothing may
 * follow.
 */
static bool parse_number(const char *text, char **end, unsigned long long max,
                         unsigned long long *number)
{
    char *stop;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    *number = strtoull(text, &stop, 10);
    if (end)
        *end = stop;
    return errno == 0 && *number <= max && (end || !*stop);
}

static bool is_plain_path(const char *path)
{
    size_t length = strlen(path);
    return path[0] == '/' && length > 1 && length < PATH_MAX && path[length - 1] != '/' &&
           !strstr(path, "//") && !strstr(path, "/.");
}

static void parse_case(struct sandbox_options *options, const char *value)
{
    if (!is_plain_path(value))
        usage_error("case", value, "an absolute path is expected, without empty or dotted parts");
    options->case_dir = value;
}

static void parse_preload(struct sandbox_options *options, const char *value)
{
    if (!is_plain_path(value))
        usage_error("preload", value,
                    "an absolute path is expected, without empty or dotted parts");
    options->preloads[options->preload_count++] = value;
}

static void parse_show(struct sandbox_options *options, char *value)
{
    size_t length = strcspn(value, ":");
    struct sandbox_show *show = &options->shows[options->show_count++];
    if (value[0] != '/' || value[length] != ':' || !is_plain_path(value + length + 1))
        usage_error("show", value, "two absolute paths with a colon between them are expected");
    value[length] = '\0';
    show->from = value;
    show->to = value + length + 1;
}

static void parse_clock(struct sandbox_options *options, const char *value)
{
    unsigned long long seconds, divisor = 1;
    char *end;
    if (!parse_number(value + (*value == '-'), &end, LONG_MAX, &seconds) ||
        (*end && (*end != '/' || !parse_number(end + 1, NULL, LONG_MAX, &divisor))) || divisor == 0)
        usage_error("clock", value, "a number of seconds is expected, and a divisor may follow");
    options->clock = value;
}

static void parse_size(struct sandbox_options *options, const char *value)
{
    if (!parse_number(value, NULL, LLONG_MAX, &options->size) || options->size == 0)
        usage_error("size", value, "a number of bytes is expected");
}

static void parse_fd(struct sandbox_options *options, const char *value)
{
    unsigned long long fd;
    if (!parse_number(value, NULL, INT_MAX, &fd) || fd < 3)
        usage_error("fd", value, "a file descriptor above 2 is expected");
    if (fcntl((int)fd, F_GETFD) < 0)
        usage_error("fd", value, "it is not open");
    options->fds[options->fd_count++] = (int)fd;
}

/* The length of the name in front of a colon, or 0 if there is none. */
static size_t account_name(const char *value)
{
    size_t length =
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    return value[length] == ':' ? length : 0;
}

/* The ids must be among those that the sandbox has. */
static void parse_user(struct sandbox_options *options, char *value)
{
    unsigned long long uid, gid;
    size_t name = account_name(value);
    char *rest = value + name + 1;
    if (name == 0 || !parse_number(rest, &rest, 65534, &uid) || *rest != ':' ||
        !parse_number(rest + 1, NULL, 65534, &gid))
        usage_error("user", value, "NAME:UID:GID is expected, with numbers up to 65534");
    value[name] = '\0';
    options->mta_users[options->mta_user_count++] =
        (struct sandbox_account){.name = value, .uid = (uid_t)uid, .gid = (gid_t)gid};
}

static void parse_group(struct sandbox_options *options, char *value)
{
    unsigned long long gid;
    size_t name = account_name(value);
    if (name == 0 || !parse_number(value + name + 1, NULL, 65534, &gid))
        usage_error("group", value, "NAME:GID is expected, with a number up to 65534");
    value[name] = '\0';
    options->mta_groups[options->mta_group_count++] =
        (struct sandbox_account){.name = value, .gid = (gid_t)gid};
}

static void parse_hostname(struct sandbox_options *options, const char *value)
{
    size_t length = strlen(value);
    if (length == 0 || length > 64 ||
        strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != length)
        usage_error("hostname", value, "a name of up to 64 letters, digits, dots and hyphens");
    options->hostname = value;
}

static void parse_address(struct sandbox_options *options, const char *value)
{
    struct sandbox_address *address = &options->addresses[options->address_count++];
    address->text = value;
    address->family = strchr(value, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(address->family, value, &address->ip) != 1)
        usage_error("address", value, "an IPv4 or IPv6 address is expected");
}

static void parse_timeout(struct sandbox_options *options, const char *value)
{
    if (!seconds_parse(value, &options->timeout) || options->timeout == 0)
        usage_error("timeout", value, "a number of seconds above 0 is expected");
}

/* Obeys one option. Those that only a sandbox knows are noted, for --host. */
static void parse_option(struct sandbox_options *options, int option, char *value)
{
    switch (option) {
    case OPTION_CASE:
        parse_case(options, value);
        break;
    case OPTION_SIZE:
        parse_size(options, value);
        break;
    case OPTION_UNPACK:
        options->archives[options->archive_count++] = value;
        break;
    case OPTION_SHOW:
        parse_show(options, value);
        break;
    case OPTION_PRELOAD:
        parse_preload(options, value);
        break;
    case OPTION_CLOCK:
        parse_clock(options, value);
        break;
    case OPTION_FD:
        parse_fd(options, value);
        break;
    case OPTION_USER:
        parse_user(options, value);
        break;
    case OPTION_GROUP:
        parse_group(options, value);
        break;
    case OPTION_HOSTNAME:
        parse_hostname(options, value);
        break;
    case OPTION_ADDRESS:
        parse_address(options, value);
        break;
    case OPTION_TIMEOUT:
        parse_timeout(options, value);
        break;
    case OPTION_PROBE:
        options->probe = true;
        break;
    case OPTION_NEST:
        options->nest = true;
        break;
    case OPTION_NESTED:
        options->nested = true;
        break;
    case OPTION_HOST:
        options->host = true;
        break;
    case OPTION_HELP:
        fputs(usage, stdout);
        exit(0);
    case OPTION_PROBE_SETUID:
        exit(sandbox_probe_setuid());
    default:
        errx(SANDBOX_USAGE, "see --help");
    }
}

static void default_addresses(struct sandbox_options *options)
{
    if (options->address_count == 0 && !options->host) {
        parse_address(options, "198.51.100.10");
        parse_address(options, "2001:db8::10");
    }
}

static void default_accounts(struct sandbox_options *options)
{
    if (options->mta_user_count == 0)
        options->mta_users[options->mta_user_count++] =
            (struct sandbox_account){.name = "EXIMUSER", .uid = 106, .gid = 106};
    if (options->mta_group_count == 0)
        options->mta_groups[options->mta_group_count++] =
            (struct sandbox_account){.name = "EXIMGROUP", .gid = 106};
}

static void check_combination(const struct sandbox_options *options, const char *sandbox_only,
                              const char *etc_only)
{
    if (options->host && sandbox_only)
        errx(SANDBOX_USAGE, "--%s: there is nothing to use it for with --host; see --help",
             sandbox_only);
    if (options->nest && etc_only)
        errx(SANDBOX_USAGE, "--%s: there is nothing to use it for with --nest; see --help",
             etc_only);
    if ((options->probe || options->inside) && *options->command)
        errx(SANDBOX_USAGE, "--probe runs no command; see --help");
    if (!options->probe && !options->inside && !*options->command)
        errx(SANDBOX_USAGE, "a command is missing; see --help");
}

static void parse_options(struct sandbox_options *options, int argc, char **argv)
{
    const char *sandbox_only = NULL, *etc_only = NULL;
    int option, index = 0;
    while ((option = getopt_long(argc, argv, "+", names, &index)) != -1) {
        if (option != '?' && option != OPTION_HOST && option != OPTION_FD &&
            option != OPTION_TIMEOUT && option != OPTION_ADDRESS)
            sandbox_only = names[index].name;
        if (option == OPTION_USER || option == OPTION_GROUP || option == OPTION_PRELOAD ||
            option == OPTION_CLOCK)
            etc_only = names[index].name;
        parse_option(options, option, optarg);
    }
    options->command = argv + optind;
    default_addresses(options);
    default_accounts(options);
    check_combination(options, sandbox_only, etc_only);
}

static bool is_inherited(const struct sandbox_options *options, int fd)
{
    bool inherited = fd <= STDERR_FILENO;
    for (size_t i = 0; i < options->fd_count; i++)
        inherited |= options->fds[i] == fd;
    return inherited;
}

/*
 * Whatever else the caller has open is closed here, and those to be inherited must not reach other
 * programs.
 */
static void close_other_descriptors(const struct sandbox_options *options)
{
    DIR *open_files = opendir("/proc/self/fd");
    struct dirent *entry;
    if (!open_files)
        err(SANDBOX_FAILED, "/proc/self/fd");
    while ((entry = readdir(open_files))) {
        int fd = atoi(entry->d_name);
        if (!is_inherited(options, fd) && fd != dirfd(open_files))
            close(fd);
    }
    closedir(open_files);
    for (size_t i = 0; i < options->fd_count; i++)
        fcntl(options->fds[i], F_SETFD, FD_CLOEXEC);
}

/* Room for as many repetitions of an option as the command line can hold. */
static void *repetitions(int argc, size_t size)
{
    void *room = calloc((size_t)argc + 2, size);
    if (!room)
        err(SANDBOX_FAILED, "memory");
    return room;
}

int sandbox_main(int argc, char **argv, const struct sandbox_inside *inside)
{
    struct sandbox_options options = {
        .case_dir = "/testsuite",
        .size = 512ULL << 20,
        .hostname = "myhost.test.ex",
        .program = -1,
        .inside = inside,
        .mta_users = repetitions(argc, sizeof *options.mta_users),
        .mta_groups = repetitions(argc, sizeof *options.mta_groups),
        .addresses = repetitions(argc, sizeof *options.addresses),
        .archives = repetitions(argc, sizeof *options.archives),
        .archive_fds = repetitions(argc, sizeof *options.archive_fds),
        .preloads = repetitions(argc, sizeof *options.preloads),
        .shows = repetitions(argc, sizeof *options.shows),
        .fds = repetitions(argc, sizeof *options.fds),
    };
    int status;
    parse_options(&options, argc, argv);
    if (!inside)
        close_other_descriptors(&options);
    status = sandbox_launch(&options);
    free(options.mta_users);
    free(options.mta_groups);
    free(options.addresses);
    free(options.archives);
    free(options.archive_fds);
    free(options.preloads);
    free(options.shows);
    free(options.fds);
    return status;
}
