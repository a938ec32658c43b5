#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pods and the world behind a router, by the kernel's routing.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	world_add
	pod_add a
}

test_a_pod_reaches_the_world() {
	serve_tcp world 80
	serve_udp world 53
	for address in $WORLD4 $WORLD6; do
		ping_ok a "$address"
		talk_tcp a world "$address" 80
		talk_udp a world "$address" 53
	done
}

test_the_world_reaches_a_pod() {
	serve_tcp a 80
	serve_udp a 53
	for address in $(pod_ip4 a) $(pod_ip6 a); do
		ping_ok world "$address"
		talk_tcp world a "$address" 80
		talk_udp world a "$address" 53
	done
}

test_traceroute_shows_every_hop_to_the_world() {
	pod_exec a traceroute -n -q 1 -w 1 -m 5 $WORLD4 >"$S/trace"
	assert_eq "192.0.2.254 $WORLD4" "$(hops | tail -n 2 | xargs)" "last hops"
	pod_exec a traceroute -6 -n -q 1 -w 1 -m 5 $WORLD6 >"$S/trace"
	assert_eq "2001:db8:1::fe $WORLD6" "$(hops | tail -n 2 | xargs)" "last hops"
}

hops() { awk 'NR > 1 { print $2 }' "$S/trace"; }

test_traceroute_from_the_world_shows_every_hop() {
	in_ns world traceroute -n -q 1 -w 1 -m 5 "$(pod_ip4 a)" >"$S/trace"
	assert_eq "198.51.100.254 192.0.2.1 $(pod_ip4 a)" "$(hops | xargs)" "hops"
	in_ns world traceroute -6 -n -q 1 -w 1 -m 5 "$(pod_ip6 a)" >"$S/trace"
	assert_eq "2001:db8:2::fe 2001:db8:1::1 $(pod_ip6 a)" "$(hops | xargs)" "hops"
}

# The link behind the router is small: the pod learns that by ICMP from the router.
test_path_mtu_is_discovered() {
	ip -n router link set world0 mtu 1300
	ip -n world link set eth0 mtu 1300
	for address in $WORLD4 $WORLD6; do
		in_ns a ping -n -c 1 -W 1 -M "do" -s 1400 "$address" >"$S/ping.log" 2>&1 || true
		wait_until 3 route_mtu_is a "$address" 1300
		ping_ok a "$address" -s 1200 -M "do"
	done
}

route_mtu_is() {
	pod_exec "$1" ip route get "$2" | grep -q "mtu $3"
}

test_tcp_gets_through_a_small_link() {
	ip -n router link set world0 mtu 1300
	ip -n world link set eth0 mtu 1300
	head -c 1000000 /dev/urandom >"$S/tmp/file"
	mkdir "$S/tmp/www"
	mv "$S/tmp/file" "$S/tmp/www/"
	nginx_start a "$S/tmp/www"
	for address in $(pod_ip4 a) "[$(pod_ip6 a)]"; do
		in_ns world curl -sf --max-time 20 -o "$S/tmp/got" "http://$address/file"
		assert_eq "$(sha256sum <"$S/tmp/www/file")" "$(sha256sum <"$S/tmp/got")" "checksum"
	done
}

test_an_unreachable_port_of_the_world_is_reported() {
	assert_fails ask_tcp a $WORLD4 81
	assert_match "[Rr]efused" "$(cat "$S/said")"
	# Nothing listens: an ICMP error for the pod's own datagram reaches its socket.
	assert_fails ask_udp a $WORLD4 81 hello
	assert_match "[Rr]efused" "$(cat "$S/said")"
	assert_fails ask_udp a $WORLD6 81 hello
	assert_match "[Rr]efused" "$(cat "$S/said")"
}

test_an_unreachable_port_of_a_pod_is_reported_to_the_world() {
	assert_fails in_ns world bash -c "exec 3<>/dev/udp/$(pod_ip4 a)/81; echo x >&3; head -n 1 <&3"
	assert_match "[Rr]efused" "$(cat "$S/said")"
	assert_fails in_ns world bash -c "exec 3<>/dev/udp/$(pod_ip6 a)/81; echo x >&3; head -n 1 <&3"
	assert_match "[Rr]efused" "$(cat "$S/said")"
}

test_fragments_cross_the_router() {
	ping_ok a $WORLD4 -s 6000 -M dont
	ping_ok a $WORLD6 -s 6000
	ping_ok world "$(pod_ip4 a)" -s 6000 -M dont
	ping_ok world "$(pod_ip6 a)" -s 6000
}


story_main "$@"
