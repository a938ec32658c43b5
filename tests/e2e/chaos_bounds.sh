#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What ends an experiment: a guard that counts drops, and time, which goes on over a reboot.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=tests/lib/story_chaos.sh
. "$STORY_LIB/story_chaos.sh"

setup() {
	agent_start
	labelled client client
	labelled server myService
	turns_start server 8000
}

# closed PORT - nobody reaches that port of the server over UDP
closed() {
	axo policy apply - <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: closed}
		spec:
		  endpointSelector: {matchLabels: {app: myService}}
		  enableDefaultDeny: {ingress: false}
		  ingressDeny: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "$1", protocol: UDP}]}]}]
	END
}

# datagrams PORT COUNT - from client to server
datagrams() {
	in_ns client "$PY" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[3])):
    s.sendto(b"datagram", (sys.argv[1], int(sys.argv[2])))' "$(pod_ip4 server)" "$1" "$2"
}

# ticks COUNT - the agent looks at guards that often (it renews the lease each time)
ticks() {
	local i
	for ((i = 0; i < $1; i++)); do
		RENEWED=$(renewed)
		wait_until 10 renewed_since
	done
}

renewed() {
	bpftool -j map dump pinned "$S/bpf/axoneme/axo_chaos_lease" | jq '.[0].formatted.value.renewed_ns'
}
renewed_since() { [ "$(renewed)" != "$RENEWED" ]; }

test_drops_that_chaos_did_not_make_end_it() {
	chaos '{probability: 1, abort: timeout}' 'abort-on: "drops>5%"' | axo policy apply -
	closed 81
	# Its own: every request is swallowed, and the client repeats it.
	in_ns client timeout 3 "$PY" "$STORY_LIB/turns.py" ask "$(pod_ip4 server)" 8000 1 >"$S/turns" ||
		true
	assert_le 1 "$(drops chaos)" "requests swallowed"
	# Few of many.
	datagrams 82 400
	datagrams 81 10
	ticks 3
	assert_eq running "$(field .state)" "after 10 drops of 410 packets"
	datagrams 81 200
	wait_until 10 state_is aborted
	assert_match "of [0-9]+ packets were dropped" "$(field .why)"
	assert_eq 0 "$(turns 3 | grep -c reset || true)" "resets after the guard"
	assert_match "ended by its guard: [0-9]+ of [0-9]+ packets" "$(axo chaos stats)"
	agent_stop
	agent_start
	assert_eq aborted "$(field .state)" "after a restart"
}

# reboot BOOT_ID - as the agent sees one: no pods, programs and maps, the clock of another boot
reboot() {
	pod_del client
	pod_del server
	agent_stop
	rm -rf "$S/bpf/axoneme"
	echo "$1" >"$S/boot_id"
	umount /proc/sys/kernel/random/boot_id 2>/dev/null || true
	mount --bind "$S/boot_id" /proc/sys/kernel/random/boot_id
	agent_start
	labelled client client
	labelled server myService
	turns_start server 8000
}

test_a_reboot_goes_on_by_the_calendar() {
	local before seconds
	chaos '{probability: 0.5, abort: reset}' 'duration: 30m' 'seed: "5"' | axo policy apply -
	turns 40 >"$S/first"
	before=$(field '"\(.seed) \(.start) \(.end) \(.number)"')
	reboot 11111111-1111-1111-1111-111111111111
	assert_eq "$before" "$(field '"\(.seed) \(.start) \(.end) \(.number)"')" "after a reboot"
	assert_eq running "$(field .state)" "after a reboot"
	seconds=$(field .remainingSeconds)
	assert_le 1500 "$seconds" "seconds left"
	assert_le "$seconds" 1800 "seconds left"
	# Counters were the kernel's: the sequence begins with the first request.
	assert_eq 0 "$(field .requests)" "requests since the reboot"
	turns 40 >"$S/second"
	diff <(grep -n reset "$S/first") <(grep -n reset "$S/second")
}

test_a_reboot_wakes_nothing_that_is_over() {
	chaos '{probability: 1, abort: reset}' 'duration: 1s' | axo policy apply -
	wait_until 5 state_is expired
	reboot 22222222-2222-2222-2222-222222222222
	assert_eq expired "$(field .state)" "after a reboot"
	assert_eq 0 "$(turns 3 | grep -c reset || true)" "resets"
	chaos '{probability: 1, abort: reset}' | axo policy apply -
	assert_eq 1 "$(turns 1 | grep -c reset)" "resets when it is applied again"
	axo chaos stop --all
	agent_stop
	agent_start
	assert_eq stopped "$(field .state)" "stopped, after a restart"
}

story_main "$@"
