/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer's entry to the dialogue (make fuzz-dialogue), in clear: the input's first byte chooses
 * the client or the server, then comes the script up to a byte 0xff, then what the peer sends
 * before it closes. Lines that wait or read files are left out. Whatever comes, the dialogue must
 * end with one of its exit statuses, without waiting for its time limit.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_lines.h"
#include "dialogue.h"
#include "exit_status.h"
#include "server_lines.h"

enum { LIMIT_MS = 2000, PEER_MAX = 64 * 1024, LINES_MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *at;
    size_t size;
};

static bool contains(struct bytes bytes, const char *word)
{
    return memmem(bytes.at, bytes.size, word, strlen(word)) != NULL;
}

/* Our end of a connection whose other end has sent `bytes` and will send no more. */
static int connect_to_peer(struct bytes bytes, int *peer)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
        abort();
    if (write(ends[1], bytes.at, bytes.size) != (ssize_t)bytes.size)
        abort();
    shutdown(ends[1], SHUT_WR);
    *peer = ends[1];
    return ends[0];
}

static int converse(struct bytes script, struct bytes peer_bytes, const struct dialogue_form *forms)
{
    struct dialogue dialogue = {
        .timeout_ms = LIMIT_MS, .peer = "peer", .eof_words = "", .truncated_words = ""};
    FILE *input = fmemopen((void *)script.at, script.size, "r");
    int peer, status;

    dialogue.out = fopen("/dev/null", "w");
    if (!input || !dialogue.out)
        abort();
    stream_open(&dialogue.stream, connect_to_peer(peer_bytes, &peer));
    script_open(&dialogue.script, input);
    status = dialogue_run(&dialogue, forms);
    close(peer);
    stream_close(&dialogue.stream);
    script_close(&dialogue.script);
    fclose(dialogue.out);
    fclose(input);
    return status;
}

/* The peer reads nothing, and a socket holds a few hundred lines at most: more would wait for good
 * reason. */
static bool fits_socket(struct bytes script)
{
    size_t lines = 0;

    for (size_t i = 0; i < script.size; i++)
        lines += script.at[i] == '\n';
    return lines <= LINES_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *split = size > 2 ? memchr(data + 1, 0xff, size - 1) : NULL;
    struct bytes script, peer;
    int status;

    if (!split || split == data + 1)
        return 0;
    script = (struct bytes){data + 1, (size_t)(split - data - 1)};
    peer = (struct bytes){split + 1, size - (size_t)(split + 1 - data)};
    if (contains(script, "+++") || contains(script, "<<<") || contains(script, "*sleep") ||
        peer.size > PEER_MAX || !fits_socket(script))
        return 0;
    signal(SIGPIPE, SIG_IGN);
    status = converse(script, peer, data[0] & 1 ? server_lines : client_lines);
    if (status == EXIT_TIMEOUT || (status != EXIT_DONE && (status < 73 || status > 99)))
        abort();
    return 0;
}
