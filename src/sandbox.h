/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the sandbox launcher share: its options, and one function or two from each
 * part. Not for other programs.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses of the launcher itself; every other one is the command's. */
enum {
    SANDBOX_USAGE = 2,
    SANDBOX_TIMEOUT = 124,
    SANDBOX_FAILED = 125, /* no sandbox could be made */
    SANDBOX_CANNOT_RUN = 126,
    SANDBOX_NOT_FOUND = 127,
    SANDBOX_SIGNAL = 128 /* plus the signal's number */
};

/* The user who calls the MTA; the group has the same number. */
enum { CALLER_UID = 1000 };

struct sandbox_address {
    int family;       /* AF_INET or AF_INET6 */
    const char *text; /* as it was given */
    union {
        struct in_addr v4;
        struct in6_addr v6;
    } ip;
};

/* A line of passwd or, without the uid, of group. */
struct sandbox_account {
    const char *name;
    uid_t uid;
    gid_t gid;
};

/* A file or directory of the host, and where it is inside. */
struct sandbox_show {
    const char *from, *to;
    int fd; /* of `from`, while the sandbox is made */
};

/* A function that takes the command's place, and returns its exit status. */
struct sandbox_inside {
    int (*run)(void *data);
    void *data;
};

struct sandbox_options {
    const char *case_dir;    /* absolute path inside of the case's file system */
    unsigned long long size; /* limit of each writable file system, in bytes */
    const char *hostname;
    struct sandbox_account *mta_users, *mta_groups; /* the first one of an id is its name */
    size_t mta_user_count, mta_group_count;
    struct sandbox_address *addresses; /* of lo, besides 127.0.0.1 and ::1 */
    size_t address_count;
    const char **archives; /* tar files to unpack at / */
    int *archive_fds;      /* the same, opened by sandbox_launch() */
    size_t archive_count;
    struct sandbox_show *shows; /* paths as is_plain_path() wants them */
    size_t show_count;
    const char *clock;     /* SECONDS[/DIVISOR], what clock.so does to the clock, or NULL */
    const char **preloads; /* libraries inside, for every program */
    size_t preload_count;
    int *fds; /* what the command inherits besides 0, 1 and 2 */
    size_t fd_count;
    int64_t timeout; /* milliseconds; 0: none */
    bool nest;       /* the command may make sandboxes, and sees the host's /etc */
    bool nested;     /* made by such a command */
    bool host;       /* only the control of processes, and a network if there are addresses */
    bool probe;      /* try everything out instead of running a command */
    int program;     /* the running program, opened by sandbox_launch() when probing */
    char **command;  /* ends with NULL; empty when probing, or with `inside` */
    const struct sandbox_inside *inside; /* runs instead of the command, or NULL */
};

/*
 * All that the program sandbox does with its command line; returns its exit status. With `inside`
 * the command line has no command, and descriptors are the caller's business.
 */
int sandbox_main(int argc, char **argv, const struct sandbox_inside *inside);

/*
 * Says on stderr why the sandbox cannot be made: "sandbox: STEP: CALL: REASON. HINT", with the
 * reason from errno (or, in the second form, as text) and a hint that depends on the step and
 * errno. The call is given printf-like. Returns SANDBOX_FAILED.
 */
int sandbox_report(const char *step, const char *call, ...) __attribute__((format(printf, 2, 3)));
int sandbox_report_text(const char *step, const char *call, const char *reason);

/* The same, and ends the process. Only for processes that the launcher has started. */
_Noreturn void sandbox_fail(const char *step, const char *call, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Runs the options' command under a supervisor, in a sandbox or (with `host`) outside, and returns
 * the exit status for the launcher. When it returns, all processes of the command have ended.
 */
int sandbox_launch(struct sandbox_options *options);

/*
 * Whether a nested sandbox may be made: with the ids of the host it would have the host's root.
 * Returns 0, or SANDBOX_FAILED after a report.
 */
int sandbox_check_nested(void);

/*
 * Gives the user namespace of the process `child` its uids and gids: if `nested` the same as here;
 * `0 100000 65536` for real root, else `0 -> the user` and `1... -> the user's range` by newuidmap
 * and newgidmap. Returns 0, or SANDBOX_FAILED after a report.
 */
int sandbox_map_ids(pid_t child, bool nested);

/*
 * The first process inside. Becomes its root when the launcher has written a byte to the pipe
 * `alive`, which is closed then, builds the sandbox, runs the command and returns its exit status
 * (128+signal). End of file on `alive` means that the launcher is dead.
 */
int sandbox_init(const struct sandbox_options *options, int alive);

/*
 * Makes the sandbox's root file system and makes it `/`, still writable, for unpacking. Ends the
 * process on failure.
 */
void sandbox_mount_root(const struct sandbox_options *options);

/* Makes `/` read-only; the case's directory and the temporary directories stay writable. */
void sandbox_lock_root(void);

/* Writes the sandbox's own files of /etc to the directory `etc` of the working directory. */
void sandbox_write_etc(const struct sandbox_options *options);

/*
 * Brings lo of a new network namespace up with the options' addresses. Needs a /proc that can be
 * written to, or, with `host`, goes without.
 */
void sandbox_configure_network(const struct sandbox_options *options);

/*
 * Takes from the calling process, and from all that it will start, what even root of the sandbox
 * may not do: mount, use keys, make sockets of families that leave the sandbox.
 */
void sandbox_confine(void);

/*
 * Makes the calling process fit for a command: default signals, none blocked, an environment and
 * limits that owe nothing to the caller's, umask 022.
 */
void sandbox_clean_process(void);

/*
 * Replaces the calling process by the options' command, with the options' fds, or calls what is in
 * its place; exits with 126 or 127 if that fails.
 */
_Noreturn void sandbox_exec(const struct sandbox_options *options);

/*
 * Lets go of what the command has inherited, once it has: whoever waits for an end of file on one
 * of its descriptors waits for the command and its children only. Standard error stays.
 */
void sandbox_drop_descriptors(const struct sandbox_options *options);

/* The exit status that stands for a status of waitpid(). */
int sandbox_exit_status(int wait_status);

/*
 * The probe. sandbox_probe_run() takes the place of the command: it installs a copy of the options'
 * program setuid root in the case's directory and becomes the caller who runs it.
 * sandbox_probe_setuid() is what that copy does (with the option SANDBOX_PROBE_SETUID); it returns
 * an exit status.
 */
#define SANDBOX_PROBE_SETUID "probe-setuid"
_Noreturn void sandbox_probe_run(const struct sandbox_options *options);
int sandbox_probe_setuid(void);

/* Says on stdout that a sandbox can be had, and as whom. */
void sandbox_probe_succeeded(void);

/*
 * Without a sandbox: the process that stands for its init. Runs the command, in a network namespace
 * if the options have addresses, and kills all its descendants when it has ended or `alive` is at
 * its end of file. Returns the command's exit status.
 */
int sandbox_host_supervise(const struct sandbox_options *options, int alive);

/*
 * Kills all descendants of the calling process, which must be a child subreaper, and waits for
 * them.
 */
void sandbox_host_sweep(void);

#endif
