/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripted SMTP server: reads its command line, listens, and has the dialogue with whoever
 * connects. The script comes on standard input; what closes a connection in it makes the next line
 * the first for the next one. Linked with one TLS back end it is server-ssl or server-gnutls, with
 * none it is server.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialogue.h"
#include "exit_status.h"
#include "options.h"
#include "server_lines.h"
#include "smtp_end.h"
#include "socket.h"
#include "tls.h"

struct server {
    const char *where; /* port, or path of a local socket */
    int connections;
    const char *pid_file;
    int64_t pause_ms;
    int64_t timeout_ms; /* negative: nobody need connect */
    bool no_ipv4, no_ipv6, tls_on_connect;
    struct smtp_end end;
};

static bool is_local(const struct server *server)
{
    return strchr(server->where, '/') != NULL;
}

static void parse_operands(struct server *server, int count, char *operands[])
{
    char *end;

    if (count < 1)
        errx(EXIT_USAGE_MISSING, "usage: server [options] PORT_or_SOCKET [connections] <SCRIPT");
    if (count > 2)
        errx(EXIT_USAGE_TOO_MANY, "one argument too many: %s", operands[2]);
    server->where = operands[0];
    if (!is_local(server) && !socket_is_port(server->where))
        errx(EXIT_USAGE_PORT, "neither a port number nor a path: %s", server->where);
    server->connections = count > 1 ? (int)strtol(operands[1], &end, 10) : 1;
    if (server->connections < 1 || (count > 1 && *end))
        errx(EXIT_USAGE_VALUE, "not a number of connections: %s", operands[1]);
}

static void parse_command_line(struct server *server, int argc, char *argv[])
{
    struct tls_config *tls = &server->end.tls;
    const struct option_form forms[] = {
        {"-d", OPTION_FLAG, false, &server->end.verbose},
        {"-t", OPTION_SIGNED_SECONDS, false, &server->timeout_ms},
        {"-i", OPTION_SECONDS, false, &server->pause_ms},
        {"-noipv4", OPTION_FLAG, false, &server->no_ipv4},
        {"-noipv6", OPTION_FLAG, false, &server->no_ipv6},
        {"-oP", OPTION_TEXT, false, &server->pid_file},
        {"-tls", OPTION_FLAG, true, &server->tls_on_connect},
        {"-cert", OPTION_TEXT, true, &tls->cert_file},
        {"-key", OPTION_TEXT, true, &tls->key_file},
        {"-ca", OPTION_TEXT, true, &tls->verify},
        {"-p", OPTION_TEXT, true, &tls->priority},
        {"-protocol", OPTION_TEXT, true, &server->end.protocol},
        {"-cipher", OPTION_TEXT, true, &tls->ciphers},
        {"-sni", OPTION_TEXT, true, &tls->sni},
        {"-alpn", OPTION_TEXT, true, &tls->alpn},
        {"-ocsp", OPTION_TEXT, true, &tls->ocsp_response},
        {"-keylog", OPTION_TEXT, true, &server->end.keylog_file},
        {"-report", OPTION_FLAG, true, &server->end.report},
        {NULL, OPTION_FLAG, false, NULL},
    };
    int first = options_parse(argc, argv, forms, tls_library != NULL);

    parse_operands(server, argc - first, argv + first);
    if (server->timeout_ms == 0)
        errx(EXIT_USAGE_VALUE, "-t needs a time other than 0");
    if (server->no_ipv4 && server->no_ipv6)
        errx(EXIT_USAGE_VALUE, "-noipv4 and -noipv6 leave nothing to listen on");
    if (tls_library && !tls->cert_file)
        errx(EXIT_USAGE_MISSING, "a TLS server needs -cert");
}

/* Listens, says so, and lets others know the process; -i puts it off. */
static int start_listening(const struct server *server)
{
    int status, fd;

    deadline_sleep(deadline_in(server->pause_ms));
    fd = is_local(server)
             ? socket_listen_local(server->where, &status)
             : socket_listen(server->where, !server->no_ipv4, !server->no_ipv6, &status);
    if (fd == -1)
        err(status, "listen on %s", server->where);
    if (server->pid_file) {
        FILE *file = fopen(server->pid_file, "we");
        if (!file || fprintf(file, "%d\n", (int)getpid()) < 0 || fclose(file) != 0)
            err(EXIT_FILE, "-oP %s", server->pid_file);
    }
    return fd;
}

/* Waits for a connection. -1 with *status the exit status if there is none. */
static int await_connection(const struct server *server, int listener, int *status)
{
    char peer[SOCKET_PEER_SIZE];
    int fd;

    if (is_local(server))
        printf("Listening on %s ... ", server->where);
    else
        printf("Listening on port %u ... ", socket_port(listener));
    fflush(stdout);
    fd = socket_accept(listener, deadline_in(llabs(server->timeout_ms)), peer);
    if (fd == -1 && errno != ETIME)
        err(EXIT_SOCKET, "accept");
    if (fd == -1) {
        printf("timed out after %g s\n", (double)llabs(server->timeout_ms) / 1000.0);
        *status = server->timeout_ms < 0 ? EXIT_DONE : EXIT_TIMEOUT;
        return -1;
    }
    puts("connected");
    if (*peer)
        printf("Connection request from [%s]\n", peer);
    else
        puts("Connection request");
    return fd;
}

static int converse(const struct server *server, struct dialogue *dialogue, int fd)
{
    int status = EXIT_DONE;

    stream_open(&dialogue->stream, fd);
    dialogue->connection_over = false;
    if (server->tls_on_connect)
        status = dialogue_start_tls(dialogue);
    if (status == EXIT_DONE)
        status = dialogue_run(dialogue, server_lines);
    if (status == EXIT_DONE && !dialogue->connection_over)
        status = dialogue_close(dialogue);
    stream_close(&dialogue->stream);
    return status;
}

/* One connection after the other, until the script or their number is at an end. */
static int serve(const struct server *server, struct dialogue *dialogue, int listener)
{
    int status = EXIT_DONE, fd;

    for (int left = server->connections; left > 0 && status == EXIT_DONE; left--) {
        fd = await_connection(server, listener, &status);
        if (fd == -1)
            return status;
        status = converse(server, dialogue, fd);
        if (script_at_end(&dialogue->script))
            break;
    }
    if (status != EXIT_DONE)
        return status;
    if (!script_at_end(&dialogue->script)) {
        warnx("the script goes on after %d connections", server->connections);
        return EXIT_SCRIPT;
    }
    puts("End of script");
    return EXIT_DONE;
}

int main(int argc, char *argv[])
{
    struct server server = {.timeout_ms = 30000, .end.tls.role = TLS_SERVER};
    struct dialogue dialogue = {.out = stdout,
                                .peer = "client",
                                .eof_words = " from client",
                                .truncated_words = " without close_notify"};
    int listener, status;

    signal(SIGPIPE, SIG_IGN);
    parse_command_line(&server, argc, argv);
    dialogue.timeout_ms = llabs(server.timeout_ms);
    smtp_end_set_up(&server.end, &dialogue);
    listener = start_listening(&server);
    script_open(&dialogue.script, stdin);
    status = serve(&server, &dialogue, listener);
    close(listener);
    if (is_local(&server))
        unlink(server.where);
    return smtp_end_finish(&server.end, &dialogue, status);
}
