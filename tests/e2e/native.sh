#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pods and the world past the host's stack: routed by its tables, unseen by its netfilter.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# Forwarding by the host's stack is off and refused: what passes, passes it by.
setup() {
	world_add
	sysctl -qw net.ipv4.ip_forward=0
	iptables -P FORWARD DROP
	ip6tables -P FORWARD DROP
	agent_start --device nic0 --masquerade off
	pod_add a
}

# unseen - the host's stack forwarded nothing
unseen() {
	assert_match "policy DROP 0 packets" "$(iptables -vnL FORWARD)"
	assert_match "policy DROP 0 packets" "$(ip6tables -vnL FORWARD)"
}

test_a_pod_reaches_the_world_with_its_own_address() {
	serve_tcp world 80
	serve_udp world 53
	for address in $WORLD4 $WORLD6; do
		ping_ok a "$address"
		talk_tcp a world "$address" 80
		talk_udp a world "$address" 53
	done
	assert_match "to \[0000:0000:0000:0000:0000:ffff:0a01:0002\]" "$(ask_tcp a $WORLD4 80)"
	unseen
}

test_the_world_reaches_a_pod() {
	serve_tcp a 80
	serve_udp a 53
	for address in $(pod_ip4 a) $(pod_ip6 a); do
		ping_ok world "$address"
		talk_tcp world a "$address" 80
		talk_udp world a "$address" 53
	done
	unseen
}

test_a_device_that_comes_later_is_used() {
	agent_stop
	ip link set nic0 down
	ip link set nic0 name nic1
	agent_start --device nic0 --device nic1 --masquerade off
	ip link set nic1 up
	ip route replace default via 192.0.2.254
	ip -6 addr add 2001:db8:1::1/64 dev nic1 nodad
	ip -6 route replace default via 2001:db8:1::fe
	serve_tcp world 80
	wait_until 10 in_ns a ping -n -q -c 1 -W 0.3 $WORLD4
	wait_until 10 in_ns a ping -n -q -c 1 -W 0.3 $WORLD6
	unseen
}

test_a_device_that_goes_down_and_up_is_used_again() {
	ping_ok a $WORLD4
	ip link set nic0 down
	assert_fails pod_exec a ping -n -q -c 1 -W 0.3 $WORLD4
	ip link set nic0 up
	ip route replace default via 192.0.2.254
	wait_until 10 in_ns a ping -n -q -c 1 -W 0.3 $WORLD4
	wait_until 10 in_ns world ping -n -q -c 1 -W 0.3 "$(pod_ip4 a)"
	unseen
}

# What was made anew under the same name has another number, and lost its program.
test_a_device_that_is_made_anew_is_used() {
	ip link del nic0
	ip link add nic0 type veth peer name host0 netns router
	world_address host nic0 192.0.2.1/24 2001:db8:1::1/64
	world_address router host0 192.0.2.254/24 2001:db8:1::fe/64
	ip route add default via 192.0.2.254
	ip -n router route add 10.1.0.0/24 via 192.0.2.1
	wait_until 10 in_ns a ping -n -q -c 1 -W 0.3 $WORLD4
	wait_until 10 in_ns world ping -n -q -c 1 -W 0.3 "$(pod_ip4 a)"
	unseen
}

test_no_hook_is_left_behind() {
	agent_stop
	agent_start --device nic0 --routing stack --xdp off
	assert_eq "" "$(find "$S/bpf/axoneme" -name 'link_nic0_*')" "links"
	assert_eq "" "$(tc filter show dev nic0 ingress)" "filters"
}

test_traceroute_shows_the_host() {
	pod_exec a traceroute -n -q 1 -w 1 -m 5 $WORLD4 >"$S/trace"
	assert_eq "10.1.0.1 192.0.2.254 $WORLD4" "$(hops | xargs)" "hops"
	in_ns world traceroute -n -q 1 -w 1 -m 5 "$(pod_ip4 a)" >"$S/trace"
	assert_eq "198.51.100.254 10.1.0.1 $(pod_ip4 a)" "$(hops | xargs)" "hops"
}

hops() { awk 'NR > 1 { print $2 }' "$S/trace"; }

test_fragments_cross_both_ways() {
	for size in 3000 9000; do
		ping_ok a $WORLD4 -s $size -M dont
		ping_ok a $WORLD6 -s $size
		ping_ok world "$(pod_ip4 a)" -s $size -M dont
		ping_ok world "$(pod_ip6 a)" -s $size
	done
}

story_main "$@"
