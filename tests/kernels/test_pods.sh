#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pods on another kernel: what differs there, and what cannot be tried on the machines' own kernel
# (no SCTP, no VLAN devices).  Runs anywhere; skips what the kernel lacks.

. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
}

two_pods() {
	pod_add a
	pod_add b
}

kernel_at_least() {
	local major minor
	IFS=.- read -r major minor _ < <(uname -r)
	[ $((major * 1000 + minor)) -ge "$1" ]
}

# timeout 120
test_hooks_are_what_the_kernel_has() {
	local hooks expected=clsact
	hooks=$(axo status -o json | jq -c .hooks)
	if kernel_at_least 6006; then expected=tcx; fi
	assert_eq "$expected" "$(jq -r .host <<<"$hooks")" "host hook"
	pod_add a
	pod_exec a ping -c 1 -W 5 "$GW4"
}

# timeout 120
test_pods_talk_in_both_families() {
	local address
	two_pods
	for address in "$(pod_ip4 b)" "$(pod_ip6 b)" "$GW4" "$GW6"; do
		expect_no_drop pod_exec a ping -c 2 -i 0.2 -W 5 "$address"
		expect_no_drop pod_exec a ping -c 1 -s 4000 -W 5 "$address"
	done
	for address in "$(pod_ip4 b)" "$(pod_ip6 b)"; do
		"$PY" "$(dirname "$0")/transfer.py" tcp a b "$address"
		"$PY" "$(dirname "$0")/transfer.py" udp a b "$address"
	done
}

# timeout 120
test_sctp_association_between_pods() {
	local address before
	modprobe -q sctp || skip "this kernel has no SCTP"
	two_pods
	before=$(drops_all)
	for address in "$(pod_ip4 b)" "$(pod_ip6 b)"; do
		"$PY" "$(dirname "$0")/transfer.py" sctp a b "$address"
	done
	assert_eq "$before" "$(drops_all)" "dropped packets"
	assert_match SCTP "$(axo conntrack list -o json)" "flows"
}

# timeout 120
test_vlan_device_in_a_pod_is_refused_with_its_reason() {
	two_pods
	ip -n a link add link eth0 name eth0.5 type vlan id 5 || skip "this kernel has no VLAN devices"
	ip -n a addr add 10.9.0.1/24 dev eth0.5
	ip -n a link set eth0.5 up
	expect_drop vlan pod_exec a ping -c 1 -W 1 10.9.0.2
	expect_no_drop pod_exec a ping -c 1 -W 5 "$(pod_ip4 b)"
}

# timeout 120
test_restarted_agent_finds_its_pods() {
	two_pods
	agent_kill9
	pod_exec a ping -c 1 -W 5 "$(pod_ip4 b)"
	agent_start
	assert_eq 2 "$(endpoint_count)" endpoints
	pod_exec a ping -c 1 -W 5 "$(pod_ip6 b)"
	cni DEL a eth0
	assert_fails pod_exec a ping -c 1 -W 1 "$(pod_ip4 b)"
}

# timeout 120
test_cleanup_leaves_nothing() {
	two_pods
	agent_stop
	agent_run --cleanup
	assert_eq "" "$(ip -o link show type veth)" "devices"
	assert_eq "" "$(find "$S/bpf" -type f)" "pins"
}

story_main "$@"
