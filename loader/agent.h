/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent: what the parts of one axonemed share.  One thread runs one event loop; every field
 * belongs to that thread.
 */
#ifndef LOADER_AGENT_H
#define LOADER_AGENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "axoneme/config.h"
#include "lib/netlink.h"
#include "loader/options.h"

struct api;
struct chaos;
struct flow_orphans;
struct datapath;
struct db;
struct delay;
struct endpoint_table;
struct events;
struct flow_gc;
struct hooks;
struct host_addresses;
struct ip_feed;
struct identity_table;
struct ipam;
struct lifecycle;
struct metrics;
struct netwatch;
struct policy_engine;
struct prefilter;
struct queue;
struct reaper;
struct store;
struct xdp;

/**
 * struct agent
 * @opt:        configuration
 * @base:       event loop
 * @datapath:   loaded objects, maps (loader/datapath.h)
 * @db:         database and group commit (loader/db.h)
 * @store:      ipam, endpoints and identities in the database (loader/store.h)
 * @ipam:       address pools (ipam/ipam.h)
 * @lifecycle:  removals under way, and who waits for them (loader/lifecycle.h)
 * @endpoints, @identities: see their headers
 * @nl:         rtnetlink in the agent's namespace
 * @hooks:      where programs are attached (loader/hook.h)
 * @delay:      delay line of chaos experiments (loader/delay.h)
 * @flow_orphans: removes what programs keep of flows that are no more (loader/flow_orphans.h)
 * @host_addresses: the host's own addresses (loader/host_address.h)
 * @reaper:     removes devices in batches, on a thread of its own
 * @queue:      the plugin's DEL queue
 * @flow_gc:    removes flows (loader/flow_gc.h)
 * @links, @links_up: tell of devices that were removed, that came up (loader/netwatch.h)
 * @ip_feed:    prefixes and their identities, from a file and the API (loader/ip_feed.h)
 * @chaos:      experiments (loader/chaos.h)
 * @prefilter:  sources that XDP drops (loader/prefilter.h)
 * @xdp:        where it is attached (loader/xdp.h)
 * @policy:     policies and what they are compiled to (loader/policy_engine.h)
 * @events:     ring buffer consumer and its listeners (loader/events.h)
 * @metrics:    counters (loader/metrics.h)
 * @config:     what the programs were loaded with
 * @mtu:        of pod devices
 * @ready:      reconciled: requests may change state
 * @failed:     the loop ended because of an error
 * @started_ms: CLOCK_MONOTONIC
 */
struct agent {
	struct options opt;
	struct event_base *base;
	struct datapath *datapath;
	struct db *db;
	struct store *store;
	struct ipam *ipam;
	struct lifecycle *lifecycle;
	struct endpoint_table *endpoints;
	struct identity_table *identities;
	struct netlink *nl;
	struct hooks *hooks;
	struct delay *delay;
	struct flow_orphans *flow_orphans;
	struct host_addresses *host_addresses;
	struct reaper *reaper;
	struct queue *queue;
	struct flow_gc *flow_gc;
	struct netwatch *links;
	struct netwatch *links_up;
	struct ip_feed *ip_feed;
	struct chaos *chaos;
	struct prefilter *prefilter;
	struct xdp *xdp;
	struct policy_engine *policy;
	struct events *events;
	struct metrics *metrics;
	struct api *api;
	struct axo_config config;
	uint32_t mtu;
	bool ready;
	bool failed;
	uint64_t started_ms;
	int lock_fd[2];
};

/**
 * agent_run - start, serve until SIGTERM or SIGINT, stop; the datapath goes on working
 * @opt: taken over
 * Return: 0, or negative errno with @e: what kept it from starting, or made it give up
 */
int agent_run(struct options *opt, struct error *e);

#endif
