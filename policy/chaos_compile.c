/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chaos rules as programs read them; see chaos_compile.h. */
#include "policy/chaos_compile.h"

#include <string.h>

#include "axoneme/chaos_draw.h"

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t text_hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
	return h;
}

uint64_t chaos_key(uint64_t seed, const char *name)
{
	return axo_chaos_mix(axo_chaos_mix(seed) ^ text_hash(name));
}

bool chaos_has_filter(const struct chaos_rule *r)
{
	return r->method || r->path || r->host;
}

static uint32_t abort_action(const char *text)
{
	if (!text)
		return 0;
	if (!strcmp(text, "reset"))
		return AXO_CHAOS_ABORT_RESET;
	return !strcmp(text, "timeout") ? AXO_CHAOS_ABORT_TIMEOUT : AXO_CHAOS_ABORT_503;
}

static uint32_t actions_of(const struct chaos_rule *r)
{
	return (r->delay_request_ns ? AXO_CHAOS_DELAY_REQUEST : 0) |
	       (r->delay_response_ns ? AXO_CHAOS_DELAY_RESPONSE : 0) |
	       (r->connect_delay_ns ? AXO_CHAOS_CONNECT_DELAY : 0) |
	       (r->connect_refuse ? AXO_CHAOS_CONNECT_REFUSE : 0) | abort_action(r->abort) |
	       (r->loss_ppm ? AXO_CHAOS_LOSS : 0) | (r->duplicate_ppm ? AXO_CHAOS_DUPLICATE : 0) |
	       (r->corrupt_ppm ? AXO_CHAOS_CORRUPT : 0) | (r->rate_bits ? AXO_CHAOS_RATE : 0);
}

static uint8_t distribution_of(const char *text)
{
	if (!text || !strcmp(text, "uniform"))
		return AXO_CHAOS_UNIFORM;
	return !strcmp(text, "normal") ? AXO_CHAOS_NORMAL : AXO_CHAOS_PARETO;
}

static struct axo_chaos_rule rule_compile(const struct chaos_rule *r)
{
	uint64_t bytes = (r->rate_bits + 7) / 8;

	return (struct axo_chaos_rule){
		.delay_request_ns = r->delay_request_ns,
		.delay_response_ns = r->delay_response_ns,
		.connect_delay_ns = r->connect_delay_ns,
		.jitter_ns = r->jitter_ns,
		.rate_bytes_s = bytes,
		.share = r->probability_ppm,
		.loss = r->loss_ppm,
		.duplicate = r->duplicate_ppm,
		.corrupt = r->corrupt_ppm,
		.actions = actions_of(r),
		.status = (uint16_t)r->status_code,
		.distribution = distribution_of(r->distribution),
	};
}

void chaos_compile(const struct port_rule *r, const struct chaos_options *o, uint64_t key,
		   struct axo_chaos *out)
{
	*out = (struct axo_chaos){
		.key = key,
		.max_in_flight = o->max_in_flight,
		.rule_count = r->l7_rules.count,
		.sampling = o->sampling,
		.dry_run = o->dry_run,
	};
	for (uint32_t i = 0; i < out->rule_count && i < AXO_CHAOS_RULES; i++) {
		const struct chaos_rule *rule = list_at(&r->l7_rules, struct chaos_rule, i);

		out->rules[i] = rule_compile(rule);
		out->actions |= out->rules[i].actions;
		out->late |= out->rules[i].status != 0;
		if ((out->rules[i].actions & ~AXO_CHAOS_CONNECT) && !chaos_has_filter(rule))
			out->filters |= 1;
	}
}
