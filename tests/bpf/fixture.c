// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fixture; see fixture.h. */
#include "tests/bpf/fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "axoneme/names.h"
#include "lib/cidr.h"
#include "lib/netlink.h"

#define NET4 "10.1.0.0"
#define NET6 "fd01::"
#define DROP_PAIRS 64
#define CPUS_MAX 256

/* axo_drops, summed over CPUs, by reason and direction. */
struct drops {
	uint64_t packets[DROP_PAIRS][2];
};

static struct axo_addr mapped(const char *text)
{
	return text_addr(text);
}

bool fixture_kernel_reads = true;

struct axo_config fixture_config(const struct fixture *x)
{
	struct axo_config c = {
		.gateway4 = mapped(GW4),
		.gateway6 = mapped(GW6),
		.pod_net4 = mapped(NET4),
		.pod_net6 = mapped(NET6),
		.pod_bits4 = 24,
		.pod_bits6 = 64,
		.ifindex_net = x->ifindex_net,
		.ifindex_host = x->ifindex_host,
		.fqdn_min_ttl_s = 60,
		.ipv4 = 1,
		.ipv6 = 1,
		.kernel_reads = fixture_kernel_reads,
	};

	mac_bytes(GW_MAC, c.mac);
	return c;
}

static void prog_install(struct axoneme_bpf *skel, uint32_t index, const struct bpf_program *prog)
{
	int fd = bpf_program__fd(prog);

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.axo_progs), &index, &fd, BPF_ANY) < 0)
		abort();
}

struct axoneme_bpf *fixture_load(const struct axo_config *config)
{
	struct axoneme_bpf *skel = axoneme_bpf__open();
	struct bpf_map *map;

	if (!skel)
		return NULL;
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(skel->maps.axo_flow, 64);
	bpf_map__set_max_entries(skel->maps.axo_flow_lru, 1024);
	bpf_map__set_max_entries(skel->maps.axo_frag, 1024);
	bpf_map__set_max_entries(skel->maps.axo_pol_peer, 4096);
	bpf_map__set_max_entries(skel->maps.axo_pol_entry, 65536);
	bpf_map__set_max_entries(skel->maps.axo_pol_hits, 1024);
	skel->rodata->axo_cfg = *config;
	if (axoneme_bpf__load(skel)) {
		axoneme_bpf__destroy(skel);
		return NULL;
	}
#define X(symbol, index, program) prog_install(skel, index, skel->progs.program);
	AXO_PROGS(X)
#undef X
	return skel;
}

/** netns_new - a namespace for a pod; the caller's own stays the current one */
static int netns_new(int back)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (setns(back, CLONE_NEWNET))
		abort();
	return fd;
}

/** device_up - in the namespace @netns */
static int device_up(int netns, const char *name, int back)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	struct link_opts up = {.up = true};
	int rc;

	if (setns(netns, CLONE_NEWNET))
		return -errno;
	rc = netlink_open(&nl);
	if (!rc)
		rc = link_set(nl, if_nametoindex(name), &up);
	if (setns(back, CLONE_NEWNET))
		abort();
	return rc;
}

/** veth - both ends up; the kernel refuses to bring up the far one in the same request */
static int veth(struct netlink *nl, const struct fixture *x, const char *name, const char *peer,
		const char *peer_mac, int peer_netns)
{
	struct veth_opts o = {
		.name = name,
		.up = true,
		.peer_name = peer,
		.peer_netns_fd = peer_netns,
	};
	int rc;

	mac_bytes(GW_MAC, o.mac);
	mac_bytes(peer_mac, o.peer_mac);
	rc = veth_add(nl, &o);
	if (!rc)
		rc = device_up(peer_netns, peer, x->netns);
	return rc < 0 ? rc : (int)if_nametoindex(name);
}

static int fixture_devices(struct fixture *x)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	int rc = netlink_open(&nl);

	if (rc < 0)
		return rc;
	x->ifindex_net = veth(nl, x, AXO_DEV_NET, AXO_DEV_HOST, GW_MAC, x->netns);
	x->ifindex_host = if_nametoindex(AXO_DEV_HOST);
	for (int i = 0; i < PODS; i++) {
		x->netns_pod[i] = netns_new(x->netns);
		x->ifindex_pod[i] = veth(nl, x, i == POD_A ? "axoa" : "axob", "eth0",
					 i == POD_A ? A_MAC : B_MAC, x->netns_pod[i]);
		if (x->ifindex_pod[i] <= 0)
			return -1;
	}
	return x->ifindex_net > 0 && x->ifindex_host > 0 ? 0 : -1;
}

int fixture_group_setup(void **state)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct fixture *x = calloc(1, sizeof(*x));
	struct axo_config c;

	*state = x;
	if (!x || unshare(CLONE_NEWNET))
		return -1;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	x->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fixture_devices(x))
		return -1;
	c = fixture_config(x);
	x->skel = fixture_load(&c);
	return x->skel ? 0 : -1;
}

