/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Selectors: requirements on labels, all of which must hold.  No requirement matches everybody.
 */
#ifndef POLICY_SELECTOR_H
#define POLICY_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/label.h"
#include "policy/list.h"

/**
 * enum selector_op
 * @OP_IN:     the key is there and its value is one of @values
 * @OP_NOT_IN: not OP_IN: also true when the key is absent
 */
enum selector_op { OP_IN, OP_NOT_IN, OP_EXISTS, OP_DOES_NOT_EXIST };

/**
 * struct requirement
 * @source: LABEL_ANY matches a key of every source
 * @prefix: @source LABEL_CIDR: the key, parsed; matches the prefixes inside it
 * @values: const char *, for OP_IN and OP_NOT_IN
 * @implied: not written by the user but by the kind of policy (its namespace)
 */
struct requirement {
	struct pos pos;
	uint8_t source;
	uint8_t op;
	bool implied;
	const char *key;
	struct cidr prefix;
	struct list values;
};

/** struct selector - @present: it stood in the document; @requirements: struct requirement */
struct selector {
	bool present;
	struct pos pos;
	struct list requirements;
};

bool requirement_matches(const struct requirement *r, const struct label_set *labels);
bool selector_matches(const struct selector *s, const struct label_set *labels);

/** selector_contradicts - two requirements of it that no label set meets, whatever the set is */
bool selector_contradicts(const struct selector *s, const struct requirement **one,
			  const struct requirement **other);

#endif
