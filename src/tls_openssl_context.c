/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OpenSSL back end's contexts: files, choices, and what is wrong with them.
 */
#include "tls_openssl.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "exit_status.h"

void tls_openssl_trace_errors(FILE *trace)
{
    unsigned long code;
    char words[256];

    while ((code = ERR_get_error()) != 0) {
        ERR_error_string_n(code, words, sizeof words);
        if (trace)
            fprintf(trace, "SSL info: %s\n", words);
    }
}

/* What the library has to say about its last error. Static storage of the library's. */
static const char *library_reason(void)
{
    unsigned long code = ERR_peek_error();
    const char *reason = NULL;

    if (code && ERR_GET_LIB(code) == ERR_LIB_SYS)
        reason = strerror(ERR_GET_REASON(code));
    else if (code)
        reason = ERR_reason_error_string(code);
    return reason ? reason : "the library does not say why";
}

static bool file_failed(struct tls_setup_error *error, int status, const char *what,
                        const char *file)
{
    tls_setup_failed(error, status, "%s %s: %s", what, file, library_reason());
    ERR_clear_error();
    return false;
}

/* There is nobody to ask for a passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static bool load_credentials(SSL_CTX *ssl, const struct tls_config *config,
                             struct tls_setup_error *error)
{
    const char *key = config->key_file ? config->key_file : config->cert_file;

    if (!config->cert_file)
        return true;
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ssl, config->cert_file) != 1)
        return file_failed(error, EXIT_TLS_CERTIFICATE, "certificate", config->cert_file);
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ssl) != 1)
        return file_failed(error, EXIT_TLS_KEY, "key", key);
    return true;
}

static bool load_authorities(SSL_CTX *ssl, const struct tls_config *config,
                             struct tls_setup_error *error)
{
    const char *path = config->verify;
    struct stat status;
    bool directory;

    if (!path)
        return true;
    if (stat(path, &status) == -1) {
        tls_setup_failed(error, EXIT_FILE, "CA %s: %s", path, strerror(errno));
        return false;
    }
    directory = S_ISDIR(status.st_mode);
    if (!SSL_CTX_load_verify_locations(ssl, directory ? NULL : path, directory ? path : NULL))
        return file_failed(error, EXIT_FILE, "CA", path);
    /* As with GnuTLS, whatever is there is trusted, an intermediate CA too. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, tls_openssl_verify, NULL);
    return true;
}

static bool load_responders(struct tls_context *context, struct tls_setup_error *error)
{
    const char *file = context->config->ocsp;

    if (!file)
        return true;
    if (!tls_openssl_load_responders(context, file))
        return file_failed(error, EXIT_FILE, "-ocsp", file);
    ERR_clear_error();
    SSL_CTX_set_tlsext_status_cb(context->ssl, tls_openssl_check_ocsp);
    SSL_CTX_set_tlsext_status_arg(context->ssl, context);
    return true;
}

/* Names are those of RFC 9525: no CN, and a wildcard only as the whole of the first label. */
static bool set_verify_name(SSL_CTX *ssl, const struct tls_config *config,
                            struct tls_setup_error *error)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ssl);
    const char *name = config->verify_name;

    if (!name || X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
        return true;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(param, name, 0) == 1)
        return true;
    return file_failed(error, EXIT_TLS_SETUP, "-verify-name", name);
}

/*
 * Translates IANA names to OpenSSL's. Those of TLS 1.3 are set by a call of their own; an empty
 * list for it means none.
 */
static bool set_ciphers(SSL_CTX *ssl, const struct tls_config *config,
                        struct tls_setup_error *error)
{
    char tls13[1024] = "", older[1024] = "", name[TLS_CIPHER_NAME_SIZE];
    const char *rest = config->ciphers;