int fixture_group_teardown(void **state)
{
	struct fixture *x = *state;

	axoneme_bpf__destroy(x->skel);
	for (int i = 0; i < PODS; i++)
		close(x->netns_pod[i]);
	close(x->netns);
	free(x);
	return 0;
}

void map_clear(struct bpf_map *map)
{
	char key[64];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

static void state_write(struct fixture *x, uint32_t events)
{
	struct axo_state s = {.generation = x->generation, .events = events};
	uint32_t zero = 0;

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_state), &zero, &s, 0),
			 0);
}

void bump(struct fixture *x)
{
	x->generation++;
	state_write(x, 0);
}

void events_listen(struct fixture *x, uint32_t mask)
{
	state_write(x, mask);
}

struct axo_endpoint endpoint_default(const struct fixture *x, enum pod pod)
{
	struct axo_endpoint ep = {
		.id = 10 + pod,
		.identity = pod == POD_A ? A_IDENTITY : B_IDENTITY,
		.ifindex = x->ifindex_pod[pod],
		.mtu = POD_MTU,
		.ipv4 = mapped(pod == POD_A ? A4 : B4),
		.ipv6 = mapped(pod == POD_A ? A6 : B6),
	};

	mac_bytes(pod == POD_A ? A_MAC : B_MAC, ep.mac);
	return ep;
}

void endpoint_set(struct fixture *x, enum pod pod, const struct axo_endpoint *ep)
{
	uint32_t ifindex = x->ifindex_pod[pod];
	int by_address = bpf_map__fd(x->skel->maps.axo_address);

	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_endpoint), &ifindex, ep, 0), 0);
	if (!addr_is_zero(&ep->ipv4))
		assert_int_equal(bpf_map_update_elem(by_address, &ep->ipv4, ep, 0), 0);
	if (!addr_is_zero(&ep->ipv6))
		assert_int_equal(bpf_map_update_elem(by_address, &ep->ipv6, ep, 0), 0);
}

void endpoint_del(struct fixture *x, enum pod pod)
{
	struct axo_endpoint ep = endpoint_default(x, pod);
	uint32_t ifindex = x->ifindex_pod[pod];

	bpf_map_delete_elem(bpf_map__fd(x->skel->maps.axo_address), &ep.ipv4);
	bpf_map_delete_elem(bpf_map__fd(x->skel->maps.axo_address), &ep.ipv6);
	bpf_map_delete_elem(bpf_map__fd(x->skel->maps.axo_endpoint), &ifindex);
}

int fixture_reset(void **state)
{
	struct fixture *x = *state;

	map_clear(x->skel->maps.axo_flow);
	map_clear(x->skel->maps.axo_flow_lru);
	map_clear(x->skel->maps.axo_frag);
	map_clear(x->skel->maps.axo_endpoint);
	map_clear(x->skel->maps.axo_address);
	map_clear(x->skel->maps.axo_ipcache);
	map_clear(x->skel->maps.axo_pol_peer);
	map_clear(x->skel->maps.axo_pol_entry);
	map_clear(x->skel->maps.axo_pol_hits);
	for (int i = 0; i < PODS; i++) {
		struct axo_endpoint ep = endpoint_default(x, i);

		endpoint_set(x, i, &ep);
	}
	bump(x);
	return 0;
}

static void drops_read(struct fixture *x, struct drops *d)
{
	int fd = bpf_map__fd(x->skel->maps.axo_drops), cpus = libbpf_num_possible_cpus();
	struct axo_drop_count n[CPUS_MAX];
	struct axo_drop_key key, *prev = NULL;

	assert_in_range(cpus, 1, CPUS_MAX);
	memset(d, 0, sizeof(*d));
	while (!bpf_map_get_next_key(fd, prev, &key)) {
		assert_in_range(key.reason, 1, DROP_PAIRS - 1);
		assert_in_range(key.dir, 0, 1);
		assert_int_equal(bpf_map_lookup_elem(fd, &key, n), 0);
		for (int i = 0; i < cpus; i++)
			d->packets[key.reason][key.dir] += n[i].packets;
		prev = &key;
	}
}

uint64_t drops_of(struct fixture *x, enum axo_drop reason)
{
	struct drops d;

	drops_read(x, &d);
	return d.packets[reason][0] + d.packets[reason][1];
}

/** drops_note - what was counted between @was and now; more than one packet is a failure */
static void drops_note(struct fixture *x, const struct drops *was, struct outcome *o)
{
	struct drops now;

	drops_read(x, &now);
	for (int reason = 0; reason < DROP_PAIRS; reason++) {
		for (int dir = 0; dir < 2; dir++) {
			uint64_t n = now.packets[reason][dir] - was->packets[reason][dir];

			if (!n)
				continue;
			assert_int_equal(n, 1);
			assert_int_equal(o->reason, 0);
			o->reason = reason;
			o->dir = dir;
		}
	}
}

