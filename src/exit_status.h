/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the scripted clients and servers say with their exit status. Test scripts name these
 * numbers.
 */
#ifndef EXIT_STATUS_H
#define EXIT_STATUS_H

enum exit_status {
    EXIT_DONE = 0,
    EXIT_LINE_TOO_LONG = 73, /* the peer sent a line longer than STREAM_LINE_MAX */
    EXIT_NO_EOF = 74,        /* the end was expected and text came; or a `<<<` file is missing */
    EXIT_WRITE = 75,
    EXIT_WRITE_TLS = 76,
    EXIT_STOPTLS = 77, /* `stoptls` without TLS */
    EXIT_UNCONSUMED = 78,
    EXIT_MISMATCH = 79,
    EXIT_UNEXPECTED_EOF = 80,
    EXIT_READ = 81,
    EXIT_TLS_KEY = 82,
    EXIT_TLS_CERTIFICATE = 83,
    EXIT_TLS_SETUP = 84,
    EXIT_CONNECT = 85,
    EXIT_ADDRESS = 86,
    EXIT_INTERFACE = 87,
    EXIT_SOCKET = 88,
    EXIT_BIND = 89,
    EXIT_USAGE_MISSING = 90, /* an argument, or an option's value, is missing */
    EXIT_USAGE_OPTION = 91,  /* no such option */
    EXIT_USAGE_VALUE = 92,   /* an option's value is no such thing */
    EXIT_USAGE_TOO_MANY = 93,
    EXIT_USAGE_PORT = 94,
    EXIT_USAGE_NEEDS_TLS = 95, /* an option that this program, built without TLS, cannot obey */
    EXIT_SCRIPT = 96,          /* a script line that nobody can obey */
    EXIT_FILE = 97,            /* CA or other file of the options */
    EXIT_TIMEOUT = 99,
};

#endif
