/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fakens: the fake name server that Exim in test mode runs in place of the resolver, once for each
 * question. docs/dns-zones.md is the manual.
 *
 * Answering, it writes nothing but the reply, and to its standard output only: Exim reads both
 * outputs through the same pipe. What there is to say goes to fakens.log. It is no server: it opens
 * no socket and asks nobody.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dns_answer.h"
#include "rdata.h"

enum { EXIT_FAULTS = 2, MS_PER_SECOND = 1000, NS_PER_MS = 1000 * 1000 };

/* One run: the command line and all that becomes of it. */
struct query {
    const char *domain, *type;
    char *home;  /* the case's directory, "…/", which holds dnszones and the log */
    char *zones; /* dnszones there */
    char *fault; /* the first one of a zone file, or NULL */
    struct zone_directory directory;
    struct dns_question question;
    struct dns_answer answer;
    unsigned bits; /* of the reply's header */
    struct dns_message message;
};

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* "DIRECTORY/NAME" for the caller to free; memory that is out ends the program. */
static char *path_in(const char *directory, const char *name)
{
    char *path;
    size_t length = strlen(directory);
    bool has_slash = length > 0 && directory[length - 1] == '/';
    if (asprintf(&path, "%s%s%s", directory, has_slash ? "" : "/", name) < 0)
        _exit(DNS_NO_RECOVERY);
    return path;
}

/* Control characters would break a message's line. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == '\177')
            *text = '?';
}

/* "FILE:LINE: WHAT" for the caller to free. */
static char *fault_text(const char *file, unsigned line, const char *what)
{
    char *text, number[16] = "";
    if (line)
        snprintf(number, sizeof number, ":%u", line);
    if (asprintf(&text, "%s%s: %s", file, number, what) < 0)
        _exit(DNS_NO_RECOVERY);
    make_printable(text);
    return text;
}

static void print_fault(void *context, const char *file, unsigned line, const char *what)
{
    (void)context;
    char *text = fault_text(file, line, what);
    puts(text);
    free(text);
}

/* fakens --check DIR: DIR holds the zone files, or a directory dnszones that holds them. */
static int check(const char *argument)
{
    char *zones = path_in(argument, "dnszones");
    bool is_home = is_directory(zones);
    char *base = path_in(argument, is_home ? "" : "../");
    struct zone_directory directory = {.base = base, .sink = {.report = print_fault}};
    bool good = zone_directory_open(&directory, is_home ? zones : argument);
    good = zone_directory_check(&directory) && good;
    zone_directory_free(&directory);
    free(base);
    free(zones);
    return good ? EXIT_SUCCESS : EXIT_FAULTS;
}

static void keep_fault(void *context, const char *file, unsigned line, const char *what)
{
    struct query *query = context;
    if (!query->fault)
        query->fault = fault_text(file, line, what);
}

/* Exim up to 4.85 gives its spool directory, which lies beside dnszones; later ones give the
 * directory of the configuration, which holds it. */
static void find_zones(struct query *query, const char *argument)
{
    query->home = path_in(argument, "");
    query->zones = path_in(query->home, "dnszones");
    char *beside = path_in(argument, "../dnszones");
    if (!is_directory(query->zones) && is_directory(beside)) {
        free(query->home);
        free(query->zones);
        query->home = path_in(argument, "../");
        query->zones = beside;
    } else
        free(beside);
}

/* Completes a name of one label, as a resolver does with its search list. Established trees have
 * one name that must never be completed. */
static const char *qualify(struct query *query, struct text domain)
{
    static const struct dns_name dontqualify = {13, "\13dontqualify"};
    struct dns_name *name = &query->question.name;
    if (!query->directory.has_qualify || !dns_name_is_single_label(name) ||
        dns_name_equal(name, &dontqualify))
        return NULL;
    return dns_name_parse(name, domain, &query->directory.qualify);
}

/* Reads the question; returns what is wrong with it, or NULL. */
static const char *parse_question(struct query *query)
{
    const char *name = *query->domain ? query->domain : "."; /* the root, as Exim gives it */
    const struct text domain = {name, name + strlen(name)};
    const struct text type = {query->type, query->type + strlen(query->type)};
    query->question.type = dns_type_number(type);
    if (!query->question.type)
        return "unknown type";
    const char *wrong = dns_name_parse(&query->question.name, domain, NULL);
    return wrong ? wrong : qualify(query, domain);
}

