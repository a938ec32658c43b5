/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host as a subject; see policy_host.h. */
#include "loader/policy_host.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/endpoint.h"
#include "axoneme/ipcache.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/netdev.h"
#include "loader/policy_internal.h"
#include "loader/ssh_session.h"
#include "policy/lookup.h"
#include "policy/touch.h"

static const char host_key[] = "host";

/* What options_parse() took is a label. */
static void labels_load(struct policy_engine *p)
{
	const struct text_list *own = &p->agent->opt.node_label;
	const char *texts[OPTIONS_MAX_LIST + 1] = {"reserved:host"};
	struct error e;

	for (size_t i = 0; i < own->count; i++)
		texts[i + 1] = own->items[i];
	if (label_set_parse(&p->host_arena, texts, own->count + 1, &p->host_labels, &e) < 0)
		log_error("labels of the host are not understood", "err", e.msg);
}

void policy_host_load(struct policy_engine *p)
{
	struct policy_subject *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	labels_load(p);
	*s = (struct policy_subject){.identity = AXO_ID_HOST, .host = true, .refs = 1};
	*map_slot(&p->subjects, host_key, sizeof(host_key)) = s;
	p->host = s;
}

bool policy_host_enforced(const struct policy_engine *p)
{
	return p && p->host && p->host->ref.id;
}

bool policy_host_enforces(const struct policy_engine *p, enum axo_dir dir)
{
	return policy_host_enforced(p) && (p->host->ref.flags[dir] & AXO_POLICY_ENFORCED);
}

/* --- what programs see --- */

static void value_write(struct policy_engine *p)
{
	const struct axo_endpoint value = {
		.identity = AXO_ID_HOST,
		.flags = datapath_audit(p->agent->datapath) ? AXO_ENDPOINT_AUDIT : 0,
		.policy = p->host->ref,
	};
	uint32_t key = 0;

	if (bpf_map_update_elem(datapath_map_fd(p->agent->datapath, MAP_HOST), &key, &value,
				BPF_ANY) < 0)
		log_err(errno, "cannot write " AXO_MAP_HOST);
}

/* The hooks first where a policy comes, and last where it goes: none of its packets is missed. */
void policy_host_switch(struct policy_engine *p)
{
	struct axo_endpoint now = {0};
	uint32_t key = 0;
	struct error e;
	bool was;

	bpf_map_lookup_elem(datapath_map_fd(p->agent->datapath, MAP_HOST), &key, &now);
	was = now.policy.id != 0;
	if (!was && policy_host_enforced(p) && netdev_attach(p->agent, &e) < 0)
		log_error("cannot attach host policy to a device", "err", e.msg);
	value_write(p);
	if (was && !policy_host_enforced(p) && netdev_attach(p->agent, &e) < 0)
		log_error("cannot detach host policy from a device", "err", e.msg);
}

/* --- ssh --- */

static const struct packet ssh = {.dir = AXO_DIR_INGRESS, .proto = IPPROTO_TCP, .port = SSH_PORT};

/* Of whatever class: does the entry let a packet to the ssh server pass? */
static bool entry_admits_ssh(const struct compiled_entry *e)
{
	int port_bits = e->bits - AXO_POL_BITS_PROTO;

	if (e->verdict != AXO_POL_ALLOW || e->dir != AXO_DIR_INGRESS)
		return false;
	if (e->bits >= AXO_POL_BITS_PROTO && e->proto != IPPROTO_TCP)
		return false;
	return port_bits <= 0 || (e->port ^ SSH_PORT) >> (16 - port_bits) == 0;
}

static bool anybody_reaches_ssh(const struct compiled *c)
{
	for (size_t i = 0; i < c->entry_count; i++)
		if (entry_admits_ssh(&c->entries[i]))
			return true;
	return false;
}

/* As a program will find it when the change is made: its new prefixes are in no map yet. */
static uint32_t identity_of(const struct policy_engine *p, const struct axo_addr *addr)
{
	const struct prefix *covering = policy_prefix_covering(p, addr);
	struct axo_ipcache_key key = {.prefixlen = 128};
	struct axo_ipcache found = {
		.identity = addr_family(addr) == 4 ? AXO_ID_WORLD_IPV4 : AXO_ID_WORLD_IPV6,
	};

	memcpy(key.addr, addr->b, sizeof(key.addr));
	bpf_map_lookup_elem(datapath_map_fd(p->agent->datapath, MAP_IPCACHE), &key, &found);
	if (axo_peer_kind(found.identity) == AXO_PEER_POD || found.identity < AXO_ID_WORLD_IPV4)
		return found.identity;
	return covering ? covering->id : found.identity;
}

/** struct session_search - the first session that @lookup would cut */
struct session_search {
	const struct policy_engine *p;
	struct lookup *lookup;
	struct axo_addr peer;
	bool found;
};

static void session_judge(const struct axo_addr *peer, void *arg)
{
	struct session_search *s = arg;
	uint32_t identity = identity_of(s->p, peer);

	/* The host's own sessions with itself pass no device. */
	if (s->found || identity == AXO_ID_HOST || lookup_packet(s->lookup, identity, &ssh).allow)
		return;
	s->found = true;
	s->peer = *peer;
}

#define UNLESS "; if that is meant, annotate it axoneme.io/host-policy-lockdown: \"true\""

int policy_host_check(const struct policy_engine *p, const struct compiled *c, struct error *e)
{
	struct session_search s = {.p = p};
	char text[CIDR_STR_MAX];

	if (!(c->ref.flags[AXO_DIR_INGRESS] & AXO_POLICY_ENFORCED) || compiled_locks_down(c) ||
	    p->agent->opt.policy_audit)
		return 0;
	if (!anybody_reaches_ssh(c))
		return error_set(e, EACCES,
				 "the host policy locks out ssh: nobody could reach TCP port %d of "
				 "this host" UNLESS,
				 SSH_PORT);
	s.lookup = lookup_new(c);
	ssh_sessions(session_judge, &s);
	lookup_free(s.lookup);
	if (!s.found)
		return 0;
	return error_set(e, EACCES,
			 "the host policy cuts the established ssh session from %s" UNLESS,
			 addr_to_str(&s.peer, text));
}
