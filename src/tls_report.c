/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_report.h"

#include <ctype.h>

#include "dn.h"

static const char *const ocsp_words[] = {
    [TLS_OCSP_NONE] = "none",
    [TLS_OCSP_GOOD] = "good",
    [TLS_OCSP_REVOKED] = "revoked",
    [TLS_OCSP_UNKNOWN] = "unknown",
};

static void print_name(FILE *out, const char *what, const struct tls_name *name)
{
    if (name->size == 0)
        return;
    fprintf(out, "TLS %s: ", what);
    dn_print(out, name->der, name->size);
    fputc('\n', out);
}

/* What the peer has chosen; it need not be printable. */
static void print_text(FILE *out, const char *what, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "TLS %s: ", what);
    for (; *text; text++)
        fprintf(out, isprint((unsigned char)*text) ? "%c" : "\\%02X", (unsigned char)*text);
    fputc('\n', out);
}

static void print_verify(FILE *out, enum verify_reason reason)
{
    if (reason == VERIFY_OK)
        fputs("TLS verify: ok\n", out);
    else
        fprintf(out, "TLS verify: failed (%s)\n", verify_words(reason));
}

void tls_report_print(FILE *out, const struct tls_facts *facts)
{
    if (facts->established)
        fprintf(out, "TLS protocol: %s\nTLS cipher: %s\n", tls_version_name(facts->version),
                facts->cipher);
    print_name(out, "peer", &facts->peer);
    print_name(out, "issuer", &facts->issuer);
    if (facts->verify_asked)
        print_verify(out, facts->verify);
    print_text(out, "sni", facts->sni);
    print_text(out, "alpn", facts->alpn);
    if (facts->ocsp_asked)
        fprintf(out, "TLS ocsp: %s\n", ocsp_words[facts->ocsp]);
    if (facts->established)
        fprintf(out, "TLS resumed: %s\n", facts->resumed ? "yes" : "no");
}
