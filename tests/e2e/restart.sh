#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# While the agent is away traffic goes on; when it is back no flow notices.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	pod_add a
	pod_add b
}

# A stream of numbered lines from a to b; the receiver checks that none is missing.
stream_start() {
	nsenter --net=/run/netns/b socat -u TCP6-LISTEN:7000,ipv6only=0 "CREATE:$S/stream" &
	RECEIVER_PID=$!
	wait_until 5 listens b tcp 7000
	nsenter --net=/run/netns/a "$PY" "$STORY_LIB/numbered_lines.py" "$1" 7000 &
	STREAM_PID=$!
	wait_until 5 stream_beyond 100
}

stream_lines() { wc -l <"$S/stream"; }
stream_beyond() { [ "$(stream_lines)" -gt "$1" ]; }

stream_goes_on() {
	local at
	at=$(stream_lines)
	wait_until 3 stream_beyond "$((at + 200))"
}

stream_is_whole() {
	kill "$STREAM_PID"
	# The end of the connection ends the receiver.
	wait_until 5 process_ended "$RECEIVER_PID"
	awk '$1 != NR - 1 { print "line " NR " holds " $1; exit 1 }' "$S/stream" || fail "the stream has a gap"
}

test_a_tcp_stream_survives_a_restart() {
	stream_start "$(pod_ip4 b)"
	agent_stop
	stream_goes_on
	agent_start
	stream_goes_on
	stream_is_whole
}

test_a_tcp_stream_survives_kill_9_and_no_packet_is_dropped() {
	local before
	stream_start "$(pod_ip6 b)"
	before=$(drops_all)
	agent_kill9
	stream_goes_on
	agent_start
	stream_goes_on
	assert_eq "$before" "$(drops_all)" "dropped packets"
	stream_is_whole
}

test_new_connections_work_while_the_agent_is_away() {
	agent_stop
	serve_tcp b 80
	talk_tcp a b "$(pod_ip4 b)" 80
	talk_tcp a b "$(pod_ip6 b)" 80
	talk_tcp host b "$(pod_ip4 b)" 80
	agent_start
	talk_tcp a b "$(pod_ip4 b)" 80
}

test_a_restart_keeps_ids_identities_and_counters() {
	local before
	expect_drop no_pod pod_exec a ping -n -c 1 -W 1 10.1.0.99
	before=$(axo endpoint list -o json | jq -c 'map({id, ipv4, ipv6, identity, mac, hostDevice, state})')
	local drops_before
	drops_before=$(drops no_pod)
	agent_stop
	agent_start
	assert_eq "$before" "$(axo endpoint list -o json | jq -c 'map({id, ipv4, ipv6, identity, mac, hostDevice, state})')"
	assert_le "$drops_before" "$(drops no_pod)" "drop counter"
}

test_the_generation_never_goes_back() {
	local before
	before=$(axo status -o json | jq .generation)
	agent_kill9
	agent_start
	assert_le "$before" "$(axo status -o json | jq .generation)" "generation"
}

test_flows_survive_a_restart() {
	stream_start "$(pod_ip4 b)"
	agent_stop
	agent_start
	assert_eq established "$(axo conntrack list -o json |
		jq -r '.[] | select(.destinationPort == 7000) | .state')" "state of the flow"
	stream_is_whole
}

test_restarting_twice_changes_nothing() {
	agent_stop
	agent_start
	local one
	one=$(traces)
	agent_stop
	agent_start
	assert_eq "$one" "$(traces)" "devices, filters, pins"
}

# Filters are replaced, so actions have new numbers; there are as many of them.
traces() {
	ip -o link | sed 's/^[0-9]*: //' | sort
	tc filter show dev "$(pod_dev a)" ingress | sed 's/ id [0-9]*.*//; s/prog_id.*//; s/index [0-9]*//'
	tc actions list action mirred | grep -c mirred || true
	find "$S/bpf" | sort
}

test_programs_are_replaced_without_a_gap() {
	ping_flood_start
	for _ in 1 2 3; do
		agent_stop
		agent_start
	done
	kill -INT "$PING_PID"
	wait "$PING_PID" || true
	assert_match ", 0% packet loss" "$(cat "$S/flood")"
}

ping_flood_start() {
	nsenter --net=/run/netns/a ping -n -i 0.002 "$(pod_ip4 b)" >"$S/flood" 2>&1 &
	PING_PID=$!
	wait_until 3 grep -q icmp_seq=50 "$S/flood"
}

test_what_was_deleted_by_others_is_made_again() {
	agent_stop
	tc qdisc del dev "$(pod_dev a)" clsact
	ip addr del $GW4/32 dev axo_host 2>/dev/null || ip addr flush dev axo_host
	agent_start
	ping_ok a "$(pod_ip4 b)"
	ping_ok a $GW4
	ping_ok a $GW6
}

test_the_gateway_is_made_again_with_the_mac_that_pods_know() {
	ping_ok a $GW4
	agent_stop
	ip link del axo_host
	NODE=another agent_start
	ping_ok a "$(pod_ip4 b)"
	ping_ok a $GW4
	ping_ok a $GW6
}

test_a_gateway_address_that_was_removed_comes_back() {
	ip addr flush dev axo_host
	wait_until 5 pod_exec a ping -n -q -c 1 -W 1 $GW4
	wait_until 5 pod_exec a ping -n -q -c 1 -W 1 $GW6
	ping_ok host "$(pod_ip6 a)"
	assert_match "gateway address was removed" "$(cat "$S/agent.log")"
}

test_down_and_up_of_the_gateway_loses_nothing() {
	ip link set axo_host down
	ip link set axo_host up
	wait_until 5 pod_exec a ping -n -q -c 1 -W 1 $GW4
	wait_until 5 pod_exec a ping -n -q -c 1 -W 1 $GW6
	ip link set axo_net down
	ip link set axo_net up
	wait_until 5 pod_exec a ping -n -q -c 1 -W 1 $GW4
	wait_until 5 pod_exec a ping -n -q -c 1 -W 1 $GW6
}

test_a_device_that_no_endpoint_owns_is_removed() {
	agent_stop
	ip link add axo0123456789ab type veth peer name orphan
	agent_start
	wait_until 5 settled 2
}

story_main "$@"
