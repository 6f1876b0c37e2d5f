/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked into an MTA that mta/build-exim compiles for gcov, and into nothing else. Most of Exim's
 * processes end with _exit(), and gcov writes its counts only at exit(); here they are written
 * before. The linker puts these functions in the places of others: --wrap=_exit,
 * --wrap=__gcov_fork. What gcov writes at exec is its own affair.
 */
#include <sys/stat.h>
#include <sys/types.h>

/* Where the counts go: compiled into the MTA twice, as this and by -fprofile-dir. */
#ifndef COVERAGE_DIRECTORY
#define COVERAGE_DIRECTORY "/testsuite/coverage"
#endif

/* libgcov's. */
void __gcov_dump(void);
void __gcov_reset(void);

/* The linker's names for what is replaced, and for what replaces it. */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
pid_t __real___gcov_fork(void);
pid_t __wrap___gcov_fork(void);

/*
 * Root, the MTA's user and callers all add to the same files. The first MTA of a case, as root,
 * makes them for everybody. The directory above is there in a sandbox only.
 */
__attribute__((constructor)) static void make_files(void)
{
    mode_t mask = umask(0);
    if (mkdir(COVERAGE_DIRECTORY, 0777) == 0) {
        __gcov_dump();
        __gcov_reset();
    }
    umask(mask);
}

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

/* A parent that is killed later has told what it did so far; its child begins at nothing. */
pid_t __wrap___gcov_fork(void)
{
    __gcov_dump();
    __gcov_reset();
    return __real___gcov_fork();
}
