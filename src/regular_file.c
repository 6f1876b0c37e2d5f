/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a small file whole; see regular_file.h. */

#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fills bytes from fd; a file that shrinks meanwhile just ends early. */
static const char *read_all(int fd, char *bytes, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t got = read(fd, bytes + *length, size - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strerror(errno);
        if (got == 0)
            break;
        *length += (size_t)got;
    }
    bytes[*length] = '\0';
    return NULL;
}

static const char *read_descriptor(int fd, char **bytes, size_t *length)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "Not a regular file";
    if (status.st_size > REGULAR_FILE_MAX)
        return strerror(EFBIG);
    *bytes = malloc((size_t)status.st_size + 1);
    if (!*bytes)
        return strerror(ENOMEM);
    const char *wrong = read_all(fd, *bytes, (size_t)status.st_size, length);
    if (wrong) {
        free(*bytes);
        *bytes = NULL;
    }
    return wrong;
}

const char *regular_file_read(const char *path, char **bytes, size_t *length)
{
    *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return strerror(errno);
    const char *wrong = read_descriptor(fd, bytes, length);
    close(fd);
    return wrong;
}
