#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Frames made to break parsers, live: every length, random bytes, extension chains, jumbo.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	pod_add a
	pod_add b
	GW_MAC=$(ip -j link show axo_host | jq -r '.[0].address')
	export GW_MAC
	A4=$(pod_ip4 a) A6=$(pod_ip6 a) B4=$(pod_ip4 b) B6=$(pod_ip6 b)
}

# One frame of every kind that the programs parse.
kinds() {
	cat <<-EOF
		[Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4')/TCP(sport=1,dport=2),
		 Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4')/UDP(sport=1,dport=2)/Raw(b'x'*40),
		 Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4')/ICMP(),
		 Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4')/ICMP(type=3,code=4)/IP(src='$B4',dst='$A4')/TCP(),
		 Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4',options=[IPOption(b'\\x01'*40)])/TCP(),
		 Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4',flags='MF',id=3)/UDP(sport=1,dport=2)/Raw(b'x'*64),
		 Ether(src=mac,dst=gw)/IP(src='$A4',dst='$B4')/SCTP(sport=1,dport=2)/SCTPChunkInit(),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6')/TCP(sport=1,dport=2),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6')/UDP(sport=1,dport=2)/Raw(b'x'*40),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6')/ICMPv6EchoRequest(),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6')/ICMPv6PacketTooBig()/IPv6(src='$B6',dst='$A6')/TCP(),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6')/IPv6ExtHdrHopByHop()/IPv6ExtHdrRouting()/IPv6ExtHdrDestOpt()/UDP(),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6')/IPv6ExtHdrFragment(m=1,id=3)/UDP()/Raw(b'x'*64),
		 Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='ff02::1:ff00:1')/ICMPv6ND_NS(tgt='$GW6')/ICMPv6NDOptSrcLLAddr(lladdr=mac),
		 Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc=mac,psrc='$A4',pdst='$GW4'),
		 Ether(src=mac,dst=gw)/Dot1Q(vlan=5)/IP(src='$A4',dst='$B4')/UDP(sport=1,dport=2)]
	EOF
}

still_alive() {
	process_ended "$AGENT_PID" && fail "the agent died"
	ping_ok a "$B4"
	ping_ok a "$B6"
	ping_ok a "$GW4"
}

# Guards b: a frame from a source that is neither a nor the gateway is a failure.
guard_start() {
	nsenter --net=/run/netns/b "$PY" "$STORY_LIB/guard.py" eth0 "$A4" "$A6" "$GW4" "$GW6" \
		>"$S/guard" 2>&1 &
	GUARD_PID=$!
	wait_until 5 grep -q guarding "$S/guard"
}

guard_end() {
	kill -TERM "$GUARD_PID"
	wait "$GUARD_PID" || fail "b got a frame that it must not get: $(head -n 5 "$S/guard")"
	assert_le "$1" "$(sed -n 's/^seen //p' "$S/guard")" "frames that b saw"
}

test_every_length_of_every_kind() {
	local sent
	guard_start
	sent=$(packet a lengths eth0 "$(kinds)")
	assert_le 900 "$sent" "frames sent"
	assert_le 1 "$(drops '(too_short|bad_header)')" "too short ones"
	guard_end 5
	still_alive
}

# timeout 120
test_random_bytes_never_pass_as_another() {
	local seed sent
	guard_start
	for seed in 1 2 3; do
		sent=$(packet a mutate eth0 "$(kinds)" 20000 "$seed")
		assert_le 15000 "$sent" "frames sent with seed $seed"
	done
	guard_end 100
	still_alive
}

test_random_bytes_with_spoofed_sources_never_arrive() {
	guard_start
	packet a mutate eth0 "[IP(src='10.9.9.9',dst='$B4')/UDP(sport=1,dport=2)/Raw(b'x'*40),
		IPv6(src='fd09::9',dst='$B6')/TCP(sport=1,dport=2)/Raw(b'x'*40)]" 10000 7 >/dev/null
	guard_end 0
	still_alive
}

test_wrong_header_lengths() {
	local ihl
	for ihl in 0 1 2 3 4 15; do
		expect_drop "(bad_header|too_short)" packet a send eth0 "IP(src='$A4',dst='$B4',ihl=$ihl)/UDP(sport=1,dport=2)"
	done
	expect_drop "(bad_header|too_short)" packet a send eth0 "IP(src='$A4',dst='$B4',len=2000)/UDP(sport=1,dport=2)"
	expect_drop "(bad_header|too_short)" packet a send eth0 "IP(src='$A4',dst='$B4',len=10)/UDP(sport=1,dport=2)"
	expect_drop "(bad_header|too_short)" packet a send eth0 "IP(src='$A4',dst='$B4',version=5)/UDP(sport=1,dport=2)"
	expect_drop "(bad_header|too_short)" packet a send eth0 "IPv6(src='$A6',dst='$B6',plen=2000)/UDP(sport=1,dport=2)"
	expect_drop "(bad_header|too_short)" packet a send eth0 "IPv6(src='$A6',dst='$B6',version=4)/UDP(sport=1,dport=2)"
	expect_drop "(bad_header|too_short)" packet a send eth0 "IP(src='$A4',dst='$B4')/TCP(sport=1,dport=2,dataofs=2)"
	still_alive
}

test_long_extension_header_chains() {
	expect_drop ext_headers packet a send eth0 \
		"Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6',nh=60)/Raw((b'\x3c\0'+b'\0'*6)*100)"
	expect_drop "(ext_headers|too_short|bad_header)" packet a send eth0 \
		"Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6',nh=0)/Raw(b'\x3c\xff'+b'\0'*6)"
	still_alive
}

test_jumbo_frames() {
	pod_exec a ip link set eth0 mtu 9000
	ip link set "$(pod_dev a)" mtu 9000
	packet a send eth0 "IP(src='$A4',dst='$B4',flags='DF')/UDP(sport=1,dport=2)/Raw(b'x'*8900)"
	packet a send eth0 "IPv6(src='$A6',dst='$B6')/UDP(sport=1,dport=2)/Raw(b'x'*8900)"
	expect_drop mtu packet a send eth0 "IP(src='$A4',dst='$B4',flags='DF')/UDP(sport=1,dport=2)/Raw(b'x'*8900)"
	packet a ask eth0 "IP(src='$A4',dst='$B4',flags='DF')/UDP(sport=1,dport=2)/Raw(b'x'*8900)" >"$S/said"
	assert_match "frag" "$(cat "$S/said")" "ICMP fragmentation needed"
	packet a ask eth0 "IPv6(src='$A6',dst='$B6')/UDP(sport=1,dport=2)/Raw(b'x'*8900)" >"$S/said"
	assert_match "[Tt]oo ?[Bb]ig" "$(cat "$S/said")" "ICMPv6 packet too big"
	still_alive
}

test_frames_to_the_devices_of_the_host() {
	# What arrives at axo_net from the host's side, garbage included.
	local sock
	sock=$("$PY" "$STORY_LIB/packet.py" lengths axo_host "[Ether(src=mac,dst=mac)/IP(src='$GW4',dst='$B4')/UDP(sport=1,dport=2)/Raw(b'x'*40),
		Ether(src=mac,dst=mac)/IPv6(src='$GW6',dst='$B6')/TCP(sport=1,dport=2)]")
	assert_le 100 "$sock" "frames sent"
	still_alive
}

story_main "$@"
