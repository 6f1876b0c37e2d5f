/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the OpenSSL back end knows about a session, and saving it.
 */
#include "tls_openssl.h"

#include <stdlib.h>
#include <string.h>

#include "session_file.h"

static struct tls_name name_of(const X509_NAME *x509_name)
{
    struct tls_name name = {NULL, 0};

    X509_NAME_get0_der((X509_NAME *)x509_name, &name.der, &name.size);
    return name;
}

static void facts_of_peer(struct tls_session *session, struct tls_facts *facts)
{
    if (!session->peer)
        session->peer = SSL_get1_peer_certificate(session->ssl);
    if (!session->peer)
        return;
    facts->peer = name_of(X509_get_subject_name(session->peer));
    facts->issuer = name_of(X509_get_issuer_name(session->peer));
}

static void facts_of_connection(SSL *ssl, struct tls_facts *facts)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    const unsigned char *alpn;
    unsigned size;

    facts->established = true;
    facts->version = (enum tls_version)SSL_version(ssl);
    facts->resumed = SSL_session_reused(ssl);
    if (cipher)
        snprintf(facts->cipher, sizeof facts->cipher, "%s", SSL_CIPHER_standard_name(cipher));
    SSL_get0_alpn_selected(ssl, &alpn, &size);
    if (size > 0)
        snprintf(facts->alpn, sizeof facts->alpn, "%.*s", (int)size, alpn);
    if (SSL_is_server(ssl) && SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
        snprintf(facts->sni, sizeof facts->sni, "%s",
                 SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
}

void tls_facts_of(struct tls_session *session, struct tls_facts *facts)
{
    *facts = (struct tls_facts){
        .verify_asked = session->config->verify != NULL,
        .verify = session->reason,
        .ocsp_asked = session->config->ocsp != NULL,
        .ocsp = session->ocsp,
    };
    facts_of_peer(session, facts);
    if (SSL_is_init_finished(session->ssl))
        facts_of_connection(session->ssl, facts);
}

bool tls_session_save(struct tls_session *session)
{
    const struct tls_config *config = session->config;
    SSL_SESSION *saved = SSL_get0_session(session->ssl);
    unsigned char *der = NULL;
    bool done = true;
    int size;

    if (!config->session_file || !SSL_is_init_finished(session->ssl) ||
        session->failure.kind != TLS_NO_FAILURE || !saved || !SSL_SESSION_is_resumable(saved))
        return true;
    size = i2d_SSL_SESSION(saved, &der);
    if (size > 0)
        done = session_file_save(config->session_file, config->verify != NULL, der, (size_t)size);
    OPENSSL_free(der);
    return done;
}

bool tls_openssl_load_session(struct tls_context *context, struct tls_setup_error *error)
{
    const struct tls_config *config = context->config;
    struct buffer saved = {0};
    const unsigned char *der;
    bool done;

    if (!config->session_file)
        return true;
    done = session_file_load(config->session_file, config->verify != NULL, &saved, error);
    der = (const unsigned char *)buffer_content(&saved);
    if (buffer_size(&saved) > 0)
        context->resume = d2i_SSL_SESSION(NULL, &der, (long)buffer_size(&saved));
    buffer_free(&saved);
    return done;
}
