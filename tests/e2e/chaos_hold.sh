#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the delay line holds: it is delivered, whole and in order, whatever happens to the agent.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled server myService
	in_ns server "$PY" "$STORY_LIB/held.py" serve 8000 </dev/null >/dev/null 2>&1 &
	wait_until 5 listens server tcp 8000
}

# labelled POD APP - in namespace default
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# chaos RULE [PROTOCOL] - an experiment on the server
chaos() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: hold}
		spec:
		  endpointSelector: {matchLabels: {app: myService}}
		  enableDefaultDeny: {ingress: false}
		  ingress:
		  - toPorts:
		    - ports: [{port: "8000", protocol: ${2:-TCP}}]
		      rules: {l7proto: chaos, l7: [$1]}
	END
}

# ask CONNECTIONS SIZE [ROUNDS [TIMEOUT]] - prints JSON
ask() { in_ns client "$PY" "$STORY_LIB/held.py" ask "$(pod_ip4 server)" 8000 "$@" 2>"$S/asked"; }

# of FIELD - of what ask printed into $S/result
of() { jq -r ".$1 | floor" "$S/result"; }

in_flight() { axo chaos stats -o json | jq '[.. | .inFlight? // empty] | add // 0'; }
in_flight_at_least() { [ "$(in_flight)" -ge "$1" ]; }
remaining() { axo chaos list -o json | jq '[.. | .remainingSeconds? // empty] | add // 0'; }
in_flight_is() { [ "$(in_flight)" -eq "$1" ]; }

# asking CONNECTIONS SIZE TIMEOUT - in the background, until the line holds all the responses
asking() {
	ask "$1" "$2" 1 "$3" >"$S/result" &
	ASK_PID=$!
	wait_until 30 in_flight_at_least "$1"
}

# answered COUNT - all of them, and none failed
answered() {
	wait "$ASK_PID"
	assert_eq "$1" "$(of answered)" "answers ($(cat "$S/result"))"
}

test_a_held_response_is_whole_and_late_by_the_delay() {
	local size
	chaos '{probability: 1, delay-response: 1s}' | axo policy apply -
	for size in 1 6 1448 100000; do
		ask 1 "$size" >"$S/result"
		assert_eq 1 "$(of answered)"
		assert_le 1000 "$(of min)" "milliseconds for $size bytes"
		# The request may be repeated once: its acknowledgement came with the response.
		assert_le "$(of retransmitted)" 2 "retransmissions of the client"
	done
	wait_until 5 in_flight_is 0
}

# timeout 120
test_a_thousand_responses_are_held_and_none_is_lost() {
	chaos '{probability: 1, delay-response: 3s}' | axo policy apply -
	asking 1000 200 60
	answered 1000
	assert_le 3000 "$(of min)" "milliseconds"
	wait_until 10 in_flight_is 0
}

# timeout 120
test_sigterm_delivers_what_is_held() {
	chaos '{probability: 1, delay-response: 50s}' | axo policy apply -
	asking 1000 200 40
	agent_stop
	answered 1000
	assert_le "$(of max)" 40000 "milliseconds"
}

# timeout 180
test_kill_9_loses_no_response_and_no_connection() {
	local before after
	chaos '{probability: 1, delay-response: 50s}' | axo policy apply -
	asking 1000 200 100
	before=$(remaining)
	agent_kill9
	# Without an agent nobody makes faults: new requests are answered at once, of old connections, too.
	ask 10 100 1 10 >"$S/later"
	assert_eq 10 "$(jq .answered "$S/later")" "later answers ($(cat "$S/later"))"
	assert_le "$(jq '.max | floor' "$S/later")" 3000 "milliseconds of later requests"
	answered 1000
	# Their servers repeat them at growing intervals; the line held them up to the kill.
	assert_le "$(of max)" 60000 "milliseconds"
	# The experiment goes on with what is left of its time, and knows that nothing is in flight.
	agent_start
	after=$(remaining)
	assert_le 1 "$after" "seconds left"
	assert_le "$after" $((before - $(of max) / 2000)) "seconds left, $before before"
	wait_until 10 in_flight_is 0
	ask 1 100 1 1 >"$S/result" 2>/dev/null || true
	assert_eq 0 "$(of answered)" "answers within a second"
}

