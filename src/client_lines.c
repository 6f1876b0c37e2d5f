/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_lines.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "alert.h"
#include "exit_status.h"
#include "seconds.h"

/* ---- lines of the server ---- */

/* The last line of a reply: code and blank, or the code alone (RFC 5321 section 4.2.1). */
static bool ends_reply(const struct stream_line *line)
{
    for (size_t i = 0; i < 3; i++)
        if (line->size <= i || !isdigit((unsigned char)line->text[i]))
            return false;
    return line->size == 3 || line->text[3] == ' ';
}

/* To be called for each line that was consumed. */
static int note_reply(struct dialogue *dialogue, bool last, char first)
{
    if (!dialogue->starttls_sent || !last)
        return EXIT_DONE;
    dialogue->starttls_sent = false;
    return first == '2' ? dialogue_start_tls(dialogue) : EXIT_DONE;
}

/* One blank may stand between a mark and its text. */
static struct dialogue_text after_blank(struct dialogue_text text)
{
    if (text.size > 0 && *text.bytes == ' ') {
        text.bytes++;
        text.size--;
    }
    return text;
}

/* ??? text */
static int obey_expect(struct dialogue *dialogue, struct dialogue_text line,
                       struct dialogue_text rest)
{
    struct stream_line received = {0};
    int status;

    dialogue_print(dialogue, "", line);
    status = dialogue_expect(dialogue, "<<< ", after_blank(rest), &received);
    if (status != EXIT_DONE)
        return status;
    return note_reply(dialogue, ends_reply(&received), received.size ? *received.text : '\0');
}

/* ???* */
static int obey_expect_end(struct dialogue *dialogue, struct dialogue_text line,
                           struct dialogue_text rest)
{
    (void)rest;
    dialogue_print(dialogue, "", line);
    return dialogue_expect_end(dialogue, "<<< ");
}

/* Is there another line of the optional group? Consumes it. */
static bool take_optional(struct dialogue *dialogue, struct dialogue_text start,
                          struct stream_line *line, int *status)
{
    enum stream_status got = dialogue_next_line(dialogue, dialogue_deadline(dialogue), line);

    *status = EXIT_DONE;
    if (got == STREAM_OK && dialogue_starts(line, start)) {
        stream_consume(&dialogue->stream, line->consumed);
        return true;
    }
    if (got == STREAM_OK || got == STREAM_EOF ||
        (got == STREAM_TIMEOUT && buffer_size(&dialogue->stream.text) == 0))
        return false;
    *status = dialogue_no_line(dialogue, got, "for the rest of an optional line");
    return false;
}

/* ????text */
static int obey_optional(struct dialogue *dialogue, struct dialogue_text line,
                         struct dialogue_text rest)
{
    struct buffer start = {0};
    struct stream_line received;
    int status;
    bool last = false;
    char first = '\0';

    dialogue_print(dialogue, "", line);
    rest = after_blank(rest);
    script_unescape(rest.bytes, rest.size, &start);
    rest = (struct dialogue_text){buffer_content(&start), buffer_size(&start)};
    while (!last && take_optional(dialogue, rest, &received, &status)) {
        last = ends_reply(&received);
        first = *received.text;
    }
    buffer_free(&start);
    return status != EXIT_DONE ? status : note_reply(dialogue, last, first);
}

static int judge_alert(struct dialogue *dialogue, struct dialogue_text name)
{
    int received = dialogue->stream.failure.alert;

    fprintf(dialogue->out, "TLS alert: %s\n", alert_name(received));
    if (name.size > 0 && alert_number(name.bytes, name.size) != received)
        return dialogue_mismatch(dialogue);
    return EXIT_DONE;
}

/* TLS is over, and not by an alert. */
static int no_alert(struct dialogue *dialogue)
{
    switch (dialogue->stream.failure.kind) {
    case TLS_PEER_CLOSED:
        return dialogue_no_line(dialogue, STREAM_EOF, "");
    case TLS_TIMEOUT:
        return dialogue_no_line(dialogue, STREAM_TIMEOUT, "for a TLS alert");
    default:
        return dialogue_mismatch(dialogue);
    }
}

/* Has TLS ended with the alert that is no failure, and has it been asked for? */
static bool is_close_notify(const struct dialogue *dialogue, enum stream_status status,
                            struct dialogue_text name)
{
    return status == STREAM_EOF && !dialogue->stream.truncated &&
           alert_number(name.bytes, name.size) == ALERT_CLOSE_NOTIFY;
}

