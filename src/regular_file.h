/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a small file whole. Anything but a regular file is refused, because a FIFO or a device
 * in a test's directory must not hang its reader.
 */
#ifndef REGULAR_FILE_H
#define REGULAR_FILE_H

#include <stddef.h>

enum { REGULAR_FILE_MAX = 1024 * 1024 }; /* bytes; a larger file is refused */

/*
 * Reads the file at path. Returns NULL, and the caller frees *bytes, which hold a zero byte behind
 * the *length that were read; or returns what went wrong (text that stays valid until the next
 * call of strerror), and *bytes is NULL.
 */
const char *regular_file_read(const char *path, char **bytes, size_t *length);

#endif
