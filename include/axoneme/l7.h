/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP: tables of rules, and the state of a reader of one connection.
 *
 * The pool.  All tables of a host lie in one array value of 32-bit words, map axo_l7_pool.  The
 * agent writes it (through mmap), programs only read.  A place in it is a word offset, masked with
 * AXO_L7_POOL_MASK before every use, so no table can lead a program outside.  A table's number
 * (axo_feature_set.http) is the offset of its struct axo_l7_table; its content never changes while
 * a set has the number.  At AXO_L7_BASE lies a table without rules, for responses.
 *
 * An automaton is a matrix: row = state, column = class of the byte.  A state is the offset of its
 * row, so a step is one addition and one load:  row = pool[row + class[byte]].  The last column
 * (@width) says what is accepted here: the offset of a record, or 0.  Columns below
 * AXO_L7_PLAIN belong to bytes that mean something to the syntax (their class is an enum
 * axo_l7_column); where the syntax lets them be data (a '/' in a path) the column holds the step.
 *
 * A lane is one set of automata.  A table has one, or two if the rules as one would explode; the
 * request is allowed if one lane of a table allows it, and must be by both tables of a flow (the
 * client's egress, the server's ingress).
 */
#ifndef AXONEME_L7_H
#define AXONEME_L7_H

#include <linux/types.h>

#define AXO_L7_POOL_WORDS (1U << 22) /* 16 MiB; a power of two */
#define AXO_L7_POOL_MASK (AXO_L7_POOL_WORDS - 1)
#define AXO_L7_BASE 64U /* what lies below is the agent's */

#define AXO_L7_LANES_PER_TABLE 2
#define AXO_L7_LANES 4 /* of a flow: two tables */

#define AXO_HTTP_HEAD_MAX 65536	 /* bytes of a request head, or of the trailers */
#define AXO_HTTP_DEPTH 16	 /* slashes behind which ".." finds back */
#define AXO_HTTP_CHUNK 256	 /* bytes that the engine reads in one go */
#define AXO_HTTP_PENDING 32	 /* requests without an answer yet that are remembered */
#define AXO_HTTP_CANDIDATES 1024 /* of one record */

/** enum axo_l7_column - bytes that mean something to the syntax; the others start at PLAIN */
enum axo_l7_column {
	AXO_L7_BAD = 0,	  /* must not occur here */
	AXO_L7_END = 1,	  /* the part ends: SP, ':' of a name, CR of a value */
	AXO_L7_SLASH = 2, /* target: '/'; host: '/' or '?' (absolute form) */
	AXO_L7_PCT = 3,	  /* target: '%' */
	AXO_L7_QUERY = 4, /* target: '?' */
	AXO_L7_SPACE = 5, /* host: SP and HTAB */
	AXO_L7_PLAIN = 8,
};

/**
 * struct axo_l7_table - what a table starts with, in words
 * @generation: never 0, another one for every table ever written
 * @words: length of the table with this header
 * @flags: AXO_L7_*, of the table
 * @lanes: 1 or 2
 * @lane:  offsets of struct axo_l7_lane
 * @pad:   zero
 */
struct axo_l7_table {
	__u32 generation;
	__u32 words;
	__u32 flags;
	__u32 lanes;
	__u32 lane[AXO_L7_LANES_PER_TABLE];
	__u32 pad[2];
};

#define AXO_L7_ENFORCE 1U /* there are HTTP rules: deny what matches none, and what is no HTTP */
#define AXO_L7_SLASHES 2U /* a rule speaks of %2F or %5C: they may stand in paths */

/**
 * struct axo_l7_automaton - where one starts
 * @classes: word offset of 256 bytes: the class of each byte
 * @start:   row
 * @width:   columns before the one that accepts
 * @pad:     zero
 */
struct axo_l7_automaton {
	__u32 classes;
	__u32 start;
	__u32 width;
	__u32 pad;
};

/**
 * struct axo_l7_lane - automata of a lane
 * @target: method, SP, normalised target; accepts struct axo_l7_match
 * @name:   header name; accepts struct axo_l7_name
 * @host:   Host, or the authority of an absolute target; accepts a bit mask of host expressions,
 *          bit n % 32 of word n / 32
 * @value:  values of headers that rules ask for, each from a start of its own; accepts two words:
 *          the mask of conditions that hold
 */
struct axo_l7_lane {
	struct axo_l7_automaton target;
	struct axo_l7_automaton name;
	struct axo_l7_automaton host;
	struct axo_l7_automaton value;
};

/**
 * struct axo_l7_match - what a target matches; behind it @rules candidates and @filters filters
 * @rules:   struct axo_l7_candidate, by rule; nothing stands behind one without conditions
 * @filters: struct axo_l7_filter
 */
struct axo_l7_match {
	__u32 rules;
	__u32 filters;
};

/**
 * struct axo_l7_candidate - a rule whose method and path match
 * @rule:  number of the rule: position among all HTTP rules of the feature set
 * @host:  0 = any, else 1 + number of the host expression
 * @need:  conditions on headers that must hold, two words, low first
 * @log:   conditions that are only reported
 * @flags: AXO_L7_CONNECT, AXO_L7_UPGRADE: the rule asks for them by name
 * @pad:   zero
 */
struct axo_l7_candidate {
	__u32 rule;
	__u32 host;
	__u32 need[2];
	__u32 log[2];
	__u32 flags;
	__u32 pad;
};

#define AXO_L7_CONNECT 1U
#define AXO_L7_UPGRADE 2U

/**
 * struct axo_l7_filter - a filter of a chaos rule whose method and path match
 * @bit:  of the mask, 1 to 63 (axo_chaos_rule.filter)
 * @host: as in struct axo_l7_candidate
 */
struct axo_l7_filter {
	__u32 bit;
	__u32 host;
};

/** enum axo_l7_header - names that the syntax knows; others are PLAIN or of a rule */
enum axo_l7_header {
	AXO_L7_NAME_PLAIN = 0,
	AXO_L7_NAME_HOST = 1,
	AXO_L7_NAME_LENGTH = 2, /* Content-Length */
	AXO_L7_NAME_CODING = 3, /* Transfer-Encoding */
	AXO_L7_NAME_UPGRADE = 4,
	AXO_L7_NAME_REFUSED = 5, /* content_length and such: some servers read '_' as '-' */
};

/**
 * struct axo_l7_name - a header name that means something
 * @id:       enum axo_l7_header
 * @value:    start in the automaton of values; 0 = the value does not matter
 * @presence: conditions that hold because the header is there
 * @all:      conditions on its value; they cannot hold if it comes twice
 */
struct axo_l7_name {
	__u32 id;
	__u32 value;
	__u32 presence[2];
	__u32 all[2];
};

#endif
