/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dialogue.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "exit_status.h"
#include "tls_report.h"

struct deadline dialogue_deadline(const struct dialogue *dialogue)
{
    return deadline_in(dialogue->timeout_ms);
}

void dialogue_print(struct dialogue *dialogue, const char *before, struct dialogue_text text)
{
    fputs(before, dialogue->out);
    fwrite(text.bytes, 1, text.size, dialogue->out);
    fputc('\n', dialogue->out);
}

static void say(struct dialogue *dialogue, const char *words)
{
    dialogue_print(dialogue, "", (struct dialogue_text){words, strlen(words)});
}

/* ---- the script ---- */

static bool fits(const struct dialogue_form *form, struct dialogue_text line)
{
    size_t size = strlen(form->start);

    return line.size >= size && strncasecmp(line.bytes, form->start, size) == 0 &&
           (!form->whole || line.size == size);
}

int dialogue_run(struct dialogue *dialogue, const struct dialogue_form *forms)
{
    struct dialogue_text line, rest;
    int status = EXIT_DONE;

    while (status == EXIT_DONE && !dialogue->connection_over &&
           (line.bytes = script_next(&dialogue->script, &line.size))) {
        const struct dialogue_form *form = forms;
        while (!fits(form, line))
            form++;
        rest.bytes = line.bytes + strlen(form->start);
        rest.size = line.size - strlen(form->start);
        status = form->obey(dialogue, line, rest);
    }
    return status;
}

/* ---- what comes in ---- */

static void print_tls_failure(struct dialogue *dialogue)
{
    fputs("TLS error: ", dialogue->out);
    tls_failure_print(dialogue->out, &dialogue->stream.failure);
    fputc('\n', dialogue->out);
}

enum stream_status dialogue_next_line(struct dialogue *dialogue, struct deadline deadline,
                                      struct stream_line *line)
{
    enum stream_status status;

    while ((status = stream_next_line(&dialogue->stream, deadline, line)) == STREAM_TLS_FAILED) {
        print_tls_failure(dialogue);
        stream_abandon_tls(&dialogue->stream);
    }
    return status;
}

static int timed_out(struct dialogue *dialogue, const char *what)
{
    fprintf(dialogue->out, "Timed out after %g s: waited %s\n",
            (double)dialogue->timeout_ms / 1000.0, what);
    return EXIT_TIMEOUT;
}

static void print_end(struct dialogue *dialogue, const char *expectation)
{
    fprintf(dialogue->out, "%s EOF read%s%s\n", expectation, dialogue->eof_words,
            dialogue->stream.truncated ? dialogue->truncated_words : "");
}

int dialogue_no_line(struct dialogue *dialogue, enum stream_status status, const char *what)
{
    switch (status) {
    case STREAM_TIMEOUT:
        return timed_out(dialogue, what);
    case STREAM_EOF:
        print_end(dialogue, "Unexpected");
        return EXIT_UNEXPECTED_EOF;
    case STREAM_TOO_LONG:
        say(dialogue, "Input line too long");
        return EXIT_LINE_TOO_LONG;
    default:
        fprintf(dialogue->out, "Read error: %s\n", strerror(errno));
        return EXIT_READ;
    }
}

int dialogue_mismatch(struct dialogue *dialogue)
{
    say(dialogue, "******** Input mismatch ********");
    return EXIT_MISMATCH;
}

bool dialogue_starts(const struct stream_line *line, struct dialogue_text start)
{
    return line->size >= start.size && memcmp(line->text, start.bytes, start.size) == 0;
}

static int expect_bytes(struct dialogue *dialogue, const char *before, struct dialogue_text start,
                        struct stream_line *line)
{
    enum stream_status status = dialogue_next_line(dialogue, dialogue_deadline(dialogue), line);
    char what[128];

    if (status != STREAM_OK) {
        snprintf(what, sizeof what, "for a line that starts with \"%.*s\"", (int)start.size,
                 start.bytes);
        return dialogue_no_line(dialogue, status, what);
    }
    dialogue_print(dialogue, before, (struct dialogue_text){line->text, line->size});
    if (!dialogue_starts(line, start))
        return dialogue_mismatch(dialogue);
    stream_consume(&dialogue->stream, line->consumed);
    return EXIT_DONE;
}

int dialogue_expect(struct dialogue *dialogue, const char *before, struct dialogue_text start,
                    struct stream_line *line)
{
    struct buffer bytes = {0};
    int status;

    script_unescape(start.bytes, start.size, &bytes);
    start = (struct dialogue_text){buffer_content(&bytes), buffer_size(&bytes)};
    status = expect_bytes(dialogue, before, start, line);
    buffer_free(&bytes);
    return status;
}

