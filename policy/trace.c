/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Verdicts with reasons; see trace.h. */
#include "policy/trace.h"

#include <string.h>

static const struct {
	const char *json;
	const char *text;
} reasons[] = {
#define X(symbol, json, text) [TRACE_##symbol] = {json, text},
	TRACE_REASONS(X)
#undef X
};

const char *trace_reason_to_str(enum trace_reason r)
{
	return reasons[r].json;
}

const char *trace_reason_text(enum trace_reason r)
{
	return reasons[r].text;
}

static uint8_t ref_features(const struct ref *r)
{
	if (r->part < 0 || (uint32_t)r->part >= r->item->ports.count)
		return 0;
	return port_rule_feature(list_at(&r->item->ports, struct port_rule, r->part));
}

static enum trace_reason reason_of(const struct verdict *v)
{
	if (v->rule == AXO_RULE_HOST)
		return TRACE_HOST;
	if (v->rule == AXO_RULE_DEFAULT)
		return v->allow ? TRACE_DEFAULT_ALLOW : TRACE_DEFAULT_DENY;
	return v->allow ? TRACE_RULE_ALLOWS : TRACE_RULE_DENIES;
}

void policy_trace(const struct policy_set *set, const struct compiled *c, const struct lookup *l,
		  const struct peer_identity *who, const struct packet *p, struct trace *out)
{
	struct verdict v = lookup_packet(l, who->id, p);
	uint32_t numbers[TRACE_MAX_RULES];
	bool denies[TRACE_MAX_RULES];

	memset(out, 0, sizeof(*out));
	out->allow = v.allow;
	out->reason = reason_of(&v);
	out->features = v.set ? v.set->features : 0;
	out->total = compiled_explain(c, who, p, numbers, denies, TRACE_MAX_RULES);
	for (size_t i = 0; i < out->total && i < TRACE_MAX_RULES; i++) {
		struct trace_rule *r = &out->rules[out->count];

		if (policy_set_ref(set, numbers[i], &r->ref))
			continue; /* its policy was replaced since */
		r->denies = denies[i];
		r->decides = numbers[i] == v.rule;
		r->features = ref_features(&r->ref);
		out->count++;
	}
}

#define ENFORCES (AXO_FEATURE_HTTP | AXO_FEATURE_DNS | AXO_FEATURE_SNI)

void trace_join(struct trace *t, const struct trace *by)
{
	uint8_t features = t->features | by->features;

	if (t->reason == TRACE_RULE_DENIES || by->reason != TRACE_RULE_ALLOWS)
		return;
	if (t->allow && ((!t->features && t->reason != TRACE_DEFAULT_ALLOW) || !by->features))
		features &= (uint8_t)~ENFORCES;
	t->features = t->allow ? features : by->features;
	if (!t->allow)
		t->reason = TRACE_RULE_ALLOWS;
	t->allow = true;
}
