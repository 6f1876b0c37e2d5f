/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "exit_status.h"

bool socket_is_port(const char *text)
{
    size_t size = strlen(text);

    return size > 0 && size <= 5 && strspn(text, "0123456789") == size && atoi(text) <= 65535;
}

bool socket_parse_address(const char *text, const char *port, struct socket_address *address)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;

    if (getaddrinfo(text, port, &hints, &found) != 0)
        return false;
    memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
    address->size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

bool socket_is_address(const char *text)
{
    struct socket_address address;

    return socket_parse_address(text, NULL, &address);
}

int socket_open(const struct socket_address *peer, const struct socket_address *interface,
                int *status)
{
    int fd = socket(peer->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *status = EXIT_SOCKET;
    if (fd == -1 || !interface)
        return fd;
    *status = EXIT_BIND;
    if (bind(fd, (const struct sockaddr *)&interface->storage, interface->size) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A peer that resets at once did accept; one that refuses gives ECONNREFUSED. */
static bool was_connected(int error)
{
    return error == ECONNRESET || error == EPIPE;
}

bool socket_connect(int fd, const struct socket_address *peer, struct deadline deadline)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (connect(fd, (const struct sockaddr *)&peer->storage, peer->size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    switch (deadline_wait(deadline, fd, POLLOUT)) {
    case DEADLINE_PASSED:
        errno = ETIME;
        return false;
    case DEADLINE_ERROR:
        return false;
    case DEADLINE_READY:
        break;
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error == 0 || was_connected(error);
}

/* ---- listening ---- */

static int bind_and_listen(int fd, const void *address, socklen_t size, int *status)
{
    const int on = 1;

    *status = EXIT_SOCKET;
    if (fd == -1)
        return -1;
    *status = EXIT_BIND;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, size) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    close(fd);
    return -1;
}

static int new_listener(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int listen_ipv4(in_port_t port, int *status)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = port};

    return bind_and_listen(new_listener(AF_INET), &any, sizeof any, status);
}

/* One socket can serve both. */
static int listen_ipv6(in_port_t port, int ipv6_only, int *status)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = port};
    int fd = new_listener(AF_INET6);

    if (fd != -1)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &ipv6_only, sizeof ipv6_only);
    return bind_and_listen(fd, &any, sizeof any, status);
}

/* A host without IPv6 has no such sockets, or nothing that they could be bound to. */
int socket_listen(const char *port, bool ipv4, bool ipv6, int *status)
{
    in_port_t number = htons((in_port_t)atoi(port));
    int fd;

    if (!ipv6)
        return listen_ipv4(number, status);
    fd = listen_ipv6(number, !ipv4, status);
    if (fd == -1 && ipv4 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
        fd = listen_ipv4(number, status);
    return fd;
}

int socket_listen_local(const char *path, int *status)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *status = EXIT_ADDRESS;
    errno = ENAMETOOLONG;
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    unlink(path);
    return bind_and_listen(new_listener(AF_UNIX), &address, sizeof address, status);
}

unsigned socket_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char port[8];

    if (getsockname(fd, (struct sockaddr *)&address, &size) == -1 ||
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port,
                    NI_NUMERICSERV) != 0)
        return 0;
    return (unsigned)atoi(port);
}

static void describe_peer(const struct sockaddr_storage *address, socklen_t size,
                          char peer[SOCKET_PEER_SIZE])
{
    static const char mapped[] = "::ffff:"; /* RFC 4291 section 2.5.5.2 */
    size_t prefix = sizeof mapped - 1;

    *peer = '\0';
    if (address->ss_family == AF_UNIX ||
        getnameinfo((const struct sockaddr *)address, size, peer, SOCKET_PEER_SIZE, NULL, 0,
                    NI_NUMERICHOST) != 0)
        return;
    if (strncmp(peer, mapped, prefix) == 0 && strchr(peer, '.'))
        memmove(peer, peer + prefix, strlen(peer) - prefix + 1);
}

int socket_accept(int fd, struct deadline deadline, char peer[SOCKET_PEER_SIZE])
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int connection;

    do {
        switch (deadline_wait(deadline, fd, POLLIN)) {
        case DEADLINE_PASSED:
            errno = ETIME;
            return -1;
        case DEADLINE_ERROR:
            return -1;
        case DEADLINE_READY:
            break;
        }
        connection = accept4(fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC);
    } while (connection == -1 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR));
    if (connection != -1)
        describe_peer(&address, size, peer);
    return connection;
}
