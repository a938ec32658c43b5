#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A pod sends only as itself, and what is not supported is dropped by its own name.
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

# from_a REASON EXPRESSION - a sends it, and it is dropped for the reason
from_a() {
	expect_drop "$1" packet a send eth0 "$2"
}

# never_arrives EXPRESSION FILTER - a sends it, b sees no frame that matches
never_arrives() {
	# What an earlier watcher said must not be taken for this one's.
	: >"$S/watch"
	packet b watch eth0 2 "$2" >"$S/watch" 2>&1 &
	local watch=$!
	wait_until 10 grep -q watching "$S/watch"
	packet a send eth0 "$1" 5
	if wait "$watch"; then
		fail "b got it: $(cat "$S/watch")"
	fi
}

test_a_foreign_ipv4_source_is_dropped() {
	from_a spoofed_ip "IP(src='10.9.9.9',dst='$B4')/UDP(sport=1,dport=2)"
	from_a spoofed_ip "IP(src='$B4',dst='$B4')/UDP(sport=1,dport=2)"
	from_a spoofed_ip "IP(src='$GW4',dst='$B4')/ICMP()"
	from_a spoofed_ip "IP(src='0.0.0.0',dst='$B4')/TCP(sport=1,dport=2)"
	from_a spoofed_ip "IP(src='127.0.0.1',dst='$GW4')/UDP(sport=1,dport=2)"
	never_arrives "IP(src='10.9.9.9',dst='$B4')/UDP(sport=1,dport=2)" \
		"p.haslayer('IP') and p['IP'].src == '10.9.9.9'"
}

test_a_foreign_ipv6_source_is_dropped() {
	from_a spoofed_ip "IPv6(src='fd09::9',dst='$B6')/UDP(sport=1,dport=2)"
	from_a spoofed_ip "IPv6(src='$B6',dst='$B6')/UDP(sport=1,dport=2)"
	from_a "(spoofed_ip|bad_header)" "IPv6(src='::ffff:$A4',dst='$B6')/UDP(sport=1,dport=2)"
	never_arrives "IPv6(src='fd09::9',dst='$B6')/UDP(sport=1,dport=2)" \
		"p.haslayer('IPv6') and p['IPv6'].src == 'fd09::9'"
}

test_a_foreign_mac_is_dropped() {
	from_a spoofed_mac "Ether(src='02:66:66:66:66:66',dst=gw)/IP(src='$A4',dst='$B4')/UDP(sport=1,dport=2)"
	from_a spoofed_mac "Ether(src='$(pod_mac b)',dst=gw)/IPv6(src='$A6',dst='$B6')/UDP(sport=1,dport=2)"
}

# An open flow must not be a ride for others: same tuple, another device or MAC.
test_nobody_rides_anothers_flow() {
	serve_tcp b 80
	pod_exec a bash -c "exec 3<>/dev/tcp/$B4/80; cat <&3" >/dev/null &
	talk_tcp a b "$B4" 80
	pod_add c
	expect_drop spoofed_ip packet c send eth0 "IP(src='$A4',dst='$B4')/TCP(sport=40000,dport=80,flags='A')"
	from_a spoofed_mac "Ether(src='02:66:66:66:66:66',dst=gw)/IP(src='$A4',dst='$B4')/TCP(sport=40000,dport=80,flags='A')"
}

test_fragments_cannot_spoof() {
	from_a spoofed_ip "IP(src='10.9.9.9',dst='$B4',frag=100,id=7)/Raw(b'x'*64)"
	from_a spoofed_ip "fragment(IP(src='10.9.9.9',dst='$B4')/UDP(sport=1,dport=2)/Raw(b'x'*3000), fragsize=1000)"
}

test_a_fragment_before_its_first_is_named_so() {
	from_a frag_no_first "IP(src='$A4',dst='$B4',frag=100,id=7,proto=17)/Raw(b'x'*64)"
	from_a frag_no_first "IPv6(src='$A6',dst='$B6')/IPv6ExtHdrFragment(offset=100,id=7,nh=17)/Raw(b'x'*64)"
}

test_arp_is_answered_for_the_gateway_only() {
	packet a ask eth0 "Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc=mac,psrc='$A4',pdst='$GW4')" >"$S/said"
	assert_match "$GW_MAC" "$(cat "$S/said")"
	from_a arp "Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc=mac,psrc='$A4',pdst='$B4')"
	assert_fails packet a ask eth0 \
		"Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc=mac,psrc='$A4',pdst='$B4')" 0.5
}

