/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent's durable state as a whole: leases, endpoints and identities, in one database.
 */
#ifndef LOADER_STORE_H
#define LOADER_STORE_H

#include "lib/error.h"

struct agent;
struct endpoint;
struct options;
struct store;

/** store_check - can the pools be what @opt says?  Looks at no disk; 0 or error */
int store_check(const struct options *opt, struct error *e);

/** store_open - tables and statements in agent->db */
int store_open(struct store **s, struct agent *agent, struct error *e);
void store_close(struct store *s);

/**
 * store_load - replace agent->ipam, ->endpoints and ->identities by what the disk says
 *
 * Endpoints come LOST, without device: loader/reconcile.h finds these.  One without a live lease
 * (all of them after a reboot) is removed.  Needs an open transaction; on failure the agent's
 * tables are as they were.
 * Return: 0; -EADDRINUSE: a pod CIDR has changed with live allocations, which @e names
 */
int store_load(struct store *s, struct agent *agent, struct error *e);

/** store_save - what only memory knows so far (leases) into the open transaction */
int store_save(struct store *s, struct agent *agent, struct error *e);

/* Rows of endpoints, and where identities go on; a failure spoils the turn's commit (db_spoil()) besides being returned. */
int store_put_endpoint(struct store *s, struct agent *agent, const struct endpoint *ep,
		       struct error *e);
int store_put_cursor(struct store *s, struct agent *agent, struct error *e);
int store_delete_endpoint(struct store *s, struct agent *agent, const struct endpoint *ep,
			  struct error *e);

#endif
