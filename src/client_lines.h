/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line forms of a client's script.
 */
#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include "dialogue.h"

extern const struct dialogue_form client_lines[];

#endif