test_arp_cannot_lie() {
	expect_drop_any "spoofed_ip arp" packet a send eth0 \
		"Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc=mac,psrc='$B4',pdst='$GW4')"
	expect_drop_any "spoofed_mac arp" packet a send eth0 \
		"Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc='02:66:66:66:66:66',psrc='$A4',pdst='$GW4')"
	from_a arp "Ether(src=mac,dst=gw)/ARP(op=2,hwsrc=mac,psrc='$A4',pdst='$GW4')"
}

# expect_drop_any "REASON..." COMMAND... - one of the reasons
expect_drop_any() {
	local reasons=$1 before
	shift
	before=$(drops "(${reasons// /|})")
	"$@" >"$S/said" 2>&1 || true
	wait_until 3 drops_above "(${reasons// /|})" "$before"
}

test_neighbour_solicitations_are_answered_for_the_gateway() {
	local source
	for source in "$A6" fe80::1234 ::; do
		: >"$S/watch"
		packet a watch eth0 3 "p.haslayer('ICMPv6ND_NA') and p['ICMPv6ND_NA'].tgt == '$GW6'" >"$S/watch" &
		local watch=$!
		wait_until 10 grep -q watching "$S/watch"
		packet a send eth0 "Ether(src=mac,dst='33:33:ff:00:00:01')/IPv6(src='$source',dst='ff02::1:ff00:1')/ICMPv6ND_NS(tgt='$GW6')$(
			[ "$source" = :: ] || echo "/ICMPv6NDOptSrcLLAddr(lladdr=mac)")"
		wait "$watch" || fail "no advertisement for a solicitation from $source"
		assert_match "$GW_MAC" "$(cat "$S/watch")"
	done
}

test_other_neighbour_discovery_is_dropped() {
	from_a neighbour "Ether(src=mac,dst='33:33:ff:00:00:03')/IPv6(src='$A6',dst='ff02::1:ff00:3',hlim=255)/ICMPv6ND_NS(tgt='$B6')/ICMPv6NDOptSrcLLAddr(lladdr=mac)"
	from_a neighbour "Ether(src=mac,dst='33:33:00:00:00:02')/IPv6(src='fe80::1',dst='ff02::2',hlim=255)/ICMPv6ND_RS()"
	from_a neighbour "Ether(src=mac,dst=gw)/IPv6(src='$A6',dst='$B6',hlim=255)/ICMPv6ND_NA(tgt='$A6')"
	from_a neighbour "Ether(src=mac,dst='33:33:00:00:00:01')/IPv6(src='fe80::1',dst='ff02::1',hlim=255)/ICMPv6ND_RA()"
}

test_multicast_and_broadcast_are_unsupported_not_spoofed() {
	from_a multicast "Ether(src=mac,dst='01:00:5e:00:00:fb')/IP(src='$A4',dst='224.0.0.251')/UDP(sport=5353,dport=5353)"
	from_a multicast "Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/IP(src='$A4',dst='255.255.255.255')/UDP(sport=1,dport=2)"
	from_a multicast "Ether(src=mac,dst='33:33:00:00:00:fb')/IPv6(src='$A6',dst='ff02::fb')/UDP(sport=5353,dport=5353)"
}

test_dhcp_is_unsupported_not_spoofed() {
	from_a multicast "Ether(src=mac,dst='ff:ff:ff:ff:ff:ff')/IP(src='0.0.0.0',dst='255.255.255.255')/UDP(sport=68,dport=67)/Raw(b'x'*240)"
	from_a multicast "Ether(src=mac,dst='33:33:00:01:00:02')/IPv6(src='fe80::1',dst='ff02::1:2')/UDP(sport=546,dport=547)/Raw(b'x'*20)"
}

test_link_local_is_unsupported_not_spoofed() {
	from_a link_local "IP(src='$A4',dst='169.254.169.254')/TCP(sport=1,dport=80)"
	from_a link_local "IPv6(src='$A6',dst='fe80::1')/UDP(sport=1,dport=2)"
	from_a link_local "IPv6(src='fe80::2',dst='fe80::1')/UDP(sport=1,dport=2)"
}

test_vlan_tags_are_dropped() {
	from_a vlan "Ether(src=mac,dst=gw)/Dot1Q(vlan=5)/IP(src='$A4',dst='$B4')/UDP(sport=1,dport=2)"
	from_a vlan "Ether(src=mac,dst=gw)/Dot1Q(vlan=5)/Dot1Q(vlan=6)/IPv6(src='$A6',dst='$B6')/UDP(sport=1,dport=2)"
	from_a vlan "Ether(src=mac,dst=gw,type=0x88a8)/Dot1Q(vlan=5)/IP(src='10.9.9.9',dst='$B4')/UDP(sport=1,dport=2)"
	never_arrives "Ether(src=mac,dst=gw)/Dot1Q(vlan=5)/IP(src='$A4',dst='$B4')/UDP(sport=1,dport=2)" \
		"p.haslayer('UDP') and p['UDP'].dport == 2"
}

