/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "smtp_end.h"

#include <err.h>
#include <stdio.h>

#include "exit_status.h"

static void check_options(struct smtp_end *end)
{
    struct tls_config *tls = &end->tls;

    if (end->protocol && !tls_parse_versions(end->protocol, &tls->min_version, &tls->max_version))
        errx(EXIT_USAGE_VALUE, "-protocol %s: not TLS1.2, TLS1.3, or a range of two",
             end->protocol);
    if (tls->key_file && !tls->cert_file)
        errx(EXIT_USAGE_MISSING, "-key needs -cert");
    if (!tls_narrow_versions(tls))
        errx(EXIT_USAGE_VALUE, "-cipher %s: not of the protocol version asked for", tls->ciphers);
}

void smtp_end_set_up(struct smtp_end *end, struct dialogue *dialogue)
{
    struct tls_setup_error error;

    /* Line by line, so that what was said is there, whatever ends the program. */
    setvbuf(dialogue->out, NULL, _IOLBF, 0);
    check_options(end);
    dialogue->report = end->report;
    if (!tls_library)
        return;
    if (end->keylog_file && !(end->tls.keylog = fopen(end->keylog_file, "ae")))
        err(EXIT_FILE, "-keylog %s", end->keylog_file);
    if (end->verbose)
        end->tls.trace = dialogue->out;
    dialogue->tls = tls_context_new(&end->tls, &error);
    if (!dialogue->tls)
        errx(error.status, "%s", error.text);
}

int smtp_end_finish(struct smtp_end *end, struct dialogue *dialogue, int status)
{
    script_close(&dialogue->script);
    if (dialogue->tls)
        tls_context_free(dialogue->tls);
    if (end->tls.keylog && fclose(end->tls.keylog) != 0)
        err(EXIT_FILE, "-keylog %s", end->keylog_file);
    if (fflush(dialogue->out) != 0 || ferror(dialogue->out))
        errx(EXIT_FILE, "stdout could not be written");
    if (dialogue->stream.session_unsaved && status == EXIT_DONE)
        errx(EXIT_FILE, "-session %s could not be written", end->tls.session_file);
    return status;
}
