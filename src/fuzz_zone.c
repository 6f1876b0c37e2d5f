/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer's entry to fakens (make fuzz-fakens): the input's first line is a question, "DOMAIN
 * TYPE", the rest is the file of the zone test.ex. Every answer must be a message that libresolv
 * understands.
 */

#include <stdlib.h>
#include <string.h>

#include "dns_answer.h"
#include "rdata.h"
#include "reply_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore_fault(void *context, const char *file, unsigned line, const char *what)
{
    (void)context, (void)file, (void)line, (void)what;
}

/* Answers the question and writes the reply into message; false if it is passed on. */
static bool answer(struct zone_directory *directory, const struct dns_question *question,
                   struct dns_message *message)
{
    struct dns_answer answer = {0};
    dns_answer_make(&answer, directory, question);
    bool is_passed_on = answer.status == DNS_PASS_ON;
    if (!is_passed_on)
        dns_answer_write(&answer, question, message);
    dns_answer_free(&answer);
    return !is_passed_on;
}

/* The zone is made by hand as if it had come from a directory. */
static struct zone_file read_zone(struct text text)
{
    const struct zone_source source = {"db.test.ex", text.at, text_length(text), "/nonexistent/",
                                       false};
    const struct fault_sink sink = {.report = ignore_fault};
    struct zone_file file = {.is_read = true, .zone.name = {9, "\4test\2ex"}};
    file.is_good = zone_parse(&file.zone, &source, &sink);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dns_message message;
    struct dns_question question;
    struct text text = {(const char *)data, (const char *)data + size};
    const char *newline = size ? memchr(data, '\n', size) : NULL;
    struct text line = {text.at, newline ? newline : text.end};
    const struct text domain = text_word(&line);
    question.type = dns_type_number(text_word(&line));
    if (!newline || !question.type || dns_name_parse(&question.name, domain, NULL))
        return 0;
    text.at = newline + 1;
    struct zone_file file = read_zone(text);
    struct zone_directory directory = {.files = &file, .count = 1};
    FILE *nowhere = fopen("/dev/null", "w");
    if (answer(&directory, &question, &message) &&
        !reply_text(message.bytes, message.length, nowhere))
        abort();
    fclose(nowhere);
    zone_free(&file.zone);
    return 0;
}
