/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back end of the programs that are built without TLS: there is no context to be had, so there
 * are no sessions either.
 */
#include "tls.h"

#include <stdlib.h>

#include "exit_status.h"

const char *const tls_library = NULL;

struct tls_context *tls_context_new(const struct tls_config *config, struct tls_setup_error *error)
{
    (void)config;
    tls_setup_failed(error, EXIT_TLS_SETUP, "this program is built without TLS");
    return NULL;
}

void tls_context_free(struct tls_context *context)
{
    (void)context;
}

struct tls_session *tls_session_new(struct tls_context *context,
                                    const struct tls_transport *transport)
{
    (void)context;
    (void)transport;
    abort();
}

void tls_session_free(struct tls_session *session)
{
    (void)session;
}

enum tls_status tls_handshake(struct tls_session *session)
{
    (void)session;
    return TLS_FAILED;
}

enum tls_status tls_read(struct tls_session *session, void *bytes, size_t size, size_t *done)
{
    (void)session;
    (void)bytes;
    (void)size;
    *done = 0;
    return TLS_FAILED;
}

enum tls_status tls_write(struct tls_session *session, const void *bytes, size_t size, size_t *done)
{
    (void)session;
    (void)bytes;
    (void)size;
    *done = 0;
    return TLS_FAILED;
}

enum tls_status tls_close(struct tls_session *session)
{
    (void)session;
    return TLS_FAILED;
}

struct tls_failure tls_failure_of(const struct tls_session *session)
{
    (void)session;
    return (struct tls_failure){.kind = TLS_PROTOCOL_ERROR};
}

void tls_facts_of(struct tls_session *session, struct tls_facts *facts)
{
    (void)session;
    *facts = (struct tls_facts){0};
}

bool tls_session_save(struct tls_session *session)
{
    (void)session;
    return true;
}
