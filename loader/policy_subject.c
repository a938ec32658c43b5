/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Subjects: whom policies are compiled for; see policy_internal.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/endpoint.h"
#include "loader/identity.h"
#include "loader/policy_host.h"
#include "loader/policy_internal.h"
#include "loader/policy_map.h"

/** struct subject_key - identity and ports as bytes, for the table */
struct subject_key {
	char *bytes;
	size_t len;
};

static struct subject_key key_of(uint32_t identity, const struct named_port *ports, size_t count)
{
	struct subject_key key = {0};
	FILE *f = open_memstream(&key.bytes, &key.len);

	if (!f)
		abort();
	fprintf(f, "%u", identity);
	for (size_t i = 0; i < count; i++)
		fprintf(f, " %s %u %u", ports[i].name, ports[i].port, ports[i].proto);
	if (fclose(f) != 0)
		abort();
	return key;
}

static void ports_free(struct named_port *ports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)ports[i].name);
	free(ports);
}

static struct named_port *ports_copy(const struct endpoint *ep)
{
	struct named_port *ports = calloc(ep->port_count + 1, sizeof(*ports));

	if (!ports)
		abort();
	for (size_t i = 0; i < ep->port_count; i++) {
		char *name = strdup(ep->ports[i].name);

		if (!name)
			abort();
		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		ports[i] = (struct named_port){
			.name = name,
			.port = ep->ports[i].port,
			.proto = ep->ports[i].proto,
		};
	}
	return ports;
}

struct policy_subject *policy_subject_of(struct policy_engine *p, const struct endpoint *ep)
{
	struct named_port *ports = ports_copy(ep);
	struct subject_key key = key_of(ep->identity, ports, ep->port_count);
	void **slot = map_slot(&p->subjects, key.bytes, key.len);
	struct policy_subject *s = *slot;

	free(key.bytes);
	if (s) {
		ports_free(ports, ep->port_count);
		return s;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct policy_subject){
		.identity = ep->identity,
		.ports = ports,
		.port_count = ep->port_count,
	};
	*slot = s;
	return s;
}

void policy_subject_free(void *subject)
{
	struct policy_subject *s = subject;

	compiled_free(s->compiled);
	compiled_free(s->next);
	map_fini(&s->unfit, NULL);
	ports_free(s->ports, s->port_count);
	free(s);
}

int policy_subject_whom(const struct policy_engine *p, const struct policy_subject *s,
			struct subject *out, struct error *e)
{
	const struct peer_identity *who = peers_get(p->peers, s->identity);

	if (!who && !s->host)
		return error_set(e, EINVAL, "identity %u is not known", s->identity);
	*out = (struct subject){
		.labels = s->host ? p->host_labels : who->labels,
		.host = s->host,
		.ports = s->ports,
		.port_count = s->port_count,
	};
	return 0;
}

int policy_subject_compile(struct policy_engine *p, const struct policy_subject *s,
			   struct compiled **out, struct error *e)
{
	struct compile_options options = COMPILE_OPTIONS_DEFAULT;
	struct compiled *c = NULL;
	struct subject subject;
	int r = policy_subject_whom(p, s, &subject, e);

	if (r < 0)
		return r;
	options.max_entries = (uint32_t)(p->entries_limit / 2);
	options.max_peers = (uint32_t)(p->peers_limit / 2);
	options.allow_host = p->agent->opt.allow_host && !s->host;
	p->compiled_total += !s->host;
	r = policy_compile(p->set, p->peers, &subject, &options, &c, e);
	if (r == 0 && s->host)
		r = policy_host_check(p, c, e);
	if (r < 0)
		compiled_free(c);
	else
		*out = c;
	return r;
}

static bool is_enforced(const struct compiled *c)
{
	return c->ref.flags[AXO_DIR_EGRESS] || c->ref.flags[AXO_DIR_INGRESS];
}

/* What stays when the change under way is made: @c takes the place of @old; NULL is nothing. */
static void kept_replace(struct policy_engine *p, const struct compiled *old,
			 const struct compiled *c)
{
	p->entries_kept += c ? c->entry_count : 0;
	p->entries_kept -= old ? old->entry_count : 0;
	p->peers_kept += c ? c->peer_count : 0;
	p->peers_kept -= old ? old->peer_count : 0;
}

