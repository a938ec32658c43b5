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

story_main "$@"
