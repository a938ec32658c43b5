#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One agent per network namespace and per directory of pins; and how it ends.

# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# second_agent [PROGRAM...] - other directories, so that only the namespace or the pins are shared
second_agent() {
	"$@" timeout 10 "$BIN/axonemed" --config /dev/null --pod-cidr 10.7.0.0/24 \
		--run-dir "$S/run2" --state-dir "$S/state2" --bpffs-dir "$PINS" \
		--cni-conf-dir "$S/cni2" --metrics-listen off
}

test_two_agents_in_one_network_namespace() {
	agent_start
	pod_add a
	PINS=$S/bpf/two assert_fails second_agent
	assert_match "another agent \(pid $AGENT_PID\) runs in this network namespace" "$(cat "$S/said")"
	assert_fails "$BIN/axonemed" --config /dev/null --cleanup --run-dir "$S/run2" \
		--state-dir "$S/state2" --bpffs-dir "$S/bpf/two"
	ping_ok a $GW4
	ping_ok a $GW6
	assert_eq ready "$(endpoint a .state)"
}

test_two_agents_with_one_directory_of_pins() {
	agent_start
	pod_add a
	pod_add b
	netns_add other
	PINS=$S/bpf/axoneme assert_fails second_agent in_ns other
	assert_match "another agent has its pins in $S/bpf/axoneme" "$(cat "$S/said")"
	ping_ok a "$(pod_ip4 b)"
}

test_nobody_else_keeps_the_agent_from_starting() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$PY" -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("\0axonemed")
s.listen(1)
print("bound", flush=True)
sys.stdin.read()' < <(exec tail -f /dev/null) >"$S/squat" &
	wait_until 5 grep -q bound "$S/squat"
	agent_start
	assert_match "is no agent" "$(cat "$S/agent.log")"
}

test_a_hangup_ends_the_agent_in_good_order() {
	local status=0
	agent_start
	pod_add a
	kill -HUP "$AGENT_PID"
	wait_until 10 process_ended "$AGENT_PID"
	wait "$AGENT_PID" || status=$?
	assert_eq 0 "$status" "exit status"
	[ ! -e "$SOCK" ] || fail "the socket is still there"
	ping_ok host "$(pod_ip4 a)"
}

story_main "$@"
