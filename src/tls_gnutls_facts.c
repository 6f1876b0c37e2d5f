/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the GnuTLS back end knows about a session, and saving it.
 */
#include "tls_gnutls.h"

#include <string.h>

#include "session_file.h"

static const struct {
    gnutls_protocol_t gnutls;
    enum tls_version version;
} versions[] = {
    {GNUTLS_TLS1_0, TLS_VERSION_1_0},
    {GNUTLS_TLS1_1, TLS_VERSION_1_1},
    {GNUTLS_TLS1_2, TLS_VERSION_1_2},
    {GNUTLS_TLS1_3, TLS_VERSION_1_3},
};

static enum tls_version version_of(gnutls_session_t gnutls)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (versions[i].gnutls == gnutls_protocol_get_version(gnutls))
            return versions[i].version;
    return TLS_VERSION_DEFAULT;
}

/* The DER encodings are kept in the session. */
static void facts_of_peer(struct tls_session *session, struct tls_facts *facts)
{
    unsigned count;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session->gnutls, &count);
    gnutls_x509_crt_t peer;

    if (chain && !session->peer_name.data && gnutls_x509_crt_init(&peer) >= 0) {
        if (gnutls_x509_crt_import(peer, &chain[0], GNUTLS_X509_FMT_DER) >= 0) {
            gnutls_x509_crt_get_raw_dn(peer, &session->peer_name);
            gnutls_x509_crt_get_raw_issuer_dn(peer, &session->issuer_name);
        }
        gnutls_x509_crt_deinit(peer);
    }
    facts->peer = (struct tls_name){session->peer_name.data, session->peer_name.size};
    facts->issuer = (struct tls_name){session->issuer_name.data, session->issuer_name.size};
}

static void facts_of_connection(const struct tls_session *session, struct tls_facts *facts)
{
    gnutls_session_t gnutls = session->gnutls;
    gnutls_datum_t alpn;

    facts->established = true;
    facts->version = version_of(gnutls);
    facts->resumed = gnutls_session_is_resumed(gnutls);
    tls_gnutls_cipher_name(gnutls, facts->cipher);
    if (session->context->config->role == TLS_SERVER)
        tls_gnutls_server_facts(gnutls, facts);
    if (gnutls_alpn_get_selected_protocol(gnutls, &alpn) >= 0)
        snprintf(facts->alpn, sizeof facts->alpn, "%.*s", (int)alpn.size, alpn.data);
}

void tls_facts_of(struct tls_session *session, struct tls_facts *facts)
{
    const struct tls_config *config = session->context->config;

    *facts = (struct tls_facts){
        .verify_asked = config->verify != NULL,
        .verify = session->reason,
        .ocsp_asked = config->ocsp != NULL,
        .ocsp = session->ocsp,
    };
    facts_of_peer(session, facts);
    if (session->established)
        facts_of_connection(session, facts);
}

/*
 * Under TLS 1.3 there is a session to be saved only after a ticket has come; without the check
 * GnuTLS would wait for one.
 */
static bool is_resumable(const struct tls_session *session)
{
    return session->established && session->failure.kind == TLS_NO_FAILURE &&
           (gnutls_protocol_get_version(session->gnutls) != GNUTLS_TLS1_3 ||
            gnutls_session_get_flags(session->gnutls) & GNUTLS_SFLAGS_SESSION_TICKET);
}

bool tls_session_save(struct tls_session *session)
{
    const struct tls_config *config = session->context->config;
    gnutls_datum_t saved;
    bool done;

    if (!config->session_file || !is_resumable(session) ||
        gnutls_session_get_data2(session->gnutls, &saved) < 0)
        return true;
    done = session_file_save(config->session_file, config->verify != NULL, saved.data, saved.size);
    gnutls_free(saved.data);
    return done;
}
