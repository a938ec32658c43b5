/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A policy for a subject, whole or peer by peer; how classes come about is in classes.c. */
#include "policy/compile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compiler.h"

static bool peer_is_default(const struct compiled *c, uint32_t identity, const uint32_t class_[2])
{
	for (int dir = 0; dir < 2; dir++)
		if (class_[dir] != axo_policy_class(&c->ref, identity, dir))
			return false;
	return true;
}

static void peer_append(struct compiled *c, const struct compiled_peer *p)
{
	struct compiler *x = c->compiler;

	*map_slot(&x->peer_index, &p->identity, sizeof(p->identity)) =
		(void *)((uintptr_t)c->peer_count + 1);
	c->peers = array_grow(c->peers, c->peer_count, &x->peer_size, sizeof(*c->peers));
	c->peers[c->peer_count++] = *p;
}

static void peers_fill(struct compiled *c, const struct peers *peers, uint32_t *const classes[2])
{
	for (uint32_t slot = 0; slot < peers_slots(peers); slot++) {
		struct compiled_peer p = {
			.identity = peers_id(peers, slot),
			.class_ = {classes[0][slot], classes[1][slot]},
		};

		if (p.identity && !peer_is_default(c, p.identity, p.class_))
			peer_append(c, &p);
	}
}

static int conflict_check(const struct compiled *c, struct error *e)
{
	const struct feature_rule *const *r = c->sets.conflict;
	char texts[2][REF_STR_MAX];

	if (!r[0])
		return 0;
	for (int i = 0; i < 2; i++) {
		struct ref ref;

		if (ref_find(r[i]->policy, r[i]->part, &ref))
			abort();
		ref_to_str(&ref, texts[i]);
	}
	return error_set(e, EINVAL,
			 "%.80s (%s) and %.80s (%s) cover the same port: rules of one port must "
			 "be of one kind",
			 texts[0], feature_name((enum axo_feature)r[0]->features), texts[1],
			 feature_name((enum axo_feature)r[1]->features));
}

static int limits_check(const struct compiled *c, struct error *e)
{
	const struct compiler *x = c->compiler;
	int err = conflict_check(c, e);

	if (err)
		return err;
	if (c->sets.count > UINT16_MAX)
		return error_set(e, ENOSPC, "the policy needs %zu feature sets, the limit is %u",
				 c->sets.count, UINT16_MAX);

	if (x->entries_needed > x->options.max_entries)
		return error_set(e, ENOSPC, "the policy needs %zu entries, the limit is %u",
				 x->entries_needed, x->options.max_entries);
	if (c->peer_count > x->options.max_peers)
		return error_set(e, ENOSPC, "the policy needs %zu peers, the limit is %u",
				 c->peer_count, x->options.max_peers);
	return 0;
}

/* The subject's labels and ports must outlive the caller's. */
static void subject_copy(struct compiler *x, const struct subject *s)
{
	struct named_port *ports = arena_alloc(&x->arena, s->port_count * sizeof(*ports));

	for (size_t i = 0; i < s->port_count; i++) {
		ports[i] = s->ports[i];
		ports[i].name = arena_text(&x->arena, s->ports[i].name, strlen(s->ports[i].name));
	}
	x->subject = (struct subject){.host = s->host, .ports = ports, .port_count = s->port_count};
}

static struct compiled *compiled_new(const struct policy_set *set, const struct peers *peers,
				     const struct subject *subject,
				     const struct compile_options *options)
{
	struct compiled *c = calloc(1, sizeof(*c));
	struct compiler *x = calloc(1, sizeof(*x));

	if (!c || !x)
		abort();
	c->compiler = x;
	x->options = *options;
	if (!x->options.max_entries)
		x->options.max_entries = AXO_MAX_POL_ENTRIES / 2;
	if (!x->options.max_peers)
		x->options.max_peers = AXO_MAX_POL_PEERS / 2;
	x->cluster = peers_cluster(peers);
	terms_collect(set, subject, &x->arena, &x->terms);
	terms_group(&x->terms);
	subject_copy(x, subject);
	return c;
}

static void added_clear(struct compiler *x)
{
	for (int dir = 0; dir < 2; dir++) {
		free(x->added[dir].signature);
		x->added[dir] = (struct added){0};
	}
}

void compiled_free(struct compiled *c)
{
	if (!c)
		return;
	struct compiler *x = c->compiler;
	for (int dir = 0; dir < 2; dir++) {
		free(x->sides[dir].anybody.items);
		map_fini(&x->sides[dir].classes, NULL);
	}
	added_clear(x);
	terms_fini(&x->terms);
	map_fini(&x->peer_index, NULL);
	free(x->touched_slots);
	free(x->pairs);
	free(x->signature);
	free(x->prefixes.items);
	free(x->spans.items);
	arena_fini(&x->arena);
	free(x);
	feature_sets_fini(&c->sets);
	free(c->peers);
	free(c->entries);
	free(c);
}

static void scratch_free(struct compiler *x)
{
	free(x->pairs);
	x->pairs = NULL;
	x->pair_count = x->pair_size = 0;
	free(x->touched_slots);
	x->touched_slots = NULL;
	x->touched_count = x->touched_size = 0;
}

