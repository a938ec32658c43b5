#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Two and three hosts, a router between them, a server outside: pods talk to pods of other hosts, to
# hosts and to the world, both ways.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

CLUSTER="--cluster-cidr 10.0.0.0/8 --cluster-cidr fd00::/8"

# two_hosts [FLAG...] - with pod a on h1 and b on h2, which serve
two_hosts() {
	hosts_add 1 2
	host_agent h1 "$@"
	host_agent h2 "$@"
	host_pod h1 a
	host_pod h2 b
}

# seen FROM ADDRESS - as whom the server at ADDRESS sees FROM
seen() { ask_tcp "$1" "$2" 80 | sed 's/.* to //'; }

POD_A4='[0000:0000:0000:0000:0000:ffff:0a01:0002]'
POD_A6='[fd01:0000:0000:0000:0000:0000:0000:0002]'
HOST1_4='[0000:0000:0000:0000:0000:ffff:c000:0101]'
HOST1_6='[2001:0db8:0001:0000:0000:0000:0000:0001]'

everybody_talks() {
	serve_all a
	serve_all b
	serve_all outside
	serve_all h2
	talk_all a b "$(pod_ip4 b)" "$(pod_ip6 b)"
	talk_all b a "$(pod_ip4 a)" "$(pod_ip6 a)"
	talk_all outside a "$(pod_ip4 a)" "$(pod_ip6 a)"
	talk_all h2 a "$(pod_ip4 a)" "$(pod_ip6 a)"
	talk_all a outside $OUTSIDE4 $OUTSIDE6
	talk_all a h2 192.0.2.1 2001:db8:2::1
	assert_eq "$POD_A4" "$(seen a "$(pod_ip4 b)")" "a, as b sees it"
	assert_eq "$POD_A6" "$(seen a "$(pod_ip6 b)")" "a, as b sees it"
}

test_everybody_talks_without_masquerading() {
	two_hosts --masquerade off
	everybody_talks
	assert_eq "$POD_A4" "$(seen a $OUTSIDE4)" "a, as the world sees it"
	assert_eq "$POD_A6" "$(seen a $OUTSIDE6)" "a, as the world sees it"
}

test_everybody_talks_with_masquerading() {
	# shellcheck disable=SC2086 # words
	two_hosts $CLUSTER
	everybody_talks
	assert_eq "$HOST1_4" "$(seen a $OUTSIDE4)" "a, as the world sees it"
	assert_eq "$HOST1_6" "$(seen a $OUTSIDE6)" "a, as the world sees it"
	# The same source port, again and again: each connection is one of its own.
	for _ in 1 2 3 4 5; do
		for address in $OUTSIDE4 "$(pod_ip4 b)"; do
			assert_match "^hello" "$(in_ns a socat -T5 - "TCP:$address:80,sourceport=4444,reuseaddr")"
		done
	done
}

test_policies_know_pods_of_other_hosts() {
	hosts_add 1 2 3
	for n in 1 2 3; do
		# shellcheck disable=SC2086 # words
		host_agent "h$n" $CLUSTER
		host_pod "h$n" "p$n"
	done
	serve_all p2
	on_host h2 axo ip add 10.1.0.0/24 app=client io.kubernetes.pod.namespace=shop >"$S/said"
	on_host h2 axo ip add fd01::/112 app=client io.kubernetes.pod.namespace=shop >"$S/said"
	on_host h2 axo policy apply - <<-'END'
		apiVersion: cilium.io/v2
		kind: CiliumClusterwideNetworkPolicy
		metadata: {name: clients}
		spec:
		  endpointSelector: {}
		  ingress:
		  - fromEndpoints: [{matchLabels: {app: client}}]
	END
	talk_all p1 p2 "$(pod_ip4 p2)" "$(pod_ip6 p2)"
	for address in "$(pod_ip4 p2)" "$(pod_ip6 p2)"; do
		assert_fails in_ns p3 ping -n -q -c 1 -W 0.3 "$address"
		assert_fails in_ns outside ping -n -q -c 1 -W 0.3 "$address"
	done
	assert_le 4 "$(on_host h2 drops policy)" "drops by policy"
}

