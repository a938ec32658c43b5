#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# XDP on the host's devices: the prefilter, malformed frames, and who else uses XDP.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	world_add
}

# mode DEVICE - as status says it
mode() { axo status -o json | jq -r ".xdp[] | select(.device == \"$1\") | .mode"; }
mode_is() { [ "$(mode "$1")" = "$2" ]; }
prefixes_are() { [ "$(axo status -o json | jq '.prefilter | .prefixes + (if .loading then 0.5 else 0 end)')" = "$1" ]; }

# reaches ADDRESS - world gets an answer from the host
reaches() { in_ns world ping -n -q -c 1 -W 2 "$1" >/dev/null; }
blocked() { not in_ns world ping -n -q -c 1 -W 0.3 "$1" >/dev/null; }

# group NAME KEY - of the listing of groups
group() { axo prefilter groups -o json | jq ".groups[] | select(.name == \"$1\") | .$2"; }

# frame PYTHON - what scapy builds is sent to the host by the router
frame() {
	in_ns router "$PY" -c '
import sys
from scapy.all import Ether, IP, IPv6, UDP, Raw, sendp
sendp(eval(sys.argv[2]), iface="host0", verbose=False)
' - "Ether(dst='$(ip -j link show nic0 | jq -r '.[0].address')')/$1"
}

test_what_the_api_denies_is_dropped_until_it_is_deleted() {
	agent_start --device nic0
	assert_eq native "$(mode nic0)"
	axo prefilter add --group lab 198.51.100.0/24 2001:db8:2::/64
	blocked $HOST4
	blocked $HOST6
	wait_until 5 drops_above prefilter 1
	assert_le 2 "$(group lab packets)"
	axo prefilter add "!$WORLD4"
	reaches $HOST4
	blocked $HOST6
	assert_eq "except default api" "$(axo prefilter list $WORLD4 | awk 'NR == 2 { print $2, $3, $4 }')"
	assert_eq "deny lab api" "$(axo prefilter list 198.51.100.9 | awk 'NR == 2 { print $2, $3, $4 }')"
	assert_eq 3 "$(axo prefilter list -o json | jq length)"
	axo prefilter delete 198.51.100.0/24 2001:db8:2::/64 $WORLD4
	reaches $HOST4
	reaches $HOST6
	assert_fails axo prefilter delete 198.51.100.0/24
	assert_match "198.51.100.0/24 was not added" "$(cat "$S/said")"
	assert_fails axo prefilter add 198.51.100.1/24
	assert_match "has bits behind its length" "$(cat "$S/said")"
	assert_eq 0 "$(axo status -o json | jq .prefilter.bytes)"
}

test_drops_are_told_of() {
	agent_start --device nic0
	axo prefilter add 198.51.100.0/24
	axo monitor --type drop -o json >"$S/events" &
	wait_until 5 told
	assert_eq "$WORLD4 ingress $(ip -j link show nic0 | jq ".[0].ifindex")" \
		"$(jq -r 'select(.reason == "prefilter") | "\(.source) \(.direction) \(.ifindex)"' "$S/events" | head -n 1)"
}
told() {
	blocked $HOST4
	grep -q '"reason": *"prefilter"' "$S/events"
}

test_a_file_is_watched_and_a_broken_line_keeps_the_old_set() {
	cat >"$S/deny" <<-END
		; what we do not want
		192.0.2.128/25
		[lab]
		198.51.100.0/24   # the other side
		!198.51.100.2
	END
	agent_start --device nic0 --prefilter-file "$S/deny"
	wait_until 5 prefixes_are 3
	blocked $HOST4
	reaches $HOST6
	assert_eq "1 1" "$(group lab deny) $(group lab except)"
	printf '[lab]\n2001:db8:2::/64\n2001:db8::/129\n' >"$S/deny.new"
	mv "$S/deny.new" "$S/deny"
	wait_until 5 grep -q 'deny:3: prefix' "$S/agent.log"
	assert_match "deny:3: prefix" "$(axo status -o json | jq -r .prefilter.error)"
	blocked $HOST4
	reaches $HOST6
	# An agent that starts with the broken file has what was in force before.
	agent_stop
	blocked $HOST4
	agent_start --device nic0 --prefilter-file "$S/deny"
	wait_until 5 prefixes_are 3
	blocked $HOST4
	printf '2001:db8:2::/64\n' >"$S/deny"
	wait_until 5 prefixes_are 1
	reaches $HOST4
	blocked $HOST6
	assert_eq "" "$(axo status -o json | jq -r .prefilter.error)"
	# The API has the last word on a prefix that both name.
	axo prefilter add '!2001:db8:2::/64'
	reaches $HOST6
	axo prefilter delete 2001:db8:2::/64
	blocked $HOST6
	printf '198.51.100.0/24\n!198.51.100.0/24\n' >"$S/deny"
	wait_until 5 grep -q 'deny:2: 198.51.100.0/24 is denied and excepted' "$S/agent.log"
	blocked $HOST6
}

test_restart_and_kill_9_let_nothing_through() {
	agent_start --device nic0
	axo prefilter add --group lab 198.51.100.0/24
	blocked $HOST4
	local before
	before=$(group lab packets)
	agent_kill9
	blocked $HOST4
	agent_start --device nic0
	blocked $HOST4
	assert_eq native "$(mode nic0)"
	assert_eq 1 "$(group lab deny)"
	assert_le "$((before + 2))" "$(group lab packets)"
	agent_stop
	agent_run --device nic0 --cleanup 2>>"$S/agent.log"
	reaches $HOST4
	assert_no_match xdp "$(ip link show nic0)"
	assert_eq "" "$(ls "$S/state")"
}

