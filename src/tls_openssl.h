/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the OpenSSL back end share. Nobody else includes this.
 */
#ifndef TLS_OPENSSL_H
#define TLS_OPENSSL_H

#include <openssl/ssl.h>

#include "buffer.h"
#include "tls.h"

struct tls_context {
    const struct tls_config *config;
    SSL_CTX *ssl;
    BIO_METHOD *transport;
    SSL_SESSION *resume;         /* NULL: a new session */
    STACK_OF(X509) * responders; /* the CAs for OCSP responses … */
    X509_STORE *responder_store; /* … which are trusted */
    unsigned char alpn[1024];    /* length, name, length, name … (RFC 7301 section 3.1) */
    unsigned alpn_size;
    struct buffer staple; /* the OCSP response of a server */
};

struct tls_session {
    SSL *ssl;
    const struct tls_config *config;
    struct tls_transport transport;
    struct tls_failure failure; /* the first fatal alert, whoever sent it */
    enum verify_reason reason;  /* the verdict on the peer's certificate … */
    int verify_error;           /* … and OpenSSL's number for it, which decides on the alert */
    enum tls_ocsp ocsp;         /* what the stapled response says … */
    enum verify_reason ocsp_reason; /* … and what is wrong with that */
    X509 *peer;                     /* owned; NULL: not looked at yet */
};

/* The BIO method that a session's bytes pass through; its data is a struct tls_transport. */
BIO_METHOD *tls_openssl_transport(void);

/* Empties the library's error queue; its words go to the trace, if there is one. */
void tls_openssl_trace_errors(FILE *trace);

/* For SSL_CTX_set_cert_verify_callback(): judges the chain and notes the verdict in the session. */
int tls_openssl_verify(X509_STORE_CTX *store, void *unused);

/* Reads the CAs of -ocsp. False with the reason in the library's error queue. */
bool tls_openssl_load_responders(struct tls_context *context, const char *file);
void tls_openssl_free_responders(struct tls_context *context);

/* For SSL_CTX_set_tlsext_status_cb(): judges the stapled response and notes the verdict. */
int tls_openssl_check_ocsp(SSL *ssl, void *context);

/* The options of a server. */
bool tls_openssl_configure_server(struct tls_context *context, struct tls_setup_error *error);

/* Reads the session to be resumed, if there is one. */
bool tls_openssl_load_session(struct tls_context *context, struct tls_setup_error *error);

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#define SSL_get1_peer_certificate SSL_get_peer_certificate
#endif

#endif
