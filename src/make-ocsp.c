/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes one OCSP response (RFC 6960) for one certificate, with the dates that it is told: `openssl
 * ocsp` always writes the time of day, and a committed response must neither go stale nor differ
 * from run to run. It is for aux-fixed/exim-ca/generate; it is no responder, and answers no
 * request.
 */

#include <err.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_BROKEN = 3 };

struct options {
    const char *issuer;      /* -i: certificate of the authority that issued the subject */
    const char *subject;     /* -c: certificate that the response is about */
    const char *signer;      /* -s: certificate that the response is signed by */
    const char *key;         /* -k: the signer's private key, not encrypted */
    const char *this_update; /* -t: YYYYMMDDHHMMSSZ, producedAt too */
    const char *next_update; /* -n: YYYYMMDDHHMMSSZ */
    const char *revoked;     /* -r: YYYYMMDDHHMMSSZ; NULL means that the state is good */
    unsigned long flags;     /* -x: OCSP_NOCERTS, the signer's certificate is left out */
    const char *output;      /* -o: the response, DER */
};

/* Ends the program with what libcrypto says about the call that failed. */
static void fail(const char *what, const char *about)
{
    errx(EXIT_BROKEN, "%s: %s: %s", about, what, ERR_error_string(ERR_get_error(), NULL));
}

static void usage(void)
{
    fputs(
        "usage: make-ocsp -i ISSUER -c CERTIFICATE -s SIGNER -k KEY -t THIS_UPDATE -n NEXT_UPDATE\n"
        "                 [-r REVOKED] [-x] -o OUTPUT\n"
        "Dates are YYYYMMDDHHMMSSZ; -x leaves the signer's certificate out.\n",
        stderr);
    exit(EXIT_USAGE);
}

static struct options options_parse(int argc, char **argv)
{
    struct options o = {.flags = OCSP_NOTIME};
    int letter;

    while ((letter = getopt(argc, argv, "i:c:s:k:t:n:r:xo:")) != -1) {
        switch (letter) {
        case 'i':
            o.issuer = optarg;
            break;
        case 'c':
            o.subject = optarg;
            break;
        case 's':
            o.signer = optarg;
            break;
        case 'k':
            o.key = optarg;
            break;
        case 't':
            o.this_update = optarg;
            break;
        case 'n':
            o.next_update = optarg;
            break;
        case 'r':
            o.revoked = optarg;
            break;
        case 'x':
            o.flags |= OCSP_NOCERTS;
            break;
        case 'o':
            o.output = optarg;
            break;
        default:
            usage();
        }
    }
    if (optind != argc || !o.issuer || !o.subject || !o.signer || !o.key || !o.this_update ||
        !o.next_update || !o.output)
        usage();
    return o;
}

static BIO *open_file(const char *path, const char *mode)
{
    BIO *file = BIO_new_file(path, mode);

    if (!file)
        fail("cannot open", path);
    return file;
}

static X509 *read_certificate(const char *path)
{
    BIO *file = open_file(path, "r");
    X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);

    if (!certificate)
        fail("cannot read certificate", path);
    BIO_free(file);
    return certificate;
}

static EVP_PKEY *read_key(const char *path)
{
    BIO *file = open_file(path, "r");
    EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);

    if (!key)
        fail("cannot read private key", path);
    BIO_free(file);
    return key;
}

static void set_time(ASN1_GENERALIZEDTIME *t, const char *text)
{
    if (!ASN1_GENERALIZEDTIME_set_string(t, text))
        errx(EXIT_USAGE, "%s: not a date (YYYYMMDDHHMMSSZ)", text);
}

static ASN1_GENERALIZEDTIME *new_time(const char *text)
{
    ASN1_GENERALIZEDTIME *t = ASN1_GENERALIZEDTIME_new();

    if (!t)
        fail("no memory", text);
    set_time(t, text);
    return t;
}

/* RFC 6960 section 4.2.1: the one SingleResponse. Its CertID is hashed with SHA-1, which every
 * client takes. */
static void add_status(OCSP_BASICRESP *response, const struct options *o)
{
    X509 *subject = read_certificate(o->subject);
    X509 *issuer = read_certificate(o->issuer);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), subject, issuer);
    ASN1_GENERALIZEDTIME *this_update = new_time(o->this_update);
    ASN1_GENERALIZEDTIME *next_update = new_time(o->next_update);
    ASN1_GENERALIZEDTIME *revoked = o->revoked ? new_time(o->revoked) : NULL;

    if (!id || !OCSP_basic_add1_status(
                   response, id, revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
                   OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, this_update, next_update))
        fail("cannot state the status", o->subject);
    ASN1_GENERALIZEDTIME_free(revoked);
    ASN1_GENERALIZEDTIME_free(next_update);
    ASN1_GENERALIZEDTIME_free(this_update);
    OCSP_CERTID_free(id);
    X509_free(issuer);
    X509_free(subject);
}

static void sign(OCSP_BASICRESP *response, const struct options *o)
{
    X509 *signer = read_certificate(o->signer);
    EVP_PKEY *key = read_key(o->key);

    /* libcrypto has no call that sets producedAt to anything but now; the field is the response's
     * own. */
    set_time((ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(response), o->this_update);
    if (!OCSP_basic_sign(response, signer, key, EVP_sha256(), NULL, o->flags))
        fail("cannot sign", o->signer);
    EVP_PKEY_free(key);
    X509_free(signer);
}

static void write_response(OCSP_BASICRESP *basic, const char *path)
{
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    BIO *file = open_file(path, "wb");

    if (!response || !i2d_OCSP_RESPONSE_bio(file, response) || BIO_flush(file) != 1)
        fail("cannot write", path);
    BIO_free(file);
    OCSP_RESPONSE_free(response);
}

int main(int argc, char **argv)
{
    struct options o = options_parse(argc, argv);
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();

    if (!basic)
        fail("no memory", o.output);
    add_status(basic, &o);
    sign(basic, &o);
    write_response(basic, o.output);
    OCSP_BASICRESP_free(basic);
    return 0;
}