# tcp NS - what its TCP counted so far: repeated segments, keepalives, resets, connections given up,
# segments that the other end says it had before
tcp() {
	in_ns "$1" cat /proc/net/snmp /proc/net/netstat |
		awk '{ if ($1 in head) { n = split(head[$1], names)
			for (i = 2; i <= n; i++) value[names[i]] = $i } head[$1] = $0 }
			END { print value["RetransSegs"], value["TCPKeepAlive"], value["EstabResets"],
				value["TCPAbortOnTimeout"], value["TCPDSACKRecv"] }'
}

# tcp_since NS BEFORE - the same, since then
tcp_since() { paste -d' ' <(tcp "$1") <(echo "$2") | awk '{ print $1-$6, $2-$7, $3-$8, $4-$9, $5-$10 }'; }

# AXO_HOLD_S=60 (make check-long) is the longest that a policy may ask for.
# timeout 240
test_a_connection_outlives_its_holds() {
	local hold=${AXO_HOLD_S:-4} client server repeats keepalives resets gone again
	chaos "{probability: 1, delay-response: ${hold}s}" | axo policy apply -
	client=$(tcp client) server=$(tcp server)
	# Two turns of one connection; its client asks every second whether the server is there.
	KEEPALIVE=1 ask 1 3000 2 $((hold + 30)) >"$S/result"
	assert_eq 2 "$(of answered)" "answers ($(cat "$S/result"))"
	assert_le $((hold * 1000)) "$(of min)" "milliseconds"
	read -r repeats keepalives resets gone again < <(tcp_since client "$client")
	seen "client: $repeats segments repeated, $keepalives keepalives, $resets resets, $gone given up"
	assert_le $((hold - 2)) "$keepalives" "keepalives of the client"
	assert_eq "0 0" "$resets $gone" "connections that ended before their time, client"
	assert_le "$repeats" 4 "segments that the client repeated"
	read -r repeats keepalives resets gone again < <(tcp_since server "$server")
	seen "server: $repeats segments repeated, $resets resets, $gone given up, $again came twice"
	assert_eq "0 0" "$resets $gone" "connections that ended before their time, server"
	assert_eq 0 "$again" "segments that came to the client twice"
	# Twice as long between repeats each time: a dozen of a segment at most.
	assert_le "$repeats" 60 "segments that the server repeated"
}

test_deleting_the_policy_delivers_what_is_held() {
	chaos '{probability: 1, delay-response: 50s}' | axo policy apply -
	asking 20 100000 40
	axo policy delete default/hold
	answered 20
}

test_stop_delivers_what_is_held() {
	chaos '{probability: 1, delay-response: 50s}' | axo policy apply -
	asking 20 1000 40
	axo chaos stop --all
	answered 20
}

test_a_policy_that_forbids_meanwhile_is_honoured() {
	local before
	chaos '{probability: 1, delay-response: 2s}' | axo policy apply -
	asking 1 100 4 || true
	before=$(drops policy)
	axo policy apply - <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: nobody}
		spec:
		  endpointSelector: {matchLabels: {app: myService}}
		  ingressDeny: [{fromEndpoints: [{matchLabels: {app: client}}]}]
	END
	wait "$ASK_PID"
	assert_eq 0 "$(of answered)" "answers"
	wait_until 5 test "$(drops '(policy|policy_deny)')" -gt "$before"
}

test_a_pod_that_goes_takes_nothing_with_it() {
	chaos '{probability: 1, delay-response: 2s}' | axo policy apply -
	asking 5 100 3 || true
	pod_del client
	wait "$ASK_PID" || true
	wait_until 10 in_flight_is 0
	labelled client client
	ask 2 100 >"$S/result"
	assert_eq 2 "$(of answered)"
}

