/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Request: what ADD is asked for beyond "an interface", from the places where runtimes put it.
 *
 * For addresses and MAC the first of these that says something counts, whole:
 *      1. runtimeConfig.ips, runtimeConfig.mac   (capabilities; keys in any case)
 *      2. args.cni.ips, args.cni.mac
 *      3. CNI_ARGS IP=, MAC=
 * Labels and named ports are the pod's annotations (runtimeConfig,
 * io.kubernetes.cri.pod-annotations), to which args.cni.labels and args.cni.ports are added;
 * where both have a name, args.cni counts: it comes from the operator, annotations from the pod.
 */
#ifndef CNI_REQUEST_H
#define CNI_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cni/args.h"
#include "cni/netconf.h"

/**
 * struct request - owned: request_free()
 * @ips:    array of addresses as text, without length; at most one per family
 * @labels: array of {key, value}
 * @ports:  array of {name, port, protocol}
 * @dns:    object for the result, or NULL: runtimeConfig.dns, else dns
 * @mac:    asked for; all zero = any
 * @pod_namespace, @pod_name: borrowed from the args; NULL = not said
 */
struct request {
	json_t *ips;
	json_t *labels;
	json_t *ports;
	json_t *dns;
	uint8_t mac[6];
	const char *pod_namespace;
	const char *pod_name;
};

int request_parse(const struct netconf *conf, const struct args *args, struct request *req,
		  struct failure *f);
void request_free(struct request *req);

#endif
