/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the GnuTLS back end does as a server only: asking for certificates, refusing by SNI,
 * tickets.
 */
#include "tls_gnutls.h"

#include <strings.h>

static void client_name(gnutls_session_t gnutls, char name[256])
{
    size_t size = 256;
    unsigned type;

    if (gnutls_server_name_get(gnutls, name, &size, &type, 0) < 0 || type != GNUTLS_NAME_DNS)
        *name = '\0';
}

/* RFC 6066 section 3: nobody else lives here. */
static int check_name(gnutls_session_t gnutls)
{
    struct tls_session *session = gnutls_session_get_ptr(gnutls);
    char name[256];

    client_name(gnutls, name);
    return strcasecmp(name, session->context->config->sni) == 0 ? 0 : GNUTLS_E_UNRECOGNIZED_NAME;
}

void tls_gnutls_configure_server(struct tls_session *session)
{
    const struct tls_context *context = session->context;
    gnutls_session_t gnutls = session->gnutls;

    gnutls_certificate_server_set_request(gnutls, context->config->verify ? GNUTLS_CERT_REQUEST
                                                                          : GNUTLS_CERT_IGNORE);
    gnutls_session_ticket_enable_server(gnutls, &context->ticket_key);
    if (context->config->sni)
        gnutls_handshake_set_post_client_hello_function(gnutls, check_name);
}

void tls_gnutls_server_facts(gnutls_session_t gnutls, struct tls_facts *facts)
{
    client_name(gnutls, facts->sni);
}
