/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts of a TLS session in our words, the same for every library.
 */
#ifndef TLS_REPORT_H
#define TLS_REPORT_H

#include <stdio.h>

#include "tls.h"

/* Prints one line for each fact that is known. */
void tls_report_print(FILE *out, const struct tls_facts *facts);

#endif
