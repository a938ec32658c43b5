/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entities: names for peers that have no labels of their own.
 */
#ifndef POLICY_ENTITY_H
#define POLICY_ENTITY_H

#include <stdbool.h>

#include "policy/label.h"

/* X(symbol, "name") */
#define ENTITIES(X)                   \
	X(ALL, "all")                 \
	X(WORLD, "world")             \
	X(WORLD_IPV4, "world-ipv4")   \
	X(WORLD_IPV6, "world-ipv6")   \
	X(CLUSTER, "cluster")         \
	X(HOST, "host")               \
	X(REMOTE_NODE, "remote-node") \
	X(INIT, "init")               \
	X(UNMANAGED, "unmanaged")     \
	X(HEALTH, "health")           \
	X(INGRESS, "ingress")         \
	X(NONE, "none")               \
	X(KUBE_APISERVER, "kube-apiserver")

enum entity {
#define X(symbol, name) ENTITY_##symbol,
	ENTITIES(X)
#undef X
		ENTITY_COUNT
};

const char *entity_to_str(enum entity e);

/** entity_from_str - ENTITY_COUNT = unknown */
enum entity entity_from_str(const char *name);

/**
 * entity_matches - is whoever has @labels part of @entity?
 * @cluster: name of this cluster, or NULL; a pod that carries another's name is not of ours
 *
 * cluster = every pod of ours (it has a namespace), and the reserved host, remote-node, init,
 * ingress, health, unmanaged and kube-apiserver.
 */
bool entity_matches(enum entity entity, const struct label_set *labels, const char *cluster);

#endif