/* Makes the answer and its message. */
static void make_answer(struct query *query)
{
    bool good = zone_directory_open(&query->directory, query->zones);
    const char *wrong = parse_question(query);
    if (wrong) {
        query->answer.status = DNS_NO_RECOVERY;
        query->answer.remark = wrong;
        dns_message_begin(&query->message, false, 0, DNS_FORMERR);
        return;
    }
    query->directory.skips_certificates = query->question.type != DNS_TYPE_TLSA;
    if (good)
        dns_answer_make(&query->answer, &query->directory, &query->question);
    else
        query->answer.status = DNS_NO_RECOVERY;
    if (query->answer.status != DNS_PASS_ON)
        query->bits = dns_answer_write(&query->answer, &query->question, &query->message);
}

/* The line of the log that tells of question and answer, for the caller to free. */
static char *log_line(const struct query *query)
{
    static const char *const words[] = {
        [DNS_FOUND] = "found",         [DNS_NOT_FOUND] = "host not found",
        [DNS_TRY_AGAIN] = "try again", [DNS_NO_RECOVERY] = "no recovery",
        [DNS_NO_DATA] = "no data",     [DNS_PASS_ON] = "pass on",
    };
    const struct dns_answer *answer = &query->answer;
    const char *remark = query->fault ? query->fault : answer->remark;
    char *line;
    if (asprintf(&line, "%s %s -> %s (%zu record%s%s%s%s)%s%s\n", query->domain, query->type,
                 words[answer->status], answer->answer.count, answer->answer.count == 1 ? "" : "s",
                 query->bits & DNS_BIT_AD ? ", AD" : "", query->bits & DNS_BIT_AA ? ", AA" : "",
                 query->bits & DNS_BIT_TC ? ", TC" : "", remark ? ": " : "",
                 remark ? remark : "") < 0)
        _exit(DNS_NO_RECOVERY);
    make_printable(line);
    line[strlen(line) - 1] = '\n';
    return line;
}

/* Appends to the log with one write, so that lines of several processes do not mix. Any user may be
 * the first to write, so all may write. A log that cannot be written must not change an answer. */
static void write_log(const struct query *query)
{
    char *path = path_in(query->home, "fakens.log"), *line = log_line(query);
    mode_t mask = umask(0);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    umask(mask);
    if (fd >= 0) {
        ssize_t ignored = write(fd, line, strlen(line));
        (void)ignored;
        close(fd);
    }
    free(line);
    free(path);
}

static void wait_for(uint32_t milliseconds)
{
    struct timespec left = {
        .tv_sec = milliseconds / MS_PER_SECOND,
        .tv_nsec = (long)(milliseconds % MS_PER_SECOND) * NS_PER_MS,
    };
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

/* Nobody is there to be told when the reply cannot be written. */
static void write_reply(const struct dns_message *message)
{
    for (size_t done = 0; done < message->length;) {
        ssize_t wrote = write(STDOUT_FILENO, message->bytes + done, message->length - done);
        if (wrote < 0 && errno != EINTR)
            return;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
}

static void free_query(struct query *query)
{
    zone_directory_free(&query->directory);
    dns_answer_free(&query->answer);
    free(query->fault);
    free(query->zones);
    free(query->home);
    free(query);
}

/* fakens DIR DOMAIN TYPE. The log is written before a delay, so that it also tells of questions
 * whose asker does not wait for the answer. */
static int reply(const char *directory, const char *domain, const char *type)
{
    struct query *query = calloc(1, sizeof *query);
    if (!query)
        return DNS_NO_RECOVERY;
    query->domain = domain;
    query->type = type;
    find_zones(query, directory);
    query->directory.base = query->home;
    query->directory.sink = (struct fault_sink){keep_fault, query};
    make_answer(query);
    write_log(query);
    wait_for(query->answer.delay);
    write_reply(&query->message);
    int status = (int)query->answer.status;
    free_query(query);
    return status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check(argv[2]);
    if (argc == 4)
        return reply(argv[1], argv[2], argv[3]);
    fputs("usage: fakens DIR DOMAIN TYPE\n       fakens --check DIR\n", stderr);
    return EXIT_FAULTS;
}
