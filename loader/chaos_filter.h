/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Filters of chaos rules (method, path, host): numbers on the host, 1 to 63, of the bits in which
 * HTTP tables say what a request matches (axo_chaos_rule.filter).
 *
 * Rules that say the same share a number; it is free again when the last experiment with it goes.
 * What an earlier agent left in force keeps its numbers: experiments that go on take them over, and
 * new ones get others until the leftovers are gone.
 */
#ifndef LOADER_CHAOS_FILTER_H
#define LOADER_CHAOS_FILTER_H

#include "loader/chaos.h"
#include "policy/feature.h"
#include "policy/http_gather.h"

#define CHAOS_FILTERS 64

/** struct chaos_filters - by number; zero-initialised is empty; @leftover: bits in use before */
struct chaos_filters {
	struct chaos_filter {
		char *text[3]; /* method, path, host; owned, NULL = any */
		uint32_t users;
	} items[CHAOS_FILTERS];
	uint64_t leftover;
};

/** chaos_filters_start - @used: experiments of an earlier agent, by number */
void chaos_filters_start(struct chaos *c, const bool *used);

/** chaos_filters_settled - nothing of that agent is left */
void chaos_filters_settled(struct chaos *c);

void chaos_filters_fini(struct chaos_filters *f);

/**
 * chaos_filters_take - numbers for the rules of @r into @value
 * @before: the same experiment as an earlier agent had it, or all zero
 * Return: 0; -ENOSPC: then none of them is taken.
 */
int chaos_filters_take(struct chaos *c, const struct port_rule *r, const struct axo_chaos *before,
		       struct axo_chaos *value, struct error *e);

void chaos_filters_release(struct chaos *c, const struct axo_chaos *value);

/** chaos_filters_gather - those of the port rule @r, whose experiment is in force, into @g */
void chaos_filters_gather(const struct chaos *c, const struct feature_rule *r,
			  struct http_gather *g);

/** chaos_filter_get - borrowed; NULL = number 0, or one of nobody */
const struct chaos_filter *chaos_filter_get(const struct chaos *c, uint8_t number);

#endif
