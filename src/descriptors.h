/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that carry open files from one process to another: unix(7), SCM_RIGHTS. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The most files of one message, and the most bytes. */
enum { DESCRIPTORS_MOST = 8, DESCRIPTORS_LONGEST = 65536 };

/*
 * Sends one message over a SOCK_SEQPACKET socket. Returns false with errno, EMSGSIZE if it is empty
 * or has more than that.
 */
bool descriptors_send(int socket, const void *bytes, size_t size, const int *fds, size_t count);

/*
 * Waits for one message and returns its size, 0 at the end, or -1 with errno. Its files come with
 * close-on-exec; `fds` has room for DESCRIPTORS_MOST of them.
 */
ssize_t descriptors_receive(int socket, void *bytes, size_t size, int *fds, size_t *count);

#endif