int dialogue_expect_end(struct dialogue *dialogue, const char *before)
{
    struct stream_line received;
    enum stream_status status =
        dialogue_next_line(dialogue, dialogue_deadline(dialogue), &received);
    char what[32];

    if (status == STREAM_EOF) {
        print_end(dialogue, "Expected");
        return EXIT_DONE;
    }
    if (status != STREAM_OK) {
        snprintf(what, sizeof what, "for the %s to close", dialogue->peer);
        return dialogue_no_line(dialogue, status, what);
    }
    dialogue_print(dialogue, before, (struct dialogue_text){received.text, received.size});
    fputs("Expected EOF not read\n", dialogue->out);
    return EXIT_NO_EOF;
}

int dialogue_check_unread(struct dialogue *dialogue)
{
    struct stream_line line;
    int status = EXIT_DONE;

    stream_look_ahead(&dialogue->stream);
    while (stream_unread_line(&dialogue->stream, &line)) {
        dialogue_print(dialogue,
                       "Unconsumed input: ", (struct dialogue_text){line.text, line.size});
        stream_consume(&dialogue->stream, line.consumed);
        status = EXIT_UNCONSUMED;
    }
    return status;
}

/* ---- what goes out ---- */

int dialogue_send_bytes(struct dialogue *dialogue, const void *bytes, size_t size)
{
    enum stream_status status =
        stream_write(&dialogue->stream, bytes, size, dialogue_deadline(dialogue));

    if (status == STREAM_OK)
        return EXIT_DONE;
    if (status == STREAM_TIMEOUT)
        return timed_out(dialogue, "to send the line");
    fprintf(dialogue->out, "Write error: %s\n",
            status == STREAM_BROKEN ? "the peer has closed the connection" : strerror(errno));
    return dialogue->stream.tls ? EXIT_WRITE_TLS : EXIT_WRITE;
}

int dialogue_send(struct dialogue *dialogue, struct dialogue_text text, const char *line_end)
{
    struct buffer bytes = {0};
    int status;

    script_unescape(text.bytes, text.size, &bytes);
    buffer_append(&bytes, line_end, strlen(line_end));
    status = dialogue_send_bytes(dialogue, buffer_content(&bytes), buffer_size(&bytes));
    buffer_free(&bytes);
    return status;
}

/* ---- TLS ---- */

static void tls_started(struct dialogue *dialogue)
{
    struct tls_facts facts;

    tls_facts_of(dialogue->stream.tls, &facts);
    say(dialogue, facts.ocsp == TLS_OCSP_GOOD ? "Succeeded in starting TLS (with OCSP)"
                                              : "Succeeded in starting TLS");
    if (dialogue->report)
        tls_report_print(dialogue->out, &facts);
}

/* There is something to report if the handshake got as far as the peer's certificate. */
static void tls_not_started(struct dialogue *dialogue)
{
    struct tls_facts facts;

    print_tls_failure(dialogue);
    say(dialogue, "Failed to start TLS");
    tls_facts_of(dialogue->stream.tls, &facts);
    if (dialogue->report && dialogue->stream.failure.kind == TLS_CERTIFICATE_ERROR)
        tls_report_print(dialogue->out, &facts);
    stream_abandon_tls(&dialogue->stream);
}

int dialogue_start_tls(struct dialogue *dialogue)
{
    enum stream_status status;

    say(dialogue, "Attempting to start TLS");
    status = stream_start_tls(&dialogue->stream, dialogue->tls, dialogue_deadline(dialogue));
    if (status == STREAM_OK)
        tls_started(dialogue);
    else if (status == STREAM_TLS_FAILED)
        tls_not_started(dialogue);
    else
        return dialogue_no_line(dialogue, status, "for the TLS handshake");
    return EXIT_DONE;
}

int dialogue_stop_tls(struct dialogue *dialogue)
{
    int unread = dialogue_check_unread(dialogue);

    if (unread != EXIT_DONE)
        return unread;
    if (stream_stop_tls(&dialogue->stream, dialogue_deadline(dialogue)) != STREAM_OK)
        return timed_out(dialogue, "to send close_notify");
    return EXIT_DONE;
}

int dialogue_close(struct dialogue *dialogue)
{
    enum stream_status status = STREAM_OK;

    dialogue->connection_over = true;
    if (dialogue->stream.tls)
        status = stream_stop_tls(&dialogue->stream, dialogue_deadline(dialogue));
    if (status != STREAM_OK)
        return timed_out(dialogue, "to send close_notify");
    stream_finish(&dialogue->stream, dialogue_deadline(dialogue));
    return EXIT_DONE;
}
