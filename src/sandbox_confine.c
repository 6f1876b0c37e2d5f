/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command, root in its sandbox, may not do there. Namespaces do not keep it from that:
 * mounting (it could make the host's /usr writable again, which may have files of the user's),
 * keys (those of the user are the same inside), sockets of families that are not the network
 * namespace's (AF_VSOCK reaches the machine that this one is a guest of), leases of files (those
 * that several sandboxes are shown have an owner who is root in all of them: whoever else opens
 * them would wait until the lease is broken).
 */
#include "sandbox.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined __x86_64__ && !defined __ILP32__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define FIRST_FOREIGN_CALL 0x40000000 /* the calls of x32 */
#elif defined __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__ && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined __powerpc64__ && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined __s390x__
#define ARCHITECTURE AUDIT_ARCH_S390X
#endif
#ifndef FIRST_FOREIGN_CALL
#define FIRST_FOREIGN_CALL 0xffffffff
#endif

/* Linux 6.19. */
#ifndef F_SETDELEG
#define F_SETDELEG 1040
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

#ifdef ARCHITECTURE

/* The half of a call's argument, counted from 0, that an int is in. */
#define ARGUMENT(number)                                                                           \
    (offsetof(struct seccomp_data, args) + 8 * (number) + (__BYTE_ORDER == __BIG_ENDIAN ? 4 : 0))

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offset))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define SKIP_BELOW(value, count) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (value), 0, (count))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))
#define NO_SUCH_CALL(number) SKIP_UNLESS((number), 1), REFUSE(ENOSYS)
#define NO_LEASE(call)                                                                             \
    SKIP_UNLESS((call), 6), LOAD(ARGUMENT(1)), SKIP_UNLESS(F_SETLEASE, 1), REFUSE(EINVAL),         \
        SKIP_UNLESS(F_SETDELEG, 1), REFUSE(EINVAL), RETURN(SECCOMP_RET_ALLOW)
#define ALLOW_FAMILY(family) SKIP_UNLESS((family), 1), RETURN(SECCOMP_RET_ALLOW)

/*
 * It answers as a kernel does that does not know these things. io_uring would make sockets without
 * being asked; calls of other ABIs have other numbers. (socketcall(2) of 32-bit x86 tells no filter
 * its family.)
 */
static void filter_calls(void)
{
    static struct sock_filter filter[] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        REFUSE(ENOSYS),
        LOAD(offsetof(struct seccomp_data, nr)),
        SKIP_BELOW(FIRST_FOREIGN_CALL, 1),
        REFUSE(ENOSYS),
        NO_SUCH_CALL(SYS_keyctl),
        NO_SUCH_CALL(SYS_add_key),
        NO_SUCH_CALL(SYS_request_key),
        NO_SUCH_CALL(SYS_io_uring_setup),
        NO_LEASE(SYS_fcntl),
#ifdef SYS_fcntl64
        NO_LEASE(SYS_fcntl64),
#endif
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(ARGUMENT(0)),
        ALLOW_FAMILY(AF_UNIX),
        ALLOW_FAMILY(AF_INET),
        ALLOW_FAMILY(AF_INET6),
        ALLOW_FAMILY(AF_NETLINK),
        ALLOW_FAMILY(AF_PACKET),
        REFUSE(EAFNOSUPPORT),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
        errno != EINVAL) /* a kernel without filters */
        sandbox_fail("confine", "prctl PR_SET_SECCOMP");
}

#else /* no filter where nobody has tried it */
static void filter_calls(void)
{
}
#endif

void sandbox_confine(void)
{
    filter_calls();
    if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) < 0)
        sandbox_fail("confine", "prctl PR_CAPBSET_DROP CAP_SYS_ADMIN");
}
