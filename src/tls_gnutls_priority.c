/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Priority strings for GnuTLS, made from protocol versions and IANA cipher suite names. GnuTLS
 * chooses key exchange, cipher and MAC apart from each other, so a list of several suites also
 * offers their combinations; when one of these is not on the list, the list is refused.
 */
#include "tls_gnutls.h"

#include <string.h>

#include "exit_status.h"

static const struct {
    enum tls_version version;
    const char *name;
} versions[] = {
    {TLS_VERSION_1_0, "TLS1.0"},
    {TLS_VERSION_1_1, "TLS1.1"},
    {TLS_VERSION_1_2, "TLS1.2"},
    {TLS_VERSION_1_3, "TLS1.3"},
};

static void append(char *text, size_t size, const char *before, const char *name)
{
    size_t used = strlen(text);

    snprintf(text + used, size - used, "%s%s", before, name);
}

static void append_versions(const struct tls_config *config, char *priority, size_t size)
{
    if (!config->min_version && !config->max_version)
        return;
    append(priority, size, ":-VERS-ALL", "");
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (versions[i].version >= config->min_version &&
            (!config->max_version || versions[i].version <= config->max_version))
            append(priority, size, ":+VERS-", versions[i].name);
}

/*
 * GnuTLS's name for a suite is IANA's without WITH_, says SHA1 for SHA, and leaves the hash of
 * ChaCha20-Poly1305 out.
 */
static bool is_suite(const char *gnutls_name, const char *iana_name)
{
    const char *with = strstr(iana_name, "WITH_"), *hash;
    char name[TLS_CIPHER_NAME_SIZE];

    snprintf(name, sizeof name, "%.*s%s", with ? (int)(with - iana_name) : 0, iana_name,
             with ? with + strlen("WITH_") : iana_name);
    hash = strrchr(name, '_');
    if (hash && strcmp(hash, "_SHA") == 0)
        append(name, sizeof name, "1", "");
    else if (with && strstr(name, "_CHACHA20_POLY1305_SHA256"))
        name[strlen(name) - strlen("_SHA256")] = '\0';
    return strcmp(name, gnutls_name) == 0;
}

static bool append_suite(const char *iana_name, char *priority, size_t size)
{
    gnutls_kx_algorithm_t kx;
    gnutls_cipher_algorithm_t cipher;
    gnutls_mac_algorithm_t mac;
    gnutls_protocol_t version;
    unsigned char id[2];
    const char *name;

    for (size_t i = 0; (name = gnutls_cipher_suite_info(i, id, &kx, &cipher, &mac, &version)); i++)
        if (is_suite(name, iana_name)) {
            if (!tls_cipher_is_tls13(iana_name))
                append(priority, size, ":+", gnutls_kx_get_name(kx));
            append(priority, size, ":+", gnutls_cipher_get_name(cipher));
            append(priority, size, ":+", gnutls_mac_get_name(mac));
            return true;
        }
    return false;
}

static bool is_listed(const char *gnutls_name, const char *list)
{
    char name[TLS_CIPHER_NAME_SIZE];

    while (tls_next_name(&list, ":,", name, sizeof name))
        if (is_suite(gnutls_name, name))
            return true;
    return false;
}

bool tls_gnutls_offers_only(gnutls_priority_t priority, const char *list,
                            struct tls_setup_error *error)
{
    unsigned suite;
    int result;

    for (unsigned i = 0; (result = gnutls_priority_get_cipher_suite_index(priority, i, &suite)) !=
                         GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
         i++) {
        const char *name =
            result < 0 ? NULL : gnutls_cipher_suite_info(suite, NULL, NULL, NULL, NULL, NULL);
        if (name && !is_listed(name, list)) {
            tls_setup_failed(error, EXIT_TLS_SETUP, "-cipher %s: GnuTLS would also offer %s", list,
                             name);
            return false;
        }
    }
    return true;
}

bool tls_gnutls_priority(const struct tls_config *config, char *priority, size_t size,
                         struct tls_setup_error *error)
{
    const char *rest = config->ciphers;
    char name[TLS_CIPHER_NAME_SIZE];

    snprintf(priority, size, "%s", config->priority ? config->priority : "NORMAL");
    if (rest)
        append(priority, size, ":-KX-ALL:-CIPHER-ALL:-MAC-ALL", "");
    while (tls_next_name(&rest, ":,", name, sizeof name))
        if (!append_suite(name, priority, size)) {
            tls_setup_failed(error, EXIT_TLS_SETUP, "-cipher %s: no such cipher suite", name);
            return false;
        }
    append_versions(config, priority, size);
    return true;
}
