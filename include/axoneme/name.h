/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Name tables: sets of DNS name patterns as automata, one step per byte of a name.
 *
 * Map axo_name_table: array of maps, key __u32 table number, value a map of rows: an array, key
 * __u32 state, value struct axo_name_row.  The agent is the only writer and makes a map of rows
 * of the right size for every table; it is never changed afterwards: a table whose names change
 * is a new map of rows, which takes the place of the old one at once.
 *
 * A name is walked as lower-case text without a final dot, labels joined by dots, from state
 * AXO_NAME_START on: state = row[state].next[class of the byte].  State 0 is dead: nothing matches
 * any more.  Behind the last byte row[state].accept says what matched; 0 = nothing.
 *
 * Table AXO_NAME_TABLE_FQDN is of the selectors of toFQDNs of all policies: accept is the number
 * of a row behind the states, whose selector[] lists their identities.  Of every other table
 * accept is 1: the name is allowed.
 */
#ifndef AXONEME_NAME_H
#define AXONEME_NAME_H

#include <linux/types.h>

#define AXO_NAME_TABLE_FQDN 0
#define AXO_MAX_NAME_TABLES 4096

/** enum axo_name_class - classes of bytes; letters and digits follow each other */
enum axo_name_class {
	AXO_NAME_OTHER = 0, /* in no name of a rule; only "*" alone accepts it */
	AXO_NAME_LETTER = 1,
	AXO_NAME_DIGIT = 27,
	AXO_NAME_HYPHEN = 37,
	AXO_NAME_UNDERSCORE = 38,
	AXO_NAME_DOT = 39,
	AXO_NAME_CLASSES = 40,
};

/** axo_name_class - of a byte; upper case is lower case */
static inline __u32 axo_name_class(__u8 c)
{
	__u8 letter = (c | 0x20) - 'a', digit = c - '0';

	if (letter < 26)
		return AXO_NAME_LETTER + letter;
	if (digit < 10)
		return AXO_NAME_DIGIT + digit;
	if (c == '.')
		return AXO_NAME_DOT;
	if (c == '-')
		return AXO_NAME_HYPHEN;
	return c == '_' ? AXO_NAME_UNDERSCORE : AXO_NAME_OTHER;
}

enum axo_name_state {
	AXO_NAME_DEAD = 0,
	AXO_NAME_START = 1,
};

/** AXO_NAME_SELECTORS - selectors of toFQDNs that one name may match */
#define AXO_NAME_SELECTORS 16

/**
 * struct axo_name_row - a state, or (AXO_NAME_TABLE_FQDN) what a name matches
 * @next:     by enum axo_name_class
 * @selector: identities, 0 behind the last one
 * @accept:   see above; of a list of selectors: 0
 */
struct axo_name_row {
	union {
		__u16 next[AXO_NAME_CLASSES];
		__u32 selector[AXO_NAME_SELECTORS];
	};
	__u32 accept;
	__u32 pad;
};
_Static_assert(sizeof(struct axo_name_row) == 88, "name row has padding");

/** AXO_MAX_NAME_ROWS - of one table: states are 16 bits */
#define AXO_MAX_NAME_ROWS 65535

#endif
