/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What loader/policy_name.c and loader/policy_fqdn.c share. */
#ifndef LOADER_POLICY_NAME_INTERNAL_H
#define LOADER_POLICY_NAME_INTERNAL_H

#include <stdbool.h>

#include "axoneme/fqdn.h"
#include "policy/map.h"
#include "policy/name_table.h"

/**
 * struct selector_id - a selector of toFQDNs
 * @id:     its identity
 * @wanted: a policy in force names it
 * @named:  the change that is being made does
 * @stored: it is on the disk
 * @text:   name or pattern
 */
struct selector_id {
	uint32_t id;
	bool wanted;
	bool named;
	bool stored;
	char text[256];
};

/**
 * struct policy_names
 * @used:     tables with a number; @leftover: of an earlier agent
 * @last:     number given last
 * @by_text, @by_id: struct selector_id, owned by the first
 * @next_id:  what the next selector gets, if that is free
 * @table:    of the change that is being made; no rows = it changes nothing
 */
struct policy_names {
	bool used[AXO_MAX_NAME_TABLES];
	bool leftover[AXO_MAX_NAME_TABLES];
	uint32_t last;
	struct map by_text;
	struct map by_id;
	uint32_t next_id;
	struct name_table table;
};

/** policy_names_of - made if it is not there */
struct policy_names *policy_names_of(struct policy_engine *p);

#endif
