/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "exit_status.h"
#include "seconds.h"

/* Bytes that are taken at a time when many are dropped. */
enum { CHUNK_SIZE = 16 * 1024 };

/* ---- lines of the server ---- */

/* They are shown as they stand in the script. */
static int send_line(struct dialogue *dialogue, struct dialogue_text line,
                     struct dialogue_text text, const char *line_end)
{
    dialogue_print(dialogue, "", line);
    return dialogue_send(dialogue, text, line_end);
}

/* >text */
static int obey_send(struct dialogue *dialogue, struct dialogue_text line,
                     struct dialogue_text rest)
{
    return send_line(dialogue, line, rest, "\r\n");
}

/* >>text */
static int obey_send_part(struct dialogue *dialogue, struct dialogue_text line,
                          struct dialogue_text rest)
{
    return send_line(dialogue, line, rest, "");
}

/* >CR>text */
static int obey_send_cr(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    return send_line(dialogue, line, rest, "\r");
}

/* >LF>text */
static int obey_send_lf(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    return send_line(dialogue, line, rest, "\n");
}

/* >*eof */
static int obey_close(struct dialogue *dialogue, struct dialogue_text line,
                      struct dialogue_text rest)
{
    (void)rest;
    dialogue_print(dialogue, "", line);
    return dialogue_close(dialogue);
}

/* ---- lines of the client ---- */

static int expect_line(struct dialogue *dialogue, struct dialogue_text start)
{
    struct stream_line received;
    int status = dialogue_expect(dialogue, "", start, &received);

    if (status == EXIT_MISMATCH)
        dialogue_print(dialogue, "Expected: ", start);
    return status;
}

/* <text */
static int obey_expect(struct dialogue *dialogue, struct dialogue_text line,
                       struct dialogue_text rest)
{
    (void)line;
    return expect_line(dialogue, rest);
}

/* anything else: an answer begins with its code, all others are lines of the client */
static int obey_other(struct dialogue *dialogue, struct dialogue_text line,
                      struct dialogue_text rest)
{
    (void)rest;
    if (line.size > 0 && isdigit((unsigned char)*line.bytes))
        return send_line(dialogue, line, line, "\r\n");
    return expect_line(dialogue, line);
}

/* Shows the bytes that came in place of those wanted. */
static int judge_bytes(struct dialogue *dialogue, const struct buffer *wanted)
{
    struct dialogue_text got = {buffer_content(&dialogue->stream.text), buffer_size(wanted)};

    dialogue_print(dialogue, "", got);
    if (memcmp(got.bytes, buffer_content(wanted), got.size) != 0)
        return dialogue_mismatch(dialogue);
    stream_consume(&dialogue->stream, got.size);
    return EXIT_DONE;
}

/* <<bytes */
static int obey_expect_bytes(struct dialogue *dialogue, struct dialogue_text line,
                             struct dialogue_text rest)
{
    struct buffer wanted = {0};
    enum stream_status status;
    int result;

    (void)line;
    script_unescape(rest.bytes, rest.size, &wanted);
    status = stream_need(&dialogue->stream, buffer_size(&wanted), dialogue_deadline(dialogue));
    if (status == STREAM_OK)
        result = judge_bytes(dialogue, &wanted);
    else
        result = dialogue_no_line(dialogue, status, "for bytes from the client");
    buffer_free(&wanted);
    return result;
}

/* . */
static int obey_message(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    const struct dialogue_text any = {"", 0};
    struct stream_line received;
    bool last = false;

    (void)line;
    (void)rest;
    while (!last) {
        int status = dialogue_expect(dialogue, "", any, &received);
        if (status != EXIT_DONE)
            return status;
        last = received.size == 1 && *received.text == '.';
    }
    return EXIT_DONE;
}

/* *eof */
static int obey_expect_end(struct dialogue *dialogue, struct dialogue_text line,
                           struct dialogue_text rest)
{
    int status = dialogue_expect_end(dialogue, "");

    (void)line;
    (void)rest;
    return status == EXIT_DONE ? dialogue_close(dialogue) : status;
}

static enum stream_status drop_bytes(struct dialogue *dialogue, size_t count)
{
    struct deadline deadline = dialogue_deadline(dialogue);
    enum stream_status status = STREAM_OK;

    while (status == STREAM_OK && count > 0) {
        size_t chunk = count < CHUNK_SIZE ? count : CHUNK_SIZE;
        status = stream_need(&dialogue->stream, chunk, deadline);
        if (status == STREAM_OK) {
            stream_consume(&dialogue->stream, chunk);
            count -= chunk;
        }
    }
    return status;
}

/* *data N */
static int obey_data(struct dialogue *dialogue, struct dialogue_text line,
                     struct dialogue_text rest)
{
    enum stream_status status;

    if (rest.size == 0 || rest.size > 12 || strspn(rest.bytes, "0123456789") != rest.size) {
        script_complain(&dialogue->script, "*data needs a number of bytes");
        return EXIT_SCRIPT;
    }
    dialogue_print(dialogue, "", line);
    status = drop_bytes(dialogue, (size_t)strtoull(rest.bytes, NULL, 10));
    return status == STREAM_OK ? EXIT_DONE
                               : dialogue_no_line(dialogue, status, "for the client's data");
}

/* ---- lines for ourselves ---- */

/* *sleep N */
static int obey_sleep(struct dialogue *dialogue, struct dialogue_text line,
                      struct dialogue_text rest)
{
    int64_t ms;