# timeout 120
test_data_survives_a_bad_wire() {
	chaos '{probability: 1, loss: 0.03, duplicate: 0.05, corrupt: 0.02}' | axo policy apply -
	ask 10 100000 3 60 >"$S/result"
	assert_eq 30 "$(of answered)" "answers ($(cat "$S/result"))"
	assert_le 1 "$(metric 'axoneme_drop_packets_total\{.*reason="chaos"')" "lost packets"
}

test_a_rate_bounds_the_response() {
	chaos '{probability: 1, rate: 8mbit}' | axo policy apply -
	# A megabyte per second, but for what may leave at once.
	ask 1 400000 >"$S/result"
	assert_eq 1 "$(of answered)"
	assert_le 250 "$(of min)" "milliseconds"
}

test_datagrams_are_held() {
	local started answer
	chaos '{probability: 1, delay-response: 300ms}' UDP | axo policy apply -
	in_ns server socat -T 20 UDP4-RECVFROM:8000,fork PIPE &
	wait_until 5 listens server udp 8000
	started=${EPOCHREALTIME/./}
	answer=$(in_ns client "$PY" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.sendto(b"datagram", (sys.argv[1], 8000))
print(s.recv(100).decode())' "$(pod_ip4 server)")
	assert_eq datagram "$answer"
	assert_le 300000 $((${EPOCHREALTIME/./} - started)) "microseconds"
}

test_the_line_is_there_only_while_it_is_needed() {
	assert_fails ip link show axo_delay
	chaos '{probability: 1, delay-response: 300ms}' | axo policy apply -
	ip link show axo_delay >/dev/null
	assert_match 'delay' "$(axo status -o json | jq -c .)" "status"
	axo policy delete default/hold
	wait_until 5 not ip link show axo_delay
}

test_a_line_that_somebody_removes_is_made_again() {
	chaos '{probability: 1, delay-response: 300ms}' | axo policy apply -
	ip link del axo_delay
	ask 1 100 >"$S/result"
	assert_eq 1 "$(of answered)"
	wait_until 10 ip link show axo_delay
	wait_until 10 held_again
}

line_is() { [ "$(axo status -o json | jq -r .delayLine.by)" = "$1" ]; }
kernel_has_fq() { unshare -n sh -c 'ip link add q0 type veth peer name q1 && tc qdisc add dev q0 root fq' 2>/dev/null; }

# timeout 120
test_the_option_says_who_holds() {
	local mode wanted
	agent_stop
	for mode in tap fq auto; do
		agent_start --chaos-delay "$mode"
		chaos '{probability: 1, delay-response: 300ms}' | axo policy apply -
		wanted=tap
		if kernel_has_fq && [ "$mode" != tap ]; then
			wanted=fq
		elif [ "$mode" = fq ]; then
			wanted=none
			wait_until 5 grep -q "there is no delay line.*fq" "$S/agent.log"
		fi
		wait_until 5 line_is "$wanted"
		assert_eq "$mode" "$(axo status -o json | jq -r .delayLine.asked)" "asked for"
		# Who cannot hold disturbs nobody.
		ask 1 100 >"$S/result"
		assert_eq 1 "$(of answered)"
		[ "$wanted" = none ] || assert_le 300 "$(of min)" "milliseconds by $wanted"
		wait_until 5 in_flight_is 0
		agent_stop
	done
}

# thread_field NAME - a line of the status of the agent's thread delay-line
thread_field() {
	grep -l "^Name:.delay-line" "/proc/$AGENT_PID/task/"*/status | xargs sed -n "s/^$1:\\t//p"
}

test_the_thread_has_priority_and_no_privileges() {
	local thread
	assert_eq 0000000000000000 "$(thread_field CapPrm)" "capabilities"
	chrt -r 1 true || skip "nobody here has priority"
	thread=$(thread_field Pid)
	assert_match SCHED_RR "$(chrt -p "$thread")" "the thread's class"
	assert_match SCHED_OTHER "$(chrt -p "$AGENT_PID")" "the agent's class"
}

held_again() {
	ask 1 100 >"$S/result" && [ "$(of min)" -ge 300 ]
}

story_main "$@"
