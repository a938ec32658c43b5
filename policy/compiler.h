/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compiler: the state between policy_compile() and later peers; private to policy/.
 */
#ifndef POLICY_COMPILER_H
#define POLICY_COMPILER_H

#include "policy/compile.h"
#include "policy/map.h"
#include "policy/terms.h"

/** SIGNATURE_HOST - instead of a term in a signature: the host that always gets in */
#define SIGNATURE_HOST UINT32_MAX

/**
 * struct side - one direction of the policy being compiled
 * @anybody: spans of class 0
 * @complete: they are in every class as well
 * @classes: signature to class + 1
 */
struct side {
	struct span_list anybody;
	bool complete;
	struct map classes;
	uint32_t class_count;
};

struct pair {
	uint32_t slot;
	uint32_t term;
};

/** struct added - what compiled_add_peer() made in a direction; @signature NULL: no new class */
struct added {
	uint32_t *signature;
	size_t len;
};

struct compiler {
	struct arena arena;
	struct compile_options options;
	struct subject subject;
	const char *cluster;
	struct terms terms;
	struct side sides[2];
	struct added added[2]; /* by the last peer, to be taken back: with these two */
	size_t first_entry, entries_before;
	struct peers *asked; /* while peers are matched */
	uint8_t *touched;    /* by slot: a plain prefix inside one that a term names */
	uint32_t *touched_slots;
	size_t touched_count, touched_size;
	struct pair *pairs;
	size_t pair_count, pair_size;
	uint32_t *signature;
	size_t signature_len, signature_size;
	uint32_t term; /* whose peers are being collected */
	size_t entry_size, peer_size;
	size_t entries_needed; /* more than the limit: they are counted, not kept */
	struct map peer_index; /* identity to its place in compiled.peers + 1 */
	struct prefix_list prefixes;
	struct span_list spans;
};

/** array_grow - make room for one more in @array, which has @count of *@size items */
void *array_grow(void *array, size_t count, size_t *size, size_t item);

/** classes_anybody - entries of class 0 */
void classes_anybody(struct compiled *c, enum axo_dir dir);

/**
 * classes_compile - the class of every peer; @classes: by slot, zero before
 * Plain prefixes that no term tells apart from the world get the class of the world.
 */
void classes_compile(struct compiled *c, struct peers *peers, enum axo_dir dir, uint32_t *classes);

/** classes_most_pods - the class that most pods have; 0 if they are few */
uint32_t classes_most_pods(const struct compiled *c, enum axo_dir dir, const struct peers *peers,
			   const uint32_t *classes);

/** classes_of_peer - the class of one peer that came later; it may be new and make entries */
uint32_t classes_of_peer(struct compiled *c, enum axo_dir dir, const struct peer_identity *who);

/** compiled_joins_make - after entries were added */
void compiled_joins_make(struct compiled *c);

/** identity_may_join - of a selector of toFQDNs, or an address of the world */
bool identity_may_join(uint32_t identity);

/** term_matches - does the term speak of this peer? */
bool term_matches(const struct compiler *x, const struct term *t, const struct peer_identity *who);

#endif
