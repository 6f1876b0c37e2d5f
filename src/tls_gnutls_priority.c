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

static bool append_suite(const char *iana_name, char *priority, size_t size)
{
    struct tls_gnutls_suite suite;

    for (size_t i = 0; tls_gnutls_suite(i, &suite); i++)
        if (strcmp(suite.name, iana_name) == 0) {
            if (!suite.tls13)
                append(priority, size, ":+", gnutls_kx_get_name(suite.kx));
            append(priority, size, ":+", gnutls_cipher_get_name(suite.cipher));
            append(priority, size, ":+", gnutls_mac_get_name(suite.mac));
            return true;
        }
    return false;
}

static bool is_listed(const char *iana_name, const char *list)
{
    char name[TLS_CIPHER_NAME_SIZE];

    while (tls_next_name(&list, ":,", name, sizeof name))
        if (strcmp(name, iana_name) == 0)
            return true;
    return false;
}

bool tls_gnutls_offers_only(gnutls_priority_t priority, const char *list,
                            struct tls_setup_error *error)
{
    struct tls_gnutls_suite suite;
    unsigned index;
    int result;

    for (unsigned i = 0; (result = gnutls_priority_get_cipher_suite_index(priority, i, &index)) !=
                         GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
         i++) {
        if (result < 0 || !tls_gnutls_suite(index, &suite) || is_listed(suite.name, list))
            continue;
        tls_setup_failed(error, EXIT_TLS_SETUP, "-cipher %s: GnuTLS would also offer %s", list,
                         suite.name);
        return false;
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
