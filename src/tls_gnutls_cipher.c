/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cipher suites of GnuTLS by their IANA names. GnuTLS's own names leave out WITH_, say SHA1 for
 * SHA, and do not name the hash of ChaCha20-Poly1305; gnutls_ciphersuite_get() came late (3.7.4).
 */
#include "tls_gnutls.h"

#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t text_size = strlen(text), end_size = strlen(end);

    return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

/* `TLS_ECDHE_RSA_` for ECDHE-RSA. */
static size_t key_exchange_prefix(gnutls_kx_algorithm_t kx, char *prefix, size_t size)
{
    const char *name = gnutls_kx_get_name(kx);

    snprintf(prefix, size, "TLS_%s_", name ? name : "");
    for (char *c = prefix; *c; c++)
        if (*c == '-')
            *c = '_';
    return strlen(prefix);
}

static void iana_name(const char *name, gnutls_kx_algorithm_t kx, gnutls_protocol_t version,
                      char *iana)
{
    char prefix[24];
    size_t size = key_exchange_prefix(kx, prefix, sizeof prefix);

    if (version == GNUTLS_TLS1_3 || strncmp(name, prefix, size) != 0) {
        snprintf(iana, TLS_CIPHER_NAME_SIZE, "%s", name);
        return;
    }
    snprintf(iana, TLS_CIPHER_NAME_SIZE, "%sWITH_%.24s%s", prefix, name + size,
             ends_with(name, "CHACHA20_POLY1305") ? "_SHA256" : "");
    if (ends_with(iana, "_SHA1"))
        iana[strlen(iana) - 1] = '\0';
}

bool tls_gnutls_suite(size_t index, struct tls_gnutls_suite *suite)
{
    unsigned char id[2];
    gnutls_protocol_t version;
    const char *name =
        gnutls_cipher_suite_info(index, id, &suite->kx, &suite->cipher, &suite->mac, &version);

    if (!name)
        return false;
    suite->tls13 = version == GNUTLS_TLS1_3;
    iana_name(name, suite->kx, version, suite->name);
    return true;
}

void tls_gnutls_cipher_name(gnutls_session_t gnutls, char *name)
{
    bool tls13 = gnutls_protocol_get_version(gnutls) == GNUTLS_TLS1_3;
    struct tls_gnutls_suite suite;

    *name = '\0';
    for (size_t i = 0; tls_gnutls_suite(i, &suite); i++)
        if (suite.tls13 == tls13 && suite.cipher == gnutls_cipher_get(gnutls) &&
            suite.mac == gnutls_mac_get(gnutls) && (tls13 || suite.kx == gnutls_kx_get(gnutls)))
            snprintf(name, TLS_CIPHER_NAME_SIZE, "%s", suite.name);
}
