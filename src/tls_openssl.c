/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OpenSSL back end: sessions, that is the handshake and what is read and written. Contexts are
 * in tls_openssl_context.c, verification is in tls_openssl_verify.c. Needs OpenSSL 1.1.1.
 */
#include "tls_openssl.h"

#include <err.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "alert.h"
#include "exit_status.h"

const char *const tls_library = "OpenSSL";

/* ---- what the library says by itself ---- */

static void set_failure(struct tls_session *session, enum tls_failure_kind kind, int alert)
{
    if (session->failure.kind == TLS_NO_FAILURE)
        session->failure = (struct tls_failure){.kind = kind, .alert = alert};
}

/*
 * Alerts as they pass. Under TLS 1.3 the level means nothing and all but two end the session
 * (RFC 8446 section 6). Which version it is, is known when there is a cipher suite.
 */
static void note_alert(struct tls_session *session, int where, int level_and_alert)
{
    int alert = level_and_alert & 0xff;
    bool fatal = level_and_alert >> 8 == SSL3_AL_FATAL;

    if (SSL_get_pending_cipher(session->ssl) && SSL_version(session->ssl) == TLS1_3_VERSION)
        fatal = alert != ALERT_CLOSE_NOTIFY && alert != ALERT_USER_CANCELED;
    if (fatal)
        set_failure(session, (where & SSL_CB_READ) ? TLS_ALERT_RECEIVED : TLS_ALERT_SENT, alert);
}

static void info_callback(const SSL *ssl, int where, int value)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    if (session->config->trace && !(where & SSL_CB_ALERT))
        fprintf(session->config->trace, "SSL info: %s\n", SSL_state_string_long(ssl));
    if (where & SSL_CB_ALERT)
        note_alert(session, where, value);
}

/* ---- transport ---- */

static int transport_read(BIO *bio, char *bytes, size_t size, size_t *done)
{
    const struct tls_transport *transport = BIO_get_data(bio);
    ssize_t got = transport->pull(transport->arg, bytes, size);

    BIO_clear_retry_flags(bio);
    *done = got > 0 ? (size_t)got : 0;
    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return got > 0;
}

static int transport_write(BIO *bio, const char *bytes, size_t size, size_t *done)
{
    const struct tls_transport *transport = BIO_get_data(bio);
    ssize_t sent = transport->push(transport->arg, bytes, size);

    BIO_clear_retry_flags(bio);
    *done = sent > 0 ? (size_t)sent : 0;
    if (sent == -1 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return sent > 0;
}

static long transport_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int transport_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *tls_openssl_transport(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");

    BIO_meth_set_read_ex(method, transport_read);
    BIO_meth_set_write_ex(method, transport_write);
    BIO_meth_set_ctrl(method, transport_control);
    BIO_meth_set_create(method, transport_create);
    return method;
}

/* ---- sessions ---- */

static void configure_client(struct tls_session *session, const struct tls_context *context)
{
    SSL_set_connect_state(session->ssl);
    if (context->config->ocsp)
        SSL_set_tlsext_status_type(session->ssl, TLSEXT_STATUSTYPE_ocsp);
    if (context->resume)
        SSL_set_session(session->ssl, context->resume);
    if (context->config->sni)
        SSL_set_tlsext_host_name(session->ssl, context->config->sni);
}

struct tls_session *tls_session_new(struct tls_context *context,
                                    const struct tls_transport *transport)
{
    struct tls_session *session = calloc(1, sizeof *session);
    BIO *bio = BIO_new(context->transport);

    if (session)
        session->ssl = SSL_new(context->ssl);
    if (!session || !bio || !session->ssl)
        errx(EXIT_TLS_SETUP, "out of memory for a TLS session");
    session->config = context->config;
    session->transport = *transport;
    BIO_set_data(bio, &session->transport);
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    SSL_set_info_callback(session->ssl, info_callback);
    if (context->config->role == TLS_SERVER)
        SSL_set_accept_state(session->ssl);
    else
        configure_client(session, context);
    return session;
}

void tls_session_free(struct tls_session *session)
{
    SSL_free(session->ssl);
    X509_free(session->peer);
    free(session);
}

/* Makes a status of what an SSL_ function returned. */
static enum tls_status status_of(struct tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_NONE:
        return TLS_OK;
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_CLOSED;
    default:
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
            session->reason = VERIFY_NO_CERTIFICATE;
        tls_openssl_trace_errors(session->config->trace);
        return TLS_FAILED;
    }
}

enum tls_status tls_handshake(struct tls_session *session)
{
    enum tls_status status;

    ERR_clear_error();
    status = status_of(session, SSL_do_handshake(session->ssl));
    if (status == TLS_OK && session->config->trace)
        fprintf(session->config->trace, "SSL connection using %s\n", SSL_get_cipher(session->ssl));
    return status;
}

enum tls_status tls_read(struct tls_session *session, void *bytes, size_t size, size_t *done)
{
    ERR_clear_error();
    return status_of(session, SSL_read_ex(session->ssl, bytes, size, done));
}

enum tls_status tls_write(struct tls_session *session, const void *bytes, size_t size, size_t *done)
{
    ERR_clear_error();
    return status_of(session, SSL_write_ex(session->ssl, bytes, size, done));
}

/* SSL_shutdown() returns 0 when ours is sent and the peer's is still to come, which is enough. */
enum tls_status tls_close(struct tls_session *session)
{
    int result;

    ERR_clear_error();
    result = SSL_shutdown(session->ssl);
    return result >= 0 ? TLS_OK : status_of(session, result);
}

/* An alert of the peer explains more than what went wrong on our side as a consequence. */
struct tls_failure tls_failure_of(const struct tls_session *session)
{
    enum verify_reason reason =
        session->reason != VERIFY_OK ? session->reason : session->ocsp_reason;

    if (reason != VERIFY_OK && session->failure.kind != TLS_ALERT_RECEIVED)
        return (struct tls_failure){.kind = TLS_CERTIFICATE_ERROR, .reason = reason};
    if (session->failure.kind == TLS_NO_FAILURE)
        return (struct tls_failure){.kind = TLS_PROTOCOL_ERROR};
    return session->failure;
}