test_modes_are_as_configured() {
	agent_start --device nic0 --xdp generic
	assert_eq generic "$(mode nic0)"
	axo prefilter add 198.51.100.0/24
	blocked $HOST4
	agent_stop
	agent_start --device nic0
	wait_until 15 mode_is nic0 native
	blocked $HOST4
	agent_stop
	agent_start --device nic0 --device lo --xdp on
	wait_until 15 mode_is nic0 native
	wait_until 15 mode_is lo generic
	agent_stop
	agent_start --device nic0 --xdp off
	assert_eq none "$(mode nic0)"
	assert_no_match xdp "$(ip link show nic0)$(ip link show lo)"
	reaches $HOST4
	agent_stop
	assert_fails agent_run --xdp maybe
	assert_match "expected auto, on, generic or off" "$(cat "$S/said")"
	# Devices of default routes: while there is something to filter.
	agent_start
	wait_until 5 mode_is nic0 native
	axo prefilter delete 198.51.100.0/24
	assert_eq none "$(mode nic0)"
	axo prefilter add 198.51.100.0/24
	assert_eq native "$(mode nic0)"
	blocked $HOST4
}

test_a_program_of_somebody_else_is_left_alone() {
	need bpftool
	agent_start --device nic0 --xdp off
	for how in xdp xdpgeneric; do
		bpftool net attach $how pinned "$S/bpf/axoneme/xdp_edge" dev nic0
		agent_stop
		agent_start --device nic0
		assert_eq refused "$(mode nic0)"
		assert_match "an XDP program that is not ours \(id [0-9]+\) is attached" \
			"$(axo status -o json | jq -r '.xdp[0].error')"
		assert_match "prog/xdp id" "$(ip link show nic0)"
		reaches $HOST4
		agent_stop
		bpftool net detach $how dev nic0
		agent_start --device nic0
		assert_eq native "$(mode nic0)"
		agent_stop
		agent_start --device nic0 --xdp off
	done
}

test_devices_come_and_go() {
	ip link add nic1 type veth peer name far1
	ip link set far1 up
	ip link set nic1 up
	agent_start --device nic0 --device nic1
	axo prefilter add 198.51.100.0/24
	assert_eq "native native" "$(mode nic0) $(mode nic1)"
	ip link del nic1
	blocked $HOST4
	ip link add nic1 type veth peer name far1
	ip link set far1 up
	ip link set nic1 up
	wait_until 5 has_xdp nic1
	wait_until 5 mode_is nic1 native
	ip link set nic0 down
	ip link set nic0 up
	assert_eq native "$(mode nic0)"
}
has_xdp() { ip link show "$1" | grep -q xdp; }

test_malformed_frames_and_martians_are_dropped_with_a_reason() {
	need jq
	agent_start --device nic0
	expect_drop martian frame "IP(src='10.1.0.9', dst='$HOST4')/UDP()"
	expect_drop martian frame "IP(src='127.0.0.1', dst='$HOST4')/UDP()"
	expect_drop martian frame "IP(src='224.0.0.1', dst='$HOST4')/UDP()"
	expect_drop martian frame "IPv6(src='fd01::9', dst='$HOST6')/UDP()"
	expect_drop martian frame "IPv6(src='::1', dst='$HOST6')/UDP()"
	expect_drop checksum frame "IP(src='198.51.100.7', dst='$HOST4', chksum=1)/UDP()"
	expect_drop too_short frame "IP(src='198.51.100.7', dst='$HOST4', len=1400)/UDP()"
	expect_drop bad_header frame "IP(src='198.51.100.7', dst='$HOST4', ihl=3)/UDP()"
	expect_drop too_short frame "IPv6(src='2001:db8:2::7', dst='$HOST6', plen=1400)/UDP()"
	reaches $HOST4
	reaches $HOST6
}

test_large_frames_pass() {
	ip link set nic0 mtu 9000
	in_ns router ip link set host0 mtu 9000
	agent_start --device nic0
	assert_eq native "$(mode nic0)"
	in_ns router ping -n -q -c 1 -W 2 -s 8900 -M 'do' $HOST4 >/dev/null
	in_ns router ping -n -q -c 1 -W 2 -s 8900 -M 'do' $HOST6 >/dev/null
	axo prefilter add 192.0.2.254
	assert_fails in_ns router ping -n -q -c 1 -W 0.3 -s 8900 -M 'do' $HOST4
	assert_le 8900 "$(group default bytes)"
}

# timeout 120
test_a_million_prefixes() {
	agent_start --device nic0 --prefilter-file "$S/deny"
	"$PY" -c '
import random
random.seed(7)
for n in range(500000):
    print("%d.%d.%d.%d" % tuple(random.randrange(1, 150) for _ in range(4)))
    print("2001:db8:%x:%x::/64" % (n // 65536 + 9, n % 65536))
print("198.51.100.0/24")
' >"$S/deny.new"
	mv "$S/deny.new" "$S/deny"
	wait_until 60 blocked $HOST4
	wait_until 5 not loading
	assert_le 990000 "$(axo status -o json | jq .prefilter.prefixes)"
	reaches $HOST6
	# While a table is made, the agent answers and the old one holds.
	axo prefilter add 2001:db8:2::/64
	blocked $HOST6
	blocked $HOST4
}
loading() { axo status -o json | jq -e .prefilter.loading >/dev/null; }

story_main "$@"
