/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify.h"

#include "alert.h"

static const struct {
    const char *words;
    int alert;
} reasons[] = {
    [VERIFY_OK] = {"ok", ALERT_NONE},
    [VERIFY_NO_CERTIFICATE] = {"no certificate", ALERT_CERTIFICATE_REQUIRED},
    [VERIFY_UNTRUSTED_ISSUER] = {"untrusted issuer", ALERT_UNKNOWN_CA},
    [VERIFY_BAD_SIGNATURE] = {"bad signature", ALERT_BAD_CERTIFICATE},
    [VERIFY_REVOKED] = {"revoked", ALERT_CERTIFICATE_REVOKED},
    [VERIFY_NOT_YET_VALID] = {"not yet valid", ALERT_BAD_CERTIFICATE},
    [VERIFY_EXPIRED] = {"expired", ALERT_CERTIFICATE_EXPIRED},
    [VERIFY_WEAK_ALGORITHM] = {"weak algorithm", ALERT_BAD_CERTIFICATE},
    [VERIFY_WRONG_PURPOSE] = {"wrong purpose", ALERT_UNSUPPORTED_CERTIFICATE},
    [VERIFY_NAME_MISMATCH] = {"name mismatch", ALERT_BAD_CERTIFICATE},
    [VERIFY_OTHER] = {"invalid", ALERT_BAD_CERTIFICATE},
    [VERIFY_OCSP_MISSING] = {"no OCSP response", ALERT_BAD_CERTIFICATE_STATUS_RESPONSE},
    [VERIFY_OCSP_INVALID] = {"bad OCSP response", ALERT_BAD_CERTIFICATE_STATUS_RESPONSE},
    [VERIFY_OCSP_STALE] = {"stale OCSP response", ALERT_BAD_CERTIFICATE_STATUS_RESPONSE},
    [VERIFY_OCSP_UNKNOWN] = {"OCSP status unknown", ALERT_BAD_CERTIFICATE_STATUS_RESPONSE},
};

const char *verify_words(enum verify_reason reason)
{
    return reasons[reason].words;
}

int verify_alert(enum verify_reason reason)
{
    return reasons[reason].alert;
}

enum verify_reason verify_worse(enum verify_reason a, enum verify_reason b)
{
    if (a == VERIFY_OK || b == VERIFY_OK)
        return a == VERIFY_OK ? b : a;
    return a < b ? a : b;
}
