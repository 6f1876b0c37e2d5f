/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OpenSSL back end's view of a stapled OCSP response (RFC 6066 section 8, RFC 6960).
 */
#include "tls_openssl.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>

/* Seconds that clocks may differ. */
enum { CLOCK_SKEW = 300 };

bool tls_openssl_load_responders(struct tls_context *context, const char *file)
{
    BIO *bio = BIO_new_file(file, "r");
    X509 *certificate;

    if (!bio)
        return false;
    context->responders = sk_X509_new_null();
    context->responder_store = X509_STORE_new();
    X509_STORE_set_flags(context->responder_store, X509_V_FLAG_PARTIAL_CHAIN);
    while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        X509_STORE_add_cert(context->responder_store, certificate);
        sk_X509_push(context->responders, certificate);
    }
    BIO_free(bio);
    return sk_X509_num(context->responders) > 0;
}

/* The issuer of `leaf` among what the server sent and what we trust; NULL if it is not there. */
static X509 *find_issuer(STACK_OF(X509) * candidates, X509 *leaf)
{
    for (int i = 0; i < sk_X509_num(candidates); i++)
        if (X509_check_issued(sk_X509_value(candidates, i), leaf) == X509_V_OK)
            return sk_X509_value(candidates, i);
    return NULL;
}

/* Is the single response about this certificate? It says with which hash it names issuers. */
static bool is_about(OCSP_SINGLERESP *single, X509 *leaf, X509 *issuer)
{
    const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *hash;
    OCSP_CERTID *expected;
    bool same;

    OCSP_id_get0_info(NULL, &hash, NULL, NULL, (OCSP_CERTID *)id);
    expected = OCSP_cert_to_id(EVP_get_digestbyobj(hash), leaf, issuer);
    same = expected && OCSP_id_cmp(id, expected) == 0;
    OCSP_CERTID_free(expected);
    return same;
}

static enum verify_reason judge_single(OCSP_SINGLERESP *single, enum tls_ocsp *state)
{
    ASN1_GENERALIZEDTIME *this_update, *next_update;
    int status = OCSP_single_get0_status(single, NULL, NULL, &this_update, &next_update);

    if (OCSP_check_validity(this_update, next_update, CLOCK_SKEW, -1) != 1)
        return VERIFY_OCSP_STALE;
    if (status == V_OCSP_CERTSTATUS_REVOKED) {
        *state = TLS_OCSP_REVOKED;
        return VERIFY_REVOKED;
    }
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return VERIFY_OCSP_UNKNOWN;
    *state = TLS_OCSP_GOOD;
    return VERIFY_OK;
}

static enum verify_reason judge_basic(OCSP_BASICRESP *basic, STACK_OF(X509) * known, X509 *leaf,
                                      X509_STORE *store, enum tls_ocsp *state)
{
    X509 *issuer = find_issuer(known, leaf);

    if (!issuer || OCSP_basic_verify(basic, known, store, 0) != 1)
        return VERIFY_OCSP_INVALID;
    for (int i = 0; i < OCSP_resp_count(basic); i++)
        if (is_about(OCSP_resp_get0(basic, i), leaf, issuer))
            return judge_single(OCSP_resp_get0(basic, i), state);
    return VERIFY_OCSP_INVALID;
}

/* What the server sent, and the responders: where issuers and signers are looked for. */
static STACK_OF(X509) * known_certificates(SSL *ssl, const struct tls_context *context)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    STACK_OF(X509) *known = sk_X509_new_null();

    for (int i = 0; i < sk_X509_num(chain); i++)
        sk_X509_push(known, sk_X509_value(chain, i));
    for (int i = 0; i < sk_X509_num(context->responders); i++)
        sk_X509_push(known, sk_X509_value(context->responders, i));
    return known;
}

static enum verify_reason judge(SSL *ssl, const struct tls_context *context,
                                const unsigned char *der, long size, enum tls_ocsp *state)
{
    STACK_OF(X509) *known = known_certificates(ssl, context);
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &der, size);
    OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
    enum verify_reason reason = VERIFY_OCSP_INVALID;

    *state = TLS_OCSP_UNKNOWN;
    if (basic && sk_X509_num(known) > 0)
        reason =
            judge_basic(basic, known, sk_X509_value(known, 0), context->responder_store, state);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    sk_X509_free(known);
    return reason;
}

/* Nothing is stapled to a resumed session: what it says was looked at when it began. */
int tls_openssl_check_ocsp(SSL *ssl, void *context)
{
    struct tls_session *session = SSL_get_app_data(ssl);
    const unsigned char *der;
    long size = SSL_get_tlsext_status_ocsp_resp(ssl, &der);

    if (SSL_session_reused(ssl))
        return 1;
    if (!der || size <= 0)
        session->ocsp_reason = VERIFY_OCSP_MISSING;
    else
        session->ocsp_reason = judge(ssl, context, der, size, &session->ocsp);
    tls_openssl_trace_errors(session->config->trace);
    return session->ocsp_reason == VERIFY_OK;
}

void tls_openssl_free_responders(struct tls_context *context)
{
    sk_X509_pop_free(context->responders, X509_free);
    X509_STORE_free(context->responder_store);
}
