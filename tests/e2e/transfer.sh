#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Real servers and clients: nginx, curl, iperf3.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	pod_add server
	pod_add client
}

# timeout 120
test_curl_fetches_100_mb_intact() {
	local sum address before
	mkdir "$S/tmp/www"
	head -c 100000000 /dev/urandom >"$S/tmp/www/file"
	sum=$(sha256sum <"$S/tmp/www/file")
	nginx_start server "$S/tmp/www"
	before=$(drops_all)
	for address in "$(pod_ip4 server)" "[$(pod_ip6 server)]"; do
		pod_exec client curl -sf --max-time 60 -o "$S/tmp/got" "http://$address/file"
		assert_eq "$sum" "$(sha256sum <"$S/tmp/got")" "checksum of what came from $address"
		curl -sf --max-time 60 -o "$S/tmp/got" "http://$address/file"
		assert_eq "$sum" "$(sha256sum <"$S/tmp/got")" "checksum at the host from $address"
	done
	assert_eq "$before" "$(drops_all)" "packets dropped"
}

test_transfers_are_intact_without_offloads() {
	local pod
	need ethtool
	for pod in server client; do
		pod_exec "$pod" ethtool -K eth0 tx off rx off gso off tso off gro off >/dev/null
	done
	mkdir "$S/tmp/www"
	head -c 5000000 /dev/urandom >"$S/tmp/www/file"
	nginx_start server "$S/tmp/www"
	for address in "$(pod_ip4 server)" "[$(pod_ip6 server)]"; do
		pod_exec client curl -sf --max-time 60 -o "$S/tmp/got" "http://$address/file"
		assert_eq "$(sha256sum <"$S/tmp/www/file")" "$(sha256sum <"$S/tmp/got")" "checksum"
	done
}

# timeout 120
test_iperf3_runs_tcp_and_udp() {
	local address before
	before=$(drops_all)
	pod_exec server iperf3 -s >"$S/iperf.log" 2>&1 &
	wait_until 5 listens server tcp 5201
	for address in "$(pod_ip4 server)" "$(pod_ip6 server)"; do
		pod_exec client iperf3 -J -t 1 -c "$address" >"$S/tcp.json"
		assert_le 1 "$(jq '.end.sum_received.bits_per_second / 1e8 | floor' "$S/tcp.json")" \
			"hundreds of Mbit/s over TCP"
		pod_exec client iperf3 -J -R -t 1 -c "$address" >"$S/tcp.json"
		assert_le 1 "$(jq '.end.sum_received.bits_per_second / 1e8 | floor' "$S/tcp.json")" \
			"hundreds of Mbit/s over TCP, reversed"
		pod_exec client iperf3 -J -u -b 5M -t 1 -c "$address" >"$S/udp.json"
		assert_le 300 "$(jq '.end.sum.packets' "$S/udp.json")" "UDP packets"
		# Some may overflow the receiver's socket while this machine is busy.
		assert_le "$(jq '.end.sum.lost_percent | floor' "$S/udp.json")" 20 "percent of UDP lost"
	done
	assert_eq "$before" "$(drops_all)" "packets dropped by the datapath"
}

# Super-packets must stay whole: without them the pods would see twenty times the packets.
test_super_packets_stay_whole() {
	local packets bytes
	mkdir "$S/tmp/www"
	head -c 20000000 /dev/urandom >"$S/tmp/www/file"
	nginx_start server "$S/tmp/www"
	pod_exec client curl -sf --max-time 60 -o /dev/null "http://$(pod_ip4 server)/file"
	axo conntrack list -o json >"$S/flows"
	packets=$(jq '[.[] | select(.destinationPort == 80) | .replyPackets] | max' "$S/flows")
	bytes=$(jq '[.[] | select(.destinationPort == 80) | .replyBytes] | max' "$S/flows")
	assert_le 20000000 "$bytes" "bytes counted"
	assert_le "$packets" "$((bytes / 4000))" "packets, for an average of at least 4000 bytes"
}

story_main "$@"
