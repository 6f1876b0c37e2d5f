/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "seconds.h"

/* The value of `word` as an option of this form, if it contains it: `-t5`. */
static const char *attached_value(const struct option_form *form, const char *word)
{
    size_t size = strlen(form->name);
    const char *first = form->kind == OPTION_SECONDS          ? ".0123456789"
                        : form->kind == OPTION_SIGNED_SECONDS ? "-.0123456789"
                                                              : "";

    if (strncmp(word, form->name, size) != 0 || !word[size])
        return NULL;
    return strchr(first, word[size]) ? word + size : NULL;
}

static const struct option_form *find_form(const struct option_form *forms, const char *word)
{
    for (const struct option_form *form = forms; form->name; form++)
        if (strcmp(form->name, word) == 0 || attached_value(form, word))
            return form;
    errx(EXIT_USAGE_OPTION, "no such option: %s", word);
}

static void set_seconds(const struct option_form *form, const char *value)
{
    int64_t *ms = form->target;
    bool negative = form->kind == OPTION_SIGNED_SECONDS && *value == '-';

    if (!seconds_parse(value + negative, ms))
        errx(EXIT_USAGE_VALUE, "%s: not a number of seconds: %s", form->name, value);
    if (negative)
        *ms = -*ms;
}

static void set_value(const struct option_form *form, const char *value)
{
    if (!value)
        errx(EXIT_USAGE_MISSING, "%s needs a value", form->name);
    if (form->kind == OPTION_TEXT)
        *(const char **)form->target = value;
    else
        set_seconds(form, value);
}

int options_parse(int argc, char *argv[], const struct option_form *forms, bool have_tls)
{
    int at = 1;

    while (at < argc && argv[at][0] == '-') {
        const char *word = argv[at++], *value;
        const struct option_form *form = find_form(forms, word);

        if (form->needs_tls && !have_tls)
            errx(EXIT_USAGE_NEEDS_TLS, "%s: this program is built without TLS", form->name);
        if (form->kind == OPTION_FLAG) {
            *(bool *)form->target = true;
            continue;
        }
        value = attached_value(form, word);
        set_value(form, value ? value : at < argc ? argv[at++] : NULL);
    }
    return at;
}
