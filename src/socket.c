/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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