int policy_compile(const struct policy_set *set, struct peers *peers, const struct subject *subject,
		   const struct compile_options *options, struct compiled **out, struct error *e)
{
	struct compiled *c = compiled_new(set, peers, subject, options);
	uint32_t slots = peers_slots(peers);
	uint32_t *classes[2] = {calloc(slots + 1, sizeof(uint32_t)),
				calloc(slots + 1, sizeof(uint32_t))};

	if (!classes[0] || !classes[1])
		abort();
	for (int dir = 0; dir < 2; dir++) {
		if (!c->compiler->terms.enforced[dir])
			continue;
		classes_anybody(c, (enum axo_dir)dir);
		classes_compile(c, peers, (enum axo_dir)dir, classes[dir]);
		uint32_t *defaults = c->ref.default_class[dir];
		defaults[AXO_PEER_POD] =
			classes_most_pods(c, (enum axo_dir)dir, peers, classes[dir]);
		defaults[AXO_PEER_PREFIX4] = classes[dir][peers_world(peers, 4)];
		defaults[AXO_PEER_PREFIX6] = classes[dir][peers_world(peers, 6)];
	}
	peers_fill(c, peers, classes);
	free(classes[0]);
	free(classes[1]);
	scratch_free(c->compiler);
	compiled_joins_make(c);
	int err = limits_check(c, e);
	if (err) {
		compiled_free(c);
		return err;
	}
	*out = c;
	return 0;
}

/* The class of the peer in a direction; a new one is remembered. */
static uint32_t class_add(struct compiled *c, enum axo_dir dir, const struct peer_identity *who)
{
	struct compiler *x = c->compiler;
	uint32_t before = x->sides[dir].class_count;
	uint32_t class_ = classes_of_peer(c, dir, who);
	size_t bytes = x->signature_len * sizeof(uint32_t);

	if (x->sides[dir].class_count == before)
		return class_;
	x->added[dir] = (struct added){malloc(bytes), x->signature_len};
	if (!x->added[dir].signature)
		abort();
	memcpy(x->added[dir].signature, x->signature, bytes);
	return class_;
}

int compiled_add_peer(struct compiled *c, const struct peer_identity *who,
		      struct compiled_delta *delta, struct error *e)
{
	struct compiler *x = c->compiler;
	struct compiled_delta d = {.first_entry = c->entry_count,
				   .first_set = c->sets.count,
				   .peer = {.identity = who->id}};

	compiled_remove_peer(c, who->id);
	added_clear(x);
	x->first_entry = c->entry_count;
	x->entries_before = x->entries_needed;
	for (int dir = 0; dir < 2; dir++)
		d.peer.class_[dir] = class_add(c, (enum axo_dir)dir, who);
	d.entry_count = c->entry_count - d.first_entry;
	d.has_peer = !peer_is_default(c, who->id, d.peer.class_);
	if (d.has_peer)
		peer_append(c, &d.peer);
	if (d.entry_count && identity_may_join(who->id))
		compiled_joins_make(c);
	*delta = d;
	return limits_check(c, e);
}

/* Numbers of classes are not given out again: the map may hold entries of them. */
int compiled_deny_peer(struct compiled *c, uint32_t identity, struct compiled_delta *delta,
		       struct error *e)
{
	struct compiler *x = c->compiler;
	struct compiled_peer peer = {.identity = identity};

	compiled_remove_peer(c, identity);
	for (int dir = 0; dir < 2; dir++) {
		const struct added *a = &x->added[dir];

		if (a->signature)
			map_remove(&x->sides[dir].classes, a->signature, a->len * sizeof(uint32_t));
		if (x->terms.enforced[dir])
			peer.class_[dir] = COMPILED_CLASS_NOBODY | AXO_CLASS_COMPLETE;
	}
	added_clear(x);
	c->sets.conflict[0] = c->sets.conflict[1] = NULL;
	c->entry_count = x->first_entry;
	x->entries_needed = x->entries_before;
	peer_append(c, &peer);
	if (c->peer_count > x->options.max_peers) {
		compiled_remove_peer(c, identity);
		return error_set(e, ENOSPC, "the policy has %u peers, that is the limit",
				 x->options.max_peers);
	}
	*delta = (struct compiled_delta){.has_peer = true,
					 .peer = peer,
					 .first_entry = c->entry_count,
					 .first_set = c->sets.count};
	return 0;
}

bool compiled_remove_peer(struct compiled *c, uint32_t identity)
{
	struct map *index = &c->compiler->peer_index;
	uintptr_t at = (uintptr_t)map_remove(index, &identity, sizeof(identity));

	if (!at)
		return false;
	struct compiled_peer *last = &c->peers[--c->peer_count];
	if (at - 1 == c->peer_count)
		return true;
	c->peers[at - 1] = *last;
	*map_slot(index, &last->identity, sizeof(last->identity)) = (void *)at;
	return true;
}

struct axo_pol_key compiled_key(const struct compiled_entry *e, uint32_t id)
{
	return (struct axo_pol_key){
		.prefixlen = e->bits,
		.policy = htonl(id),
		.class_ = htonl(e->class_),
		.dir = e->dir,
		.proto = e->proto,
		.port = htons(e->port),
	};
}

const struct feature_set *compiled_set(const struct compiled *c, const struct compiled_entry *e)
{
	return e->set ? &c->sets.items[e->set - 1] : NULL;
}

struct axo_pol_entry compiled_value(const struct compiled *c, const struct compiled_entry *e)
{
	const struct feature_set *set = compiled_set(c, e);

	return (struct axo_pol_entry){.rule = e->rule,
				      .verdict = e->verdict,
				      .features = e->features,
				      .set = set ? set->number : 0};
}
