#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pods of one host talk to each other and to the host, over both families.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	pod_add a
	pod_add b
}

test_pods_talk_over_ipv4() {
	serve_tcp b 80
	serve_udp b 53
	ping_ok a "$(pod_ip4 b)"
	talk_tcp a b "$(pod_ip4 b)" 80
	talk_udp a b "$(pod_ip4 b)" 53
}

test_pods_talk_over_ipv6() {
	serve_tcp b 80
	serve_udp b 53
	ping_ok a "$(pod_ip6 b)"
	talk_tcp a b "$(pod_ip6 b)" 80
	talk_udp a b "$(pod_ip6 b)" 53
}

test_the_server_sees_the_pods_own_address() {
	serve_tcp b 80
	assert_eq "$(pod_ip4 a)" "$(peer_of "$(ask_tcp a "$(pod_ip4 b)" 80)")" "peer"
	assert_eq "$(pod_ip6 a)" "$(peer_of "$(ask_tcp a "$(pod_ip6 b)" 80)")" "peer"
}

# peer_of TEXT - socat writes an address in full and in brackets
peer_of() {
	"$PY" -c 'import ipaddress, sys
a = ipaddress.ip_address(sys.argv[1].split()[-1].strip("[]"))
print(a.ipv4_mapped or a)' "$1"
}

test_a_pod_reaches_the_host() {
	world_add
	serve_tcp host 8080
	serve_udp host 8053
	for address in $GW4 $GW6 $HOST4 $HOST6; do
		ping_ok a "$address"
		talk_tcp a host "$address" 8080
	done
	# A UDP server answers from the address of the route, so only that one is asked.
	talk_udp a host $GW4 8053
	talk_udp a host $GW6 8053
}

test_the_host_reaches_a_pod() {
	serve_tcp a 80
	serve_udp a 53
	for address in $(pod_ip4 a) $(pod_ip6 a); do
		ping_ok host "$address"
		talk_tcp host a "$address" 80
		talk_udp host a "$address" 53
	done
}

# Between pods no packet takes the host's stack.
test_pods_talk_while_the_host_does_not_forward() {
	sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	serve_tcp b 80
	talk_tcp a b "$(pod_ip4 b)" 80
	talk_tcp a b "$(pod_ip6 b)" 80
	iptables -P FORWARD DROP 2>/dev/null || return 0
	talk_tcp a b "$(pod_ip4 b)" 80
}

test_a_pod_reaches_itself() {
	serve_tcp a 80
	talk_tcp a a "$(pod_ip4 a)" 80
	talk_tcp a a "$(pod_ip6 a)" 80
}

test_a_refused_connection_is_refused_at_once() {
	local before=$SECONDS
	assert_fails ask_tcp a "$(pod_ip4 b)" 81
	assert_fails ask_tcp a "$(pod_ip6 b)" 81
	assert_le "$((SECONDS - before))" 3 "seconds until both were refused"
	assert_match "[Rr]efused" "$(cat "$S/said")"
}

test_an_unused_address_is_unreachable() {
	expect_drop no_pod ping_fails a 10.1.0.200
	assert_match "Unreachable" "$(cat "$S/ping.log")" "what ping says"
	expect_drop no_pod ping_fails a fd01::c8
	assert_match "[Uu]nreachable" "$(cat "$S/ping.log")" "what ping says"
	expect_drop no_pod ping_fails host 10.1.0.200
	assert_match "[Uu]nreachable" "$(cat "$S/ping.log")" "what ping says to the host"
}

ping_fails() {
	if in_ns "$1" ping -n -c 1 -W 2 "$2" >"$S/ping.log" 2>&1; then
		fail "$2 answered"
	fi
}

test_a_pod_hop_counts_as_one() {
	# A sender's TTL of 64 is 63 at the other pod; traceroute shows the gateway first.
	in_ns a ping -n -c 1 -W 2 "$(pod_ip4 b)" >"$S/ping.log"
	assert_match "ttl=63" "$(cat "$S/ping.log")"
	in_ns a ping -n -c 1 -W 2 "$(pod_ip6 b)" >"$S/ping.log"
	assert_match "ttl=63" "$(cat "$S/ping.log")"
}

test_traceroute_shows_the_gateway_then_the_pod() {
	pod_exec a traceroute -n -q 1 -w 1 -m 4 "$(pod_ip4 b)" >"$S/trace"
	assert_match "1  $GW4 " "$(cat "$S/trace")"
	assert_match "2  $(pod_ip4 b) " "$(cat "$S/trace")"
	pod_exec a traceroute -6 -n -q 1 -w 1 -m 4 "$(pod_ip6 b)" >"$S/trace"
	assert_match "1  $GW6 " "$(cat "$S/trace")"
	assert_match "2  $(pod_ip6 b) " "$(cat "$S/trace")"
}

test_fragments_arrive() {
	ping_ok a "$(pod_ip4 b)" -s 8000 -M dont
	ping_ok a "$(pod_ip6 b)" -s 8000
	ping_ok a "$GW4" -s 8000 -M dont
	ping_ok host "$(pod_ip4 a)" -s 8000 -M dont
	ping_ok host "$(pod_ip6 a)" -s 8000
}

# One datagram: a shell writes 5000 bytes in two.
ask_big() {
	pod_exec a "$PY" -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(b"x" * 5000, (sys.argv[1], 53))
print(len(s.recv(65535)))' "$1"
}

test_fragmented_udp_arrives() {
	serve_udp b 53
	assert_eq 5000 "$(ask_big "$(pod_ip4 b)")" "bytes that came back"
	assert_eq 5000 "$(ask_big "$(pod_ip6 b)")" "bytes that came back"
}

test_counters_of_the_flow_agree_with_what_was_sent() {
	ping_ok a "$(pod_ip4 b)" -c 5 -i 0.05
	axo conntrack list -o json >"$S/flows"
	assert_eq "5 5" "$(jq -r --arg a "$(pod_ip4 a)" --arg b "$(pod_ip4 b)" \
		'.[] | select(.source == $a and .destination == $b and .proto == "ICMP")
		| "\(.packets) \(.replyPackets)"' "$S/flows")" "packets and reply packets of the flow"
}

story_main "$@"
