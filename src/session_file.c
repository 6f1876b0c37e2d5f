/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exit_status.h"

static const char verified_word[] = "verified", unverified_word[] = "unverified";

static bool read_header(FILE *file, char library[16], bool *verified)
{
    char word[16];

    if (fscanf(file, "session %15s %15[a-z]", library, word) != 2 || fgetc(file) != '\n')
        return false;
    *verified = strcmp(word, verified_word) == 0;
    return *verified || strcmp(word, unverified_word) == 0;
}

static bool read_content(const char *path, FILE *file, bool verified, struct buffer *content,
                         struct tls_setup_error *error)
{
    char library[16];
    bool saved_verified;
    size_t got;

    if (!read_header(file, library, &saved_verified)) {
        tls_setup_failed(error, EXIT_FILE, "-session %s: this is not a saved session", path);
        return false;
    }
    if (strcmp(library, tls_library) != 0) {
        tls_setup_failed(error, EXIT_FILE, "-session %s: this is a session of %s", path, library);
        return false;
    }
    if (verified && !saved_verified)
        return true;
    while ((got = fread(buffer_room(content, 4096), 1, 4096, file)) > 0)
        buffer_filled(content, got);
    return true;
}

bool session_file_load(const char *path, bool verified, struct buffer *content,
                       struct tls_setup_error *error)
{
    FILE *file = fopen(path, "re");
    bool done;

    if (!file && errno == ENOENT)
        return true;
    if (!file) {
        tls_setup_failed(error, EXIT_FILE, "-session %s: %s", path, strerror(errno));
        return false;
    }
    done = read_content(path, file, verified, content, error);
    fclose(file);
    return done;
}

bool session_file_save(const char *path, bool verified, const void *content, size_t size)
{
    FILE *file = fopen(path, "we");
    bool done;

    if (!file)
        return false;
    done = fprintf(file, "session %s %s\n", tls_library,
                   verified ? verified_word : unverified_word) > 0 &&
           fwrite(content, 1, size, file) == size;
    return fclose(file) == 0 && done;
}
