/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the OpenSSL back end share. Nobody else includes this.
 */
#ifndef TLS_OPENSSL_H
#define TLS_OPENSSL_H

#include <openssl/ssl.h>

#include "tls.h"

struct tls_context {
    const struct tls_config *config;
    SSL_CTX *ssl;
    BIO_METHOD *transport;
};

struct tls_session {
    SSL *ssl;
    const struct tls_config *config;
    struct tls_transport transport;
    struct tls_failure failure; /* the first fatal alert, whoever sent it */
    enum verify_reason reason;  /* the verdict on the peer's certificate … */
    int verify_error;           /* … and OpenSSL's number for it, which decides on the alert */
};

/* The BIO method that a session's bytes pass through; its data is a struct tls_transport. */
BIO_METHOD *tls_openssl_transport(void);

/* Empties the library's error queue; its words go to the trace, if there is one. */
void tls_openssl_trace_errors(FILE *trace);

/* For SSL_CTX_set_cert_verify_callback(): judges the chain and notes the verdict in the session. */
int tls_openssl_verify(X509_STORE_CTX *store, void *unused);

#endif
