/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the back ends share about configuration and failures: words and tables, no library.
 */
#include "tls.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "alert.h"
#include "exit_status.h"

static const struct {
    const char *name;
    enum tls_version version;
} versions[] = {
    {"TLS1.0", TLS_VERSION_1_0}, {"TLS1", TLS_VERSION_1_0},   {"TLS1.1", TLS_VERSION_1_1},
    {"TLS1.2", TLS_VERSION_1_2}, {"TLS1.3", TLS_VERSION_1_3},
};

static enum tls_version parse_version(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (strlen(versions[i].name) == size && memcmp(versions[i].name, text, size) == 0)
            return versions[i].version;
    return TLS_VERSION_DEFAULT;
}

const char *tls_version_name(enum tls_version version)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (versions[i].version == version)
            return versions[i].name;
    return "unknown";
}

bool tls_parse_versions(const char *text, enum tls_version *min, enum tls_version *max)
{
    const char *dash = strchr(text, '-');

    if (dash) {
        *min = parse_version(text, (size_t)(dash - text));
        *max = parse_version(dash + 1, strlen(dash + 1));
    } else {
        *min = *max = parse_version(text, strlen(text));
    }
    return *min != TLS_VERSION_DEFAULT && *max != TLS_VERSION_DEFAULT && *min <= *max;
}

bool tls_next_name(const char **list, const char *separators, char *name, size_t size)
{
    size_t length;

    if (!*list)
        return false;
    *list += strspn(*list, separators);
    length = strcspn(*list, separators);
    snprintf(name, size, "%.*s", (int)length, *list);
    *list += length;
    return length > 0;
}

bool tls_cipher_is_tls13(const char *name)
{
    return strncmp(name, "TLS_", 4) == 0 && !strstr(name, "_WITH_");
}

bool tls_narrow_versions(struct tls_config *config)
{
    const char *rest = config->ciphers;
    char name[TLS_CIPHER_NAME_SIZE];
    bool tls13 = false, older = false;

    while (tls_next_name(&rest, ":,", name, sizeof name))
        *(tls_cipher_is_tls13(name) ? &tls13 : &older) = true;
    if (tls13 && !older)
        config->min_version = TLS_VERSION_1_3;
    if (older && !tls13 && (!config->max_version || config->max_version == TLS_VERSION_1_3))
        config->max_version = TLS_VERSION_1_2;
    return !config->max_version || config->min_version <= config->max_version;
}

/* The most that fits into a CertificateStatus message (RFC 6066 section 8) is 16 MB; one is 2 kB.
 */
enum { STAPLE_MAX = 64 * 1024 };

bool tls_load_staple(const char *file, struct buffer *staple, struct tls_setup_error *error)
{
    FILE *in = fopen(file, "re");
    size_t got = in ? fread(buffer_room(staple, STAPLE_MAX), 1, STAPLE_MAX, in) : 0;
    bool done = in && !ferror(in);

    if (!done)
        tls_setup_failed(error, EXIT_FILE, "-ocsp %s: %s", file, strerror(errno));
    buffer_filled(staple, got);
    if (in)
        fclose(in);
    return done;
}

void tls_setup_failed(struct tls_setup_error *error, int status, const char *format, ...)
{
    va_list args;

    error->status = status;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
}

void tls_failure_print(FILE *out, const struct tls_failure *failure)
{
    switch (failure->kind) {
    case TLS_ALERT_RECEIVED:
        fprintf(out, "alert received %s", alert_name(failure->alert));
        break;
    case TLS_ALERT_SENT:
        fprintf(out, "alert sent %s", alert_name(failure->alert));
        break;
    case TLS_PEER_CLOSED:
        fputs("closed", out);
        break;
    case TLS_TIMEOUT:
        fputs("timeout", out);
        break;
    case TLS_CERTIFICATE_ERROR:
        fprintf(out, "certificate (%s)", verify_words(failure->reason));
        break;
    case TLS_NO_FAILURE:
    case TLS_PROTOCOL_ERROR:
        fputs("protocol", out);
        break;
    }
}
