#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The stories' own tools: a test framework that cannot fail would prove nothing.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	netns_add left
	netns_add right
	ip link add l0 netns left type veth peer name r0 netns right
	ip -n left addr add 10.0.0.1/24 dev l0
	ip -n right addr add 10.0.0.2/24 dev r0
	ip -n left addr add fd00::1/64 dev l0 nodad
	ip -n right addr add fd00::2/64 dev r0 nodad
	ip -n left link set l0 up
	ip -n right link set r0 up
}

test_servers_answer_over_both_families() {
	serve_tcp right 80
	serve_udp right 53
	talk_tcp left right 10.0.0.2 80
	talk_tcp left right fd00::2 80
	talk_udp left right 10.0.0.2 53
	talk_udp left right fd00::2 53
	ping_ok left 10.0.0.2
	ping_ok left fd00::2
}

test_a_wrong_answer_fails() {
	serve_tcp right 80
	if (talk_tcp left left 10.0.0.2 80) 2>/dev/null; then fail "took a wrong name for right"; fi
	if (talk_tcp left right 10.0.0.9 80) 2>/dev/null; then fail "nobody answered, and it passed"; fi
	if (assert_eq a b) 2>/dev/null; then fail "a is not b"; fi
	if (wait_until 0 false) 2>/dev/null; then fail "false never gets true"; fi
}

test_a_failing_command_ends_the_test() {
	local out
	cat >"$S/inner.sh" <<-EOF
		. "$STORY_LIB/story.sh"
		test_inner() {
			false
			echo went on
		}
		story_main "\$@"
	EOF
	out=$(T='' bash "$S/inner.sh") && fail "a false command passed"
	assert_match "not ok 1 - test_inner" "$out"
	assert_no_match "went on" "$out"
}

test_a_story_world_is_its_own() {
	assert_eq "lo" "$(ip -j link | jq -r "map(.ifname) | join(\" \")")" "devices of the host"
	assert_eq 1 "$$" "process id of the test"
	assert_eq "" "$(ls "$S/state")" "state left by others"
}

test_packet_sends_and_asks() {
	GW_MAC=$(ip -n right -j link show r0 | jq -r '.[0].address')
	export GW_MAC
	packet left ask l0 'IP(src="10.0.0.1",dst="10.0.0.2")/ICMP(id=7)' >"$S/said"
	assert_match "echo-reply" "$(cat "$S/said")"
	assert_fails packet left ask l0 'IP(src="10.0.0.1",dst="10.0.0.3")/ICMP(id=7)' 0.3
	assert_eq 29 "$(packet left lengths l0 'IP(src="10.0.0.1",dst="10.0.0.2")/ICMP()')" "frames"
}

story_main "$@"
