/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Endpoints and identities on disk, in the agent's database.
 *
 *      endpoint(id, network, container_id, ifname, namespace, name, netns, device, mac, mtu,
 *               ipv4, ipv6, identity, labels, ports)      labels and ports are JSON arrays
 *      endpoint_meta(key, value)                          identity_cursor; format
 *
 * An identity is stored with the endpoints that refer to it: that is when it has to keep its
 * number.  Functions that write need an open transaction (loader/db.h).
 */
#ifndef LOADER_ENDPOINT_STORE_H
#define LOADER_ENDPOINT_STORE_H

#include <sqlite3.h>

#include "lib/error.h"
#include "loader/endpoint.h"
#include "loader/identity.h"

struct endpoint_store;

/** endpoint_store_open - make the tables where they are missing; @db is borrowed */
int endpoint_store_open(sqlite3 *db, struct endpoint_store **store, struct error *e);
void endpoint_store_close(struct endpoint_store *store);

/** endpoint_store_load - into empty tables; every endpoint is LOST until its device is found */
int endpoint_store_load(struct endpoint_store *store, struct endpoint_table *endpoints,
			struct identity_table *identities, struct error *e);

/** endpoint_store_save - insert or replace the row of @ep, and the identities' cursor */
int endpoint_store_save(struct endpoint_store *store, const struct endpoint *ep,
			const struct identity_table *identities, struct error *e);

/** endpoint_store_save_cursor - alone; identities of others have come */
int endpoint_store_save_cursor(struct endpoint_store *store,
			       const struct identity_table *identities, struct error *e);

int endpoint_store_delete(struct endpoint_store *store, uint32_t id, struct error *e);

#endif
