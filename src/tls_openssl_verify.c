/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OpenSSL back end's judgement of the peer's certificate, in our words.
 */
#include "tls_openssl.h"

#include <openssl/x509_vfy.h>

static const struct {
    int error;
    enum verify_reason reason;
} verify_errors[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_CERT_UNTRUSTED, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_INVALID_CA, VERIFY_UNTRUSTED_ISSUER},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, VERIFY_BAD_SIGNATURE},
    {X509_V_ERR_CERT_REVOKED, VERIFY_REVOKED},
    {X509_V_ERR_CERT_NOT_YET_VALID, VERIFY_NOT_YET_VALID},
    {X509_V_ERR_CERT_HAS_EXPIRED, VERIFY_EXPIRED},
    {X509_V_ERR_EE_KEY_TOO_SMALL, VERIFY_WEAK_ALGORITHM},
    {X509_V_ERR_CA_KEY_TOO_SMALL, VERIFY_WEAK_ALGORITHM},
    {X509_V_ERR_CA_MD_TOO_WEAK, VERIFY_WEAK_ALGORITHM},
    {X509_V_ERR_INVALID_PURPOSE, VERIFY_WRONG_PURPOSE},
    {X509_V_ERR_HOSTNAME_MISMATCH, VERIFY_NAME_MISMATCH},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, VERIFY_NAME_MISMATCH},
};

static enum verify_reason verify_reason_of(int error)
{
    for (size_t i = 0; i < sizeof verify_errors / sizeof verify_errors[0]; i++)
        if (verify_errors[i].error == error)
            return verify_errors[i].reason;
    return error == X509_V_OK ? VERIFY_OK : VERIFY_OTHER;
}

/* Goes on after an error, to learn of all of them; what takes precedence is kept. */
static int collect_error(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *session = SSL_get_app_data(ssl);
    int error = X509_STORE_CTX_get_error(store);
    enum verify_reason worst = verify_worse(session->reason, verify_reason_of(error));

    if (!ok && worst != session->reason) {
        session->reason = worst;
        session->verify_error = error;
    }
    return 1;
}

int tls_openssl_verify(X509_STORE_CTX *store, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *session = SSL_get_app_data(ssl);

    (void)unused;
    session->peer = X509_STORE_CTX_get0_cert(store);
    X509_up_ref(session->peer);
    X509_STORE_CTX_set_verify_cb(store, collect_error);
    if (X509_verify_cert(store) <= 0 && session->reason == VERIFY_OK) {
        session->reason = VERIFY_OTHER;
        session->verify_error = X509_V_ERR_UNSPECIFIED;
    }
    X509_STORE_CTX_set_error(store, session->verify_error);
    return session->reason == VERIFY_OK;
}
