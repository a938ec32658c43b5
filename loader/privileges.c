/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Privileges; see privileges.h. */
#include "loader/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "lib/cleanup.h"
#include "lib/log.h"

static const cap_value_t kept[] = {CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN};

static void cleanup_cap(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

static bool in_effect(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;

	return caps && cap_get_flag(caps, cap, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
}

void privileges_probe(struct privilege_facts *facts)
{
	_cleanup_(cleanup_cap) cap_t caps = cap_get_proc();

	facts->bpf = in_effect(caps, CAP_BPF);
	facts->perfmon = in_effect(caps, CAP_PERFMON);
	facts->net_admin = in_effect(caps, CAP_NET_ADMIN);
}

int privileges_judge(const struct privilege_facts *facts, struct error *e)
{
	char missing[64];

	snprintf(missing, sizeof(missing), "%s%s%s", facts->bpf ? "" : " CAP_BPF",
		 facts->perfmon ? "" : " CAP_PERFMON", facts->net_admin ? "" : " CAP_NET_ADMIN");
	if (!missing[0])
		return 0;
	return error_set(e, EPERM,
			 "capabilities are missing:%s; expected to run as root, or with them",
			 missing);
}

static bool is_kept(cap_value_t cap)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		if (kept[i] == cap)
			return true;
	}
	return false;
}

/* Dropping from the bounding set needs CAP_SETPCAP; who has not got it cannot gain anything either. */
static int drop_bounding(void)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (is_kept(cap) || cap_get_bound(cap) != 1)
			continue;
		if (cap_drop_bound(cap) < 0 && errno != EPERM)
			return -errno;
	}
	return 0;
}

int privileges_drop(struct error *e)
{
	_cleanup_(cleanup_cap) cap_t caps = cap_init();
	int count = ARRAY_SIZE(kept);
	int r = drop_bounding();

	if (r == 0 && (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
		       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		r = -errno;
	if (r == 0 &&
	    (!caps || cap_set_flag(caps, CAP_PERMITTED, count, kept, CAP_SET) < 0 ||
	     cap_set_flag(caps, CAP_EFFECTIVE, count, kept, CAP_SET) < 0 || cap_set_proc(caps) < 0))
		r = -errno;
	return r < 0 ? error_set(e, r, "cannot give up capabilities: %s", strerror(-r)) : 0;
}

void privileges_drop_all(void)
{
	_cleanup_(cleanup_cap) cap_t none = cap_init();

	if (!none || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || cap_set_proc(none) < 0)
		log_err(errno, "a thread cannot give up its capabilities");
}
