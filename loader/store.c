/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The agent's durable state; see store.h. */
#include "loader/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipam/ipam.h"
#include "ipam/store.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/boottime.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_store.h"
#include "loader/identity.h"

struct store {
	struct ipam_store *ipam;
	struct endpoint_store *endpoints;
	char boot_id[IPAM_BOOT_ID_MAX];
};

/** struct tables - a fresh load, until it replaces the agent's */
struct tables {
	struct ipam *ipam;
	struct endpoint_table *endpoints;
	struct identity_table *identities;
};

static void tables_free(struct tables *t)
{
	ipam_free(t->ipam);
	endpoint_table_free(t->endpoints);
	identity_table_free(t->identities);
}

static int read_boot_id(char out[static IPAM_BOOT_ID_MAX], struct error *e)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read("/proc/sys/kernel/random/boot_id", 4096, &text, NULL);

	if (r < 0)
		return error_set(e, r, "cannot read the boot id: %s", strerror(-r));
	text[strcspn(text, "\n")] = '\0';
	snprintf(out, IPAM_BOOT_ID_MAX, "%s", text);
	return 0;
}

static int store_prepare(struct store *s, struct agent *agent, struct error *e)
{
	int r = read_boot_id(s->boot_id, e);

	if (r == 0)
		r = db_begin(agent->db, e);
	if (r == 0)
		r = ipam_store_open(db_handle(agent->db), &s->ipam, e);
	if (r == 0)
		r = endpoint_store_open(db_handle(agent->db), &s->endpoints, e);
	return r;
}

int store_open(struct store **out, struct agent *agent, struct error *e)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, ENOMEM, "no memory");
	r = store_prepare(s, agent, e);
	if (r < 0) {
		store_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	ipam_store_close(s->ipam);
	endpoint_store_close(s->endpoints);
	free(s);
}

static struct ipam_config ipam_config(const struct options *opt)
{
	struct ipam_config config = {
		.reserved = opt->reserve.items,
		.reserved_len = opt->reserve.count,
		.cooldown_ms = (int64_t)opt->cooldown_ms,
	};

	for (size_t i = 0; i < opt->pod_cidr.count; i++) {
		if (opt->pod_cidr.items[i].family == 4)
			config.v4 = opt->pod_cidr.items[i];
		else
			config.v6 = opt->pod_cidr.items[i];
	}
	return config;
}

int store_check(const struct options *opt, struct error *e)
{
	struct ipam_config config = ipam_config(opt);
	_cleanup_ipam_ struct ipam *ipam = NULL;

	return ipam_new(&config, &ipam, e);
}

/* The runtime released it while no agent ran, or the host was started anew. */
static int drop_unleased(struct store *s, struct tables *t, struct error *e)
{
	struct endpoint *ep = endpoint_next(t->endpoints, NULL);

	while (ep) {
		const struct ipam_lease *lease = ipam_find(t->ipam, &ep->attachment);
		struct endpoint *next = endpoint_next(t->endpoints, ep);
		int r;

		if (!lease || lease->releasing) {
			r = endpoint_store_delete(s->endpoints, ep->id, e);
			if (r < 0)
				return r;
			identity_unref(t->identities, ep->identity);
			endpoint_free(endpoint_remove(t->endpoints, ep));
		}
		ep = next;
	}
	return 0;
}

static int tables_load(struct store *s, const struct agent *agent, struct tables *t,
		       struct error *e)
{
	struct ipam_config config = ipam_config(&agent->opt);
	int r = ipam_store_load(s->ipam, &config, s->boot_id, boottime_ms(), &t->ipam, e);

	if (r < 0)
		return r;
	t->endpoints = endpoint_table_new();
	t->identities = identity_table_new();
	if (!t->endpoints || !t->identities)
		return error_set(e, ENOMEM, "no memory");
	r = endpoint_store_load(s->endpoints, t->endpoints, t->identities, e);
	return r < 0 ? r : drop_unleased(s, t, e);
}

static int stray_log(const struct axo_addr *addr, const struct attachment *owner, void *arg)
{
	char text[CIDR_STR_MAX];

	(void)arg;
	log_error("address in use is outside the pod CIDR", "address", addr_to_str(addr, text),
		  "network", owner->network, "container", owner->container_id, "ifname",
		  owner->ifname);
	return 0;
}

int store_load(struct store *s, struct agent *agent, struct error *e)
{
	struct tables old = {agent->ipam, agent->endpoints, agent->identities};
	struct tables t = {0};
	int r = tables_load(s, agent, &t, e);

	if (r == -EADDRINUSE) {
		struct ipam_config config = ipam_config(&agent->opt);

		ipam_store_strays(s->ipam, &config, stray_log, NULL, NULL);
	}
	if (r < 0) {
		tables_free(&t);
		return r;
	}
	if (old.ipam)
		ipam_copy_counters(t.ipam, old.ipam);
	agent->ipam = t.ipam;
	agent->endpoints = t.endpoints;
	agent->identities = t.identities;
	tables_free(&old);
	return 0;
}

int store_save(struct store *s, struct agent *agent, struct error *e)
{
	return ipam_store_save(s->ipam, agent->ipam, e);
}

/* A full disk makes SQLite roll back by itself; what follows must not be committed one by one. */
static int still_open(const struct agent *agent, struct error *e)
{
	if (!sqlite3_get_autocommit(db_handle(agent->db)))
		return 0;
	return error_set(e, EIO, "database: an earlier write of the transaction failed");
}

int store_put_endpoint(struct store *s, struct agent *agent, const struct endpoint *ep,
		       struct error *e)
{
	int r = still_open(agent, e);

	if (r == 0)
		r = endpoint_store_save(s->endpoints, ep, agent->identities, e);
	if (r < 0)
		db_spoil(agent->db, e);
	return r;
}

int store_put_cursor(struct store *s, struct agent *agent, struct error *e)
{
	int r = still_open(agent, e);

	if (r == 0)
		r = endpoint_store_save_cursor(s->endpoints, agent->identities, e);
	if (r < 0)
		db_spoil(agent->db, e);
	return r;
}

int store_delete_endpoint(struct store *s, struct agent *agent, const struct endpoint *ep,
			  struct error *e)
{
	int r = still_open(agent, e);

	if (r == 0)
		r = endpoint_store_delete(s->endpoints, ep->id, e);
	if (r < 0)
		db_spoil(agent->db, e);
	return r;
}
