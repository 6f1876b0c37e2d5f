/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox: runs a command where host name, users, addresses and files are always the same, and from
 * which nothing is left when it has ended. All of it is in sandbox_*.c, where the driver has it
 * from, too.
 */
#include "sandbox.h"

#include <fcntl.h>
#include <unistd.h>

/*
 * The launcher's own descriptors must not come to stand where a command expects its input and
 * output.
 */
static void open_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard_descriptors();
    return sandbox_main(argc, argv, NULL);
}
