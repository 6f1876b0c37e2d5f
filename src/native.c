/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the driver calls in C: Runtest::Native (lib/Runtest/Native.pm says what each function takes
 * and returns). Only what turns Perl's values into C's; the work is done elsewhere (perlapi(1)).
 */
#define PERL_NO_GET_CONTEXT
#include <EXTERN.h>
#include <perl.h>

#include <XSUB.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "deadline.h"
#include "descriptors.h"
#include "processes.h"
#include "sandbox.h"
#include "settling.h"
#include "spawn.h"

XS_EXTERNAL(boot_Runtest__Native);

struct callback {
    PerlInterpreter *perl;
    SV *function;
};

/* Calls the Perl function, which does not die, in the process that is inside. */
static int call_inside(void *data)
{
    const struct callback *callback = data;
    int status;
    dTHXa(callback->perl);
    dSP;
    PUSHMARK(SP);
    call_sv(callback->function, G_SCALAR | G_NOARGS);
    SPAGAIN;
    status = (int)POPi;
    PUTBACK;
    return status;
}

/* launch(\&inside, OPTIONS): the exit status */
XS_INTERNAL(native_launch)
{
    dXSARGS;
    char **argv;
    struct callback callback;
    struct sandbox_inside inside;
    int status;
    if (items < 1)
        croak_xs_usage(cv, "inside, options");
    callback = (struct callback){aTHX, ST(0)};
    inside = (struct sandbox_inside){call_inside, &callback};
    Newxz(argv, items + 1, char *);
    argv[0] = savepv("sandbox");
    for (I32 i = 1; i < items; i++)
        argv[i] = savepv(SvPVbyte_nolen(ST(i)));
    status = sandbox_main((int)items, argv, &inside);
    for (I32 i = 0; i < items; i++)
        Safefree(argv[i]);
    Safefree(argv);
    XSRETURN_IV(status);
}

/* The array of a reference; of anything else it dies. */
static AV *array(pTHX_ SV *reference)
{
    if (!SvROK(reference) || SvTYPE(SvRV(reference)) != SVt_PVAV)
        croak("a reference to an array is expected\n");
    return (AV *)SvRV(reference);
}

static SV *element(pTHX_ AV *list, SSize_t index)
{
    SV **found = av_fetch(list, index, 0);
    if (!found)
        croak("an array has no element %ld\n", (long)index);
    return *found;
}

static void add_pids(pTHX_ struct pids *pids, SV *reference)
{
    AV *list = array(aTHX_ reference);
    for (SSize_t i = 0; i <= av_top_index(list); i++) {
        if (!pids_add(pids, (pid_t)SvIV(element(aTHX_ list, i))))
            croak("memory: %s\n", strerror(errno));
    }
}

/* A time limit that may have passed already. */
static int64_t milliseconds(double seconds)
{
    return seconds > 0 ? (int64_t)(seconds * 1000) : 0;
}

/* settle(SECONDS, \@keep, \@trees): who is left; dies of what /proc does not tell */
XS_INTERNAL(native_settle)
{
    dXSARGS;
    struct settling settling = {.timeout = 0};
    struct snapshot left = {NULL, NULL, 0, 0};
    enum settling_result result;
    if (items != 3)
        croak_xs_usage(cv, "seconds, keep, trees");
    settling.timeout = milliseconds(SvNV(ST(0)));
    add_pids(aTHX_ & settling.keep, ST(1));
    add_pids(aTHX_ & settling.trees, ST(2));
    SP -= items;
    result = settling_wait(&settling, getpid(), &left);
    if (result == NOT_SETTLED)
        for (size_t i = 0; i < left.count; i++) {
            char line[4096];
            settling_describe(&left.list[i], line, sizeof line);
            mXPUSHp(line, strlen(line));
        }
    free(left.list);
    free(left.owner);
    free(settling.keep.list);
    free(settling.trees.list);
    if (result == CANNOT_TELL)
        croak("/proc: %s\n", strerror(errno));
    PUTBACK;
}

/*
 * cpu_of_children(PIDS): seconds. Those of the caller by getrusage(2): times(2), which perl has,
 * counts hundredths, as /proc does.
 */
