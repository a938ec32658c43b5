/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ends of a traced packet, as people name them: an endpoint's number, NAMESPACE/NAME, an address,
 * `host` (this host itself), or labels (`app=web,k8s:tier=db`, `reserved:remote-node`).
 */
#ifndef LOADER_POLICY_END_H
#define LOADER_POLICY_END_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct endpoint;
struct peer_identity;
struct policy_engine;

/**
 * struct policy_end
 * @identity: number
 * @who:      the same with its labels; borrowed from the engine's peers
 * @endpoint: if it is one of this host, else NULL
 * @invented: @who was made for labels that nobody may have: policy_end_fini()
 * @pod:      policies may select it
 * @host:     it is this host, whom policies with a nodeSelector may select
 */
struct policy_end {
	uint32_t identity;
	const struct peer_identity *who;
	const struct endpoint *endpoint;
	bool invented;
	bool pod;
	bool host;
};

/** policy_end_parse - @which: 0 or 1, to tell two invented ones apart; 0, -ENOENT or -EINVAL */
int policy_end_parse(struct policy_engine *p, const char *text, int which, struct policy_end *out,
		     struct error *e);
void policy_end_fini(struct policy_engine *p, struct policy_end *end);

#endif
