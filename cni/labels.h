/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Labels and named ports: lists in which a name stands once, read from the forms in which a
 * runtime passes them.
 */
#ifndef CNI_LABELS_H
#define CNI_LABELS_H

#include <jansson.h>

#include "cni/failure.h"

/**
 * labels_add, labels_add_map - add to @list what @value says
 * @where: for messages
 * @value: [{"key": K, "value": V}], for the second one {K: V}; NULL = nothing
 *
 * An entry replaces one of the same key.
 */
int labels_add(json_t *list, const char *where, const json_t *value, struct failure *f);
int labels_add_map(json_t *list, const char *where, const json_t *value, struct failure *f);

/**
 * ports_add - the same for [{"name": N, "port": P, "protocol": "TCP"}]
 *
 * "containerPort" is taken for "port"; protocol TCP, UDP or SCTP in any case, TCP if absent.  An
 * entry replaces one of the same name.
 */
int ports_add(json_t *list, const char *where, const json_t *value, struct failure *f);

/** LABELS_ANNOTATION, PORTS_ANNOTATION - pod annotations that hold such a value as text */
#define LABELS_ANNOTATION "axoneme.io/labels"
#define PORTS_ANNOTATION "axoneme.io/ports"

#endif
