#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# kill -9 of agent and plugin anywhere in ADD and DEL: nothing leaks, nothing is given twice.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start --cooldown 0s
	cni_conf >"$S/conf.json"
	CONF=$(cat "$S/conf.json")
}

# consistent - no address twice, and endpoints, devices, addresses in use agree
consistent() {
	local n
	n=$(endpoint_count)
	[ "$(axo endpoint list -o json | jq '[.[].ipv4, .[].ipv6] | unique | length')" -eq "$((2 * n))" ] &&
		settled "$n"
}

# after SECONDS COMMAND... - run the command in the background, pause, return
pause_us() {
	local until_us=$((${EPOCHREALTIME/./} + $1))
	while [ "${EPOCHREALTIME/./}" -lt "$until_us" ]; do :; done
}

# What the runtime does after a failed or interrupted ADD: DEL, until it succeeds.
runtime_gives_up() {
	wait_until 10 cni DEL "$1" eth0 "$CONF"
}

# timeout 240
test_agent_killed_at_many_points_of_add() {
	local i
	for i in $(seq 1 30); do
		netns_add "p$i"
		cni ADD "p$i" eth0 "$CONF" >"$S/pods/p$i.json" 2>/dev/null &
		local add=$! status=0
		pause_us $((i * 300))
		agent_kill9
		wait "$add" || status=$?
		agent_start --cooldown 0s
		if [ "$status" -eq 0 ]; then
			ping_ok host "$(pod_ip4 "p$i")"
		else
			runtime_gives_up "p$i"
			assert_eq "" "$(pod_exec "p$i" ip -o link show type veth)" "devices in p$i after its DEL"
		fi
		wait_until 10 consistent
	done
	for i in $(seq 1 30); do runtime_gives_up "p$i"; done
	wait_until 10 settled 0
}

# timeout 240
test_agent_killed_at_many_points_of_del() {
	local i
	for i in $(seq 1 30); do
		pod_add "p$i"
		cni DEL "p$i" eth0 "$CONF" >/dev/null 2>&1 &
		local del=$!
		pause_us $((i * 200))
		agent_kill9
		wait "$del" || fail "DEL failed while the agent was killed"
		agent_start --cooldown 0s
		wait_until 10 settled 0
		ip netns del "p$i"
	done
}

# timeout 240
test_agent_killed_while_sixteen_adds_are_in_flight() {
	local round i pids
	for round in 1 2 3 4; do
		pids=()
		for i in $(seq 16); do
			netns_add "p$round-$i"
			cni ADD "p$round-$i" eth0 "$CONF" >"$S/pods/p$round-$i.json" 2>/dev/null &
			pids+=($!)
		done
		pause_us $((round * 8000))
		agent_kill9
		for i in $(seq 16); do
			wait "${pids[$((i - 1))]}" || rm "$S/pods/p$round-$i.json"
		done
		agent_start --cooldown 0s
		for i in $(seq 16); do
			if [ -e "$S/pods/p$round-$i.json" ]; then
				ping_ok host "$(pod_ip4 "p$round-$i")"
			else
				runtime_gives_up "p$round-$i"
			fi
		done
		wait_until 10 consistent
	done
}

# timeout 180
test_plugin_killed_at_many_points_of_add() {
	local i
	for i in $(seq 1 40); do
		netns_add "p$i"
		CNI_COMMAND=ADD CNI_CONTAINERID=p$i CNI_NETNS=/run/netns/p$i CNI_IFNAME=eth0 \
			"$BIN/axoneme-cni" <"$S/conf.json" >/dev/null 2>&1 &
		local add=$!
		pause_us $((i * 200))
		kill -KILL "$add" 2>/dev/null || true
		wait "$add" 2>/dev/null || true
		runtime_gives_up "p$i"
		wait_until 10 settled 0
		assert_eq "" "$(pod_exec "p$i" ip -o link show type veth)" "devices in p$i after its DEL"
		ip netns del "p$i"
	done
}

# timeout 120
test_plugin_killed_at_many_points_of_del() {
	local i
	for i in $(seq 1 20); do
		pod_add "p$i"
		CNI_COMMAND=DEL CNI_CONTAINERID=p$i CNI_NETNS=/run/netns/p$i CNI_IFNAME=eth0 \
			"$BIN/axoneme-cni" <"$S/conf.json" >/dev/null 2>&1 &
		local del=$!
		pause_us $((i * 100))
		kill -KILL "$del" 2>/dev/null || true
		wait "$del" 2>/dev/null || true
		runtime_gives_up "p$i"
		wait_until 10 settled 0
		ip netns del "p$i"
	done
}

# timeout 180
test_agent_killed_at_many_points_of_its_start() {
	local i
	pod_add a
	pod_add b
	for i in $(seq 1 30); do
		agent_kill9
		agent_launch --cooldown 0s
		pause_us $((i * 3000))
	done
	agent_kill9
	agent_start --cooldown 0s
	settled 2
	ping_ok a "$(pod_ip4 b)"
	ping_ok a "$(pod_ip6 b)"
}

story_main "$@"
