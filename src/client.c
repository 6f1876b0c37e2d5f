/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripted SMTP client: reads its command line, connects, and has the dialogue. The script
 * comes on standard input. Linked with one TLS back end it is client-ssl or client-gnutls, with
 * none it is client.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_lines.h"
#include "dialogue.h"
#include "exit_status.h"
#include "options.h"
#include "smtp_end.h"
#include "socket.h"
#include "tls.h"

struct client {
    const char *address, *port, *interface;
    int64_t timeout_ms;
    bool tls_on_connect, tls_quiet;
    struct smtp_end end;
};

/* [INTERFACE] [CERT] [KEY]: only the first can be an address. */
static void parse_operands(struct client *client, int count, char *operands[])
{
    int at = 2;

    if (count < 2)
        errx(EXIT_USAGE_MISSING,
             "usage: client [options] ADDRESS PORT [INTERFACE] [CERT] [KEY] <SCRIPT");
    client->address = operands[0];
    client->port = operands[1];
    if (at < count && socket_is_address(operands[at]))
        client->interface = operands[at++];
    if (at < count)
        client->end.tls.cert_file = operands[at++];
    if (at < count)
        client->end.tls.key_file = operands[at++];
    if (at < count)
        errx(EXIT_USAGE_TOO_MANY, "one argument too many: %s", operands[at]);
    if (client->end.tls.cert_file && !tls_library)
        errx(EXIT_USAGE_NEEDS_TLS, "a certificate: this program is built without TLS");
}

static void parse_command_line(struct client *client, int argc, char *argv[])
{
    struct tls_config *tls = &client->end.tls;
    const struct option_form forms[] = {
        {"-t", OPTION_SECONDS, false, &client->timeout_ms},
        {"-v", OPTION_FLAG, false, &client->end.verbose},
        {"-tls-on-connect", OPTION_FLAG, true, &client->tls_on_connect},
        {"-tls-quiet", OPTION_FLAG, true, &client->tls_quiet},
        {"-p", OPTION_TEXT, true, &tls->priority},
        {"-protocol", OPTION_TEXT, true, &client->end.protocol},
        {"-cipher", OPTION_TEXT, true, &tls->ciphers},
        {"-sni", OPTION_TEXT, true, &tls->sni},
        {"-alpn", OPTION_TEXT, true, &tls->alpn},
        {"-verify", OPTION_TEXT, true, &tls->verify},
        {"-verify-name", OPTION_TEXT, true, &tls->verify_name},
        {"-ocsp", OPTION_TEXT, true, &tls->ocsp},
        {"-session", OPTION_TEXT, true, &tls->session_file},
        {"-keylog", OPTION_TEXT, true, &client->end.keylog_file},
        {"-report", OPTION_FLAG, true, &client->end.report},
        {"-cert", OPTION_TEXT, true, &tls->cert_file},
        {"-key", OPTION_TEXT, true, &tls->key_file},
        {NULL, OPTION_FLAG, false, NULL},
    };
    int first = options_parse(argc, argv, forms, tls_library != NULL);

    parse_operands(client, argc - first, argv + first);
    if (client->timeout_ms <= 0)
        errx(EXIT_USAGE_VALUE, "-t needs a time greater than 0");
    if (tls->verify_name && !tls->verify)
        errx(EXIT_USAGE_MISSING, "-verify-name needs -verify");
    if (client->tls_quiet)
        client->end.verbose = false;
}

/* Connects, or ends the program. */
static int connect_to_server(const struct client *client)
{
    struct socket_address peer, interface;
    int fd, status;

    if (!socket_is_port(client->port))
        errx(EXIT_USAGE_PORT, "not a port number: %s", client->port);
    if (!socket_parse_address(client->address, client->port, &peer))
        errx(EXIT_ADDRESS, "not an IP address: %s", client->address);
    if (client->interface && (!socket_parse_address(client->interface, NULL, &interface) ||
                              interface.storage.ss_family != peer.storage.ss_family))
        errx(EXIT_INTERFACE, "the interface %s cannot reach %s: one is IPv4, the other IPv6",
             client->interface, client->address);
    fd = socket_open(&peer, client->interface ? &interface : NULL, &status);
    if (fd == -1)
        err(status, status == EXIT_BIND ? "interface %s" : "socket", client->interface);
    printf("Connecting to %s port %s ... ", client->address, client->port);
    fflush(stdout);
    if (socket_connect(fd, &peer, deadline_in(client->timeout_ms))) {
        puts("connected");
        return fd;
    }
    if (errno == ETIME)
        printf("timed out after %g s\n", (double)client->timeout_ms / 1000.0);
    else
        printf("failed: %s\n", strerror(errno));
    exit(errno == ETIME ? EXIT_TIMEOUT : EXIT_CONNECT);
}

static void print_credentials(const struct tls_config *config)
{
    if (config->cert_file)
        printf("Certificate file = %s\n", config->cert_file);
    if (config->key_file)
        printf("Key file = %s\n", config->key_file);
}

/* The dialogue, from the first line to the last. */
static int converse(const struct client *client, struct dialogue *dialogue)
{
    int status = client->tls_on_connect ? dialogue_start_tls(dialogue) : EXIT_DONE;

    if (status == EXIT_DONE)
        status = dialogue_run(dialogue, client_lines);
    if (status != EXIT_DONE)
        return status;
    puts("End of script");
    stream_finish(&dialogue->stream, dialogue_deadline(dialogue));
    return EXIT_DONE;
}

int main(int argc, char *argv[])
{
    struct client client = {.timeout_ms = 30000, .end.tls.role = TLS_CLIENT};
    struct dialogue dialogue = {
        .out = stdout, .peer = "server", .eof_words = "", .truncated_words = ""};
    int status;

    signal(SIGPIPE, SIG_IGN);
    parse_command_line(&client, argc, argv);
    dialogue.timeout_ms = client.timeout_ms;
    smtp_end_set_up(&client.end, &dialogue);
    stream_open(&dialogue.stream, connect_to_server(&client));
    script_open(&dialogue.script, stdin);
    print_credentials(&client.end.tls);
    status = converse(&client, &dialogue);
    stream_close(&dialogue.stream);
    return smtp_end_finish(&client.end, &dialogue, status);
}
