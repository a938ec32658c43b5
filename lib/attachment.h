/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Attachment: what the CNI specification identifies a pod's interface by, and the name of the
 * host-side device, which follows from it.  Plugin and agent derive the name on their own, so
 * either can find the device when the other has lost its state.
 */
#ifndef LIB_ATTACHMENT_H
#define LIB_ATTACHMENT_H

#include <net/if.h>
#include <stdbool.h>

#include "lib/error.h"

#define ATTACHMENT_NETWORK_MAX 128   /* bytes with the final 0 */
#define ATTACHMENT_CONTAINER_MAX 192 /* kubelet's ids have 64 characters */

/**
 * struct attachment - the key of everything that one ADD makes (CNI spec, section 2)
 * @network:      name of the network configuration
 * @container_id: CNI_CONTAINERID
 * @ifname:       CNI_IFNAME, the device inside the pod
 */
struct attachment {
	char network[ATTACHMENT_NETWORK_MAX];
	char container_id[ATTACHMENT_CONTAINER_MAX];
	char ifname[IFNAMSIZ];
};

/**
 * attachment_set - check and copy the three parts
 *
 * @network and @container_id: [A-Za-z0-9][A-Za-z0-9_.-]*, at most what the struct holds; @ifname:
 * 1 to 15 characters, no '/', ':' or white space, not "." or "..".
 * Return: 0, or -EINVAL with @e naming the part, what was found and what is expected.
 */
int attachment_set(struct attachment *a, const char *network, const char *container_id,
		   const char *ifname, struct error *e);

/** attachment_equal - same three parts? */
bool attachment_equal(const struct attachment *a, const struct attachment *b);

/** attachment_hash - 64 bits over the three parts; stable over versions and machines (FNV-1a, murmur finish) */
unsigned long long attachment_hash(const struct attachment *a);

/** attachment_device - AXO_DEV_POD_PREFIX and 12 hex digits of the hash: 15 characters */
void attachment_device(const struct attachment *a, char name[static IFNAMSIZ]);

/** attachment_is_device - has @name the form that attachment_device() gives? */
bool attachment_is_device(const char *name);

#endif
