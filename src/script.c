/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void script_open(struct script *script, FILE *input)
{
    *script = (struct script){.files = {{.file = input}}, .depth = 1};
}

static void leave_file(struct script *script)
{
    struct script_file *file = &script->files[--script->depth];

    fclose(file->file);
    free(file->name);
}

void script_close(struct script *script)
{
    while (script->depth > 1)
        leave_file(script);
    free(script->line);
}

const char *script_next(struct script *script, size_t *size)
{
    struct script_file *file = &script->files[script->depth - 1];
    ssize_t got;

    while ((got = getline(&script->line, &script->capacity, file->file)) == -1) {
        if (script->depth == 1)
            return NULL;
        leave_file(script);
        file = &script->files[script->depth - 1];
    }
    file->line_number++;
    *size = (size_t)got;
    if (got > 0 && script->line[got - 1] == '\n')
        script->line[--*size] = '\0';
    return script->line;
}

bool script_at_end(struct script *script)
{
    for (int i = script->depth - 1; i >= 0; i--) {
        int next = getc(script->files[i].file);
        if (next != EOF) {
            ungetc(next, script->files[i].file);
            return false;
        }
    }
    return true;
}

bool script_include(struct script *script, const char *path)
{
    struct script_file *file = &script->files[script->depth];

    if (script->depth == SCRIPT_DEPTH_MAX) {
        errno = ELOOP;
        return false;
    }
    *file = (struct script_file){.file = fopen(path, "re")};
    if (!file->file)
        return false;
    file->name = strdup(path);
    script->depth++;
    return true;
}

void script_complain(const struct script *script, const char *format, ...)
{
    const struct script_file *file = &script->files[script->depth - 1];
    va_list args;

    fprintf(stderr, "%s:%u: ", file->name ? file->name : "standard input", file->line_number);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

/* Converts the escape at `text`; returns how many bytes it takes up, 0 if it is none. */
static size_t unescape_one(const char *text, size_t size, char *byte)
{
    if (size < 2)
        return 0;
    switch (text[1]) {
    case 'r':
        *byte = '\r';
        return 2;
    case 'n':
        *byte = '\n';
        return 2;
    case '\\':
        *byte = '\\';
        return 2;
    case 'x':
        if (size < 4 || !isxdigit((unsigned char)text[2]) || !isxdigit((unsigned char)text[3]))
            return 0;
        *byte = (char)(hex_value(text[2]) << 4 | hex_value(text[3]));
        return 4;
    default:
        return 0;
    }
}

void script_unescape(const char *text, size_t size, struct buffer *result)
{
    const char *end = text + size, *backslash;
    char byte;

    while ((backslash = memchr(text, '\\', (size_t)(end - text)))) {
        size_t taken = unescape_one(backslash, (size_t)(end - backslash), &byte);
        buffer_append(result, text, (size_t)(backslash - text));
        buffer_append(result, taken ? &byte : backslash, 1);
        text = backslash + (taken ? taken : 1);
    }
    buffer_append(result, text, (size_t)(end - text));
}
