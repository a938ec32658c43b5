/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An array of texts in one cell.
 */
#ifndef LOADER_CLI_JOIN_H
#define LOADER_CLI_JOIN_H

#include <jansson.h>

/** join_texts - the strings of @array with ", " between them; owned by the caller; NULL = no memory */
char *join_texts(const json_t *array);

#endif
