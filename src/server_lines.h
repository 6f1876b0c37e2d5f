/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line forms of a server's script.
 */
#ifndef SERVER_LINES_H
#define SERVER_LINES_H

#include "dialogue.h"

extern const struct dialogue_form server_lines[];

#endif
