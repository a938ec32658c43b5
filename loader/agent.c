/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent's life: start step by step, serve, stop in the reverse order; see agent.h.
 *
 * Stopping removes nothing from the kernel: programs, maps and devices go on without the agent.
 */
#include "loader/agent.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/api.h"
#include "loader/bpffs.h"
#include "loader/chaos.h"
#include "loader/flow_orphans.h"
#include "loader/clock.h"
#include "loader/conflist.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/delay.h"
#include "loader/endpoint.h"
#include "loader/events.h"
#include "loader/flow_gc.h"
#include "loader/gateway.h"
#include "loader/hook.h"
#include "loader/host_address.h"
#include "loader/identity.h"
#include "loader/instance.h"
#include "loader/ip_feed.h"
#include "loader/kernel.h"
#include "loader/lifecycle.h"
#include "loader/masquerade.h"
#include "loader/metrics.h"
#include "loader/netdev.h"
#include "loader/netwatch.h"
#include "loader/policy_engine.h"
#include "loader/prefilter.h"
#include "loader/privileges.h"
#include "loader/queue.h"
#include "loader/reaper.h"
#include "loader/reconcile.h"
#include "loader/store.h"
#include "loader/xdp.h"

#include "ipam/ipam.h"

static void give_up(struct agent *agent, const char *why)
{
	log_error("the agent gives up; a new one will put it right", "err", why);
	agent->failed = true;
	event_base_loopbreak(agent->base);
}

/* --- what the database asks for --- */

static int state_save(void *arg, struct error *e)
{
	struct agent *agent = arg;

	return store_save(agent->store, agent, e);
}

static int state_reload(void *arg, struct error *e)
{
	struct agent *agent = arg;
	struct reconcile_report report;
	int r = db_begin(agent->db, e);

	if (r == 0)
		r = store_load(agent->store, agent, e);
	if (r == 0)
		r = ip_feed_load(agent->ip_feed, e);
	if (r == 0)
		r = policy_load(agent->policy, e);
	if (r == 0)
		r = reconcile_run(agent, &report, e);
	if (r < 0)
		return r;
	policy_loaded(agent->policy);
	r = ip_feed_loaded(agent->ip_feed, e);
	return r < 0 ? r : prefilter_load(agent->prefilter, e);
}

static void state_broken(void *arg, const struct error *e)
{
	give_up(arg, e->msg);
}

/* --- what the kernel tells --- */

static void look_at_all(struct agent *agent)
{
	struct endpoint *ep = NULL;

	while ((ep = endpoint_next(agent->endpoints, ep))) {
		struct link link;

		if (ep->ifindex && link_get(agent->nl, NULL, ep->ifindex, &link) == -ENODEV)
			lifecycle_lost(agent, ep->ifindex);
	}
}

static void link_removed(void *arg, int ifindex)
{
	struct agent *agent = arg;

	if (ifindex == 0)
		look_at_all(agent);
	else if (ifindex == (int)agent->config.ifindex_net)
		give_up(agent, "the device " AXO_DEV_NET " was removed");
	else
		lifecycle_lost(agent, ifindex);
}

static void link_came_up(void *arg, int ifindex)
{
	struct agent *agent = arg;

	netdev_came(agent, ifindex);
	xdp_came(agent->xdp, ifindex);
}

/* --- start --- */

static int start_checks(struct agent *agent, struct error *e)
{
	struct privilege_facts privileges;
	struct kernel_facts kernel;
	int r;

	(void)agent;
	privileges_probe(&privileges);
	r = privileges_judge(&privileges, e);
	if (r < 0)
		return r;
	kernel_probe(&kernel);
	if (kernel_is_old(kernel.release))
		log_warn("this kernel is older than those that are tested", "kernel",
			 kernel.release);
	return kernel_judge(&kernel, e);
}

static int start_database(struct agent *agent, struct error *e)
{
	int r = db_open(&agent->db, agent->opt.state_dir, e);

	if (r == 0)
		r = store_open(&agent->store, agent, e);
	if (r == 0)
		r = store_load(agent->store, agent, e);
	if (r == 0)
		r = store_save(agent->store, agent, e);
	return r < 0 ? r : db_commit(agent->db, e);
}

