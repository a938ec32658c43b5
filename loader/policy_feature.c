/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Feature sets on the host; see policy_feature.h. */
#include "loader/policy_feature.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/datapath.h"
#include "loader/feature_join.h"
#include "loader/l7_table.h"
#include "loader/policy_internal.h"
#include "loader/policy_name.h"

static const struct feature_kind *const kinds[] = {
	&l7_table_kind,
	&feature_kind_chaos,
	&policy_kind_dns,
	&policy_kind_sni,
};

/** struct host_set - @refs: @count references, the key in by_refs */
struct host_set {
	struct axo_feature_set value;
	uint32_t users;
	uint32_t count;
	uint32_t refs[];
};

/**
 * struct policy_features
 * @by_refs:   references to the number
 * @by_number: NULL = free, unless @leftover
 * @leftover:  of an earlier agent, in axo_feature
 * @last:      number given last: the one unused longest comes next
 */
struct policy_features {
	struct map by_refs;
	struct host_set *by_number[AXO_MAX_FEATURE_SETS];
	bool leftover[AXO_MAX_FEATURE_SETS];
	uint32_t last;
};

#define kind_each(kind)                                                     \
	for (size_t kind##_i = 0; kind##_i < ARRAY_SIZE(kinds); kind##_i++) \
		for (const struct feature_kind *kind = kinds[kind##_i]; kind; kind = NULL)

static uint32_t number_free(const struct policy_features *f)
{
	for (uint32_t i = 1; i < AXO_MAX_FEATURE_SETS; i++) {
		uint32_t n = (f->last + i) % AXO_MAX_FEATURE_SETS;

		if (n && !f->by_number[n] && !f->leftover[n])
			return n;
	}
	return 0;
}

static struct host_set *host_set_new(const struct feature_set *s)
{
	struct host_set *h = calloc(1, sizeof(*h) + s->count * sizeof(uint32_t));

	if (!h)
		abort();
	h->count = s->count;
	for (uint32_t i = 0; i < s->count; i++)
		h->refs[i] = s->rules[i]->ref;
	return h;
}

/* Those of @s with a bit of @bits; @rules has room for all. */
static size_t rules_of(const struct feature_set *s, uint8_t bits, const struct feature_rule **rules)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->count; i++)
		if (feature_rule_needs(s->rules[i]) & bits)
			rules[n++] = s->rules[i];
	return n;
}

static void kinds_release(struct policy_engine *p, const struct host_set *h, uint8_t features)
{
	kind_each(kind)
	{
		if (features & kind->bits)
			kind->release(p, &h->value);
	}
}

static int kinds_install(struct policy_engine *p, const struct feature_set *s, struct host_set *h,
			 struct error *e)
{
	_cleanup_free_ const struct feature_rule **rules =
		calloc(s->count, sizeof(struct feature_rule *));
	uint8_t done = 0;
	int r = 0;

	if (!rules)
		abort();
	kind_each(kind)
	{
		if (r < 0 || !(s->features & kind->bits))
			continue;
		r = kind->install(p, rules, rules_of(s, kind->bits, rules), &h->value, e);
		if (r == 0)
			done |= s->features & kind->bits;
	}
	if (r == 0 && done != s->features)
		r = error_set(e, ENOTSUP, "features %#x of a rule have no one to enforce them",
			      s->features & ~done);
	if (r < 0)
		kinds_release(p, h, done);
	return r;
}

static uint8_t features_of(const struct axo_feature_set *s)
{
	return (uint8_t)((s->http ? AXO_FEATURE_HTTP : 0) | (s->dns ? AXO_FEATURE_DNS : 0) |
			 (s->sni ? AXO_FEATURE_SNI : 0) | (s->chaos_count ? AXO_FEATURE_CHAOS : 0));
}

static int map_write(struct policy_engine *p, uint32_t number, const struct axo_feature_set *value,
		     struct error *e)
{
	int fd = datapath_map_fd(p->agent->datapath, MAP_FEATURE);

	if (bpf_map_update_elem(fd, &number, value, BPF_ANY) < 0)
		return error_set(e, errno, "cannot write feature set %u: %s", number,
				 strerror(errno));
	return 0;
}

static bool number_is_used(uint32_t number, const void *ctx)
{
	const struct policy_features *f = ctx;

	return number < AXO_MAX_FEATURE_SETS && (f->by_number[number] || f->leftover[number]);
}

static void host_set_free(struct policy_engine *p, uint32_t number)
{
	static const struct axo_feature_set nothing;
	struct policy_features *f = p->features;
	struct host_set *h = f->by_number[number];
	struct error e;

	map_remove(&f->by_refs, h->refs, h->count * sizeof(uint32_t));
	f->by_number[number] = NULL;
	feature_joins_prune(p->agent->datapath, number_is_used, f);
	map_write(p, number, &nothing, &e);
	kinds_release(p, h, features_of(&h->value));
	free(h);
}

static int host_set_make(struct policy_engine *p, const struct feature_set *s, uint32_t *number,
			 struct error *e)
{
	struct policy_features *f = p->features;
	uint32_t n = number_free(f);
	struct host_set *h;
	int r;

	if (!n)
		return error_set(e, ENOSPC, "all %d feature sets are in use",
				 AXO_MAX_FEATURE_SETS - 1);
	h = host_set_new(s);
	r = kinds_install(p, s, h, e);
	if (r == 0) {
		r = map_write(p, n, &h->value, e);
		if (r < 0)
			kinds_release(p, h, s->features);
	}
	if (r < 0) {
		free(h);
		return r;
	}
	f->by_number[n] = h;
	f->last = n;
	*map_slot(&f->by_refs, h->refs, h->count * sizeof(uint32_t)) = (void *)(uintptr_t)n;
	*number = n;
	return 0;
}

static int set_take(struct policy_engine *p, struct feature_set *s, struct error *e)
{
	struct policy_features *f = p->features;
	_cleanup_free_ struct host_set *key = host_set_new(s);
	uint32_t n =
		(uint32_t)(uintptr_t)map_get(&f->by_refs, key->refs, key->count * sizeof(uint32_t));
	int r = n ? 0 : host_set_make(p, s, &n, e);

	if (r < 0)
		return r;
	f->by_number[n]->users++;
	s->number = (uint16_t)n;
	return 0;
}

static void set_release(struct policy_engine *p, struct feature_set *s)
{
	uint32_t n = s->number;

	s->number = 0;
	if (n && --p->features->by_number[n]->users == 0)
		host_set_free(p, n);
}

int policy_features_take(struct policy_engine *p, struct compiled *c, size_t first, struct error *e)
{
	size_t i = first;
	int r = 0;

	while (r == 0 && i < c->sets.count) {
		r = set_take(p, &c->sets.items[i], e);
		i += r == 0;
	}
	if (r == 0)
		r = feature_joins_write(p->agent->datapath, c, e);
	while (r < 0 && i-- > first)
		set_release(p, &c->sets.items[i]);
	return r;
}

void policy_features_release(struct policy_engine *p, struct compiled *c)
{
	for (size_t i = 0; i < c->sets.count; i++)
		set_release(p, &c->sets.items[i]);
}

static int leftovers_find(struct policy_engine *p, struct error *e)
{
	static const struct axo_feature_set nothing;
	int fd = datapath_map_fd(p->agent->datapath, MAP_FEATURE);

	for (uint32_t n = 1; n < AXO_MAX_FEATURE_SETS; n++) {
		struct axo_feature_set value;

		if (bpf_map_lookup_elem(fd, &n, &value) < 0)
			return error_set(e, errno, "cannot read feature set %u: %s", n,
					 strerror(errno));
		p->features->leftover[n] = memcmp(&value, &nothing, sizeof(value)) != 0;
	}
	return 0;
}

int policy_features_start(struct policy_engine *p, struct error *e)
{
	policy_features_free(p->features);
	p->features = calloc(1, sizeof(*p->features));
	if (!p->features)
		return error_set(e, ENOMEM, "no memory");
	kind_each(kind)
	{
		if (kind->start)
			kind->start(p);
	}
	return leftovers_find(p, e);
}

void policy_features_settled(struct policy_engine *p)
{
	static const struct axo_feature_set nothing;
	struct error e;

	for (uint32_t n = 1; n < AXO_MAX_FEATURE_SETS; n++) {
		if (p->features->leftover[n])
			map_write(p, n, &nothing, &e);
		p->features->leftover[n] = false;
	}
	feature_joins_prune(p->agent->datapath, number_is_used, p->features);
	kind_each(kind)
	{
		if (kind->settled)
			kind->settled(p);
	}
}

void policy_features_free(struct policy_features *f)
{
	if (!f)
		return;
	for (uint32_t n = 1; n < AXO_MAX_FEATURE_SETS; n++)
		free(f->by_number[n]);
	map_fini(&f->by_refs, NULL);
	free(f);
}