# transfer FROM TO ADDRESS - three megabytes, which must arrive as they were
transfer() {
	rm -f "$S/received"
	in_ns "$2" socat -u "TCP6-LISTEN:99,reuseaddr,ipv6only=0" "CREATE:$S/received" </dev/null &
	wait_until 5 listens "$2" tcp 99
	in_ns "$1" timeout 20 socat -u "FILE:$S/sent" "TCP:$3:99"
	wait_until 10 cmp "$S/sent" "$S/received"
}

# mtu_of N BYTES - of the wire of host N
mtu_of() {
	ip -n "h$1" link set nic0 mtu "$2"
	ip -n router link set "h$1" mtu "$2"
}

# Pods have 9000, and so has the wire of h1; that of h2 has 1280.  Pod a learns it from the router, pod b
# from its own host.
test_mtus_differ_between_hosts() {
	hosts_add 1 2
	mtu_of 1 9000
	mtu_of 2 1280
	host_agent h1 --masquerade off
	host_agent h2 --masquerade off --mtu 9000
	host_pod h1 a
	host_pod h2 b
	assert_eq 9000 "$(ip -n a -j link show eth0 | jq '.[0].mtu')" "MTU of pod a"
	head -c 3000000 /dev/urandom >"$S/sent"
	transfer b a "$(pod_ip4 a)"
	transfer b a "[$(pod_ip6 a)]"
	assert_match "mtu 1280" "$(ip -n b route get "$(pod_ip4 a)")"
	assert_match "mtu 1280" "$(ip -n b -6 route get "$(pod_ip6 a)")"
	# By now b says in its handshakes what fits, so a has to be told in another way.
	in_ns a ping -n -q -c 1 -W 1 -s 4000 -M 'do' "$(pod_ip4 b)" >"$S/ping" 2>&1 || true
	in_ns a ping -n -q -c 1 -W 1 -s 4000 -M 'do' "$(pod_ip6 b)" >"$S/ping" 2>&1 || true
	assert_match "mtu 1280" "$(ip -n a route get "$(pod_ip4 b)")"
	assert_match "mtu 1280" "$(ip -n a -6 route get "$(pod_ip6 b)")"
	transfer a b "$(pod_ip4 b)"
	transfer a b "[$(pod_ip6 b)]"
	ping_ok a "$(pod_ip4 b)" -s 8000 -M dont
	ping_ok a "$(pod_ip6 b)" -s 8000
}

test_a_narrow_device_of_the_own_host_is_told() {
	hosts_add 1 2
	host_agent h1 --masquerade off --mtu 9000
	host_agent h2 --masquerade off
	host_pod h1 a
	host_pod h2 b
	in_ns a ping -n -q -c 1 -W 1 -s 4000 -M 'do' "$(pod_ip4 b)" >"$S/ping" 2>&1 || true
	in_ns a ping -n -q -c 1 -W 1 -s 4000 -M 'do' "$(pod_ip6 b)" >"$S/ping" 2>&1 || true
	assert_match "mtu 1500" "$(ip -n a route get "$(pod_ip4 b)")"
	assert_match "mtu 1500" "$(ip -n a -6 route get "$(pod_ip6 b)")"
}

# link_local_next_hops DEVICE PEER - between h1, which has DEVICE, and the router, which has PEER
link_local_next_hops() {
	ip -n h1 addr add fe80::1/64 dev "$1" nodad
	ip -n router addr add fe80::7/64 dev "$2" nodad
	ip -n h1 -6 route replace default via fe80::7 dev "$1"
	ip -n router -6 route replace fd01::/112 via fe80::1 dev "$2"
}

