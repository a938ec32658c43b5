/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel features; see kernel.h. */
#include "loader/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/cleanup.h"

/* A map is the smallest thing that bpf(2) makes. */
static void probe_bpf(struct kernel_facts *facts)
{
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "axo_probe", 4, 4, 1, NULL);

	facts->may_bpf = fd >= 0;
	facts->bpf = fd >= 0 || errno != ENOSYS;
}

void kernel_probe(struct kernel_facts *facts)
{
	const enum bpf_prog_type tc = BPF_PROG_TYPE_SCHED_CLS;
	struct utsname name;

	memset(facts, 0, sizeof(*facts));
	if (uname(&name) == 0)
		snprintf(facts->release, sizeof(facts->release), "%s", name.release);
	probe_bpf(facts);
	if (!facts->may_bpf)
		return;
	facts->ringbuf = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 1;
	facts->lpm_trie = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_LPM_TRIE, NULL) == 1;
	facts->lru_hash = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_LRU_HASH, NULL) == 1;
	facts->redirect_peer = libbpf_probe_bpf_helper(tc, BPF_FUNC_redirect_peer, NULL) == 1;
	facts->ktime_coarse = libbpf_probe_bpf_helper(tc, BPF_FUNC_ktime_get_coarse_ns, NULL) == 1;
}

bool kernel_is_old(const char *release)
{
	int major = 0, minor = 0;

	if (sscanf(release, "%d.%d", &major, &minor) != 2)
		return false;
	return major < KERNEL_MIN_MAJOR || (major == KERNEL_MIN_MAJOR && minor < KERNEL_MIN_MINOR);
}

int kernel_judge(const struct kernel_facts *facts, struct error *e)
{
	const struct {
		bool there;
		const char *what;
	} needed[] = {
		{facts->ringbuf, "BPF ring buffers"},
		{facts->lpm_trie, "BPF longest-prefix maps"},
		{facts->lru_hash, "BPF LRU maps"},
		{facts->redirect_peer, "the BPF helper redirect_peer for tc"},
		{facts->ktime_coarse, "the BPF helper ktime_get_coarse_ns for tc"},
	};

	if (!facts->bpf)
		return error_set(e, ENOTSUP, "kernel %s has no bpf(2): expected CONFIG_BPF_SYSCALL",
				 facts->release);
	if (!facts->may_bpf)
		return error_set(
			e, EPERM,
			"the kernel refuses bpf(2) to this process: expected CAP_BPF, and no "
			"seccomp filter or lockdown against it");
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!needed[i].there)
			return error_set(e, ENOTSUP, "kernel %s lacks %s: expected %d.%d or later",
					 facts->release, needed[i].what, KERNEL_MIN_MAJOR,
					 KERNEL_MIN_MINOR);
	}
	return 0;
}
