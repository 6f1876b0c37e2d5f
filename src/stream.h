/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of one TCP connection, in clear or through TLS, read by lines. Every call that may wait
 * takes one deadline. What was found on the wire while looking ahead (an end, an alert) is kept
 * until reading gets there, so what a caller sees does not depend on how fast it arrived.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "deadline.h"
#include "record_filter.h"
#include "record_watch.h"
#include "tls.h"

/* Bytes in the longest line that can be received, its end included. */
enum { STREAM_LINE_MAX = 128 * 1024 };

enum stream_status {
    STREAM_OK,
    STREAM_TIMEOUT,
    STREAM_EOF,        /* TCP's end or reset, or close_notify inside TLS */
    STREAM_BROKEN,     /* what was written before did not arrive: the peer is gone */
    STREAM_TLS_FAILED, /* stream->failure tells why */
    STREAM_TOO_LONG,   /* no line end within STREAM_LINE_MAX bytes */
    STREAM_ERROR,      /* errno is set */
};

struct stream {
    int fd;                     /* a connected, non-blocking socket; owned */
    struct tls_session *tls;    /* NULL in clear */
    struct tls_failure failure; /* of the last TLS session */
    struct buffer text;         /* received, not yet consumed by the caller */
    enum stream_status end;     /* what comes after `text`; STREAM_OK: not known yet */

    /* The wire below TLS. */
    struct buffer wire;          /* read in clear before TLS started, belongs to TLS */
    struct record_filter filter; /* in clear after TLS */
    struct record_watch watch;   /* inside TLS */
    bool records_seen;           /* the peer does speak TLS */
    bool wire_ended;             /* the peer has closed */
    bool truncated;              /* … inside TLS, without close_notify (RFC 8446 section 6.1) */
    bool session_unsaved;        /* tls_session_save() has failed */
    bool write_broken;           /* a write has failed because the peer is gone */
};

/* A line as received, without its end (LF or CRLF). Borrowed from the stream. */
struct stream_line {
    const char *text;
    size_t size;
    size_t consumed; /* bytes with the line end, for stream_consume() */
};

/* Takes over the socket `fd` and makes it non-blocking. */
void stream_open(struct stream *stream, int fd);

/* Frees all and closes the socket, at once. */
void stream_close(struct stream *stream);

/*
 * Waits for the next line and leaves it in the stream. An unfinished last line before the end
 * counts as one.
 */
enum stream_status stream_next_line(struct stream *stream, struct deadline deadline,
                                    struct stream_line *line);
/* Waits until there are `size` bytes to be read and leaves them in stream->text. */
enum stream_status stream_need(struct stream *stream, size_t size, struct deadline deadline);

void stream_consume(struct stream *stream, size_t size);

/* Reads what is there right now, without waiting, as far as there is room for a line. */
void stream_look_ahead(struct stream *stream);

/* A line out of what has been read already, or an unfinished one. False when there is none. */
bool stream_unread_line(struct stream *stream, struct stream_line *line);

/*
 * Writes all of it. That the peer is gone is no error of the first write that meets it: reading
 * will tell how it ended, and that is what would be seen had the write been faster.
 */
enum stream_status stream_write(struct stream *stream, const void *bytes, size_t size,
                                struct deadline deadline);

/*
 * The handshake. On STREAM_TLS_FAILED stream->failure tells why, and stream_abandon_tls() is to
 * follow; what the peer sent instead of TLS can then still be read.
 */
enum stream_status stream_start_tls(struct stream *stream, struct tls_context *context,
                                    struct deadline deadline);

/* Sends close_notify and goes on in clear. */
enum stream_status stream_stop_tls(struct stream *stream, struct deadline deadline);

/* After STREAM_TLS_FAILED: goes on in clear. */
void stream_abandon_tls(struct stream *stream);

/* Half-closes TCP, without close_notify, and reads to the end. What is read is dropped. */
void stream_finish(struct stream *stream, struct deadline deadline);

#endif