a_and_b_talk() {
	serve_all a
	serve_all b
	wait_until 10 in_ns a ping -n -q -c 1 -W 0.3 "$(pod_ip6 b)"
	talk_all a b "$(pod_ip4 b)" "$(pod_ip6 b)"
	talk_all b a "$(pod_ip4 a)" "$(pod_ip6 a)"
}

test_next_hops_may_be_link_local() {
	two_hosts --masquerade off
	link_local_next_hops nic0 h1
	a_and_b_talk
}

test_vlan_devices_are_used() {
	hosts_add 1 2
	for end in "h1 nic0" "router h1"; do
		# shellcheck disable=SC2086 # words
		set -- $end
		ip -n "$1" link add link "$2" name "$2.7" type vlan id 7 2>"$S/said" ||
			skip "this kernel makes no VLAN devices: $(cat "$S/said")"
		ip -n "$1" addr flush dev "$2"
	done
	world_address h1 nic0.7 192.0.1.1/24 2001:db8:1::1/64
	world_address router h1.7 192.0.1.254/24 2001:db8:1::fe/64
	ip -n h1 route replace default via 192.0.1.254
	ip -n router route replace 10.1.0.0/24 via 192.0.1.1
	link_local_next_hops nic0.7 h1.7
	on_host h1 agent_start --device nic0.7 --masquerade off
	host_agent h2 --masquerade off
	host_pod h1 a
	host_pod h2 b
	a_and_b_talk
}

packets_sent() { ip -n h1 -j -s link show "$1" | jq ".[0].stats64.tx.packets"; }

test_routing_policy_and_several_devices_count() {
	two_hosts --masquerade off --device nic1
	ip link add nic1 netns h1 type veth peer name h1b netns router
	world_address h1 nic1 192.0.11.1/24 2001:db8:11::1/64
	world_address router h1b 192.0.11.254/24 2001:db8:11::fe/64
	wait_until 10 in_ns h1 ping -n -q -c 1 -W 0.3 192.0.11.254
	serve_all b
	# A rule: what a sends takes the second device.
	ip -n h1 rule add from "$(pod_ip4 a)" table 7
	ip -n h1 route add default via 192.0.11.254 table 7
	before=$(packets_sent nic1)
	talk_all a b "$(pod_ip4 b)"
	assert_le $((before + 5)) "$(packets_sent nic1)" "packets by nic1"
	# Two next hops: flows spread over both, each stays on its own.
	ip -n h1 rule del table 7
	ip -n h1 route replace default nexthop via 192.0.1.254 nexthop via 192.0.11.254
	in_ns h1 sysctl -qw net.ipv4.fib_multipath_hash_policy=1
	first=$(packets_sent nic0) second=$(packets_sent nic1)
	for _ in {1..24}; do talk_udp a b "$(pod_ip4 b)" 53; done
	assert_le $((first + 1)) "$(packets_sent nic0)" "packets by nic0"
	assert_le $((second + 1)) "$(packets_sent nic1)" "packets by nic1"
}

test_a_stream_outlives_its_device_going_down() {
	two_hosts --masquerade off
	mkfifo "$S/to"
	in_ns b socat TCP6-LISTEN:99,reuseaddr,ipv6only=0 EXEC:cat </dev/null >/dev/null 2>&1 &
	wait_until 5 listens b tcp 99
	in_ns a socat - "TCP:$(pod_ip4 b):99" <"$S/to" >"$S/from" 2>/dev/null &
	exec 7>"$S/to"
	echo one >&7
	wait_until 5 grep -q one "$S/from"
	ip -n h1 link set nic0 down
	echo two >&7
	assert_fails in_ns outside ping -n -q -c 1 -W 0.3 192.0.1.1
	ip -n h1 link set nic0 up
	ip -n h1 route add default via 192.0.1.254
	wait_until 15 grep -q two "$S/from"
	exec 7>&-
}

story_main "$@"