test_other_ethertypes_are_dropped() {
	from_a ethertype "Ether(src=mac,dst=gw,type=0x88cc)/Raw(b'x'*64)"
	from_a ethertype "Ether(src=mac,dst=gw,type=0x8847)/Raw(b'x'*64)"
}

test_unrelated_icmp_errors_are_dropped() {
	from_a icmp_unrelated "IP(src='$A4',dst='$B4')/ICMP(type=3,code=4)/IP(src='$B4',dst='$A4')/UDP(sport=9,dport=9)"
	from_a icmp_unrelated "IPv6(src='$A6',dst='$B6')/ICMPv6PacketTooBig(mtu=1280)/IPv6(src='$B6',dst='$A6')/UDP(sport=9,dport=9)"
	# Neither may an error speak of a flow between others.
	serve_tcp b 80
	talk_tcp host b "$B4" 80
	from_a icmp_unrelated "IP(src='$A4',dst='$B4')/ICMP(type=3,code=1)/IP(src='$B4',dst='$GW4')/TCP(sport=80,dport=50000)"
}

test_ttl_ends_between_pods() {
	packet a ask eth0 "IP(src='$A4',dst='$B4',ttl=1)/UDP(sport=1,dport=2)" >"$S/said"
	assert_match "$GW4.*time-exceeded" "$(cat "$S/said")"
	packet a ask eth0 "IPv6(src='$A6',dst='$B6',hlim=1)/UDP(sport=1,dport=2)" >"$S/said"
	assert_match "$GW6.*[Tt]ime ?exceeded" "$(cat "$S/said")"
	from_a ttl_exceeded "IP(src='$A4',dst='$B4',ttl=1)/UDP(sport=1,dport=2)"
	from_a ttl_exceeded "IP(src='$A4',dst='$B4',ttl=0)/UDP(sport=1,dport=2)"
}

# sees NS FILTER COMMAND... - a frame that matches arrives in the pod while the command runs
sees() {
	local ns=$1 filter=$2
	shift 2
	: >"$S/watch"
	packet "$ns" watch eth0 10 "$filter" >"$S/watch" 2>&1 &
	local watch=$!
	wait_until 10 grep -q watching "$S/watch"
	"$@"
	wait "$watch" || fail "$ns saw no frame for which: $filter"
}

test_sctp_and_other_protocols_pass() {
	sees b "p.haslayer('SCTP') and p['SCTP'].dport == 7" \
		packet a send eth0 "IP(src='$A4',dst='$B4')/SCTP(sport=5,dport=7)/SCTPChunkInit()"
	sees b "p.haslayer('IPv6') and p['IPv6'].nh == 132" \
		packet a send eth0 "IPv6(src='$A6',dst='$B6',nh=132)/SCTP(sport=5,dport=7)/SCTPChunkInit()"
	sees b "p.haslayer('IP') and p['IP'].proto == 47" \
		packet a send eth0 "IP(src='$A4',dst='$B4',proto=47)/Raw(b'x'*32)"
	sees b "p.haslayer('IP') and p['IP'].proto == 253" \
		packet a send eth0 "IP(src='$A4',dst='$B4',proto=253)/Raw(b'x'*32)"
	axo conntrack list -o json >"$S/flows"
	assert_match "SCTP" "$(jq -r '.[].proto' "$S/flows" | xargs)" "protocols of the flows"
}

test_ip_options_and_extension_headers_pass() {
	sees b "p.haslayer('UDP') and p['UDP'].dport == 4" \
		packet a send eth0 "IP(src='$A4',dst='$B4',options=[IPOption(b'\\x01\\x01\\x01\\x00')])/UDP(sport=3,dport=4)"
	sees b "p.haslayer('UDP') and p['UDP'].dport == 4" \
		packet a send eth0 "IPv6(src='$A6',dst='$B6')/IPv6ExtHdrDestOpt(options=[PadN(optdata=b'xx')])/UDP(sport=3,dport=4)"
}

test_frames_to_the_pod_carry_the_right_macs_and_ttl() {
	sees b "p.haslayer('UDP') and p['UDP'].dport == 4 and p['IP'].ttl == 9 and p.src == '$GW_MAC' and p.dst == '$(pod_mac b)'" \
		packet a send eth0 "IP(src='$A4',dst='$B4',ttl=10)/UDP(sport=3,dport=4)"
}

story_main "$@"
