/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificate association data of a TLSA record (RFC 6698 section 2.1.4), from hex digits or
 * computed from a certificate.
 */
#ifndef TLSA_H
#define TLSA_H

#include "rdata.h"

/*
 * Reads the last field of a TLSA record, to the end of the text: hex digits, with blanks between
 * them wherever they help; or "file:PATH", the first certificate of a PEM file, from which data are
 * computed as the selector and the matching type say that are already in rdata.
 */
bool tlsa_data(struct rdata *rdata);

#endif
