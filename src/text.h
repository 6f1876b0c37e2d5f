/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stretch of text, and taking words from its front: what zone files are read with. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    const char *at, *end;
};

/* Printf arguments for "%.*s": at most 60 bytes of a text, which is enough to know it by. */
#define TEXT_SHOWN(text) text_shown(text), (text).at
int text_shown(struct text text);

size_t text_length(struct text text);

/* Space or tab. */
bool text_is_blank(char c);

void text_skip_blanks(struct text *text);

/* Skips blanks and takes the bytes up to the next blank; the word is empty at the end of the text.
 */
struct text text_word(struct text *text);

/* Takes prefix from the front of the text if it stands there. */
bool text_take(struct text *text, const char *prefix);

/* Reads the whole text as a decimal number; false if it is anything else or more than max. */
bool text_number(struct text text, uint32_t max, uint32_t *number);

#endif
