/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a certificate was not accepted, in words of ours that both back ends share.
 */
#ifndef VERIFY_H
#define VERIFY_H

/*
 * In order of precedence: when several things are wrong with a certificate, the libraries find them
 * in different orders, and the first of these is what gets reported.
 */
enum verify_reason {
    VERIFY_OK,
    VERIFY_NO_CERTIFICATE,
    VERIFY_UNTRUSTED_ISSUER,
    VERIFY_BAD_SIGNATURE,
    VERIFY_REVOKED,
    VERIFY_NOT_YET_VALID,
    VERIFY_EXPIRED,
    VERIFY_WEAK_ALGORITHM,
    VERIFY_WRONG_PURPOSE,
    VERIFY_NAME_MISMATCH,
    VERIFY_OTHER,
    VERIFY_OCSP_MISSING,
    VERIFY_OCSP_INVALID,
    VERIFY_OCSP_STALE,
    VERIFY_OCSP_UNKNOWN,
};

/* `expired`, `untrusted issuer`, … Static storage. */
const char *verify_words(enum verify_reason reason);

/* The alert that tells the peer (RFC 8446 section 6.2). */
int verify_alert(enum verify_reason reason);

/* The one of two reasons that takes precedence. */
enum verify_reason verify_worse(enum verify_reason a, enum verify_reason b);

#endif
