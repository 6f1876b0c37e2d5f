/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the OpenSSL back end does as a server only: asking for certificates, choosing by SNI and
 * ALPN, stapling.
 */
#include "tls_openssl.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "exit_status.h"

/* The names of the CAs go to the client with the request for its certificate. */
static void name_authorities(SSL_CTX *ssl, const char *path)
{
    STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        SSL_add_dir_cert_subjects_to_stack(names, path);
    else
        SSL_add_file_cert_subjects_to_stack(names, path);
    SSL_CTX_set_client_CA_list(ssl, names);
}

/* RFC 7301 section 3.2: the first of our protocols that the client knows, or a fatal alert. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *arg)
{
    const struct tls_context *context = arg;

    (void)ssl;
    if (SSL_select_next_proto((unsigned char **)chosen, size, context->alpn, context->alpn_size,
                              offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

/* RFC 6066 section 3: nobody else lives here. */
static int check_name(SSL *ssl, int *alert, void *arg)
{
    const struct tls_context *context = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    if (name && strcasecmp(name, context->config->sni) == 0)
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int staple(SSL *ssl, void *arg)
{
    const struct tls_context *context = arg;
    size_t size = buffer_size(&context->staple);
    unsigned char *response = OPENSSL_memdup(buffer_content(&context->staple), size);

    if (!response)
        return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, response, (long)size);
    return SSL_TLSEXT_ERR_OK;
}

bool tls_openssl_configure_server(struct tls_context *context, struct tls_setup_error *error)
{
    static const unsigned char session_context[] = "runtest";
    const struct tls_config *config = context->config;
    SSL_CTX *ssl = context->ssl;

    SSL_CTX_set_dh_auto(ssl, 1);
    SSL_CTX_set_session_id_context(ssl, session_context, sizeof session_context);
    if (config->verify) {
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        name_authorities(ssl, config->verify);
    }
    if (config->alpn)
        SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, context);
    if (config->sni) {
        SSL_CTX_set_tlsext_servername_callback(ssl, check_name);
        SSL_CTX_set_tlsext_servername_arg(ssl, context);
    }
    if (!config->ocsp_response)
        return true;
    SSL_CTX_set_tlsext_status_cb(ssl, staple);
    SSL_CTX_set_tlsext_status_arg(ssl, context);
    return tls_load_staple(config->ocsp_response, &context->staple, error);
}
