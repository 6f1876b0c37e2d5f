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
#include <stdbool.h>
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

/* What is read from the files that the options name. */
struct material {
    X509 *issuer;
    X509 *subject;
    X509 *signer;
    EVP_PKEY *key;
};

static void usage(void)
{
    fputs(
        "usage: make-ocsp -i ISSUER -c CERTIFICATE -s SIGNER -k KEY -t THIS_UPDATE -n NEXT_UPDATE\n"
        "                 [-r REVOKED] [-x] -o OUTPUT\n"
        "Dates are YYYYMMDDHHMMSSZ; -x leaves the signer's certificate out.\n",
        stderr);
    exit(EXIT_USAGE);
}

static const char *checked_date(const char *text)
{
    if (!ASN1_GENERALIZEDTIME_set_string(NULL, text))
        errx(EXIT_USAGE, "%s: not a date (YYYYMMDDHHMMSSZ)", text);
    return text;
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
            o.this_update = checked_date(optarg);
            break;
        case 'n':
            o.next_update = checked_date(optarg);
            break;
        case 'r':
            o.revoked = checked_date(optarg);
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

/* Says what libcrypto says about the call that failed. */
static bool complain(const char *what, const char *about)
{
    warnx("%s: %s: %s", about, what, ERR_error_string(ERR_get_error(), NULL));
    return false;
}

static bool read_certificate(X509 **certificate, const char *path)
{
    BIO *file = BIO_new_file(path, "r");

    if (!file)
        return complain("cannot open", path);
    *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
    BIO_free(file);
    return *certificate || complain("cannot read certificate", path);
}

static bool read_key(EVP_PKEY **key, const char *path)
{
    BIO *file = BIO_new_file(path, "r");

    if (!file)
        return complain("cannot open", path);
    *key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
    BIO_free(file);
    return *key || complain("cannot read private key", path);
}

static bool material_read(struct material *m, const struct options *o)
{
    return read_certificate(&m->issuer, o->issuer) && read_certificate(&m->subject, o->subject) &&
           read_certificate(&m->signer, o->signer) && read_key(&m->key, o->key);
}

static void material_free(struct material *m)
{
    X509_free(m->issuer);
    X509_free(m->subject);
    X509_free(m->signer);
    EVP_PKEY_free(m->key);
}

/* NULL, which stands for no date, comes back as it is. */
static ASN1_GENERALIZEDTIME *new_time(const char *text)
{
    ASN1_GENERALIZEDTIME *t = text ? ASN1_GENERALIZEDTIME_new() : NULL;

    if (text && (!t || !ASN1_GENERALIZEDTIME_set_string(t, text)))
        errx(EXIT_BROKEN, "%s: no memory for a date", text);
    return t;
}

/* RFC 6960 section 4.2.1: the one SingleResponse. Its CertID is hashed with SHA-1, which every
 * client takes. */
static bool add_status(OCSP_BASICRESP *response, const struct material *m, const struct options *o)
{
    int status = o->revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), m->subject, m->issuer);
    ASN1_GENERALIZEDTIME *this_update = new_time(o->this_update);
    ASN1_GENERALIZEDTIME *next_update = new_time(o->next_update);
    ASN1_GENERALIZEDTIME *revoked = new_time(o->revoked);
    bool added =
        id && OCSP_basic_add1_status(response, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                     revoked, this_update, next_update);

    ASN1_GENERALIZEDTIME_free(revoked);
    ASN1_GENERALIZEDTIME_free(next_update);
    ASN1_GENERALIZEDTIME_free(this_update);
    OCSP_CERTID_free(id);
    return added || complain("cannot state the status", o->subject);
}

static bool sign(OCSP_BASICRESP *response, const struct material *m, const struct options *o)
{
    /* libcrypto has no call that sets producedAt to anything but now; the field is the response's
     * own. */
    ASN1_GENERALIZEDTIME *produced_at =
        (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(response);

    return (ASN1_GENERALIZEDTIME_set_string(produced_at, o->this_update) &&
            OCSP_basic_sign(response, m->signer, m->key, EVP_sha256(), NULL, o->flags)) ||
           complain("cannot sign", o->signer);
}

static bool write_response(OCSP_BASICRESP *basic, const char *path)
{
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    BIO *file = BIO_new_file(path, "wb");
    bool written =
        response && file && i2d_OCSP_RESPONSE_bio(file, response) && BIO_flush(file) == 1;

    BIO_free(file);
    OCSP_RESPONSE_free(response);
    return written || complain("cannot write", path);
}

int main(int argc, char **argv)
{
    struct options o = options_parse(argc, argv);
    struct material m = {0};
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool done = basic && material_read(&m, &o) && add_status(basic, &m, &o) &&
                sign(basic, &m, &o) && write_response(basic, o.output);

    OCSP_BASICRESP_free(basic);
    material_free(&m);
    return done ? EXIT_SUCCESS : EXIT_BROKEN;
}
