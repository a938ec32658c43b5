/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CNI_ARGS: "KEY=VALUE;KEY=VALUE", the oldest way of a runtime to say something about the pod.
 */
#ifndef CNI_ARGS_H
#define CNI_ARGS_H

#include "cni/failure.h"

/**
 * struct args - what we know of; a key that is not there is NULL
 * @text:      owns the bytes that the others point into
 * @ip:        IP: requested addresses, comma between them
 * @mac:       MAC
 * @pod_namespace: K8S_POD_NAMESPACE
 * @pod_name:  K8S_POD_NAME
 */
struct args {
	char *text;
	const char *ip;
	const char *mac;
	const char *pod_namespace;
	const char *pod_name;
};

/**
 * args_parse - read @text (CNI_ARGS, "" = none)
 *
 * An unknown key is an error unless IgnoreUnknown is 1 or true, wherever it stands; a pair without '=' always
 * is.  Of a key that stands twice the last one counts.  args_free() what was parsed.
 */
int args_parse(const char *text, struct args *args, struct failure *f);
void args_free(struct args *args);

#endif
