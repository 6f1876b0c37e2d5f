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

static bool file_failed(struct tls_setup_error *error, int status, const char *what,
                        const char *file, int result)
{
    const char *reason = result == GNUTLS_E_FILE_ERROR ? strerror(errno) : gnutls_strerror(result);

    tls_setup_failed(error, status, "%s %s: %s", what, file, reason);
    return false;
}

/* The certificates of a PEM file; *count says how many. NULL with *result an error of GnuTLS. */
static gnutls_x509_crt_t *load_chain(const char *file, unsigned *count, int *result)
{
    gnutls_x509_crt_t *chain = NULL;
    gnutls_datum_t pem;

    *result = gnutls_load_file(file, &pem);
    if (*result < 0)
        return NULL;
    *result = gnutls_x509_crt_list_import2(&chain, count, &pem, GNUTLS_X509_FMT_PEM, 0);
    gnutls_free(pem.data);
    return *result < 0 ? NULL : chain;
}

static int load_key(const char *file, gnutls_x509_privkey_t key)
{
    gnutls_datum_t pem;
    int result = gnutls_load_file(file, &pem);

    if (result < 0)
        return result;
    result = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return result;
}

static bool load_credentials(struct tls_context *context, struct tls_setup_error *error)
{
    const char *cert_file = context->config->cert_file;
    const char *key_file = context->config->key_file ? context->config->key_file : cert_file;
    gnutls_x509_crt_t *chain;
    gnutls_x509_privkey_t key;
    unsigned count = 0;
    int result;

    if (!cert_file)
        return true;
    chain = load_chain(cert_file, &count, &result);
    if (!chain)
        return file_failed(error, EXIT_TLS_CERTIFICATE, "certificate", cert_file, result);
    gnutls_x509_privkey_init(&key);
    result = load_key(key_file, key);
    if (result >= 0)
        result = gnutls_certificate_set_x509_key(context->credentials, chain, (int)count, key);
    gnutls_x509_privkey_deinit(key);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return result >= 0 || file_failed(error, EXIT_TLS_KEY, "key", key_file, result);
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
    gnutls_certificate_set_verify_function(context->credentials, tls_gnutls_verify);
    return true;
}

static bool set_priority(struct tls_context *context, struct tls_setup_error *error)
{
    char priority[2048];
    const char *at;

    if (!tls_gnutls_priority(context->config, priority, sizeof priority, error))
        return false;
    if (gnutls_priority_init(&context->priority, priority, &at) == GNUTLS_E_SUCCESS)
        return true;
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
        set_priority(context, error) && set_alpn(context, error) && can_log_keys(context, error))
        return context;
    tls_context_free(context);
    return NULL;
}

void tls_context_free(struct tls_context *context)
{
    for (unsigned i = 0; i < context->alpn_count; i++)
        free(context->alpn[i].data);
    free(context->alpn);
    if (context->priority)
        gnutls_priority_deinit(context->priority);
    gnutls_certificate_free_credentials(context->credentials);
    free(context);
}
