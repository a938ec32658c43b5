#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# DEL must always succeed, and must never take what belongs to somebody else.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start --cooldown 0s
	cni_conf >"$S/conf.json"
}

queued() { find "$S/state/queue" -name '*.del' 2>/dev/null | wc -l; }
queue_empty() { [ "$(queued)" -eq 0 ]; }

test_del_without_an_agent_is_queued_and_drained() {
	pod_add a
	pod_add b
	agent_stop
	cni DEL a eth0 "$(cat "$S/conf.json")"
	assert_eq 1 "$(queued)" "queued DELs"
	agent_start
	wait_until 5 queue_empty
	wait_until 5 settled 1
	assert_eq b "$(axo endpoint list -o json | jq -r '.[0].containerId')" "who is left"
	assert_le 1 "$(metric axoneme_queue_drained_total)" "drained"
}

test_the_queue_is_drained_while_the_agent_runs() {
	pod_add a
	# As a plugin does that saw no agent for a moment.
	local dev
	dev=$(pod_dev a)
	echo '{"network":"axoneme","containerId":"a","ifname":"eth0"}' >"$S/state/queue/.tmp"
	mv "$S/state/queue/.tmp" "$S/state/queue/$dev.del"
	wait_until 5 queue_empty
	wait_until 5 settled 0
}

test_hundreds_of_dels_fit_into_the_queue() {
	local i
	agent_stop
	for i in $(seq 300); do
		CNI_NETNS='' cni DEL "gone$i" eth0 "$(cat "$S/conf.json")"
	done
	assert_eq 300 "$(queued)" "queued DELs"
	agent_start
	wait_until 10 queue_empty
}

test_a_killed_agent_is_no_obstacle() {
	pod_add a
	agent_kill9
	cni DEL a eth0 "$(cat "$S/conf.json")"
	cni DEL a eth0 "$(cat "$S/conf.json")"
	ip netns del a
	agent_start
	wait_until 5 settled 0
}

test_a_broken_queue_file_is_put_aside() {
	agent_stop
	mkdir -p "$S/state/queue"
	echo '{"network":' >"$S/state/queue/axo000000000000.del"
	echo '{"network":"../x","containerId":"a","ifname":"eth0"}' >"$S/state/queue/axo000000000001.del"
	: >"$S/state/queue/axo000000000002.del"
	agent_start
	wait_until 5 queue_empty
	assert_eq 3 "$(find "$S/state/queue" -name '*.bad' | wc -l)" "files put aside"
}

test_a_queue_directory_that_was_removed_is_watched_again() {
	pod_add a
	pod_add b
	rm -r "$S/state/queue"
	wait_until 5 test -d "$S/state/queue"
	kill -STOP "$AGENT_PID"
	cni DEL a eth0
	kill -CONT "$AGENT_PID"
	wait_until 5 settled 1
	assert_eq "" "$(ls "$S/state/queue")" "queue"
}

test_a_hanging_agent_does_not_hang_del_forever() {
	pod_add a
	kill -STOP "$AGENT_PID"
	timeout 60 env CNI_COMMAND=DEL CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 \
		"$BIN/axoneme-cni" <"$S/conf.json"
	kill -CONT "$AGENT_PID"
	wait_until 5 settled 0
}

# The address of a goes to b; a's late DEL must not free it.
test_a_stale_del_never_frees_anothers_address() {
	local address
	pod_add a
	address=$(pod_ip4 a)
	pod_del a
	wait_until 5 settled 0
	pod_add b ".runtimeConfig.ips = [\"$address\"]"
	assert_eq "$address" "$(pod_ip4 b)" "address of b"
	CNI_NETNS='' cni DEL a eth0
	CNI_NETNS='' cni DEL a eth0 "$(cni_conf ".prevResult = $(cat "$S/pods/b.json")")"
	settled 1
	ping_ok host "$address"
}

test_a_queued_del_does_not_remove_the_next_pod_of_that_name() {
	pod_add a
	agent_stop
	cni DEL a eth0 "$(cat "$S/conf.json")"
	ip netns del a
	agent_start
	pod_add a
	wait_until 5 queue_empty
	wait_until 5 settled 1
	ping_ok host "$(pod_ip4 a)"
}

test_del_and_add_in_the_same_namespace_at_once() {
	local i
	pod_add a
	for i in 1 2 3 4 5; do
		cni DEL a eth0
		cni ADD a eth0 >"$S/pods/a.json"
		ping_ok host "$(pod_ip4 a)"
	done
	wait_until 5 settled 1
}

# The old device may go at any moment of the ADD; each moment is hit once in some hundred times.
# timeout 120
test_an_add_meets_the_end_of_the_removal_before_it() {
	local i conf
	netns_add p
	conf=$(cni_conf)
	for i in {1..400}; do
		CNI_NETNS=/run/netns/p cni ADD "p$i" eth0 "$conf" >"$S/said" ||
			fail "ADD $i: $(cat "$S/said")"
		CNI_NETNS=/run/netns/p cni DEL "p$i" eth0 "$conf"
	done
	wait_until 5 settled 0
}

test_no_packet_passes_after_del() {
	pod_add a
	pod_add b
	ping_ok b "$(pod_ip4 a)"
	cni DEL a eth0
	if pod_exec b ping -n -q -c 1 -W 1 "$(pod_ip4 a)" >/dev/null; then
		fail "a answers after its DEL"
	fi
}

test_dels_of_many_pods_end_in_time() {
	local i
	for i in $(seq 20); do pod_add "p$i"; done
	for i in $(seq 20); do cni DEL "p$i" eth0 & done
	wait_until 20 settled 0
}

story_main "$@"
