/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* POST /v1/policies/trace: may this packet pass, and why (docs/api.md). */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "loader/agent.h"
#include "loader/api_policy.h"
#include "loader/drop_count.h"
#include "loader/endpoint.h"
#include "loader/event_json.h"
#include "loader/policy_end.h"
#include "loader/policy_internal.h"
#include "loader/policy_name.h"
#include "loader/policy_rule_json.h"
#include "policy/http_engine.h"
#include "policy/http_trace.h"
#include "policy/trace.h"

/** struct query - what is asked, and the rules found so far */
struct query {
	struct policy_engine *p;
	struct policy_end ends[2]; /* from, to */
	struct packet packet;
	json_t *rules;
	struct trace result;
	uint8_t features;
	const char *request; /* of HTTP, or NULL */
	struct http_gather http[2];
	struct http_trace l7;
};

static int proto_parse(const char *text, uint8_t *proto)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} known[] = {
		{"tcp", IPPROTO_TCP},	{"udp", IPPROTO_UDP},	    {"sctp", IPPROTO_SCTP},
		{"icmp", IPPROTO_ICMP}, {"icmpv6", IPPROTO_ICMPV6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcasecmp(known[i].name, text)) {
			*proto = known[i].proto;
			return 0;
		}
	}
	return -EINVAL;
}

/* "80/tcp", "80"; for ICMP the type: "8/icmp". */
static int port_parse(const char *text, struct packet *out, struct error *e)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char number[8] = "";
	uint64_t port = 0;

	out->proto = IPPROTO_TCP;
	if (len < sizeof(number))
		memcpy(number, text, len);
	if (len >= sizeof(number) || number_parse(number, 0, 65535, &port) ||
	    (slash && proto_parse(slash + 1, &out->proto)))
		return error_set(
			e, EINVAL,
			"dport '%.32s': expected PORT/PROTOCOL like 80/tcp, 53/udp, 8/icmp", text);
	out->port = (uint16_t)port;
	return 0;
}

static bool rule_is_told(const struct query *q, const json_t *rule)
{
	const json_t *other;
	size_t i;

	json_array_foreach(q->rules, i, other)
		if (json_equal(json_object_get(other, "rule"), json_object_get(rule, "rule")) &&
		    json_equal(json_object_get(other, "direction"),
			       json_object_get(rule, "direction")))
			return true;
	return false;
}

/* @name: the selector of toFQDNs by which they speak, or NULL; what all say is told once. */
static void rules_add(struct query *q, enum axo_dir dir, const struct trace *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++) {
		json_t *rule = policy_ref_json(&t->rules[i].ref);

		json_object_set_new(rule, "direction", json_string(drop_dir_name(dir)));
		if (name && rule_is_told(q, rule)) {
			json_decref(rule);
			continue;
		}
		if (t->features & t->rules[i].features & AXO_FEATURE_HTTP)
			http_gather_add(&q->http[dir], &t->rules[i].ref);
		json_object_set_new(rule, "action",
				    json_string(t->rules[i].denies ? "deny" : "allow"));
		json_object_set_new(rule, "decides", json_boolean(t->rules[i].decides));
		json_object_set_new(rule, "features", policy_features_json(t->rules[i].features));
		if (name)
			json_object_set_new(rule, "fqdn", json_string(name));
		json_array_append_new(q->rules, rule);
	}
}

/* What the names say that the receiver's address has; @out: what is said of the address itself. */
static void names_judge(struct query *q, const struct compiled *c, const struct lookup *l,
			const struct packet *packet, struct trace *out)
{
	const struct policy_end *to = &q->ends[1];

	for (size_t i = 0; i < to->selector_count; i++) {
		const struct peer_identity *who = peers_get(q->p->peers, to->selectors[i]);
		struct trace by;

		/* As the programs do: only selectors that the policy names. */
		if (!who || !(lookup_class(l, who->id, AXO_DIR_EGRESS) & ~AXO_CLASS_COMPLETE))
			continue;
		policy_trace(q->p->set, c, l, who, packet, &by);
		if (out->reason == TRACE_RULE_DENIES)
			for (size_t n = 0; n < by.count; n++)
				by.rules[n].decides = false;
		rules_add(q, AXO_DIR_EGRESS, &by, policy_fqdn_text(q->p, to->selectors[i]));
		trace_join(out, &by);
	}
}

/* What the policy of one end says of the other; false = it was not possible to tell. */
static int judge(struct query *q, enum axo_dir dir, struct trace *out, struct error *e)
{
	const struct policy_end *self = &q->ends[dir == AXO_DIR_INGRESS];
	const struct policy_end *other = &q->ends[dir == AXO_DIR_EGRESS];
	const struct policy_subject *s = self->endpoint ? self->endpoint->subject : NULL;
	struct subject subject = {
		.labels = self->host ? q->p->host_labels : self->who->labels,
		.host = self->host,
	};
	struct compile_options options = COMPILE_OPTIONS_DEFAULT;
	struct packet packet = q->packet;
	struct compiled *c = NULL;
	struct lookup *l;
	int r;

	/* As policy_subject_compile(). */
	options.allow_host = q->p->agent->opt.allow_host && !self->host;
	if (s) {
		subject.ports = s->ports;
		subject.port_count = s->port_count;
	}
	packet.dir = dir;
	r = policy_compile(q->p->set, q->p->peers, &subject, &options, &c, e);
	if (r < 0)
		return r;
	l = lookup_new(c);
	policy_trace(q->p->set, c, l, other->who, &packet, out);
	rules_add(q, dir, out, NULL);
	if (dir == AXO_DIR_EGRESS)
		names_judge(q, c, l, &packet, out);
	lookup_free(l);
	compiled_free(c);
	return 0;
}

