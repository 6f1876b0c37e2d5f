/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle: what the worker does after a step (settling.h), as a program of its own, for the tests of
 * it. The worker is the process that starts settle.
 */
#include "seconds.h"
#include "settling.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: settle --timeout SECS [--keep PID]... [--tree PID]...\n"
    "Waits until the descendants of its grandparent are gone, except for its parent and itself.\n"
    "\n"
    "  --timeout SECS  how long, at the most (decimals allowed)\n"
    "  --keep PID      do not wait for this process, but for its children\n"
    "  --tree PID      do not wait for this process, its descendants, and the processes whose\n"
    "                  group or session it is\n"
    "\n"
    "Exit status: 0 they are gone; 1 they are not, and one line PID NAME ARGUMENTS each says who\n"
    "is left; 2 wrong usage, or /proc does not tell.\n";

static void add_pid(struct pids *pids, const char *text)
{
    char *end;
    unsigned long pid = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || pid < 1 || pid > INT_MAX)
        errx(CANNOT_TELL, "%s: a process id is expected; see --help", text);
    if (!pids_add(pids, (pid_t)pid))
        err(CANNOT_TELL, "memory");
}

static void parse_options(struct settling *options, int argc, char **argv)
{
    static const struct option names[] = {{"timeout", required_argument, NULL, 't'},
                                          {"keep", required_argument, NULL, 'k'},
                                          {"tree", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 't' && !seconds_parse(optarg, &options->timeout))
            errx(CANNOT_TELL, "--timeout %s: a number of seconds is expected; see --help", optarg);
        else if (option == 'k')
            add_pid(&options->keep, optarg);
        else if (option == 'r')
            add_pid(&options->trees, optarg);
        else if (option == 'h')
            exit(fputs(usage, stdout) < 0);
        else if (option == '?')
            errx(CANNOT_TELL, "see --help");
    }
    if (optind < argc)
        errx(CANNOT_TELL, "%s: an option is expected; see --help", argv[optind]);
    if (options->timeout < 0)
        errx(CANNOT_TELL, "--timeout is missing; see --help");
}

int main(int argc, char **argv)
{
    struct settling options = {.timeout = -1};
    struct snapshot left = {NULL, NULL, 0, 0};
    enum settling_result result;
    parse_options(&options, argc, argv);
    if (!pids_add(&options.keep, getpid()))
        err(CANNOT_TELL, "memory");
    result = settling_wait(&options, getppid(), &left);
    if (result == CANNOT_TELL && errno == ESRCH)
        errx(result, "there is no supervisor: settle has to be started by a command of sandbox");
    if (result == CANNOT_TELL)
        err(result, "/proc");
    for (size_t i = 0; i < left.count; i++) {
        char line[4096];
        settling_describe(&left.list[i], line, sizeof line);
        puts(line);
    }
    free(left.list);
    free(left.owner);
    free(options.keep.list);
    free(options.trees.list);
    return result;
}
