/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON objects whose keys a runtime may write in its own case: containerd passes runtimeConfig
 * with the names of Go's fields (HostPort, Servers).
 */
#ifndef CNI_NOCASE_H
#define CNI_NOCASE_H

#include <jansson.h>

/** nocase_get - the value of @key in @object: as written if there is one, else in any case; NULL = none.  Borrowed */
json_t *nocase_get(const json_t *object, const char *key);

#endif
