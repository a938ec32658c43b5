#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pods on another kernel: what differs there, and what cannot be tried on the machines' own kernel
# (no SCTP, no VLAN devices).  Runs anywhere; skips what the kernel lacks.

. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
}

# Drops so far, but those of what a pod's kernel says by itself (MLD, router solicitations).
lost() {
	curl -sf --max-time 5 --unix-socket "$SOCK" http://axoneme/metrics | awk '
		/^axoneme_drop_packets_total/ && !/reason="(multicast|link_local|neighbour|vlan)"/ { n += $NF }
		END { print n + 0 }'
}

# loses_nothing COMMAND... - succeeds, and no packet of ours is dropped meanwhile
loses_nothing() {
	local before
	before=$(lost)
	"$@"
	assert_eq "$before" "$(lost)" "dropped packets after: $*"
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
		loses_nothing pod_exec a ping -c 2 -i 0.2 -W 5 "$address"
		loses_nothing pod_exec a ping -c 1 -s 4000 -W 5 "$address"
	done
	for address in "$(pod_ip4 b)" "$(pod_ip6 b)"; do
		loses_nothing "$PY" "$(dirname "$0")/transfer.py" tcp a b "$address"
		loses_nothing "$PY" "$(dirname "$0")/transfer.py" udp a b "$address"
	done
}

# timeout 120
test_sctp_association_between_pods() {
	local address
	modprobe -q sctp || skip "this kernel has no SCTP"
	two_pods
	for address in "$(pod_ip4 b)" "$(pod_ip6 b)"; do
		loses_nothing "$PY" "$(dirname "$0")/transfer.py" sctp a b "$address"
	done
	assert_match SCTP "$(axo conntrack list -o json)" "flows"
}

# timeout 120
test_vlan_device_in_a_pod_is_refused_with_its_reason() {
	two_pods
	ip -n a link add link eth0 name eth0.5 type vlan id 5 || skip "this kernel has no VLAN devices"
	ip -n a addr add 10.9.0.1/24 dev eth0.5
	ip -n a link set eth0.5 up
	expect_drop vlan pod_exec a ping -c 1 -W 1 10.9.0.2
	loses_nothing pod_exec a ping -c 1 -W 5 "$(pod_ip4 b)"
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
	[ ! -e "$S/bpf/axoneme" ] || fail "pins are left: $(find "$S/bpf/axoneme")"
}

story_main "$@"