/* Reads on until TLS has ended. */
static int wait_for_alert(struct dialogue *dialogue, struct dialogue_text name)
{
    struct stream_line line;
    enum stream_status status =
        stream_next_line(&dialogue->stream, dialogue_deadline(dialogue), &line);

    if (status == STREAM_TLS_FAILED) {
        stream_abandon_tls(&dialogue->stream);
        return EXIT_DONE;
    }
    if (is_close_notify(dialogue, status, name)) {
        dialogue->stream.failure =
            (struct tls_failure){.kind = TLS_ALERT_RECEIVED, .alert = ALERT_CLOSE_NOTIFY};
        return EXIT_DONE;
    }
    if (status != STREAM_OK)
        return dialogue_no_line(dialogue, status, "for a TLS alert");
    dialogue_print(dialogue, "<<< ", (struct dialogue_text){line.text, line.size});
    return dialogue_mismatch(dialogue);
}

/* ???alert [NAME] */
static int obey_expect_alert(struct dialogue *dialogue, struct dialogue_text line,
                             struct dialogue_text rest)
{
    struct dialogue_text name = after_blank(rest);
    int status = EXIT_DONE;

    dialogue_print(dialogue, "", line);
    if (rest.size > 0 &&
        (*rest.bytes != ' ' || alert_number(name.bytes, name.size) == ALERT_NONE)) {
        script_complain(&dialogue->script, "no TLS alert has the name \"%.*s\"", (int)name.size,
                        name.bytes);
        return EXIT_SCRIPT;
    }
    if (dialogue->stream.tls)
        status = wait_for_alert(dialogue, name);
    if (status != EXIT_DONE)
        return status;
    return dialogue->stream.failure.kind == TLS_ALERT_RECEIVED ? judge_alert(dialogue, name)
                                                               : no_alert(dialogue);
}

/* ---- lines of the client ---- */

/* A line that is sent must not leave anything unread behind it. */
static int send_text(struct dialogue *dialogue, struct dialogue_text text, const char *line_end)
{
    int status = dialogue_check_unread(dialogue);

    if (status != EXIT_DONE)
        return status;
    dialogue_print(dialogue, ">>> ", text);
    return dialogue_send(dialogue, text, line_end);
}

/* anything else */
static int obey_send(struct dialogue *dialogue, struct dialogue_text line,
                     struct dialogue_text rest)
{
    (void)rest;
    return send_text(dialogue, line, "\r\n");
}

/* >>> text */
static int obey_send_part(struct dialogue *dialogue, struct dialogue_text line,
                          struct dialogue_text rest)
{
    (void)line;
    return send_text(dialogue, after_blank(rest), "");
}

/* starttls */
static int obey_starttls(struct dialogue *dialogue, struct dialogue_text line,
                         struct dialogue_text rest)
{
    (void)rest;
    dialogue->starttls_sent = dialogue->tls && !dialogue->stream.tls;
    return send_text(dialogue, line, "\r\n");
}

/* starttls_wait */
static int obey_starttls_wait(struct dialogue *dialogue, struct dialogue_text line,
                              struct dialogue_text rest)
{
    (void)rest;
    line.size = strlen("starttls");
    return send_text(dialogue, line, "\r\n");
}

/* stoptls */
static int obey_stoptls(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    (void)rest;
    dialogue_print(dialogue, "", line);
    if (dialogue->stream.tls)
        return dialogue_stop_tls(dialogue);
    fputs("TLS is not active\n", dialogue->out);
    return EXIT_STOPTLS;
}

/* ---- lines for ourselves ---- */

/* +++ N */
static int obey_wait(struct dialogue *dialogue, struct dialogue_text line,
                     struct dialogue_text rest)
{
    int64_t ms;

    if (!seconds_parse(after_blank(rest).bytes, &ms)) {
        script_complain(&dialogue->script, "+++ needs a number of seconds");
        return EXIT_SCRIPT;
    }
    dialogue_print(dialogue, "", line);
    deadline_sleep(deadline_in(ms));
    return EXIT_DONE;
}

/* <<< FILE */
static int obey_include(struct dialogue *dialogue, struct dialogue_text line,
                        struct dialogue_text rest)
{
    dialogue_print(dialogue, "", line);
    rest = after_blank(rest);
    if (script_include(&dialogue->script, rest.bytes))
        return EXIT_DONE;
    script_complain(&dialogue->script, "%s: %s", rest.bytes, strerror(errno));
    return EXIT_NO_EOF;
}

const struct dialogue_form client_lines[] = {
    {"????", false, obey_optional},
    {"???*", true, obey_expect_end},
    {"???alert", false, obey_expect_alert},
    {"???", false, obey_expect},
    {"+++", false, obey_wait},
    {">>>", false, obey_send_part},
    {"<<<", false, obey_include},
    {"starttls_wait", true, obey_starttls_wait},
    {"starttls", true, obey_starttls},
    {"starttls\\r\\n", false, obey_starttls}, /* with plaintext injected behind it */
    {"stoptls", true, obey_stoptls},
    {"", false, obey_send},
};
