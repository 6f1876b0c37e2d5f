/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stretch of text; see text.h. */

#include "text.h"

#include <string.h>

int text_shown(struct text text)
{
    return text_length(text) > 60 ? 60 : (int)text_length(text);
}

size_t text_length(struct text text)
{
    return (size_t)(text.end - text.at);
}

bool text_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void text_skip_blanks(struct text *text)
{
    while (text->at < text->end && text_is_blank(*text->at))
        text->at++;
}

struct text text_word(struct text *text)
{
    text_skip_blanks(text);
    struct text word = {text->at, text->at};
    while (word.end < text->end && !text_is_blank(*word.end))
        word.end++;
    text->at = word.end;
    return word;
}

bool text_take(struct text *text, const char *prefix)
{
    size_t length = strlen(prefix);
    if (text_length(*text) < length || memcmp(text->at, prefix, length) != 0)
        return false;
    text->at += length;
    return true;
}

bool text_number(struct text text, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    if (text.at == text.end)
        return false;
    for (; text.at < text.end; text.at++) {
        if (*text.at < '0' || *text.at > '9')
            return false;
        value = 10 * value + (uint64_t)(*text.at - '0');
        if (value > max)
            return false;
    }
    *number = (uint32_t)value;
    return true;
}
