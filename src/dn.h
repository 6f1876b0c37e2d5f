/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distinguished names as text, in the one spelling of RFC 4514: most special part first, names of
 * attributes from its section 3. The libraries have each a spelling of their own.
 */
#ifndef DN_H
#define DN_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints the DER encoding of a Name (RFC 5280 section 4.1.2.4). What is not understood is printed
 * in hexadecimal, as RFC 4514 section 2.4 has it; control characters are escaped.
 */
void dn_print(FILE *out, const unsigned char *der, size_t size);

#endif
