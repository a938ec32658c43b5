#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One family only, and pools as small as they may be.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

test_ipv4_only() {
	POD_CIDRS=10.1.0.0/24
	agent_start
	pod_add a
	pod_add b
	assert_eq "" "$(pod_ip6 a)" "IPv6 address"
	serve_tcp b 80
	talk_tcp a b "$(pod_ip4 b)" 80
	expect_drop family_off packet a send eth0 \
		'IPv6(src="fd01::2",dst="fd01::3")/UDP(sport=1,dport=2)'
}

test_ipv6_only() {
	POD_CIDRS=fd01::/64
	agent_start
	pod_add a
	pod_add b
	assert_eq "" "$(pod_ip4 a)" "IPv4 address"
	serve_tcp b 80
	talk_tcp a b "$(pod_ip6 b)" 80
	expect_drop family_off packet a send eth0 \
		'IP(src="10.1.0.2",dst="10.1.0.3")/UDP(sport=1,dport=2)'
}

test_smallest_pools() {
	POD_CIDRS="10.1.0.0/30 fd01::/126"
	agent_start
	pod_add a
	assert_eq 10.1.0.2 "$(pod_ip4 a)" "the only IPv4 address"
	assert_eq fd01::2 "$(pod_ip6 a)" "the first IPv6 address"
	serve_tcp a 80
	talk_tcp host a "$(pod_ip4 a)" 80
	talk_tcp host a "$(pod_ip6 a)" 80
}

story_main "$@"
