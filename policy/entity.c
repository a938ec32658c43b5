/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Entities; see entity.h. */
#include "policy/entity.h"

#include <string.h>

static const char *const names[] = {
#define X(symbol, name) [ENTITY_##symbol] = name,
	ENTITIES(X)
#undef X
};

const char *entity_to_str(enum entity e)
{
	return e < ENTITY_COUNT ? names[e] : "?";
}

enum entity entity_from_str(const char *name)
{
	for (int i = 0; i < ENTITY_COUNT; i++)
		if (!strcmp(names[i], name))
			return (enum entity)i;
	return ENTITY_COUNT;
}

static bool cluster_matches(const struct label_set *labels, const char *cluster)
{
	static const enum entity parts[] = {
		ENTITY_HOST,   ENTITY_REMOTE_NODE, ENTITY_INIT,		  ENTITY_INGRESS,
		ENTITY_HEALTH, ENTITY_UNMANAGED,   ENTITY_KUBE_APISERVER,
	};
	const struct label *of = label_set_find(labels, LABEL_K8S, LABEL_CLUSTER);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (label_set_reserved(labels, names[parts[i]]))
			return true;
	if (of && cluster)
		return !strcmp(of->value, cluster);
	return label_set_namespace(labels) != NULL;
}

bool entity_matches(enum entity entity, const struct label_set *labels, const char *cluster)
{
	switch (entity) {
	case ENTITY_ALL:
		return true;
	case ENTITY_NONE:
		return false;
	case ENTITY_CLUSTER:
		return cluster_matches(labels, cluster);
	case ENTITY_WORLD:
		return label_set_reserved(labels, "world") ||
		       label_set_reserved(labels, "world-ipv4") ||
		       label_set_reserved(labels, "world-ipv6");
	default:
		return label_set_reserved(labels, names[entity]);
	}
}
