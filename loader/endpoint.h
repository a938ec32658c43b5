/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Endpoints as the agent holds them: one per attachment whose ADD was completed.
 *
 * The table owns its endpoints; pointers are borrowed and valid until the endpoint is removed.
 * Single-threaded: only the event loop touches it.
 */
#ifndef LOADER_ENDPOINT_H
#define LOADER_ENDPOINT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/address.h"
#include "axoneme/policy.h"
#include "lib/attachment.h"

struct policy_subject;

/** enum endpoint_state - as in the API: READY, or LOST = its device is gone */
enum endpoint_state { ENDPOINT_READY, ENDPOINT_LOST };

/** struct endpoint_port - a port with a name, for policy; @port in host order, @proto IPPROTO_* */
struct endpoint_port {
	char name[16];
	uint16_t port;
	uint8_t proto;
};

/**
 * struct endpoint - a pod's interface
 * @id:        1 to AXO_MAX_ENDPOINTS; kept over restarts, lowest free one first
 * @namespace_, @name: of the pod
 * @device:    host-side device
 * @ifindex:   of @device; 0 when LOST
 * @netns:     path as the runtime gave it, or ""
 * @labels:    sorted, unique, "source:key=value"; @label_count of them
 * @audit:     its policies deny nothing (AXO_ENDPOINT_AUDIT), whatever --policy-audit says
 * @policy:    the compiled policy, as programs see it
 * @subject:   the policy engine's (loader/policy_engine.h); NULL = not entered there
 */
struct endpoint {
	uint32_t id;
	struct attachment attachment;
	char *namespace_;
	char *name;
	char *netns;
	char device[IFNAMSIZ];
	int ifindex;
	uint8_t mac[6];
	uint32_t mtu;
	struct axo_addr ipv4;
	struct axo_addr ipv6;
	uint32_t identity;
	char **labels;
	size_t label_count;
	struct endpoint_port *ports;
	size_t port_count;
	enum endpoint_state state;
	bool audit;
	struct axo_policy_ref policy;
	struct policy_subject *subject;
};

struct endpoint_table;

/** endpoint_free - of one that is in no table */
void endpoint_free(struct endpoint *ep);
void endpoint_cleanup(struct endpoint **ep);
#define _cleanup_endpoint_ __attribute__((cleanup(endpoint_cleanup)))

struct endpoint_table *endpoint_table_new(void);
void endpoint_table_free(struct endpoint_table *t);

/** endpoint_free_id - lowest free id; 0 = all AXO_MAX_ENDPOINTS are taken */
uint32_t endpoint_free_id(const struct endpoint_table *t);

/**
 * endpoint_insert - the table takes @ep, whose id and attachment are set
 * Return: 0; -EEXIST: the id or the attachment is there already; -ERANGE: id; -ENOMEM
 */
int endpoint_insert(struct endpoint_table *t, struct endpoint *ep);

/** endpoint_remove - out of the table; the caller owns it again */
struct endpoint *endpoint_remove(struct endpoint_table *t, struct endpoint *ep);

/** endpoint_set_ifindex - a new device, or none (0), in the table's index too */
void endpoint_set_ifindex(struct endpoint_table *t, struct endpoint *ep, int ifindex);

struct endpoint *endpoint_by_id(const struct endpoint_table *t, uint32_t id);
struct endpoint *endpoint_by_attachment(const struct endpoint_table *t, const struct attachment *a);
struct endpoint *endpoint_by_ifindex(const struct endpoint_table *t, int ifindex);

/** endpoint_next - iterate in order of id: NULL starts, NULL ends */
struct endpoint *endpoint_next(const struct endpoint_table *t, const struct endpoint *prev);
size_t endpoint_count(const struct endpoint_table *t);

#endif
