/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GnuTLS back end's contexts: files, choices, and what is wrong with them.
 */
#include "tls_gnutls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "exit_status.h"
#include "session_file.h"

static bool file_failed(struct tls_setup_error *error, int status, const char *what,
                        const char *file, int result)
{
    const char *reason = result == GNUTLS_E_FILE_ERROR ? strerror(errno) : gnutls_strerror(result);

    tls_setup_failed(error, status, "%s %s: %s", what, file, reason);
    return false;
}

/* The most certificates that a chain may have. */
enum { CHAIN_MAX = 16 };

static int load_chain(struct tls_context *context, const char *file)
{
    gnutls_datum_t pem;
    int result = gnutls_load_file(file, &pem);

    if (result < 0)
        return result;
    context->chain_size = CHAIN_MAX;
    context->chain = gnutls_calloc(CHAIN_MAX, sizeof *context->chain);
    result = gnutls_pcert_list_import_x509_raw(context->chain, &context->chain_size, &pem,
                                               GNUTLS_X509_FMT_PEM, 0);
    if (result < 0)
        context->chain_size = 0;
    gnutls_free(pem.data);
    return result;
}

static int load_key(struct tls_context *context, const char *file)
{
    gnutls_datum_t pem;
    int result = gnutls_load_file(file, &pem);

    if (result < 0)
        return result;
    gnutls_privkey_init(&context->key);
    result = gnutls_privkey_import_x509_raw(context->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return result;
}

/* Are they for each other? */
static int compare_key(const struct tls_context *context)
{
    unsigned char of_key[64], of_certificate[64];
    size_t key_size = sizeof of_key, certificate_size = sizeof of_certificate;
    gnutls_pubkey_t public_key;
    int result;

    gnutls_pubkey_init(&public_key);
    result = gnutls_pubkey_import_privkey(public_key, context->key, 0, 0);
    if (result >= 0)
        result = gnutls_pubkey_get_key_id(public_key, 0, of_key, &key_size);
    if (result >= 0)
        result = gnutls_pubkey_get_key_id(context->chain[0].pubkey, 0, of_certificate,
                                          &certificate_size);
    gnutls_pubkey_deinit(public_key);
    if (result < 0)
        return result;
    return key_size == certificate_size && memcmp(of_key, of_certificate, key_size) == 0
               ? GNUTLS_E_SUCCESS
               : GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
}

/*
 * Left to itself GnuTLS keeps a client's certificate back if the server does not ask for its
 * issuer; whether the server refuses it is what a script may want to know.
 */
static int give_credentials(gnutls_session_t gnutls, const struct gnutls_cert_retr_st *info,
                            gnutls_pcert_st **chain, unsigned *chain_size,
                            gnutls_ocsp_data_st **ocsp, unsigned *ocsp_size, gnutls_privkey_t *key,
                            unsigned *flags)
{
    struct tls_session *session = gnutls_session_get_ptr(gnutls);
    struct tls_context *context = session->context;

    (void)info;
    *chain = context->chain;
    *chain_size = context->chain_size;
    *ocsp = context->ocsp_data.response.size > 0 ? &context->ocsp_data : NULL;
    *ocsp_size = *ocsp ? 1 : 0;
    *key = context->key;
    *flags = 0;
    return 0;
}

static bool load_credentials(struct tls_context *context, struct tls_setup_error *error)
{
    const char *cert_file = context->config->cert_file;
    const char *key_file = context->config->key_file ? context->config->key_file : cert_file;
    int result;

    if (!cert_file)
        return true;
    result = load_chain(context, cert_file);
    if (result < 0)
        return file_failed(error, EXIT_TLS_CERTIFICATE, "certificate", cert_file, result);
    result = load_key(context, key_file);
    if (result >= 0)
        result = compare_key(context);
    if (result < 0)
        return file_failed(error, EXIT_TLS_KEY, "key", key_file, result);
    gnutls_certificate_set_retrieve_function3(context->credentials, give_credentials);
    return true;
}

/* A directory without a certificate is one that trusts nobody; a file without one is a mistake. */
static bool load_authorities(struct tls_context *context, struct tls_setup_error *error)
{
    const char *path = context->config->verify;
    struct stat status;
    int result;

    if (!path)
        return true;
    if (stat(path, &status) == -1)
        return file_failed(error, EXIT_FILE, "CA", path, GNUTLS_E_FILE_ERROR);
    if (S_ISDIR(status.st_mode))
        result =
            gnutls_certificate_set_x509_trust_dir(context->credentials, path, GNUTLS_X509_FMT_PEM);
    else
        result =
            gnutls_certificate_set_x509_trust_file(context->credentials, path, GNUTLS_X509_FMT_PEM);
    if (result == 0 && !S_ISDIR(status.st_mode))
        result = GNUTLS_E_NO_CERTIFICATE_FOUND;
    if (result < 0)
        return file_failed(error, EXIT_FILE, "CA", path, result);
    /* A stapled response is only looked at with -ocsp, and by ourselves. */
    gnutls_certificate_set_verify_flags(context->credentials, GNUTLS_VERIFY_DISABLE_CRL_CHECKS);
    gnutls_certificate_set_verify_function(context->credentials, tls_gnutls_verify);
    return true;
}

static bool load_responders(struct tls_context *context, struct tls_setup_error *error)
{
    const char *file = context->config->ocsp;
    int result;

    if (!file)
        return true;
    result = tls_gnutls_load_responders(context, file);
    if (result == 0)
        result = GNUTLS_E_NO_CERTIFICATE_FOUND;
    if (result < 0)
        return file_failed(error, EXIT_FILE, "-ocsp", file, result);
    gnutls_certificate_set_verify_function(context->credentials, tls_gnutls_verify);
    return true;
}

/* What a server needs besides. */
static bool prepare_server(struct tls_context *context, struct tls_setup_error *error)
{
    const struct tls_config *config = context->config;

    if (config->role != TLS_SERVER)
        return true;
    if (gnutls_session_ticket_key_generate(&context->ticket_key) < 0) {
        tls_setup_failed(error, EXIT_TLS_SETUP, "no key for session tickets");
        return false;
    }
    if (!config->ocsp_response)
        return true;
    if (!tls_load_staple(config->ocsp_response, &context->staple, error))
        return false;
    context->ocsp_data.response.data = (unsigned char *)buffer_content(&context->staple);
    context->ocsp_data.response.size = (unsigned)buffer_size(&context->staple);
    return true;
}

static bool load_session(struct tls_context *context, struct tls_setup_error *error)
{
    const struct tls_config *config = context->config;

    return !config->session_file ||
           session_file_load(config->session_file, config->verify != NULL, &context->resume, error);
}

static bool set_priority(struct tls_context *context, struct tls_setup_error *error)
{
    char priority[2048];
    const char *at;

    if (!tls_gnutls_priority(context->config, priority, sizeof priority, error))
        return false;
    if (gnutls_priority_init(&context->priority, priority, &at) == GNUTLS_E_SUCCESS)
        return !context->config->ciphers ||
               tls_gnutls_offers_only(context->priority, context->config->ciphers, error);
    tls_setup_failed(error, EXIT_TLS_SETUP, "priority string %s: not understood at: %s", priority,
                     at);
    return false;
}

static bool set_alpn(struct tls_context *context, struct tls_setup_error *error)
{
    const char *rest = context->config->alpn;
    char name[256];

    while (tls_next_name(&rest, ",", name, sizeof name)) {
        gnutls_datum_t *list =
            realloc(context->alpn, (context->alpn_count + 1) * sizeof *context->alpn);
        if (!list) {
            tls_setup_failed(error, EXIT_TLS_SETUP, "-alpn: %s", strerror(errno));
            return false;
        }
        context->alpn = list;
        list[context->alpn_count].data = (unsigned char *)strdup(name);
        list[context->alpn_count].size = (unsigned)strlen(name);
        context->alpn_count++;
    }
    return true;
}

static bool can_log_keys(const struct tls_context *context, struct tls_setup_error *error)
{
#if GNUTLS_VERSION_NUMBER < 0x03060d
    if (context->config->keylog) {
        tls_setup_failed(error, EXIT_TLS_SETUP, "-keylog needs GnuTLS 3.6.13");
        return false;
    }
#endif
    (void)context;
    (void)error;
    return true;
}

struct tls_context *tls_context_new(const struct tls_config *config, struct tls_setup_error *error)
{
    struct tls_context *context = calloc(1, sizeof *context);

    if (!context || gnutls_certificate_allocate_credentials(&context->credentials) < 0) {
        tls_setup_failed(error, EXIT_TLS_SETUP, "%s", strerror(ENOMEM));
        free(context);
        return NULL;
    }
    context->config = config;
    if (load_credentials(context, error) && load_authorities(context, error) &&
        load_responders(context, error) && load_session(context, error) &&
        prepare_server(context, error) && set_priority(context, error) &&
        set_alpn(context, error) && can_log_keys(context, error))
        return context;
    tls_context_free(context);
    return NULL;
}

void tls_context_free(struct tls_context *context)
{
    for (unsigned i = 0; i < context->alpn_count; i++)
        free(context->alpn[i].data);
    free(context->alpn);
    for (unsigned i = 0; i < context->chain_size; i++)
        gnutls_pcert_deinit(&context->chain[i]);
    gnutls_free(context->chain);
    gnutls_privkey_deinit(context->key);
    gnutls_x509_trust_list_deinit(context->responders, 1);
    buffer_free(&context->resume);
    buffer_free(&context->staple);
    gnutls_memset(context->ticket_key.data, 0, context->ticket_key.size);
    gnutls_free(context->ticket_key.data);
    if (context->priority)
        gnutls_priority_deinit(context->priority);
    gnutls_certificate_free_credentials(context->credentials);
    free(context);
}
