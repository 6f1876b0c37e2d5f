/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS alerts and their names: RFC 8446 section 6.2, and those that TLS 1.2 and earlier had besides
 * (RFC 5246 section 7.2, RFC 6066 section 9).
 */
#ifndef ALERT_H
#define ALERT_H

#include <stddef.h>

enum {
    ALERT_NONE = -1,
    ALERT_CLOSE_NOTIFY = 0,
    ALERT_HANDSHAKE_FAILURE = 40,
    ALERT_BAD_CERTIFICATE = 42,
    ALERT_UNSUPPORTED_CERTIFICATE = 43,
    ALERT_CERTIFICATE_REVOKED = 44,
    ALERT_CERTIFICATE_EXPIRED = 45,
    ALERT_UNKNOWN_CA = 48,
    ALERT_USER_CANCELED = 90,
    ALERT_BAD_CERTIFICATE_STATUS_RESPONSE = 113,
    ALERT_CERTIFICATE_REQUIRED = 116,
};

/* The name of the alert `number`, "unknown_alert" if it has none. Static storage. */
const char *alert_name(int number);

/* The number of the alert with these `size` bytes as its name, ALERT_NONE if there is none. */
int alert_number(const char *name, size_t size);

#endif
