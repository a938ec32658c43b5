/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Labels: source:key=value, and the set of them that makes an identity.
 *
 * The source says who gave the label.  In a selector a key without source is LABEL_ANY and
 * matches every source.  cidr:PREFIX is a label of an address that is no pod's: it matches by
 * containment, so a set keeps its prefix parsed.
 */
#ifndef POLICY_LABEL_H
#define POLICY_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cidr.h"
#include "lib/error.h"
#include "policy/arena.h"

/* X(symbol, "name") */
#define LABEL_SOURCES(X)          \
	X(ANY, "any")             \
	X(K8S, "k8s")             \
	X(RESERVED, "reserved")   \
	X(UNSPEC, "unspec")       \
	X(CIDR, "cidr")           \
	X(CIDRGROUP, "cidrgroup") \
	X(FQDN, "fqdn")           \
	X(NODE, "node")           \
	X(CNI, "cni")             \
	X(CONTAINER, "container")

enum label_source {
#define X(symbol, name) LABEL_##symbol,
	LABEL_SOURCES(X)
#undef X
		LABEL_SOURCE_COUNT
};

/* Keys that the system gives meaning to. */
#define LABEL_NAMESPACE "io.kubernetes.pod.namespace"
#define LABEL_NAMESPACE_LABELS "io.cilium.k8s.namespace.labels."
#define LABEL_NAMESPACE_NAME "kubernetes.io/metadata.name"
#define LABEL_CLUSTER "io.cilium.k8s.policy.cluster"

struct label {
	uint8_t source;
	const char *key;
	const char *value;
};

/**
 * struct label_set - sorted by (key, source), both unique
 * @has_prefix: there is a cidr: label; @prefix is it
 */
struct label_set {
	struct label *items;
	uint32_t count;
	bool has_prefix;
	struct cidr prefix;
};

const char *label_source_to_str(enum label_source s);

/** label_key_split - "k8s:app" to source and rest; no source = @none; unknown ones are -EINVAL */
int label_key_split(const char *text, enum label_source none, enum label_source *source,
		    const char **key);

/**
 * label_set_parse - texts as identities hold them: "k8s:app=web", "reserved:host"
 * @texts: @count of them, any order
 * Texts are copied into @a.  A label without source is k8s:.
 */
int label_set_parse(struct arena *a, const char *const *texts, size_t count, struct label_set *set,
		    struct error *e);

/** label_set_sort - after filling @items by hand */
void label_set_sort(struct label_set *set);

/** label_set_first - index of the first label with @key, or -1; others with it follow */
int label_set_first(const struct label_set *set, const char *key);

/** label_set_find - the label of that source (LABEL_ANY: of any) and key, or NULL */
const struct label *label_set_find(const struct label_set *set, enum label_source source,
				   const char *key);

/** label_set_reserved - has it reserved:NAME? */
bool label_set_reserved(const struct label_set *set, const char *name);

/** label_set_namespace - the pod's namespace, or NULL */
const char *label_set_namespace(const struct label_set *set);

#endif
