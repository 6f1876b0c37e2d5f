/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse-reply: prints the DNS reply that it reads, for t/fakens.t. Exit status 1: malformed. */

#include <err.h>
#include <stdlib.h>

#include "reply_text.h"

int main(void)
{
    static uint8_t message[65536];
    size_t length = fread(message, 1, sizeof message, stdin);
    if (!reply_text(message, length, stdout))
        errx(EXIT_FAILURE, "libresolv does not understand this reply of %zu bytes", length);
    return EXIT_SUCCESS;
}
