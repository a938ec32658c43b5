/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Masquerading: what pods send to the world through the host's stack leaves with the host's address.
 *
 * One nftables table, `inet axoneme`, replaced as a whole in one transaction.  Replies come back
 * the same way: the stack translates them and routes them to axo_host.
 */
#ifndef LOADER_MASQUERADE_H
#define LOADER_MASQUERADE_H

#include "lib/error.h"
#include "loader/options.h"

#define MASQUERADE_TABLE "axoneme"

/** masquerade_apply - 0, or negative errno with @e; needs CAP_NET_ADMIN */
int masquerade_apply(const struct options *opt, struct error *e);

/** masquerade_remove - 0 also when there is no table, or no nftables */
int masquerade_remove(void);

#endif