static int start_network(struct agent *agent, struct error *e)
{
	struct gateway gw;
	int r = instance_lock_netns(&agent->lock_fd[0], e);

	if (r < 0)
		return r;
	r = netlink_open(&agent->nl);
	if (r < 0)
		return error_set(e, r, "cannot open a netlink socket: %s", strerror(-r));
	r = gateway_apply(agent->nl, &agent->opt, &gw, e);
	if (r < 0)
		return r;
	agent->config = gw.config;
	agent->config.native = options_native(&agent->opt);
	agent->config.kernel_reads = datapath_reads_kernel();
	agent->config.mtu = (uint16_t)gw.mtu;
	agent->mtu = gw.mtu;
	r = masquerade_apply(&agent->opt, e);
	if (r == 0)
		r = hooks_open(&agent->hooks, agent->opt.bpffs_dir, e);
	if (r < 0)
		return r;
	agent->config.handover = hooks_set_handover(agent->hooks, (int)agent->config.ifindex_net,
						    (int)agent->config.ifindex_host);
	return 0;
}

static int start_datapath(struct agent *agent, struct error *e)
{
	int r = bpffs_prepare(agent->opt.bpffs_dir, e);

	if (r == 0)
		r = instance_lock_pins(agent->opt.bpffs_dir, &agent->lock_fd[1], e);
	return r < 0 ? r : datapath_open(&agent->datapath, &agent->opt, &agent->config, e);
}

/* The last step that may need more than the three capabilities, and the last before a thread. */
static int start_privileges(struct agent *agent, struct error *e)
{
	int r = dir_make(agent->opt.run_dir, 0755);

	if (r < 0)
		return error_set(e, r, "cannot make run-dir %.150s: %s", agent->opt.run_dir,
				 strerror(-r));
	r = delay_prepare(&agent->delay, agent, e);
	return r < 0 ? r : privileges_drop(e);
}

static int start_loop(struct agent *agent, struct error *e)
{
	const struct db_owner owner = {state_save, state_reload, state_broken, agent};
	int r = db_attach(agent->db, agent->base, &owner, e);

	if (r == 0)
		r = lifecycle_open(&agent->lifecycle, agent, e);
	if (r == 0)
		r = reaper_open(&agent->reaper, agent->base, lifecycle_gone, agent, e);
	if (r == 0)
		r = host_addresses_open(&agent->host_addresses, agent, e);
	if (r == 0)
		r = netwatch_open(&agent->links, agent->base, NETWATCH_REMOVED, link_removed, agent,
				  e);
	if (r == 0)
		r = netwatch_open(&agent->links_up, agent->base, NETWATCH_UP, link_came_up, agent,
				  e);
	if (r == 0)
		r = delay_start(agent->delay, e);
	if (r == 0)
		r = flow_orphans_open(&agent->flow_orphans, agent, e);
	return r < 0 ? r : flow_gc_open(&agent->flow_gc, agent, e);
}

/* The table that a former agent left is in force until the first job has made another. */
static int start_edge(struct agent *agent, struct error *e)
{
	int r = db_begin(agent->db, e);

	if (r == 0)
		r = xdp_open(&agent->xdp, agent, e);
	if (r == 0)
		r = prefilter_open(&agent->prefilter, agent, e);
	if (r == 0)
		r = prefilter_load(agent->prefilter, e);
	if (r == 0)
		xdp_apply(agent->xdp);
	return r;
}

static int start_policy(struct agent *agent, struct error *e)
{
	int r = policy_open(&agent->policy, agent, e);

	if (r == 0)
		r = chaos_open(&agent->chaos, agent, e);
	if (r == 0)
		r = ip_feed_open(&agent->ip_feed, agent, e);
	if (r == 0)
		r = ip_feed_load(agent->ip_feed, e);
	return r < 0 ? r : policy_load(agent->policy, e);
}

static int start_reconcile(struct agent *agent, struct error *e)
{
	struct reconcile_report report;
	int r = reconcile_run(agent, &report, e);

	if (r < 0)
		return r;
	log_info("reconciled", "ready", log_num(report.ready), "lost", log_num(report.lost),
		 "written", log_num(report.written), "pruned", log_num(report.pruned), "orphans",
		 log_num(report.orphans));
	datapath_settle(agent->datapath);
	policy_loaded(agent->policy);
	r = ip_feed_loaded(agent->ip_feed, e);
	if (r < 0)
		return r;
	lifecycle_resume(agent);
	return queue_open(&agent->queue, agent, e);
}

