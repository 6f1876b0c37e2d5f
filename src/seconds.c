/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seconds.h"

#include <stdlib.h>
#include <string.h>

/* strtod() would also take signs, blanks, exponents, hexadecimal and "nan". */
bool seconds_parse(const char *text, int64_t *ms)
{
    char *end;
    double seconds;
    if (!*text || strspn(text, "0123456789.") != strlen(text))
        return false;
    seconds = strtod(text, &end);
    if (*end || end == text || seconds > 1e6)
        return false;
    *ms = (int64_t)(seconds * 1000);
    if ((double)*ms < seconds * 1000)
        ++*ms;
    return true;
}
