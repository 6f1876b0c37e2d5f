/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the GnuTLS back end share. Nobody else includes this.
 */
#ifndef TLS_GNUTLS_H
#define TLS_GNUTLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "buffer.h"
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
    gnutls_x509_trust_list_t responders; /* the CAs for OCSP responses */
    struct buffer resume;                /* the session to be resumed; empty: a new one */
    struct buffer staple;                /* the OCSP response of a server … */
    gnutls_ocsp_data_st ocsp_data;       /* … as GnuTLS wants it */
    gnutls_datum_t ticket_key;           /* of a server */
};

struct tls_session {
    gnutls_session_t gnutls;
    struct tls_context *context;
    struct tls_transport transport;
    struct tls_failure failure;
    bool established;                      /* the handshake was completed */
    enum verify_reason reason;             /* the verdict on the peer's certificate */
    enum tls_ocsp ocsp;                    /* what the stapled response says … */
    enum verify_reason ocsp_reason;        /* … and what is wrong with that */
    gnutls_datum_t peer_name, issuer_name; /* owned */
};

/* A cipher suite that GnuTLS has. */
struct tls_gnutls_suite {
    char name[TLS_CIPHER_NAME_SIZE]; /* IANA's */
    bool tls13;
    gnutls_kx_algorithm_t kx; /* not under TLS 1.3 */
    gnutls_cipher_algorithm_t cipher;
    gnutls_mac_algorithm_t mac;
};

/* The suite with this index in GnuTLS's table; false behind its end. */
bool tls_gnutls_suite(size_t index, struct tls_gnutls_suite *suite);

/* The IANA name of a session's suite, "" if it has none; `name` has TLS_CIPHER_NAME_SIZE bytes. */
void tls_gnutls_cipher_name(gnutls_session_t gnutls, char *name);

/*
 * Writes a priority string for the configuration. False when it names a cipher suite that GnuTLS
 * does not have; *error is filled in.
 */
bool tls_gnutls_priority(const struct tls_config *config, char *priority, size_t size,
                         struct tls_setup_error *error);

/* Does `priority` offer only cipher suites of `list`? If not, *error is filled in. */
bool tls_gnutls_offers_only(gnutls_priority_t priority, const char *list,
                            struct tls_setup_error *error);

/* What a server's session needs besides, and what only a server knows. */
void tls_gnutls_configure_server(struct tls_session *session);
void tls_gnutls_server_facts(gnutls_session_t gnutls, struct tls_facts *facts);

/* Reads the CAs of -ocsp. Negative as GnuTLS has it, else how many there are. */
int tls_gnutls_load_responders(struct tls_context *context, const char *file);

/* Judges the stapled response and notes the verdict. */
void tls_gnutls_check_ocsp(struct tls_session *session);

/*
 * For gnutls_certificate_set_verify_function(): judges the chain and the stapled response, as far
 * as is asked for, and notes the verdicts.
 */
int tls_gnutls_verify(gnutls_session_t gnutls);

#endif
