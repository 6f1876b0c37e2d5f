/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GnuTLS back end: sessions, that is the handshake and what is read and written. Contexts are
 * in tls_gnutls_context.c, priority strings in tls_gnutls_priority.c, verification is in
 * tls_gnutls_verify.c. Needs GnuTLS 3.6.
 */
#include "tls_gnutls.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "exit_status.h"

const char *const tls_library = "GnuTLS";

/* ---- transport ---- */

static ssize_t transport_pull(gnutls_transport_ptr_t pointer, void *bytes, size_t size)
{
    struct tls_session *session = pointer;
    ssize_t got = session->transport.pull(session->transport.arg, bytes, size);

    if (got == -1)
        gnutls_transport_set_errno(session->gnutls, errno);
    return got;
}

static ssize_t transport_push(gnutls_transport_ptr_t pointer, const void *bytes, size_t size)
{
    struct tls_session *session = pointer;
    ssize_t sent = session->transport.push(session->transport.arg, bytes, size);

    if (sent == -1)
        gnutls_transport_set_errno(session->gnutls, errno);
    return sent;
}

/* ---- sessions ---- */

#if GNUTLS_VERSION_NUMBER >= 0x03060d
static int keylog_callback(gnutls_session_t gnutls, const char *label, const gnutls_datum_t *secret)
{
    struct tls_session *session = gnutls_session_get_ptr(gnutls);
    FILE *keylog = session->context->config->keylog;
    gnutls_datum_t random;

    gnutls_session_get_random(gnutls, &random, NULL);
    fprintf(keylog, "%s ", label);
    for (unsigned i = 0; i < random.size; i++)
        fprintf(keylog, "%02x", random.data[i]);
    fputc(' ', keylog);
    for (unsigned i = 0; i < secret->size; i++)
        fprintf(keylog, "%02x", secret->data[i]);
    fputc('\n', keylog);
    fflush(keylog);
    return 0;
}

static void set_keylog(gnutls_session_t gnutls)
{
    gnutls_session_set_keylog_function(gnutls, keylog_callback);
}
#else
/* tls_context_new() has refused the option. */
static void set_keylog(gnutls_session_t gnutls)
{
    (void)gnutls;
}
#endif

static void configure_client(gnutls_session_t gnutls, const struct tls_context *context)
{
    const char *sni = context->config->sni;

    if (sni)
        gnutls_server_name_set(gnutls, GNUTLS_NAME_DNS, sni, strlen(sni));
    if (buffer_size(&context->resume) > 0)
        gnutls_session_set_data(gnutls, buffer_content(&context->resume),
                                buffer_size(&context->resume));
}

static void configure(struct tls_session *session, const struct tls_context *context)
{
    gnutls_session_t gnutls = session->gnutls;

    gnutls_session_set_ptr(gnutls, session);
    gnutls_transport_set_ptr(gnutls, session);
    gnutls_transport_set_pull_function(gnutls, transport_pull);
    gnutls_transport_set_push_function(gnutls, transport_push);
    gnutls_handshake_set_timeout(gnutls, 0);
    gnutls_priority_set(gnutls, context->priority);
    gnutls_credentials_set(gnutls, GNUTLS_CRD_CERTIFICATE, context->credentials);
    if (context->alpn_count > 0)
        gnutls_alpn_set_protocols(gnutls, context->alpn, context->alpn_count,
                                  context->config->role == TLS_SERVER
                                      ? GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE
                                      : 0);
    if (context->config->keylog)
        set_keylog(gnutls);
    if (context->config->role == TLS_SERVER)
        tls_gnutls_configure_server(session);
    else
        configure_client(gnutls, context);
}

