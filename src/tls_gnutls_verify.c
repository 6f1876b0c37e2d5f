/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GnuTLS back end's judgement of the peer's certificate, in our words.
 */
#include "tls_gnutls.h"

static const struct {
    gnutls_certificate_status_t status;
    enum verify_reason reason;
} verify_errors[] = {
    {GNUTLS_CERT_SIGNER_NOT_FOUND, VERIFY_UNTRUSTED_ISSUER},
    {GNUTLS_CERT_SIGNER_NOT_CA, VERIFY_UNTRUSTED_ISSUER},
    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, VERIFY_UNTRUSTED_ISSUER},
    {GNUTLS_CERT_SIGNATURE_FAILURE, VERIFY_BAD_SIGNATURE},
    {GNUTLS_CERT_REVOKED, VERIFY_REVOKED},
    {GNUTLS_CERT_NOT_ACTIVATED, VERIFY_NOT_YET_VALID},
    {GNUTLS_CERT_EXPIRED, VERIFY_EXPIRED},
    {GNUTLS_CERT_INSECURE_ALGORITHM, VERIFY_WEAK_ALGORITHM},
    {GNUTLS_CERT_PURPOSE_MISMATCH, VERIFY_WRONG_PURPOSE},
    {GNUTLS_CERT_UNEXPECTED_OWNER, VERIFY_NAME_MISMATCH},
};

static enum verify_reason verify_reason_of(unsigned status)
{
    enum verify_reason reason = VERIFY_OK;

    for (size_t i = 0; i < sizeof verify_errors / sizeof verify_errors[0]; i++)
        if (status & verify_errors[i].status)
            reason = verify_worse(reason, verify_errors[i].reason);
    return status != 0 && reason == VERIFY_OK ? VERIFY_OTHER : reason;
}

/* GnuTLS takes the CN for a name when there is no other; RFC 9525 section 2 does not. */
static bool has_alternative_name(gnutls_session_t gnutls)
{
    unsigned count;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(gnutls, &count);
    gnutls_x509_crt_t leaf;
    size_t name_size = 0;
    int result = GNUTLS_E_NO_CERTIFICATE_FOUND;

    if (!chain || gnutls_x509_crt_init(&leaf) < 0)
        return false;
    if (gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) >= 0)
        result = gnutls_x509_crt_get_subject_alt_name(leaf, 0, NULL, &name_size, NULL);
    gnutls_x509_crt_deinit(leaf);
    return result >= 0 || result == GNUTLS_E_SHORT_MEMORY_BUFFER;
}

static enum verify_reason verify_chain(gnutls_session_t gnutls, const struct tls_config *config)
{
    const char *name = config->verify_name;
    const char *purpose =
        config->role == TLS_SERVER ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
    gnutls_typed_vdata_st data[] = {
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (void *)purpose},
        {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (void *)name},
    };
    unsigned status;
    enum verify_reason reason;

    if (gnutls_certificate_verify_peers(gnutls, data, name ? 2 : 1, &status) < 0)
        return VERIFY_NO_CERTIFICATE;
    reason = verify_reason_of(status);
    if (name && !has_alternative_name(gnutls))
        reason = verify_worse(reason, VERIFY_NAME_MISMATCH);
    return reason;
}

int tls_gnutls_verify(gnutls_session_t gnutls)
{
    struct tls_session *session = gnutls_session_get_ptr(gnutls);
    const struct tls_config *config = session->context->config;

    if (config->verify)
        session->reason = verify_chain(gnutls, config);
    if (config->ocsp && session->reason == VERIFY_OK)
        tls_gnutls_check_ocsp(session);
    return session->reason == VERIFY_OK && session->ocsp_reason == VERIFY_OK
               ? 0
               : GNUTLS_E_CERTIFICATE_ERROR;
}