    if (!seconds_parse(rest.bytes, &ms)) {
        script_complain(&dialogue->script, "*sleep needs a number of seconds");
        return EXIT_SCRIPT;
    }
    dialogue_print(dialogue, "", line);
    deadline_sleep(deadline_in(ms));
    return EXIT_DONE;
}

/* An instruction that nobody knows is no line that a client would send. */
static int obey_unknown(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    (void)rest;
    script_complain(&dialogue->script,
                    "not understood: %.*s (write <%.*s for a line of the client)", (int)line.size,
                    line.bytes, (int)line.size, line.bytes);
    return EXIT_SCRIPT;
}

/* ---- TLS ---- */

/* *starttls */
static int obey_starttls(struct dialogue *dialogue, struct dialogue_text line,
                         struct dialogue_text rest)
{
    (void)rest;
    if (!dialogue->tls || dialogue->stream.tls) {
        script_complain(&dialogue->script,
                        dialogue->tls ? "TLS is active already" : "this server has no TLS");
        return EXIT_SCRIPT;
    }
    dialogue_print(dialogue, "", line);
    return dialogue_start_tls(dialogue);
}

/* Takes the client's first TLS record, its ClientHello. It is no TLS client if that is none. */
static int take_hello(struct dialogue *dialogue)
{
    struct stream *stream = &dialogue->stream;
    struct deadline deadline = dialogue_deadline(dialogue);
    enum stream_status status = stream_need(stream, RECORD_HEADER_SIZE, deadline);
    const unsigned char *header;
    size_t size;

    if (status == STREAM_OK) {
        header = (const unsigned char *)buffer_content(&stream->text);
        if (!record_can_start((char)header[0]))
            return dialogue_mismatch(dialogue);
        size = RECORD_HEADER_SIZE + ((size_t)header[3] << 8 | header[4]);
        status = stream_need(stream, size, deadline);
        if (status == STREAM_OK)
            stream_consume(stream, size);
    }
    return status == STREAM_OK ? EXIT_DONE
                               : dialogue_no_line(dialogue, status, "for the client to start TLS");
}

/* Misbehaviour in the handshake: `bytes` are the answer to the ClientHello. */
static int answer_hello(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text bytes)
{
    int status;

    if (dialogue->stream.tls) {
        script_complain(&dialogue->script, "TLS is active already");
        return EXIT_SCRIPT;
    }
    dialogue_print(dialogue, "", line);
    status = take_hello(dialogue);
    if (status == EXIT_DONE)
        status = dialogue_send_bytes(dialogue, bytes.bytes, bytes.size);
    if (status == EXIT_DONE)
        record_filter_start(&dialogue->stream.filter);
    return status;
}

/* *tls-garbage: no content type, no version, no length of a record (RFC 8446 section 5.1) */
static int obey_garbage(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    static const char garbage[] = "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8garbage, not a TLS record\r\n";

    (void)rest;
    return answer_hello(dialogue, line, (struct dialogue_text){garbage, sizeof garbage - 1});
}

/* *tls-alert NAME: a fatal one */
static int obey_alert(struct dialogue *dialogue, struct dialogue_text line,
                      struct dialogue_text rest)
{
    char record[] = {21, 3, 3, 0, 2, 2, 0};
    int alert = alert_number(rest.bytes, rest.size);

    if (alert == ALERT_NONE) {
        script_complain(&dialogue->script, "no TLS alert has the name \"%.*s\"", (int)rest.size,
                        rest.bytes);
        return EXIT_SCRIPT;
    }
    record[6] = (char)alert;
    return answer_hello(dialogue, line, (struct dialogue_text){record, sizeof record});
}

/* *tls-silence */
static int obey_silence(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    (void)rest;
    return answer_hello(dialogue, line, (struct dialogue_text){"", 0});
}

/* *tls-close */
static int obey_tls_close(struct dialogue *dialogue, struct dialogue_text line,
                          struct dialogue_text rest)
{
    int status = answer_hello(dialogue, line, (struct dialogue_text){"", 0});

    (void)rest;
    return status == EXIT_DONE ? dialogue_close(dialogue) : status;
}

/* *tls-truncate */
static int obey_truncate(struct dialogue *dialogue, struct dialogue_text line,
                         struct dialogue_text rest)
{
    (void)rest;
    dialogue_print(dialogue, "", line);
    if (!dialogue->stream.tls) {
        fputs("TLS is not active\n", dialogue->out);
        return EXIT_STOPTLS;
    }
    dialogue->connection_over = true;
    stream_finish(&dialogue->stream, dialogue_deadline(dialogue));
    return EXIT_DONE;
}

const struct dialogue_form server_lines[] = {
    {">*eof", true, obey_close},
    {">CR>", false, obey_send_cr},
    {">LF>", false, obey_send_lf},
    {">>", false, obey_send_part},
    {">", false, obey_send},
    {"*eof", true, obey_expect_end},
    {"*data ", false, obey_data},
    {"*sleep ", false, obey_sleep},
    {"*starttls", true, obey_starttls},
    {"*tls-garbage", true, obey_garbage},
    {"*tls-alert ", false, obey_alert},
    {"*tls-silence", true, obey_silence},
    {"*tls-close", true, obey_tls_close},
    {"*tls-truncate", true, obey_truncate},
    {"*", false, obey_unknown},
    {".", true, obey_message},
    {"<<", false, obey_expect_bytes},
    {"<", false, obey_expect},
    {"", false, obey_other},
};
