/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alert.h"

enum { READ_SIZE = 16 * 1024 };

static bool peer_is_gone(int error)
{
    return error == ECONNRESET || error == EPIPE;
}

void stream_open(struct stream *stream, int fd)
{
    *stream = (struct stream){.fd = fd};
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void end_session(struct stream *stream)
{
    if (!tls_session_save(stream->tls))
        stream->session_unsaved = true;
    tls_session_free(stream->tls);
    stream->tls = NULL;
}

void stream_close(struct stream *stream)
{
    if (stream->tls)
        end_session(stream);
    buffer_free(&stream->text);
    buffer_free(&stream->wire);
    close(stream->fd);
}

/* ---- below TLS ---- */

/*
 * A reset is an end like any other: whether a peer that closes sends FIN or RST depends on what it
 * has not yet read, and who hears of a RST on whether we read or write next.
 */
static ssize_t receive(struct stream *stream, void *bytes, size_t size)
{
    ssize_t got = recv(stream->fd, bytes, size, 0);

    if (got == -1 && peer_is_gone(errno))
        got = 0;
    if (got == 0)
        stream->wire_ended = true;
    return got;
}

/*
 * What a peer sends instead of TLS stays in the wire buffer, for the script to read in clear; so it
 * makes no difference to anybody whether it came together with the line before.
 */
static ssize_t pull_bytes(struct stream *stream, void *bytes, size_t size)
{
    size_t have = buffer_size(&stream->wire);
    char first;

    if (!stream->records_seen && have == 0) {
        ssize_t got = receive(stream, &first, 1);
        if (got != 1)
            return got;
        buffer_append(&stream->wire, &first, 1);
        have = 1;
    }
    if (have == 0)
        return receive(stream, bytes, size);
    if (!stream->records_seen && !record_can_start(*buffer_content(&stream->wire))) {
        errno = EPROTO;
        return -1;
    }
    stream->records_seen = true;
    if (size > have)
        size = have;
    memcpy(bytes, buffer_content(&stream->wire), size);
    buffer_consume(&stream->wire, size);
    return (ssize_t)size;
}

static ssize_t pull(void *arg, void *bytes, size_t size)
{
    struct stream *stream = arg;
    ssize_t got = pull_bytes(stream, bytes, size);

    if (got > 0)
        record_watch_pass(&stream->watch, bytes, (size_t)got);
    return got;
}

/*
 * A peer that refuses us sends an alert and closes, and what we still write then fails. The alert
 * is what matters, and it comes by reading: so a broken pipe is noted and not reported to the
 * library.
 */
static ssize_t push(void *arg, const void *bytes, size_t size)
{
    struct stream *stream = arg;
    ssize_t sent = send(stream->fd, bytes, size, MSG_NOSIGNAL);

    if (sent == -1 && peer_is_gone(errno)) {
        stream->write_broken = true;
        return (ssize_t)size;
    }
    return sent;
}

/* ---- reading ---- */

/* Waits as `status` wants it; STREAM_OK: try again. */
static enum stream_status wait_for(struct stream *stream, enum tls_status status,
                                   struct deadline deadline)
{
    switch (deadline_wait(deadline, stream->fd, status == TLS_WANT_WRITE ? POLLOUT : POLLIN)) {
    case DEADLINE_READY:
        return STREAM_OK;
    case DEADLINE_PASSED:
        return STREAM_TIMEOUT;
    case DEADLINE_ERROR:
        break;
    }
    return STREAM_ERROR;
}

static enum tls_status read_clear(struct stream *stream)
{
    char bytes[READ_SIZE];
    ssize_t got = receive(stream, bytes, sizeof bytes);

    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return TLS_WANT_READ;
    if (got <= 0) {
        stream->end = got == 0 ? STREAM_EOF : STREAM_ERROR;
        return TLS_OK;
    }
    if (stream->filter.on) {
        char *room = buffer_room(&stream->text, sizeof bytes + RECORD_HEADER_SIZE);
        buffer_filled(&stream->text, record_filter_pass(&stream->filter, bytes, (size_t)got, room));
    } else {
        buffer_append(&stream->text, bytes, (size_t)got);
    }
    return TLS_OK;
}

/* What the library could not know about a failure, because it happened below it. */
static void note_failure(struct stream *stream)
{
    stream->failure = tls_failure_of(stream->tls);
    if (stream->failure.kind == TLS_ALERT_RECEIVED || stream->failure.kind == TLS_CERTIFICATE_ERROR)
        return;
    if (stream->watch.alert != ALERT_NONE)
        stream->failure =
            (struct tls_failure){.kind = TLS_ALERT_RECEIVED, .alert = stream->watch.alert};
    else if (stream->wire_ended)
        stream->failure = (struct tls_failure){.kind = TLS_PEER_CLOSED};
    else if (!stream->records_seen)
        stream->failure = (struct tls_failure){.kind = TLS_PROTOCOL_ERROR};
}

static enum tls_status read_tls(struct stream *stream)
{
    size_t got;
    enum tls_status status =
        tls_read(stream->tls, buffer_room(&stream->text, READ_SIZE), READ_SIZE, &got);

    if (status == TLS_OK) {
        buffer_filled(&stream->text, got);
    } else if (status == TLS_CLOSED) {
        stream->end = STREAM_EOF;
    } else if (status == TLS_FAILED) {
        note_failure(stream);
        stream->end = STREAM_TLS_FAILED;
    }
    if (stream->failure.kind == TLS_PEER_CLOSED) {
        stream->failure.kind = TLS_NO_FAILURE; /* to be read it is an end like any other */
        stream->truncated = true;
        stream->end = STREAM_EOF;
    }
    return status;
}

/* One attempt to get more text, or to learn how the stream ends. */
static enum tls_status read_some(struct stream *stream)
{
    return stream->tls ? read_tls(stream) : read_clear(stream);
}

static bool find_line(const struct stream *stream, struct stream_line *line)
{
    size_t size = buffer_size(&stream->text);
    const char *text, *newline;

    if (size == 0)
        return false;
    text = buffer_content(&stream->text);
    newline = memchr(text, '\n', size);
    if (!newline && stream->end == STREAM_OK)
        return false;
    line->text = text;
    line->size = newline ? (size_t)(newline - text) : size;
    line->consumed = newline ? line->size + 1 : size;
    if (newline && line->size > 0 && text[line->size - 1] == '\r')
        line->size--;
    return true;
}

static bool is_full(const struct stream *stream)
{
    return buffer_size(&stream->text) >= STREAM_LINE_MAX;
}

/* Gets more text, or waits for it. */
static enum stream_status fill(struct stream *stream, struct deadline deadline)
{
    enum tls_status status;

    if (stream->end != STREAM_OK)
        return stream->end;
    status = read_some(stream);
    if (status == TLS_WANT_READ || status == TLS_WANT_WRITE)
        return wait_for(stream, status, deadline);
    return STREAM_OK;
}

enum stream_status stream_next_line(struct stream *stream, struct deadline deadline,
                                    struct stream_line *line)
{
    enum stream_status status;

    while (!find_line(stream, line)) {
        if (is_full(stream))
            return STREAM_TOO_LONG;
        status = fill(stream, deadline);
        if (status != STREAM_OK)
            return status;
    }
    return STREAM_OK;
}

enum stream_status stream_need(struct stream *stream, size_t size, struct deadline deadline)
{
    enum stream_status status = STREAM_OK;

    while (status == STREAM_OK && buffer_size(&stream->text) < size)
        status = fill(stream, deadline);
    return status;
}

void stream_consume(struct stream *stream, size_t size)
{
    buffer_consume(&stream->text, size);
}

void stream_look_ahead(struct stream *stream)
{
    while (stream->end == STREAM_OK && !is_full(stream)) {
        enum tls_status status = read_some(stream);
        if (status == TLS_WANT_READ || status == TLS_WANT_WRITE)
            break;
    }
}

bool stream_unread_line(struct stream *stream, struct stream_line *line)
{
    if (buffer_size(&stream->text) == 0)
        return false;
    if (!find_line(stream, line)) {
        line->text = buffer_content(&stream->text);
        line->size = line->consumed = buffer_size(&stream->text);
    }
    return true;
}

/* ---- writing ---- */

static enum tls_status write_some(struct stream *stream, const char *bytes, size_t size,
                                  size_t *done)
{
    ssize_t sent;

    if (stream->tls)
        return tls_write(stream->tls, bytes, size, done);
    sent = push(stream, bytes, size);
    if (sent >= 0) {
        *done = (size_t)sent;
        return TLS_OK;
    }
    return errno == EAGAIN || errno == EINTR ? TLS_WANT_WRITE : TLS_FAILED;
}

enum stream_status stream_write(struct stream *stream, const void *bytes, size_t size,
                                struct deadline deadline)
{
    const char *at = bytes;
    enum stream_status waited;
    size_t done;

    if (stream->write_broken) {
        stream_look_ahead(stream);
        if (stream->failure.kind == TLS_NO_FAILURE)
            return STREAM_BROKEN;
    }
    while (size > 0 && stream->end != STREAM_TLS_FAILED) {
        enum tls_status status = write_some(stream, at, size, &done);
        if (status == TLS_OK) {
            at += done;
            size -= done;
        } else if (status == TLS_WANT_READ || status == TLS_WANT_WRITE) {
            waited = wait_for(stream, status, deadline);
            if (waited != STREAM_OK)
                return waited;
        } else if (stream->tls) {
            note_failure(stream);
            stream->end = STREAM_TLS_FAILED;
        } else {
            return STREAM_ERROR;
        }
    }
    return STREAM_OK;
}

/* ---- TLS on and off ---- */

static void enter_clear(struct stream *stream)
{
    enum stream_status end = stream->wire_ended ? STREAM_EOF : STREAM_OK;

    end_session(stream);
    stream->end = end;
    stream->write_broken = false; /* it may have been the library's alert that nobody took */
    record_filter_start(&stream->filter);
    if (buffer_size(&stream->wire) > 0) {
        size_t size = buffer_size(&stream->wire);
        char *room = buffer_room(&stream->text, size + RECORD_HEADER_SIZE);
        buffer_filled(&stream->text, record_filter_pass(&stream->filter,
                                                        buffer_content(&stream->wire), size, room));
        buffer_consume(&stream->wire, size);
    }
}

static enum stream_status handshake(struct stream *stream, struct deadline deadline)
{
    enum stream_status waited = STREAM_OK;
    enum tls_status status;

    while ((status = tls_handshake(stream->tls)) != TLS_OK && waited == STREAM_OK) {
        if (status == TLS_WANT_READ || status == TLS_WANT_WRITE) {
            waited = wait_for(stream, status, deadline);
        } else {
            note_failure(stream);
            if (status == TLS_CLOSED)
                stream->failure = (struct tls_failure){.kind = TLS_PEER_CLOSED};
            return STREAM_TLS_FAILED;
        }
    }
    if (waited == STREAM_TIMEOUT)
        stream->failure = (struct tls_failure){.kind = TLS_TIMEOUT};
    return waited == STREAM_TIMEOUT ? STREAM_TLS_FAILED : waited;
}

enum stream_status stream_start_tls(struct stream *stream, struct tls_context *context,
                                    struct deadline deadline)
{
    struct tls_transport transport = {.arg = stream, .pull = pull, .push = push};
    size_t unread = buffer_size(&stream->text);

    if (unread > 0) {
        buffer_append(&stream->wire, buffer_content(&stream->text), unread);
        buffer_consume(&stream->text, unread);
    }
    stream->failure = (struct tls_failure){.kind = TLS_NO_FAILURE};
    stream->records_seen = false;
    record_watch_start(&stream->watch);
    stream->filter.on = false;
    stream->end = STREAM_OK;
    stream->tls = tls_session_new(context, &transport);
    return handshake(stream, deadline);
}

enum stream_status stream_stop_tls(struct stream *stream, struct deadline deadline)
{
    enum tls_status status;

    while ((status = tls_close(stream->tls)) == TLS_WANT_WRITE)
        if (wait_for(stream, status, deadline) != STREAM_OK)
            return STREAM_TIMEOUT;
    enter_clear(stream);
    return STREAM_OK;
}

void stream_abandon_tls(struct stream *stream)
{
    enter_clear(stream);
}

void stream_finish(struct stream *stream, struct deadline deadline)
{
    char dropped[READ_SIZE];
    ssize_t got;

    shutdown(stream->fd, SHUT_WR);
    while (!stream->wire_ended) {
        got = receive(stream, dropped, sizeof dropped);
        if (got == -1 && errno != EAGAIN && errno != EINTR)
            return;
        if (deadline_left(deadline) == 0 ||
            (got == -1 && wait_for(stream, TLS_WANT_READ, deadline)))
            return;
    }
}
