/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom the entity kube-apiserver means; the policy engine's own. */
#ifndef LOADER_POLICY_APISERVER_H
#define LOADER_POLICY_APISERVER_H

#include <stdbool.h>

#include "lib/cidr.h"

struct policy_engine;

/** policy_apiserver_has - does @c lie inside a configured prefix? */
bool policy_apiserver_has(const struct policy_engine *p, const struct cidr *c);

/** policy_apiserver_is_host - has this host one of the addresses? */
bool policy_apiserver_is_host(const struct policy_engine *p);

#endif
