/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Load-time configuration, as programs see it, and the headers that every program needs.
 *
 * Only UAPI headers: the programs touch no kernel structure but struct __sk_buff (l7_skb.h reads
 * some words of others, by the kernel's own description of them).
 */
#ifndef BPF_LIB_CONFIG_H
#define BPF_LIB_CONFIG_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "axoneme/config.h"

/** axo_cfg - defined in bpf/config.bpf.c; the linker of objects resolves this declaration */
extern const volatile struct axo_config axo_cfg;

#endif