/* Half of the maps is for second copies: who grows beyond that could not be changed any more. */
static int half_check(const struct policy_engine *p, const struct compiled *old,
		      const struct compiled *c, const struct policy_room *room, struct error *e)
{
	unsigned long long limit = p->entries_limit / 2, peers_limit = p->peers_limit / 2;
	unsigned long long entries = p->entries_kept + room->entries_more;
	unsigned long long peers = p->peers_kept + room->peers_more;

	if (c->entry_count > (old ? old->entry_count : 0) && entries > limit)
		return error_set(e, ENOSPC,
				 "the policies in force would need %llu entries, the limit is %llu",
				 entries, limit);
	if (c->peer_count > (old ? old->peer_count : 0) && peers > peers_limit)
		return error_set(e, ENOSPC,
				 "the policies in force would need %llu peers, the limit is %llu",
				 peers, peers_limit);
	return 0;
}

/* A second copy may have to make room for a third. */
static int copy_check(const struct policy_engine *p, const struct compiled *c,
		      const struct policy_room *room, struct error *e)
{
	uint64_t entries = p->entries + room->entries, peers = p->peer_entries + room->peers;

	if (entries + c->entry_count > p->entries_limit)
		return error_set(e, ENOSPC, "the policy needs %zu entries, %llu of %llu are free",
				 c->entry_count, (unsigned long long)(p->entries_limit - entries),
				 (unsigned long long)p->entries_limit);
	if (peers + c->peer_count > p->peers_limit)
		return error_set(e, ENOSPC, "the policy needs %zu peers, %llu of %llu are free",
				 c->peer_count, (unsigned long long)(p->peers_limit - peers),
				 (unsigned long long)p->peers_limit);
	return 0;
}

/* Before the maps are touched.  Differences may be negative: they wrap, and so do the sums. */
int policy_room_check(const struct policy_engine *p, const struct compiled *old,
		      const struct compiled *c, struct policy_room *room, struct error *e)
{
	bool enforced = is_enforced(c);
	int r;

	room->entries_more += enforced ? c->entry_count : 0;
	room->entries_more -= old ? old->entry_count : 0;
	room->peers_more += enforced ? c->peer_count : 0;
	room->peers_more -= old ? old->peer_count : 0;
	if (!enforced)
		return 0;
	r = half_check(p, old, c, room, e);
	if (r == 0)
		r = copy_check(p, c, room, e);
	if (r < 0)
		return r;
	room->entries += c->entry_count;
	room->peers += c->peer_count;
	return 0;
}

int policy_subject_install(struct policy_engine *p, struct policy_subject *s, struct compiled *c,
			   struct error *e)
{
	uint32_t number = is_enforced(c) ? p->next_number : 0;
	struct policy_room room = {0};
	int r = policy_room_check(p, s->compiled, c, &room, e);

	if (r == 0 && number)
		r = policy_features_take(p, c, 0, e);
	if (r == 0 && number)
		r = policy_map_write(p->agent->datapath, number, c, e);
	if (r < 0 || !number) {
		policy_features_release(p, c);
		compiled_free(c);
		c = NULL;
	}
	if (r < 0)
		return r;
	if (c) {
		p->next_number++;
		p->entries += c->entry_count;
		p->peer_entries += c->peer_count;
	}
	kept_replace(p, s->compiled, c);
	s->next = c;
	s->next_number = number;
	s->touched = true;
	return 0;
}

void policy_subject_switch(struct policy_engine *p, struct policy_subject *s)
{
	const struct retired old = {.number = s->number, .compiled = s->compiled};

	if (old.number)
		policy_retire(p, &old);
	map_fini(&s->unfit, NULL);
	s->unfit = (struct map){0};
	s->compiled = TAKE_PTR(s->next);
	s->number = s->next_number;
	s->touched = false;
	s->ref = s->compiled ? s->compiled->ref : (struct axo_policy_ref){0};
	s->ref.id = s->number;
}

static void count_out(struct policy_engine *p, const struct compiled *c)
{
	p->entries -= c->entry_count;
	p->peer_entries -= c->peer_count;
}

void policy_subject_discard(struct policy_engine *p, struct policy_subject *s)
{
	kept_replace(p, s->next, s->compiled);
	if (s->next) {
		policy_map_delete(p->agent->datapath, s->next_number, s->next);
		count_out(p, s->next);
		policy_features_release(p, s->next);
		compiled_free(s->next);
	}
	s->next = NULL;
	s->touched = false;
}

void policy_subject_deny(struct policy_engine *p, struct policy_subject *s)
{
	kept_replace(p, s->compiled, NULL);
	s->next = NULL;
	s->next_number = s->host ? 0 : p->next_number++;
	policy_subject_switch(p, s);
	if (s->host)
		return;
	s->ref.flags[AXO_DIR_EGRESS] = s->ref.flags[AXO_DIR_INGRESS] = AXO_POLICY_ENFORCED;
}

void policy_subject_forget(struct policy_engine *p, const struct policy_subject *s)
{
	kept_replace(p, s->compiled, NULL);
}