/* GnuTLS asks for an OCSP response even if nobody wants it; before 3.8 it cannot be stopped. */
static unsigned session_flags(const struct tls_config *config)
{
    unsigned flags = (config->role == TLS_SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK;

#if GNUTLS_VERSION_NUMBER >= 0x030800
    if (config->role == TLS_CLIENT && !config->ocsp)
        flags |= GNUTLS_NO_STATUS_REQUEST;
#endif
    return flags;
}

struct tls_session *tls_session_new(struct tls_context *context,
                                    const struct tls_transport *transport)
{
    struct tls_session *session = calloc(1, sizeof *session);

    if (!session || gnutls_init(&session->gnutls, session_flags(context->config)) < 0)
        errx(EXIT_TLS_SETUP, "out of memory for a TLS session");
    session->context = context;
    session->transport = *transport;
    configure(session, context);
    return session;
}

void tls_session_free(struct tls_session *session)
{
    gnutls_deinit(session->gnutls);
    gnutls_free(session->peer_name.data);
    gnutls_free(session->issuer_name.data);
    free(session);
}

static void trace_error(const struct tls_session *session, int error)
{
    if (session->context->config->trace)
        fprintf(session->context->config->trace, "TLS info: %s\n", gnutls_strerror(error));
}

/*
 * Under TLS 1.3 the level of an alert means nothing, and all but two end the session (RFC 8446
 * section 6).
 */
static bool is_fatal_alert(const struct tls_session *session, int error)
{
    int alert = gnutls_alert_get(session->gnutls);

    if (error == GNUTLS_E_FATAL_ALERT_RECEIVED)
        return true;
    return error == GNUTLS_E_WARNING_ALERT_RECEIVED &&
           gnutls_protocol_get_version(session->gnutls) == GNUTLS_TLS1_3 &&
           alert != ALERT_USER_CANCELED && alert != ALERT_CLOSE_NOTIFY;
}

/* Did the failure happen below TLS, where stream.c knows more about it? */
static bool is_transport_error(int error)
{
    return error == GNUTLS_E_PULL_ERROR || error == GNUTLS_E_PUSH_ERROR ||
           error == GNUTLS_E_PREMATURE_TERMINATION;
}

static struct tls_failure refuse_peer(const struct tls_session *session, enum verify_reason reason,
                                      int alert)
{
    gnutls_alert_send(session->gnutls, GNUTLS_AL_FATAL, (gnutls_alert_description_t)alert);
    return (struct tls_failure){.kind = TLS_CERTIFICATE_ERROR, .reason = reason};
}

/* GnuTLS leaves it to its caller to send the alert. */
static struct tls_failure send_alert(const struct tls_session *session, int error)
{
    int level, alert = gnutls_error_to_alert(error, &level);

    if (session->reason == VERIFY_NO_CERTIFICATE &&
        gnutls_protocol_get_version(session->gnutls) != GNUTLS_TLS1_3)
        return refuse_peer(session, session->reason, ALERT_HANDSHAKE_FAILURE);
    if (session->reason != VERIFY_OK)
        return refuse_peer(session, session->reason, verify_alert(session->reason));
    if (session->ocsp_reason != VERIFY_OK)
        return refuse_peer(session, session->ocsp_reason, ALERT_BAD_CERTIFICATE_STATUS_RESPONSE);
    if (is_transport_error(error) || level != GNUTLS_AL_FATAL)
        return (struct tls_failure){.kind = TLS_PROTOCOL_ERROR};
    gnutls_alert_send(session->gnutls, GNUTLS_AL_FATAL, (gnutls_alert_description_t)alert);
    return (struct tls_failure){.kind = TLS_ALERT_SENT, .alert = alert};
}

/* Makes a status of a negative return value. */
static enum tls_status status_of(struct tls_session *session, int error)
{
    bool fatal_alert = is_fatal_alert(session, error);

    if (error == GNUTLS_E_AGAIN || error == GNUTLS_E_INTERRUPTED)
        return gnutls_record_get_direction(session->gnutls) ? TLS_WANT_WRITE : TLS_WANT_READ;
    trace_error(session, error);
    if (fatal_alert)
        session->failure = (struct tls_failure){.kind = TLS_ALERT_RECEIVED,
                                                .alert = gnutls_alert_get(session->gnutls)};
    else
        session->failure = send_alert(session, error);
    return TLS_FAILED;
}

/* Is this only news, after which the call is to be made again? */
static bool is_harmless(const struct tls_session *session, int error)
{
    return error < 0 && error != GNUTLS_E_AGAIN && error != GNUTLS_E_INTERRUPTED &&
           !gnutls_error_is_fatal(error) && !is_fatal_alert(session, error);
}

enum tls_status tls_handshake(struct tls_session *session)
{
    int result;

    do
        result = gnutls_handshake(session->gnutls);
    while (is_harmless(session, result));
    session->established = result == GNUTLS_E_SUCCESS;
    if (result == GNUTLS_E_SESSION_EOF)
        return TLS_CLOSED;
    return session->established ? TLS_OK : status_of(session, result);
}

enum tls_status tls_read(struct tls_session *session, void *bytes, size_t size, size_t *done)
{
    ssize_t got;

    do
        got = gnutls_record_recv(session->gnutls, bytes, size);
    while (is_harmless(session, (int)got));
    *done = got > 0 ? (size_t)got : 0;
    if (got == 0)
        return TLS_CLOSED;
    return got > 0 ? TLS_OK : status_of(session, (int)got);
}

enum tls_status tls_write(struct tls_session *session, const void *bytes, size_t size, size_t *done)
{
    ssize_t sent = gnutls_record_send(session->gnutls, bytes, size);

    *done = sent > 0 ? (size_t)sent : 0;
    return sent > 0 ? TLS_OK : status_of(session, (int)sent);
}

enum tls_status tls_close(struct tls_session *session)
{
    int result = gnutls_bye(session->gnutls, GNUTLS_SHUT_WR);

    return result == GNUTLS_E_SUCCESS ? TLS_OK : status_of(session, result);
}

struct tls_failure tls_failure_of(const struct tls_session *session)
{
    if (session->failure.kind == TLS_NO_FAILURE)
        return (struct tls_failure){.kind = TLS_PROTOCOL_ERROR};
    return session->failure;
}
