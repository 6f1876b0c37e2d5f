/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GnuTLS back end's view of a stapled OCSP response (RFC 6066 section 8, RFC 6960).
 */
#include "tls_gnutls.h"

#include <gnutls/ocsp.h>
#include <time.h>

/* Seconds that clocks may differ. */
enum { CLOCK_SKEW = 300 };

int tls_gnutls_load_responders(struct tls_context *context, const char *file)
{
    gnutls_x509_trust_list_init(&context->responders, 0);
    return gnutls_x509_trust_list_add_trust_file(context->responders, file, NULL,
                                                 GNUTLS_X509_FMT_PEM, 0, 0);
}

static gnutls_x509_crt_t read_certificate(const gnutls_datum_t *der)
{
    gnutls_x509_crt_t certificate;

    if (gnutls_x509_crt_init(&certificate) < 0)
        return NULL;
    if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) >= 0)
        return certificate;
    gnutls_x509_crt_deinit(certificate);
    return NULL;
}

/* The certificates that the server sent, *count of them, up to one that cannot be read. */
static gnutls_x509_crt_t *server_chain(gnutls_session_t gnutls, unsigned *count)
{
    unsigned sent = 0;
    const gnutls_datum_t *der = gnutls_certificate_get_peers(gnutls, &sent);
    gnutls_x509_crt_t *chain = gnutls_calloc(sent + 1, sizeof *chain);

    for (*count = 0; chain && *count < sent; ++*count)
        if (!(chain[*count] = read_certificate(&der[*count])))
            break;
    return chain;
}

static void free_chain(gnutls_x509_crt_t *chain, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
}

/* Who issued the server's certificate: one of our CAs, or what the server sent if a CA leads there.
 */
static gnutls_x509_crt_t trusted_issuer(gnutls_x509_trust_list_t responders,
                                        gnutls_x509_crt_t *chain, unsigned count)
{
    gnutls_x509_crt_t issuer;
    unsigned status;

    if (gnutls_x509_trust_list_get_issuer(responders, chain[0], &issuer, 0) >= 0)
        return issuer;
    if (count < 2 || gnutls_x509_crt_check_issuer(chain[0], chain[1]) != 1 ||
        gnutls_x509_trust_list_verify_crt(responders, chain + 1, count - 1, 0, &status, NULL) < 0 ||
        status != 0)
        return NULL;
    return chain[1];
}

static bool is_current(time_t this_update, time_t next_update)
{
    time_t now = time(NULL);

    return this_update <= now + CLOCK_SKEW &&
           (next_update == (time_t)-1 || next_update >= now - CLOCK_SKEW);
}

/* Finds the single response about `leaf`. */
static bool find_single(gnutls_ocsp_resp_t response, gnutls_x509_crt_t leaf, unsigned *status,
                        time_t *this_update, time_t *next_update)
{
    for (unsigned i = 0; gnutls_ocsp_resp_get_single(response, i, NULL, NULL, NULL, NULL, status,
                                                     this_update, next_update, NULL, NULL) >= 0;
         i++)
        if (gnutls_ocsp_resp_check_crt(response, i, leaf) >= 0)
            return true;
    return false;
}

static enum verify_reason judge_single(gnutls_ocsp_resp_t response, gnutls_x509_crt_t leaf,
                                       enum tls_ocsp *state)
{
    unsigned status;
    time_t this_update, next_update;

    if (!find_single(response, leaf, &status, &this_update, &next_update))
        return VERIFY_OCSP_INVALID;
    if (!is_current(this_update, next_update))
        return VERIFY_OCSP_STALE;
    if (status == GNUTLS_OCSP_CERT_REVOKED) {
        *state = TLS_OCSP_REVOKED;
        return VERIFY_REVOKED;
    }
    if (status != GNUTLS_OCSP_CERT_GOOD)
        return VERIFY_OCSP_UNKNOWN;
    *state = TLS_OCSP_GOOD;
    return VERIFY_OK;
}

/* RFC 6960 section 4.2.2.2: signed by the issuer, or by whom the issuer has entrusted with it. */
static enum verify_reason judge(gnutls_session_t gnutls, gnutls_x509_trust_list_t responders,
                                gnutls_ocsp_resp_t response, enum tls_ocsp *state)
{
    enum verify_reason reason = VERIFY_OCSP_INVALID;
    unsigned count = 0, verify = 1;
    gnutls_x509_crt_t *chain = server_chain(gnutls, &count);
    gnutls_x509_crt_t issuer = count ? trusted_issuer(responders, chain, count) : NULL;

    if (issuer && gnutls_ocsp_resp_verify_direct(response, issuer, &verify, 0) >= 0 && verify == 0)
        reason = judge_single(response, chain[0], state);
    free_chain(chain, count);
    return reason;
}

void tls_gnutls_check_ocsp(struct tls_session *session)
{
    gnutls_ocsp_resp_t response;
    gnutls_datum_t der;

    if (gnutls_ocsp_status_request_get(session->gnutls, &der) < 0 || der.size == 0) {
        session->ocsp_reason = VERIFY_OCSP_MISSING;
        return;
    }
    session->ocsp = TLS_OCSP_UNKNOWN;
    session->ocsp_reason = VERIFY_OCSP_INVALID;
    if (gnutls_ocsp_resp_init(&response) < 0)
        return;
    if (gnutls_ocsp_resp_import(response, &der) >= 0 &&
        gnutls_ocsp_resp_get_status(response) == GNUTLS_OCSP_RESP_SUCCESSFUL)
        session->ocsp_reason =
            judge(session->gnutls, session->context->responders, response, &session->ocsp);
    gnutls_ocsp_resp_deinit(response);
}