XS_INTERNAL(native_cpu_of_children)
{
    dXSARGS;
    struct rusage used;
    double seconds;
    if (getrusage(RUSAGE_CHILDREN, &used) < 0)
        croak("getrusage: %s\n", strerror(errno));
    seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
              (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    for (I32 i = 0; i < items; i++) {
        struct process process;
        if (process_read((pid_t)SvIV(ST(i)), &process))
            seconds += (double)process.children / (double)sysconf(_SC_CLK_TCK);
    }
    XSRETURN_NV(seconds);
}

/* The strings of a list, with NULL behind them, in memory that goes with the XSUB's. */
static char **string_list(pTHX_ SV *reference)
{
    AV *list = array(aTHX_ reference);
    SSize_t count = av_top_index(list) + 1;
    char **strings = (char **)SvPVX(sv_2mortal(newSV((STRLEN)(count + 1) * sizeof *strings)));
    for (SSize_t i = 0; i < count; i++)
        strings[i] = SvPVbyte_nolen(element(aTHX_ list, i));
    strings[count] = NULL;
    return strings;
}

static struct spawn_output output(pTHX_ SV *target)
{
    if (SvROK(target))
        return (struct spawn_output){NULL, (int)SvIV(SvRV(target))};
    return (struct spawn_output){SvPVbyte_nolen(target), -1};
}

/* The user's ids from [UID, GID, GROUPS...]; those that undef stands for are the caller's. */
static void set_user(pTHX_ struct spawn *how, SV *reference)
{
    AV *ids;
    if (!SvOK(reference))
        return;
    ids = array(aTHX_ reference);
    how->as_user = true;
    how->uid = (uid_t)SvUV(element(aTHX_ ids, 0));
    how->gid = (gid_t)SvUV(element(aTHX_ ids, 1));
    how->group_count = (size_t)(av_top_index(ids) - 1);
    how->groups = (gid_t *)SvPVX(sv_2mortal(newSV((how->group_count + 1) * sizeof(gid_t))));
    for (size_t i = 0; i < how->group_count; i++)
        how->groups[i] = (gid_t)SvUV(element(aTHX_ ids, (SSize_t)i + 2));
}

/* spawn(\@argv, \@environment, INPUT, OUTPUT, ERROR, SESSION, \@user): a pid; undef with $! */
XS_INTERNAL(native_spawn)
{
    dXSARGS;
    struct spawn how;
    pid_t pid;
    if (items != 7)
        croak_xs_usage(cv, "argv, environment, input, output, error, session, user");
    how = (struct spawn){.argv = string_list(aTHX_ ST(0)),
                         .environment = string_list(aTHX_ ST(1)),
                         .input = (int)SvIV(ST(2)),
                         .output = output(aTHX_ ST(3)),
                         .error = output(aTHX_ ST(4)),
                         .session = SvTRUE(ST(5))};
    set_user(aTHX_ & how, ST(6));
    pid = spawn(&how);
    if (pid < 0)
        XSRETURN_UNDEF;
    XSRETURN_IV(pid);
}

/*
 * Waits until one of the two is readable, `other` (-1: there is none) or the pidfd `process`, and
 * tells whether it was the latter. Returns false with errno.
 */
static bool wait_for_either(int process, int other, struct deadline deadline, bool *ended)
{
    struct pollfd ready[] = {{.fd = process, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    int count;
    do
        count = poll(ready, 2, deadline_left(deadline));
    while (count < 0 && errno == EINTR);
    *ended = count > 0 && ready[0].revents;
    return count >= 0;
}

/* wait_child(PID, SECONDS, FD): its wait status, or undef; dies of what is no child */
XS_INTERNAL(native_wait_child)
{
    dXSARGS;
    pid_t pid;
    int status, process;
    bool ended;
    if (items < 2 || items > 3)
        croak_xs_usage(cv, "pid, seconds, descriptor");
    pid = (pid_t)SvIV(ST(0));
    process = process_open(pid);
    if (process < 0)
        croak("pidfd_open of pid %ld: %s\n", (long)pid, strerror(errno));
    if (!wait_for_either(process, items > 2 ? (int)SvIV(ST(2)) : -1,
                         deadline_in(milliseconds(SvNV(ST(1)))), &ended)) {
        close(process);
        croak("poll: %s\n", strerror(errno));
    }
    close(process);
    if (!ended)
        XSRETURN_UNDEF;
    if (waitpid(pid, &status, 0) != pid)
        croak("waitpid of pid %ld: %s\n", (long)pid, strerror(errno));
    XSRETURN_IV(status);
}

/* send_descriptors(SOCKET, BYTES, FDS): whether they were sent, with $! */
XS_INTERNAL(native_send)
{
    dXSARGS;
    int fds[DESCRIPTORS_MOST];
    STRLEN size;
    const char *bytes;
    if (items < 2 || items - 2 > DESCRIPTORS_MOST)
        croak_xs_usage(cv, "socket, bytes, descriptors");
    for (I32 i = 2; i < items; i++)
        fds[i - 2] = (int)SvIV(ST(i));
    bytes = SvPVbyte(ST(1), size);
    ST(0) = boolSV(descriptors_send((int)SvIV(ST(0)), bytes, size, fds, (size_t)items - 2));
    XSRETURN(1);
}

/* receive_descriptors(SOCKET): bytes and descriptors; nothing at the end */
XS_INTERNAL(native_receive)
{
    dXSARGS;
    static char bytes[DESCRIPTORS_LONGEST];
    int fds[DESCRIPTORS_MOST];
    size_t count;
    ssize_t size;
    if (items != 1)
        croak_xs_usage(cv, "socket");
    size = descriptors_receive((int)SvIV(ST(0)), bytes, sizeof bytes, fds, &count);
    SP -= items;
    if (size < 0)
        croak("recvmsg: %s\n", strerror(errno));
    if (size > 0)
        mXPUSHp(bytes, (STRLEN)size);
    for (size_t i = 0; size > 0 && i < count; i++)
        mXPUSHi(fds[i]);
    PUTBACK;
}

XS_EXTERNAL(boot_Runtest__Native)
{
    dXSBOOTARGSAPIVERCHK; /* croaks if it was built for another perl */
    static const char file[] = "native.c";
    PERL_UNUSED_VAR(items);
    newXS("Runtest::Native::launch", native_launch, file);
    newXS("Runtest::Native::settle", native_settle, file);
    newXS("Runtest::Native::cpu_of_children", native_cpu_of_children, file);
    newXS("Runtest::Native::spawn", native_spawn, file);
    newXS("Runtest::Native::wait_child", native_wait_child, file);
    newXS("Runtest::Native::send_descriptors", native_send, file);
    newXS("Runtest::Native::receive_descriptors", native_receive, file);
    XSRETURN_YES;
}
