/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One interface to TLS with three back ends: tls_openssl.c, tls_gnutls.c, and tls_none.c for the
 * plain programs. A program is linked with one of them. No wait happens here: a call that cannot
 * go on says what it wants, and stream.c waits. What both libraries share (words, tables) is in
 * tls_config.c, verify.c and tls_report.c.
 */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "buffer.h"
#include "verify.h"

/* Room for the IANA name of any cipher suite. */
enum { TLS_CIPHER_NAME_SIZE = 64 };

/* Protocol versions as they stand in a ClientHello (RFC 8446 section 4.1.2, 4.2.1). */
enum tls_version {
    TLS_VERSION_DEFAULT = 0, /* what the library offers by itself */
    TLS_VERSION_1_0 = 0x0301,
    TLS_VERSION_1_1 = 0x0302,
    TLS_VERSION_1_2 = 0x0303,
    TLS_VERSION_1_3 = 0x0304,
};

enum tls_role {
    TLS_CLIENT,
    TLS_SERVER,
};

/* What the command line asks for. Strings are borrowed and outlive the context; NULL: not asked. */
struct tls_config {
    enum tls_role role;
    const char *cert_file; /* PEM, may be a chain: leaf first */
    const char *key_file;  /* PEM, not encrypted; NULL: it is in cert_file */
    const char *priority;  /* the library's own language: priority string or cipher list */
    enum tls_version min_version, max_version;
    const char *ciphers; /* IANA names, separated by `:` or `,` */
    const char *sni;     /* of a client: the name to ask for; of a server: the only one it has */
    const char *alpn;    /* protocol names, separated by `,` */
    const char *verify;  /* file or directory of CAs; NULL: the peer is not verified */
    const char *verify_name;   /* the name that the server's certificate must be for */
    const char *ocsp;          /* file of CAs: ask for a stapled OCSP response, verify it by them */
    const char *ocsp_response; /* of a server: the file of the response that it staples, DER */
    const char *session_file;  /* where the session is saved, and resumed from if it is there */
    FILE *keylog;              /* NSS key log format */
    FILE *trace;               /* where the library's own words go */
};

/* Why a context could not be made: the exit status that says so, and a message. */
struct tls_setup_error {
    int status; /* enum exit_status */
    char text[512];
};

/*
 * How a session reaches its peer. Both functions behave like recv(2) and send(2) on a non-blocking
 * socket: -1 with errno EAGAIN when it would have to wait.
 */
struct tls_transport {
    void *arg;
    ssize_t (*pull)(void *arg, void *bytes, size_t size);
    ssize_t (*push)(void *arg, const void *bytes, size_t size);
};

enum tls_status {
    TLS_OK,
    TLS_WANT_READ,  /* call again when the transport is readable */
    TLS_WANT_WRITE, /* … writable */
    TLS_CLOSED,     /* the peer sent close_notify, also in place of a handshake */
    TLS_FAILED,     /* tls_failure_of() tells why; the session is of no use any more */
};

enum tls_failure_kind {
    TLS_NO_FAILURE,
    TLS_ALERT_RECEIVED,
    TLS_ALERT_SENT,
    TLS_PEER_CLOSED,
    TLS_TIMEOUT,
    TLS_PROTOCOL_ERROR,
    TLS_CERTIFICATE_ERROR,
};

struct tls_failure {
    enum tls_failure_kind kind;
    int alert;                 /* of the two alert kinds */
    enum verify_reason reason; /* of TLS_CERTIFICATE_ERROR */
};

/* What a stapled OCSP response says (RFC 6960 section 2.2). */
enum tls_ocsp {
    TLS_OCSP_NONE,
    TLS_OCSP_GOOD,
    TLS_OCSP_REVOKED,
    TLS_OCSP_UNKNOWN, /* the responder does not know, or the response is not to be trusted */
};

/* The DER encoding of a Name (RFC 5280 section 4.1.2.4); borrowed. */
struct tls_name {
    const unsigned char *der;
    size_t size; /* 0: there is none */
};

/* What is to be known about a session. */
struct tls_facts {
    bool established; /* the handshake was completed, all of these are known */
    enum tls_version version;
    char cipher[TLS_CIPHER_NAME_SIZE]; /* IANA name */
    struct tls_name peer, issuer;      /* of the peer's certificate */
    bool verify_asked;
    enum verify_reason verify;
    char sni[256]; /* what the client asked for, as a server sees it */
    char alpn[256];
    bool ocsp_asked;
    enum tls_ocsp ocsp;
    bool resumed;
};

struct tls_context; /* one program's credentials and choices */
struct tls_session; /* one connection */

/* The library's name as users know it; NULL when the program is built without TLS. */
extern const char *const tls_library;

/* Reads the files that `config` names. NULL with *error filled in when that fails. */
struct tls_context *tls_context_new(const struct tls_config *config, struct tls_setup_error *error);
void tls_context_free(struct tls_context *context);

/* A session, to be started by tls_handshake(). `context` must outlive it. */
struct tls_session *tls_session_new(struct tls_context *context,
                                    const struct tls_transport *transport);
void tls_session_free(struct tls_session *session);

/* TLS_OK when the handshake is complete. A failed one has sent its alert, if any. */
enum tls_status tls_handshake(struct tls_session *session);

/* Reads or writes up to `size` bytes; with TLS_OK *done says how many. */
enum tls_status tls_read(struct tls_session *session, void *bytes, size_t size, size_t *done);
enum tls_status tls_write(struct tls_session *session, const void *bytes, size_t size,
                          size_t *done);

/* Sends close_notify. Does not wait for the peer's. */
enum tls_status tls_close(struct tls_session *session);

/* Why the session failed, as far as the library knows. */
struct tls_failure tls_failure_of(const struct tls_session *session);

/* Fills in what is known; the names are valid as long as the session. */
void tls_facts_of(struct tls_session *session, struct tls_facts *facts);

/*
 * Saves the session if that was asked for and it can be resumed. False with errno set if the file
 * cannot be written.
 */
bool tls_session_save(struct tls_session *session);

/* Writes the failure as the goldens show it: `alert received NAME`, `certificate (reason)`, … */
void tls_failure_print(FILE *out, const struct tls_failure *failure);

/* Fills in *error: `status`, and a message as by printf. */
void tls_setup_failed(struct tls_setup_error *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads the file of an OCSP response, whatever is in it. False with *error filled in. */
bool tls_load_staple(const char *file, struct buffer *staple, struct tls_setup_error *error);

/*
 * Takes the next name off a list: true with the name in `name`, *list moved behind it; false at the
 * end, or if *list is NULL. A name that does not fit is cut off, and so no name that anybody knows.
 */
bool tls_next_name(const char **list, const char *separators, char *name, size_t size);

/* Is the cipher suite with this IANA name one of TLS 1.3 (RFC 8446 appendix B.4)? */
bool tls_cipher_is_tls13(const char *name);

/*
 * A cipher suite belongs to TLS 1.3 or to what is older: leaves only the versions that one of
 * config->ciphers is for. False when none is left.
 */
bool tls_narrow_versions(struct tls_config *config);

/* `TLS1.2` for TLS_VERSION_1_2. Static storage. */
const char *tls_version_name(enum tls_version version);

/* Reads `TLS1.2` or a range `TLS1.2-TLS1.3`; false if it is neither. */
bool tls_parse_versions(const char *text, enum tls_version *min, enum tls_version *max);

#endif