/* The host's own policies are enforced on its devices: what it says to its own pods passes none. */
static bool is_subject(const struct policy_end *self, const struct policy_end *other)
{
	return self->pod || (self->host && !other->endpoint && !other->host);
}

/* Egress of the sender, then ingress of the receiver; the first that denies has the last word. */
static int query_run(struct query *q, enum axo_dir *dir, struct error *e)
{
	static const enum axo_dir dirs[] = {AXO_DIR_EGRESS, AXO_DIR_INGRESS};

	q->result = (struct trace){.allow = true, .reason = TRACE_DEFAULT_ALLOW};
	*dir = AXO_DIR_EGRESS;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct trace t;
		int r;

		if (!is_subject(&q->ends[i], &q->ends[!i]))
			continue;
		r = judge(q, dirs[i], &t, e);
		if (r < 0)
			return r;
		q->features |= t.features;
		if (!q->result.allow || (t.allow && t.reason == TRACE_DEFAULT_ALLOW))
			continue;
		q->result = t;
		*dir = dirs[i];
	}
	return 0;
}

static json_t *end_json(const struct query *q, const struct policy_end *end)
{
	const struct label_set *set = end->host ? &q->p->host_labels : &end->who->labels;
	json_t *labels = json_array(), *names = json_array();

	for (size_t i = 0; i < end->name_count; i++)
		json_array_append_new(names, json_string(end->names[i]));
	for (uint32_t i = 0; i < set->count; i++) {
		const struct label *l = &set->items[i];

		json_array_append_new(labels,
				      json_sprintf("%s:%s%s%s", label_source_to_str(l->source),
						   l->key, *l->value ? "=" : "", l->value));
	}
	return json_pack("{s:I, s:I, s:o, s:o}", "endpoint",
			 end->endpoint ? (json_int_t)end->endpoint->id : 0, "identity",
			 end->invented ? 0 : (json_int_t)end->identity, "labels", labels, "names",
			 names);
}

/* Which HTTP rules allow the request, or why it is denied. */
static json_t *http_json(const struct query *q)
{
	json_t *rules = json_array();
	char name[HTTP_RULE_STR_MAX];

	for (int dir = 0; dir < 2; dir++) {
		if (q->l7.rule[dir] == AXO_HTTP_NO_RULE)
			continue;
		json_array_append_new(
			rules, json_pack("{s:s, s:s}", "direction", drop_dir_name(dir), "rule",
					 http_gather_name(&q->http[dir], q->l7.rule[dir], name)));
	}
	return json_pack("{s:s, s:s, s:s, s:b, s:o}", "verdict", q->l7.allow ? "allow" : "deny",
			 "reason", http_reason_to_str(q->l7.reason), "message",
			 http_reason_text(q->l7.reason), "mismatch", q->l7.log, "rules", rules);
}

/* The HTTP rules have the last word, if the packet meets any. */
static int http_judge(struct query *q, struct error *e)
{
	const struct http_gather *rules[2] = {NULL, NULL};

	if (!q->request)
		return 0;
	if (!q->result.allow || !(q->features & AXO_FEATURE_HTTP))
		return error_set(e, EINVAL,
				 "http: no HTTP rules apply to %s, the verdict is \"%s\"",
				 "these packets", q->result.allow ? "allow" : "deny");
	for (int dir = 0; dir < 2; dir++)
		if (q->http[dir].name_count)
			rules[dir] = &q->http[dir];
	return http_trace(rules, q->request, &q->l7, e);
}

static void query_answer(struct query *q, struct api_request *req, enum axo_dir dir)
{
	const struct trace *t = &q->result;
	json_t *answer = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:O}", "verdict",
				   t->allow ? "allow" : "deny", "reason",
				   trace_reason_to_str(t->reason), "message",
				   trace_reason_text(t->reason), "direction", drop_dir_name(dir),
				   "features", policy_features_json(t->allow ? q->features : 0),
				   "from", end_json(q, &q->ends[0]), "to", end_json(q, &q->ends[1]),
				   "rules", q->rules);

	if (q->request)
		json_object_set_new(answer, "http", http_json(q));
	api_reply(req, answer);
}

void api_policy_trace(struct agent *agent, struct api_request *req)
{
	struct query q = {.p = agent->policy, .rules = json_array()};
	const char *from, *to, *dport;
	enum axo_dir dir = AXO_DIR_EGRESS;
	struct error e;
	int r;

	if (api_keys_check(req, "from", "to", "dport", "http", NULL) &&
	    api_text(req, "from", true, &from) && api_text(req, "to", true, &to) &&
	    api_text(req, "dport", true, &dport) && api_text(req, "http", false, &q.request)) {
		r = port_parse(dport, &q.packet, &e);
		if (r == 0)
			r = policy_end_parse(q.p, from, 0, &q.ends[0], &e);
		if (r == 0)
			r = policy_end_parse(q.p, to, 1, &q.ends[1], &e);
		if (r == 0) {
			policy_end_learned(q.p, &q.ends[0], &q.ends[1]);
			r = query_run(&q, &dir, &e);
		}
		if (r == 0)
			r = http_judge(&q, &e);
		if (r < 0)
			api_fail(req, r == -ENOENT ? API_NOT_FOUND : API_BAD_CONFIG, "%s", e.msg);
		else
			query_answer(&q, req, dir);
	}
	policy_end_fini(q.p, &q.ends[0]);
	policy_end_fini(q.p, &q.ends[1]);
	http_gather_fini(&q.http[0]);
	http_gather_fini(&q.http[1]);
	json_decref(q.rules);
}
