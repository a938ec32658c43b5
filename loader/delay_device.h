/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices of the delay line: a pair with fq, or a TAP.
 *
 *      fq   axo_delay, with fq, and axo_delay_out, where from_delay receives; they outlive the agent
 *      TAP  axo_delay; it lives as long as its descriptor is open
 */
#ifndef LOADER_DELAY_DEVICE_H
#define LOADER_DELAY_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/netlink.h"

/**
 * struct delay_device
 * @mode:    enum axo_delay_mode
 * @in:      device that programs send into
 * @out:     device that packets come out of
 * @fd:      TAP: the descriptor, owned; else -1
 * @empty:   it was made now, and holds nothing that went into one before it
 */
struct delay_device {
	uint32_t mode;
	int in;
	int out;
	int fd;
	bool empty;
};

/**
 * delay_tun_open - a descriptor for a TAP to be; while the agent still has its privileges
 * @dir: where a device node may be made if /dev/net/tun is missing
 * Return: descriptor or negative errno
 */
int delay_tun_open(const char *dir);

/** delay_device_fq - make or find the pair; -ENOENT with @e: the kernel has no fq */
int delay_device_fq(struct netlink *nl, struct delay_device *out, struct error *e);

/** delay_device_tap - make the TAP of @tun_fd, which is taken over if that works */
int delay_device_tap(struct netlink *nl, int tun_fd, struct delay_device *out, struct error *e);

/** delay_device_remove - whatever there is of it; 0 also when there is nothing */
int delay_device_remove(struct netlink *nl);

#endif