static int start_api(struct agent *agent, struct error *e)
{
	int r;

	agent->metrics = metrics_new();
	if (!agent->metrics)
		return error_set(e, ENOMEM, "no memory");
	r = events_new(&agent->events, agent);
	if (r < 0)
		return error_set(e, r, "cannot read events: %s", strerror(-r));
	r = api_start(&agent->api, agent, e);
	return r < 0 ? r : conflist_write(&agent->opt, e);
}

static int agent_start(struct agent *agent, struct error *e)
{
	int (*const steps[])(struct agent *, struct error *) = {
		start_checks, start_database, start_network,   start_datapath, start_privileges,
		start_loop,   start_policy,   start_reconcile, start_edge,     start_api,
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r = steps[i](agent, e);

		if (r < 0)
			return r;
	}
	agent->ready = true;
	malloc_trim(0);
	log_info("ready", "node", agent->opt.node_name, "endpoints",
		 log_num((long long)endpoint_count(agent->endpoints)), "ms",
		 log_num((long long)(clock_us() / 1000 - agent->started_ms)));
	return 0;
}

/* --- stop --- */

/* Requests that wait for a commit get it, or its error; the others are told to try again. */
static void agent_stop(struct agent *agent)
{
	struct error e;

	agent->ready = false;
	if (agent->db)
		db_commit(agent->db, &e);
	api_stop(agent->api);
	flow_gc_close(agent->flow_gc);
	flow_orphans_close(agent->flow_orphans);
	queue_close(agent->queue);
	reaper_close(agent->reaper);
	lifecycle_close(agent->lifecycle);
	prefilter_close(agent->prefilter);
	xdp_close(agent->xdp);
	ip_feed_close(agent->ip_feed);
	policy_close(agent->policy);
	chaos_close(agent->chaos);
	events_free(agent->events);
	metrics_free(agent->metrics);
	netwatch_close(agent->links);
	netwatch_close(agent->links_up);
	host_addresses_close(agent->host_addresses);
	delay_close(agent->delay);
	hooks_close(agent->hooks);
	datapath_close(agent->datapath);
	netlink_close(agent->nl);
	store_close(agent->store);
	db_close(agent->db);
	ipam_free(agent->ipam);
	endpoint_table_free(agent->endpoints);
	identity_table_free(agent->identities);
	options_fini(&agent->opt);
	for (size_t i = 0; i < ARRAY_SIZE(agent->lock_fd); i++) {
		if (agent->lock_fd[i] >= 0)
			close(agent->lock_fd[i]);
	}
}

static void signal_came(evutil_socket_t sig, short what, void *arg)
{
	struct agent *agent = arg;

	(void)what;
	log_info("stopping", "signal", strsignal((int)sig));
	event_base_loopbreak(agent->base);
}

static int serve(struct agent *agent, struct error *e)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct event *events[ARRAY_SIZE(signals)] = {NULL};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(signals); i++) {
		events[i] = evsignal_new(agent->base, signals[i], signal_came, agent);
		if (!events[i] || event_add(events[i], NULL) < 0)
			r = error_set(e, ENOMEM, "no memory");
	}
	if (r == 0)
		r = agent_start(agent, e);
	if (r == 0) {
		event_base_dispatch(agent->base);
		if (agent->failed)
			r = error_set(e, EIO, "the agent gave up; the log says why");
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (events[i])
			event_free(events[i]);
	}
	agent_stop(agent);
	return r;
}

/* One thread uses the loop: no locks.  The reaper's thread tells it things through an eventfd. */
static struct event_base *loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

int agent_run(struct options *opt, struct error *e)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return error_set(e, ENOMEM, "no memory");
	agent->lock_fd[0] = agent->lock_fd[1] = -1;
	agent->opt = *opt;
	*opt = (struct options){0};
	agent->started_ms = clock_us() / 1000;
	agent->base = loop_new();
	if (agent->base) {
		r = serve(agent, e);
		event_base_free(agent->base);
	} else {
		options_fini(&agent->opt);
		r = error_set(e, ENOMEM, "cannot make the event loop");
	}
	free(agent);
	return r;
}
