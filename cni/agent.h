/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent as the plugin sees it: requests of docs/api.md and their answers.
 */
#ifndef CNI_AGENT_H
#define CNI_AGENT_H

#include <jansson.h>
#include <stdbool.h>

#include "cni/failure.h"
#include "lib/attachment.h"
#include "lib/cidr.h"
#include "lib/http.h"

/** AGENT_WAIT_MS, AGENT_WAIT_DEL_MS, AGENT_WAIT_STATUS_MS - how long an answer may take; DEL has a queue to turn to */
#define AGENT_WAIT_MS 30000
#define AGENT_WAIT_DEL_MS 10000
#define AGENT_WAIT_STATUS_MS 5000

/** agent_is_away - is @r, of a function here, one that a DEL is queued for? */
bool agent_is_away(int r);

/** agent_open - connect; -EAGAIN and CNI_TRY_LATER when no agent is there */
int agent_open(const char *socket, int timeout_ms, struct http **h, struct failure *f);

/** attachment_json - {network, containerId, ifname}; a new reference, NULL = no memory */
json_t *attachment_json(const struct attachment *a);

/**
 * agent_send, agent_receive - the halves of agent_call()
 * @body:   stolen; NULL = none
 * @answer: a new reference; NULL = not wanted
 *
 * An answer that is not 2xx becomes the failure: its code and message.
 */
int agent_send(struct http *h, const char *method, const char *path, json_t *body,
	       struct failure *f);
int agent_receive(struct http *h, json_t **answer, struct failure *f);
int agent_call(struct http *h, const char *method, const char *path, json_t *body,
	       struct failure *f);

/**
 * struct reservation - answer to the first half of ADD
 * @host_device, @host_mac: the host's side of the pair
 * @mtu:   of both sides
 * @addrs: @count of them, at most one per family
 */
struct reservation {
	char host_device[IFNAMSIZ];
	uint8_t host_mac[6];
	uint32_t mtu;
	int count;
	struct pod_address {
		struct cidr address;
		struct axo_addr gateway;
	} addrs[2];
};

int reservation_parse(const json_t *answer, struct reservation *r, struct failure *f);

#endif
