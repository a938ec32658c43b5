/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fixture of the datapath's tests: a network namespace of its own with the gateway pair and
 * two pods, the programs loaded, and one function that sends a frame through one of them.
 *
 * Programs run by BPF_PROG_TEST_RUN, on the real devices: nothing is forwarded, but the verdict,
 * the rewritten frame and every map can be looked at.  live.h attaches the same programs.
 *
 *      pod A  10.1.0.10  fd01::a   mac 02:00:00:00:00:0a  identity 1000
 *      pod B  10.1.0.11  fd01::b   mac 02:00:00:00:00:0b  identity 1001
 *      gateway 10.1.0.1  fd01::1   mac 02:00:00:00:00:01  pod CIDRs 10.1.0.0/24, fd01::/64
 */
#ifndef TESTS_BPF_FIXTURE_H
#define TESTS_BPF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "axoneme/config.h"
#include "axoneme/count.h"
#include "axoneme/drop.h"
#include "axoneme/endpoint.h"
#include "axoneme/event.h"
#include "axoneme/feature.h"
#include "axoneme/flow.h"
#include "axoneme/ipcache.h"
#include "axoneme/state.h"
#include "axoneme.skel.h"
#include "tests/bpf/frame.h"

#define GW_MAC "02:00:00:00:00:01"
#define A_MAC "02:00:00:00:00:0a"
#define B_MAC "02:00:00:00:00:0b"
#define GW4 "10.1.0.1"
#define GW6 "fd01::1"
#define A4 "10.1.0.10"
#define A6 "fd01::a"
#define B4 "10.1.0.11"
#define B6 "fd01::b"
#define NOBODY4 "10.1.0.99"
#define NOBODY6 "fd01::99"
#define WORLD4 "192.0.2.1"
#define WORLD6 "2001:db8::1"
#define A_IDENTITY 1000
#define B_IDENTITY 1001
#define POD_MTU 1500

#define ACT_SHOT 2
#define ACT_REDIRECT 7

enum pod { POD_A, POD_B, PODS };

/**
 * struct fixture - one per test program
 * @skel:        loaded programs and maps
 * @ifindex_net: axo_net
 * @ifindex_pod: host-side devices
 * @netns_pod:   namespaces of the pods' own ends
 * @netns:       the namespace all this is in
 * @generation:  as published in axo_state
 */
struct fixture {
	struct axoneme_bpf *skel;
	int ifindex_net;
	int ifindex_host;
	int ifindex_pod[PODS];
	int netns_pod[PODS];
	int netns;
	uint32_t generation;
};

/** struct outcome - what a program made of a frame */
struct outcome {
	int verdict;
	uint8_t b[FRAME_MAX];
	size_t len;
	/* The only reason counted for this frame, its direction; 0 = nothing was counted. */
	int reason;
	int dir;
};

/** fixture_group_setup, _teardown - for cmocka_run_group_tests(); *state is the struct fixture */
int fixture_group_setup(void **state);
int fixture_group_teardown(void **state);

/** fixture_reset - setup of each test: flows empty, endpoints and generation as at the start */
int fixture_reset(void **state);

/** fixture_load - a skeleton with @config, small maps and no pins; NULL = failed */
struct axoneme_bpf *fixture_load(const struct axo_config *config);

/** fixture_kernel_reads - axo_cfg.kernel_reads of what is loaded from now on */
extern bool fixture_kernel_reads;

/** fixture_config - the configuration that the fixture loads with */
struct axo_config fixture_config(const struct fixture *x);

/** from_pod, from_host - run the program on @f as if it came from that device */
struct outcome from_pod(struct fixture *x, enum pod pod, const struct frame *f);
struct outcome from_host(struct fixture *x, const struct frame *f);

/** from_netdev - the same, as if a device of the host had received it; axo_host stands in for one */
struct outcome from_netdev(struct fixture *x, const struct frame *f);

/** from_delay - run the program on @len bytes that come out of the delay line */
struct outcome from_delay(struct fixture *x, const uint8_t *b, size_t len);

/** to_netdev - as if a device of the host were about to send it; @received: it is forwarded */
struct outcome to_netdev(struct fixture *x, const struct frame *f, int received);

/** from_pod_gso - the same for a super-packet with segments of @gso_size bytes */
struct outcome from_pod_gso(struct fixture *x, enum pod pod, const struct frame *f, int gso_size);

/** flow_lookup - the flow of @f's packet, and which of the two maps ("" = neither) holds it */
const char *flow_lookup(struct fixture *x, const struct frame *f, struct axo_flow *flow);

/** flow_key - canonical key of @f, made independently of the programs; returns the sender's end */
int flow_key(const struct frame *f, struct axo_flow_key *key);

/** bump - a new generation, as the agent publishes it */
void bump(struct fixture *x);

/** endpoint_set, endpoint_del - publish or remove a pod, as the agent does but for the bump */
void endpoint_set(struct fixture *x, enum pod pod, const struct axo_endpoint *ep);
void endpoint_del(struct fixture *x, enum pod pod);
struct axo_endpoint endpoint_default(const struct fixture *x, enum pod pod);

/** events_listen - which events are wanted: bits of enum axo_event_type; bump() clears them */
void events_listen(struct fixture *x, uint32_t mask);

/** count_read - of axo_counts, all CPUs */
uint64_t count_read(struct fixture *x, enum axo_count which);

/** drops_of - packets in axo_drops for @reason, both directions */
uint64_t drops_of(struct fixture *x, enum axo_drop reason);

/** map_clear - remove every entry */
void map_clear(struct bpf_map *map);

/** assert_drop, assert_pass - the verdict and the one drop counted, or none */
#define assert_drop(o, r, d)                               \
	do {                                               \
		struct outcome o_ = (o);                   \
		assert_int_equal(o_.reason, AXO_DROP_##r); \
		assert_int_equal(o_.dir, AXO_DIR_##d);     \
	} while (0)
#define assert_pass(o)                                      \
	do {                                                \
		struct outcome o_ = (o);                    \
		assert_int_equal(o_.reason, AXO_DROP_NONE); \
		assert_int_equal(o_.verdict, ACT_REDIRECT); \
	} while (0)

#define fixture_test(f) cmocka_unit_test_setup(f, fixture_reset)

#endif
