/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network of the sandbox: loopback only, with the addresses that stand for the test host's own
 * (rtnetlink(7)). To a program they are local interfaces like any other.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPBACK = 1 }; /* the interface's index in every network namespace */

static const struct {
    const char *path, *value;
    bool needed;
} sysctls[] = {
    {"/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", true},
    {"/proc/sys/net/ipv4/tcp_syn_retries", "1", true},
    {"/proc/sys/net/ipv6/conf/all/disable_ipv6", "0", false},
    {"/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0", false},
};

struct request {
    struct nlmsghdr header;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
    } body;
    char attributes[128];
};

static void add_attribute(struct request *request, unsigned short type, const void *data,
                          size_t size)
{
    size_t offset = NLMSG_ALIGN(request->header.nlmsg_len);
    struct rtattr attribute = {.rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type};
    memcpy((char *)request + offset, &attribute, sizeof attribute);
    memcpy((char *)request + offset + RTA_LENGTH(0), data, size);
    request->header.nlmsg_len = (unsigned)(offset + RTA_ALIGN(attribute.rta_len));
}

/* Sends a request and waits for the kernel's answer. Returns 0 or -1 with errno. */
static int ask_kernel(int netlink, struct request *request)
{
    union {
        struct nlmsghdr header;
        char bytes[1024];
    } answer;
    const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
    ssize_t length;
    request->header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    if (send(netlink, request, request->header.nlmsg_len, 0) < 0)
        return -1;
    length = recv(netlink, answer.bytes, sizeof answer.bytes, 0);
    if (length < 0)
        return -1;
    if ((size_t)length < NLMSG_LENGTH(sizeof *error) || answer.header.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    errno = -error->error;
    return errno ? -1 : 0;
}

static void bring_up(int netlink)
{
    struct request request = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof request.body.link), .nlmsg_type = RTM_NEWLINK},
        .body.link = {.ifi_index = LOOPBACK, .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
    };
    if (ask_kernel(netlink, &request) < 0)
        sandbox_fail("network", "bring lo up");
}

/* Host addresses, without duplicate address detection: usable at once. */
static void add_address(int netlink, const struct sandbox_address *address)
{
    bool v6 = address->family == AF_INET6;
    size_t size = v6 ? sizeof address->ip.v6 : sizeof address->ip.v4;
    struct request request = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof request.body.address),
                   .nlmsg_type = RTM_NEWADDR,
                   .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL},
        .body.address = {.ifa_family = (unsigned char)address->family,
                         .ifa_prefixlen = v6 ? 128 : 32,
                         .ifa_flags = v6 ? IFA_F_NODAD : 0,
                         .ifa_scope = RT_SCOPE_UNIVERSE,
                         .ifa_index = LOOPBACK},
    };
    if (v6 && access("/proc/sys/net/ipv6", F_OK) < 0)
        return; /* a kernel without IPv6: the tests that need it say so */
    add_attribute(&request, IFA_LOCAL, &address->ip, size);
    add_attribute(&request, IFA_ADDRESS, &address->ip, size);
    if (ask_kernel(netlink, &request) < 0)
        sandbox_fail("network", "add address %s to lo", address->text);
}

static void set_sysctls(bool is_needed)
{
    for (size_t i = 0; i < sizeof sysctls / sizeof *sysctls; i++) {
        int fd = open(sysctls[i].path, O_WRONLY | O_CLOEXEC);
        bool done = fd >= 0 && write(fd, sysctls[i].value, 1) == 1;
        if (!done && sysctls[i].needed && is_needed)
            sandbox_fail("network", "set %s", sysctls[i].path);
        if (fd >= 0)
            close(fd);
    }
}

void sandbox_configure_network(const struct sandbox_options *options)
{
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0)
        sandbox_fail("network", "socket AF_NETLINK");
    set_sysctls(!options->host);
    bring_up(netlink);
    for (size_t i = 0; i < options->address_count; i++)
        add_address(netlink, &options->addresses[i]);
    close(netlink);
}
