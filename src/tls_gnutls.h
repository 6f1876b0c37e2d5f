/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the GnuTLS back end share. Nobody else includes this.
 */
#ifndef TLS_GNUTLS_H
#define TLS_GNUTLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "tls.h"

struct tls_context {
    const struct tls_config *config;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gnutls_pcert_st *chain; /* our certificate and those after it */
    unsigned chain_size;
    gnutls_privkey_t key;
    gnutls_datum_t *alpn;
    unsigned alpn_count;
};

struct tls_session {
    gnutls_session_t gnutls;
    const struct tls_context *context;
    struct tls_transport transport;
    struct tls_failure failure;
    enum verify_reason reason; /* the verdict on the peer's certificate */
};

/*
 * Writes a priority string for the configuration. False when it names a cipher suite that GnuTLS
 * does not have; *error is filled in.
 */
bool tls_gnutls_priority(const struct tls_config *config, char *priority, size_t size,
                         struct tls_setup_error *error);

/* Does `priority` offer only cipher suites of `list`? If not, *error is filled in. */
bool tls_gnutls_offers_only(gnutls_priority_t priority, const char *list,
                            struct tls_setup_error *error);

/* For gnutls_certificate_set_verify_function(): judges the chain, notes the verdict. */
int tls_gnutls_verify(gnutls_session_t gnutls);

#endif
