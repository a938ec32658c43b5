/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Labels: sorted, unique arrays of "source:key=value", as identities are made of.
 *
 * Pure.  What the runtime gives has the source "k8s"; the namespace stands among the labels as
 * LABELS_NAMESPACE_KEY, made by the agent and by nobody else.
 */
#ifndef LOADER_LABELS_H
#define LOADER_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define LABELS_MAX 128
#define LABELS_KEY_MAX 317   /* prefix of 253, '/', name of 63 (Kubernetes) */
#define LABELS_VALUE_MAX 512 /* Kubernetes has 63; other runtimes put sentences into labels */
#define LABELS_NAMESPACE_KEY "io.kubernetes.pod.namespace"

/** struct label_set - under construction; label_set_fini() it */
struct label_set {
	char **items;
	size_t count;
};

/**
 * label_set_put - add "k8s:@key=@value"; another value of the same key is replaced
 * @key: may carry a source ("k8s:app"), of which only k8s is known
 * Return: 0, or -EINVAL with @e naming the label and what is expected; -E2BIG; -ENOMEM
 */
int label_set_put(struct label_set *set, const char *key, const char *value, struct error *e);

/** label_set_put_namespace - the namespace label, which label_set_put() refuses */
int label_set_put_namespace(struct label_set *set, const char *ns, struct error *e);

/** label_set_drop - remove @key; 0, -ENOENT, or as label_set_put() */
int label_set_drop(struct label_set *set, const char *key, struct error *e);

void label_set_fini(struct label_set *set);

/* On arrays, as struct identity and struct endpoint have them. */
uint64_t labels_hash(char *const *labels, size_t count);
bool labels_equal(char *const *a, size_t a_count, char *const *b, size_t b_count);
int labels_copy(char *const *labels, size_t count, char ***copy);
void labels_free(char **labels, size_t count);

#endif
