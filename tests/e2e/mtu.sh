#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Packets that are too big for the way to the host are refused aloud.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# The host's devices became smaller while the pod was there.
setup() {
	agent_start --mtu 1500
	pod_add a
	agent_stop
	agent_start --mtu 1400
}

test_a_pod_is_told_the_hosts_smaller_mtu() {
	local gateway
	for gateway in $GW4 $GW6; do
		expect_drop mtu pod_exec a ping -n -c 1 -W 1 -M "do" -s 1430 "$gateway"
		assert_match "mtu ?= ?1400|Packet too big: mtu=1400" "$(cat "$S/said")"
		wait_until 5 pod_exec a ping -n -q -c 1 -W 1 -s 1430 "$gateway"
	done
}

story_main "$@"
