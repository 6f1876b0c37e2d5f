/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificate association data; see tlsa.h. The only user of libcrypto in fakens. */

#include "tlsa.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regular_file.h"

/* Where RDATA has what the data depend on, RFC 6698 section 2.1. */
enum { SELECTOR_AT = 1, MATCHING_AT = 2 };

/* Selectors, RFC 6698 section 2.1.2: each encodes a part of the certificate in DER. */
static int encode_certificate(X509 *certificate, unsigned char **der)
{
    return i2d_X509(certificate, der);
}

static int encode_public_key(X509 *certificate, unsigned char **der)
{
    return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), der);
}

static int (*const selectors[])(X509 *, unsigned char **) = {encode_certificate, encode_public_key};

/* Matching types, RFC 6698 section 2.1.3; the first is no hash, but the part itself. */
static const EVP_MD *(*const hashes[])(void) = {NULL, EVP_sha256, EVP_sha512};

enum {
    SELECTORS = sizeof selectors / sizeof selectors[0],
    MATCHING_TYPES = sizeof hashes / sizeof hashes[0],
};

static bool append_matching(struct rdata *rdata, const unsigned char *der, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_length;
    const EVP_MD *(*hash)(void) = hashes[rdata->bytes[MATCHING_AT]];
    if (!hash)
        return rdata_append(rdata, der, length);
    if (!EVP_Digest(der, length, digest, &digest_length, hash(), NULL))
        return rdata_fail(rdata, "libcrypto cannot hash a certificate");
    return rdata_append(rdata, digest, digest_length);
}

static bool append_certificate(struct rdata *rdata, X509 *certificate)
{
    unsigned char *der = NULL;
    int length = selectors[rdata->bytes[SELECTOR_AT]](certificate, &der);
    if (length < 0)
        return rdata_fail(rdata, "libcrypto cannot encode a certificate");
    bool good = append_matching(rdata, der, (size_t)length);
    OPENSSL_free(der);
    return good;
}

/* An encrypted certificate is refused; libcrypto's own callback would ask at the terminal. */
static int no_password(char *password, int size, int is_writing, void *data)
{
    (void)password, (void)size, (void)is_writing, (void)data;
    return 0;
}

/* The first certificate of a PEM text, or NULL. */
static X509 *first_certificate(const char *pem, size_t length)
{
    BIO *memory = BIO_new_mem_buf(pem, (int)length);
    if (!memory)
        return NULL;
    X509 *certificate = PEM_read_bio_X509(memory, NULL, no_password, NULL);
    BIO_free(memory);
    return certificate;
}

static bool append_from_file(struct rdata *rdata, const char *path)
{
    char *pem;
    size_t length;
    const char *wrong = regular_file_read(path, &pem, &length);
    if (wrong)
        return rdata_fail(rdata, "%.200s: %s", path, wrong);
    X509 *certificate = first_certificate(pem, length);
    free(pem);
    if (!certificate)
        return rdata_fail(rdata, "%.200s: no certificate in PEM format in it", path);
    bool good = append_certificate(rdata, certificate);
    X509_free(certificate);
    return good;
}

static bool compute(struct rdata *rdata, struct text name)
{
    char *path;
    bool is_absolute = name.at < name.end && *name.at == '/';
    if (rdata->bytes[SELECTOR_AT] >= SELECTORS)
        return rdata_fail(rdata, "only selectors 0 and 1 can be computed");
    if (rdata->bytes[MATCHING_AT] >= MATCHING_TYPES)
        return rdata_fail(rdata, "only matching types 0, 1 and 2 can be computed");
    if (rdata->skips_certificates)
        return true;
    if (asprintf(&path, "%s%.*s", is_absolute ? "" : rdata->base, (int)text_length(name), name.at) <
        0)
        return rdata_fail(rdata, "out of memory");
    bool good = append_from_file(rdata, path);
    free(path);
    return good;
}

static unsigned hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? (unsigned)(digit - '0')
                                         : (unsigned)(tolower((unsigned char)digit) - 'a' + 10);
}

static bool hex(struct rdata *rdata, struct text text)
{
    size_t digits = 0;
    uint8_t byte = 0;
    for (; text.at < text.end; text.at++) {
        if (text_is_blank(*text.at))
            continue;
        if (!isxdigit((unsigned char)*text.at))
            return rdata_fail(rdata, "\"%c\" is not a hex digit (a certificate is file:PATH)",
                              *text.at);
        byte = (uint8_t)(byte << 4 | hex_value(*text.at));
        if (++digits % 2 == 0 && !rdata_append(rdata, &byte, 1))
            return false;
    }
    if (digits == 0)
        return rdata_fail(rdata, "hex digits or file:PATH are missing");
    return digits % 2 == 0 || rdata_fail(rdata, "an odd number of hex digits");
}

bool tlsa_data(struct rdata *rdata)
{
    text_skip_blanks(&rdata->text);
    struct text all = rdata->text;
    rdata->text.at = rdata->text.end;
    return text_take(&all, "file:") ? compute(rdata, all) : hex(rdata, all);
}