static struct outcome run(struct fixture *x, struct bpf_program *prog, const struct frame *f,
			  const struct __sk_buff *ctx)
{
	struct outcome o = {.verdict = -1};
	struct __sk_buff ctx_out = {};
	struct drops was;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len,
		    .data_out = o.b, .data_size_out = sizeof(o.b), .ctx_in = ctx,
		    .ctx_size_in = sizeof(*ctx), .ctx_out = &ctx_out,
		    .ctx_size_out = sizeof(ctx_out));
	int rc;

	drops_read(x, &was);
	rc = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
	if (rc)
		fail_msg("test run of %zu bytes: %s", f->len, strerror(errno));
	o.verdict = opts.retval;
	o.len = opts.data_size_out;
	drops_note(x, &was, &o);
	return o;
}

struct outcome from_pod(struct fixture *x, enum pod pod, const struct frame *f)
{
	struct __sk_buff ctx = {.ifindex = x->ifindex_pod[pod]};

	return run(x, x->skel->progs.from_pod, f, &ctx);
}

struct outcome from_pod_gso(struct fixture *x, enum pod pod, const struct frame *f, int gso_size)
{
	struct __sk_buff ctx = {
		.ifindex = x->ifindex_pod[pod],
		.gso_size = gso_size,
		.gso_segs = f->len / gso_size,
	};

	return run(x, x->skel->progs.from_pod, f, &ctx);
}

struct outcome from_host(struct fixture *x, const struct frame *f)
{
	struct __sk_buff ctx = {.ifindex = x->ifindex_net};

	return run(x, x->skel->progs.from_host, f, &ctx);
}

struct outcome from_netdev(struct fixture *x, const struct frame *f)
{
	struct __sk_buff ctx = {.ifindex = x->ifindex_host};

	return run(x, x->skel->progs.from_netdev, f, &ctx);
}

struct outcome from_delay(struct fixture *x, const uint8_t *b, size_t len)
{
	struct __sk_buff ctx = {.ifindex = x->ifindex_net};
	struct frame f = {.len = len};

	memcpy(f.b, b, len);
	return run(x, x->skel->progs.from_delay, &f, &ctx);
}

struct outcome to_netdev(struct fixture *x, const struct frame *f, int received)
{
	struct __sk_buff ctx = {
		.ifindex = x->ifindex_host,
		.ingress_ifindex = received ? x->ifindex_net : 0,
	};

	return run(x, x->skel->progs.to_netdev, f, &ctx);
}

uint64_t count_read(struct fixture *x, enum axo_count which)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t key = which;
	uint64_t n[CPUS_MAX], all = 0;

	assert_in_range(cpus, 1, CPUS_MAX);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_counts), &key, n), 0);
	for (int i = 0; i < cpus; i++)
		all += n[i];
	return all;
}

/** icmp_ports - who asks has the id, the other one the type of the question, in network order
 *
 * Return: does @f answer a question?
 */
static bool icmp_ports(const struct frame *f, uint16_t *sport, uint16_t *dport)
{
	static const uint8_t pairs[][3] = {
		{IPPROTO_ICMP, 8, 0},	{IPPROTO_ICMP, 13, 14},	    {IPPROTO_ICMP, 15, 16},
		{IPPROTO_ICMP, 17, 18}, {IPPROTO_ICMPV6, 128, 129},
	};
	const uint8_t *l4 = f->b + f->l4;
	uint16_t id;

	memcpy(&id, l4 + 4, 2);
	*sport = 0;
	*dport = htons(l4[0]);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i][0] != f->proto || (l4[0] != pairs[i][1] && l4[0] != pairs[i][2]))
			continue;
		*sport = l4[0] == pairs[i][1] ? id : htons(pairs[i][1]);
		*dport = l4[0] == pairs[i][1] ? htons(pairs[i][1]) : id;
		return l4[0] == pairs[i][2];
	}
	return false;
}

int flow_key(const struct frame *f, struct axo_flow_key *key)
{
	const uint8_t *ip = f->b + f->l3, *l4 = f->b + f->l4;
	struct axo_addr src = addr_from_bytes(f->family, ip + (f->family == 4 ? 12 : 8));
	struct axo_addr dst = addr_from_bytes(f->family, ip + (f->family == 4 ? 16 : 24));
	bool icmp = f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6;
	bool ports = f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP || f->proto == IPPROTO_SCTP;
	uint16_t sport = 0, dport = 0;
	bool answers = false;
	int order, side;

	if (ports) {
		memcpy(&sport, l4, 2);
		memcpy(&dport, l4 + 2, 2);
	} else if (icmp) {
		answers = icmp_ports(f, &sport, &dport);
	}
	order = addr_cmp(&src, &dst);
	side = order ? order > 0 : ntohs(sport) > ntohs(dport);
	memset(key, 0, sizeof(*key));
	key->addr[side] = src;
	key->addr[!side] = dst;
	key->port[side] = sport;
	key->port[!side] = dport;
	key->proto = f->proto;
	if (icmp)
		key->asker = 1 + (answers ? !side : side);
	return side;
}

const char *flow_lookup(struct fixture *x, const struct frame *f, struct axo_flow *flow)
{
	struct axo_flow_key key;

	flow_key(f, &key);
	if (!bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_flow), &key, flow))
		return AXO_MAP_FLOW;
	if (!bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_flow_lru), &key, flow))
		return AXO_MAP_FLOW_LRU;
	return "";
}
