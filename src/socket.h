/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP sockets for numeric addresses, and local sockets to listen on. Host names are not resolved:
 * what a test does must not depend on a resolver.
 */
#ifndef SOCKET_H
#define SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "deadline.h"

struct socket_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* Reads an IPv4 or IPv6 address, and a port number 0 to 65535. False if it is none. */
bool socket_parse_address(const char *text, const char *port, struct socket_address *address);
bool socket_is_address(const char *text);
bool socket_is_port(const char *text);

/*
 * A new non-blocking socket of the family of `peer`, bound to `interface` unless that is NULL. -1
 * with errno set, and *status the exit status for it.
 */
int socket_open(const struct socket_address *peer, const struct socket_address *interface,
                int *status);

/* Connects. False with errno set: ETIMEDOUT is the kernel's, ETIME is the deadline's. */
bool socket_connect(int fd, const struct socket_address *peer, struct deadline deadline);

/*
 * Listens on a TCP port of all addresses, IPv4, IPv6 or both; port "0" is a free one. -1 with errno
 * set, and *status the exit status for it.
 */
int socket_listen(const char *port, bool ipv4, bool ipv6, int *status);

/* Listens on a local socket, in place of one that is there already. As above. */
int socket_listen_local(const char *path, int *status);

/* The port that a listening socket has. */
unsigned socket_port(int fd);

/* Room for what socket_accept() tells of the peer. */
enum { SOCKET_PEER_SIZE = 64 };

/*
 * Waits for a connection. -1 with errno set, ETIME when the deadline passed. The peer's address,
 * IPv4 as such, or "" of a local one, is put into `peer`.
 */
int socket_accept(int fd, struct deadline deadline, char peer[SOCKET_PEER_SIZE]);

#endif
