/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS sessions on disk, between one run of a client and the next. What a session is made of is the
 * library's secret; which library, and whether the peer was verified, stands before it.
 */
#ifndef SESSION_FILE_H
#define SESSION_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "tls.h"

/*
 * Reads what session_file_save() wrote. True with *content filled in, or empty if there is no such
 * file or its session cannot be used here: `verified` says that only a session with a verified peer
 * can. False with *error filled in if the file is none of ours, or another library's.
 */
bool session_file_load(const char *path, bool verified, struct buffer *content,
                       struct tls_setup_error *error);

/* Writes a session. False with errno set. */
bool session_file_save(const char *path, bool verified, const void *content, size_t size);

#endif
