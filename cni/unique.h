/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unique: arrays of objects in which one key's value stands at most once. */
#ifndef CNI_UNIQUE_H
#define CNI_UNIQUE_H

#include <jansson.h>

/** unique_put - append @entry (stolen, may be NULL), in place of the one with the same string at @key; 0 or -1 */
int unique_put(json_t *list, const char *key, json_t *entry);

#endif