    while (tls_next_name(&rest, ":,", name, sizeof name)) {
        const char *openssl_name = OPENSSL_cipher_name(name);
        char *list = tls_cipher_is_tls13(name) ? tls13 : older;
        size_t used = strlen(list);

        if (strcmp(openssl_name, "(NONE)") == 0) {
            tls_setup_failed(error, EXIT_TLS_SETUP, "-cipher %s: no such cipher suite", name);
            return false;
        }
        snprintf(list + used, sizeof tls13 - used, "%s%s", used ? ":" : "", openssl_name);
    }
    if (config->ciphers && (SSL_CTX_set_ciphersuites(ssl, tls13) != 1 ||
                            (*older && SSL_CTX_set_cipher_list(ssl, older) != 1)))
        return file_failed(error, EXIT_TLS_SETUP, "-cipher", config->ciphers);
    return true;
}

static bool set_versions(SSL_CTX *ssl, const struct tls_config *config,
                         struct tls_setup_error *error)
{
    if (config->priority && SSL_CTX_set_cipher_list(ssl, config->priority) != 1)
        return file_failed(error, EXIT_TLS_SETUP, "-p", config->priority);
    if ((config->min_version && SSL_CTX_set_min_proto_version(ssl, config->min_version) != 1) ||
        (config->max_version && SSL_CTX_set_max_proto_version(ssl, config->max_version) != 1)) {
        tls_setup_failed(error, EXIT_TLS_SETUP, "-protocol: this OpenSSL does not have it");
        return false;
    }
    return true;
}

static bool set_alpn(struct tls_context *context, struct tls_setup_error *error)
{
    const char *rest = context->config->alpn;
    char name[256];

    while (tls_next_name(&rest, ",", name, sizeof name)) {
        size_t size = strlen(name);
        if (context->alpn_size + 1 + size > sizeof context->alpn) {
            tls_setup_failed(error, EXIT_TLS_SETUP, "-alpn %s: too long", context->config->alpn);
            return false;
        }
        context->alpn[context->alpn_size++] = (unsigned char)size;
        memcpy(context->alpn + context->alpn_size, name, size);
        context->alpn_size += (unsigned)size;
    }
    if (context->alpn_size > 0)
        SSL_CTX_set_alpn_protos(context->ssl, context->alpn, context->alpn_size);
    return true;
}

static void keylog_callback(const SSL *ssl, const char *line)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    fprintf(session->config->keylog, "%s\n", line);
    fflush(session->config->keylog);
}

static bool configure(struct tls_context *context, struct tls_setup_error *error)
{
    const struct tls_config *config = context->config;
    SSL_CTX *ssl = context->ssl;

    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (config->keylog)
        SSL_CTX_set_keylog_callback(ssl, keylog_callback);
    return load_credentials(ssl, config, error) && load_authorities(ssl, config, error) &&
           load_responders(context, error) && set_verify_name(ssl, config, error) &&
           set_versions(ssl, config, error) && set_ciphers(ssl, config, error) &&
           set_alpn(context, error) && tls_openssl_load_session(context, error) &&
           (config->role == TLS_CLIENT || tls_openssl_configure_server(context, error));
}

/*
 * Neither the system's openssl.cnf nor the user's has a say: what a script gets must not depend on
 * the machine.
 */
struct tls_context *tls_context_new(const struct tls_config *config, struct tls_setup_error *error)
{
    struct tls_context *context = calloc(1, sizeof *context);

    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    if (context)
        context->ssl = SSL_CTX_new(TLS_method());
    if (!context || !context->ssl) {
        tls_setup_failed(error, EXIT_TLS_SETUP, "SSL_CTX_new: %s", library_reason());
        free(context);
        return NULL;
    }
    context->config = config;
    context->transport = tls_openssl_transport();
    if (configure(context, error))
        return context;
    tls_context_free(context);
    return NULL;
}

void tls_context_free(struct tls_context *context)
{
    SSL_SESSION_free(context->resume);
    tls_openssl_free_responders(context);
    buffer_free(&context->staple);
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->transport);
    free(context);
}
