/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fed entries of the ipcache on disk, with the numbers of their identities, so that these stay
 * over a restart.
 *
 * Everything is written into the open transaction (loader/db.h).  Return: 0 or negative errno
 * with an error.
 */
#ifndef LOADER_IP_STORE_H
#define LOADER_IP_STORE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cidr.h"
#include "lib/error.h"

struct ip_store;

/**
 * struct ip_row - one entry
 * @source:   enum ip_source
 * @identity: its number
 * @labels:   of the identity, @label_count; none for reserved ones
 */
struct ip_row {
	struct cidr cidr;
	int source;
	uint32_t identity;
	char **labels;
	size_t label_count;
};

typedef int (*ip_row_fn)(const struct ip_row *row, void *arg, struct error *e);

int ip_store_open(sqlite3 *db, struct ip_store **s, struct error *e);
void ip_store_close(struct ip_store *s);

int ip_store_put(struct ip_store *s, const struct ip_row *row, struct error *e);
int ip_store_delete(struct ip_store *s, const struct cidr *cidr, int source, struct error *e);

/** ip_store_each - labels are lent for the call; a negative return value of @fn ends it */
int ip_store_each(struct ip_store *s, ip_row_fn fn, void *arg, struct error *e);

#endif
