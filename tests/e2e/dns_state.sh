#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What names have opened: for how long, with and without an agent; answers that are too long; clients
# that resolve and connect in one call.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=tests/lib/story_dns.sh
. "$STORY_LIB/story_dns.sh"

# The zone's TTLs are a second.
setup() {
	need dig getent
	agent_start --fqdn-min-ttl 1s
	world_add
	in_ns world ip addr add 198.51.100.3/24 dev eth0
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=client" \
		pod_add client '.args.cni.labels = [{key: "app", value: "client"}]'
	in_ns world socat TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 EXEC:cat </dev/null >/dev/null 2>&1 &
	wait_until 5 listens world tcp 80
	printf '%s\n' "www.example A 198.51.100.1" "www.example AAAA $WORLD6" \
		"one.test A 198.51.100.3" >"$S/zone"
	dns_start world
	dns_policy '*' | axo policy apply -
}

# hold NAME ADDRESS - an echo now, and one more when there is a line in $S/NAME
hold() {
	mkfifo "$S/$1"
	in_ns client bash -c "exec 3<>/dev/tcp/$2/80 && echo one >&3 && read -r said <&3 &&
		: >$S/$1.held && read -r go <$S/$1 && echo \$go >&3 && read -r -t 10 said <&3 &&
		[ \$said = \$go ]" &
	wait_until 10 test -e "$S/$1.held"
}

echoes() {
	[ "$(in_ns client timeout 2 bash -c "exec 3<>/dev/tcp/$1/80 && echo $1 >&3 && head -n1 <&3")" = "$1" ]
}

# asked_echoes NAME TYPE ADDRESS - a second is short on a busy machine
asked_echoes() {
	lookup "$1" "$2" >"$S/said"
	echoes "$3"
}

# timeout 120
test_time_runs_out_without_an_agent_but_not_for_flows() {
	local four six
	lookup www.example >"$S/said"
	hold four 198.51.100.1
	four=$!
	lookup www.example AAAA >"$S/said"
	hold six $WORLD6
	six=$!
	agent_kill9
	wait_until 20 asked_echoes one.test A 198.51.100.3
	wait_until 20 not echoes 198.51.100.3
	wait_until 20 not echoes $WORLD6
	echo two >"$S/four"
	wait "$four"
	agent_start --fqdn-min-ttl 1s
	echo two >"$S/six"
	wait "$six"
	not_reached 198.51.100.3 80
}

test_names_keep_64_addresses_at_most() {
	local i
	for i in $(seq 70); do echo "many.example A 198.51.100.$((100 + i))"; done >>"$S/zone"
	assert_eq 70 "$(lookup many.example A +tcp | wc -l)"
	assert_eq 64 "$(axo fqdn list -o json | jq '.[] | select(.name == "many.example").addresses | length')"
}

# The server answers 3,000 bytes whatever it is told: fragments, then TC, then TCP.
test_fragments_end_in_an_answer_over_tcp() {
	echo big >>"$S/zone"
	local server
	for server in $WORLD4 $WORLD6; do
		assert_eq $WORLD6 "$(SERVER=$server lookup www.example AAAA +bufsize=4096)"
		grep -q "Truncated, retrying in TCP mode" "$S/dig" || fail "not truncated: $(cat "$S/dig")"
		resolver_is "$server" edns0
		assert_eq "198.51.100.1 $WORLD6" "$(addresses www.example)"
	done
	wait_until 20 asked_echoes www.example A 198.51.100.1
	wait_until 20 asked_echoes www.example AAAA $WORLD6
}

test_queries_ask_for_what_needs_no_fragments() {
	in_ns world timeout 60 tcpdump -Unlvvi eth0 -c 1 "udp dst port 53" >"$S/queries" 2>"$S/tcpdump" &
	local watcher=$!
	wait_until 10 grep -q "listening on" "$S/tcpdump"
	lookup www.example A +bufsize=4096 >"$S/said"
	wait "$watcher"
	assert_match "UDPsize=1232" "$(cat "$S/queries")"
}

test_python_connects_to_a_name_at_once() {
	resolver_is $WORLD4
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		echo "p$i.example A 198.51.100.1"
		echo "p$i.example AAAA $WORLD6"
	done >>"$S/zone"
	expect_no_drop in_ns client $PY -c '
import socket
for i in range(1, 11):
    for family in socket.AF_INET, socket.AF_INET6:
        for *kind, _, address in socket.getaddrinfo(f"p{i}.example", 80, family, socket.SOCK_STREAM):
            s = socket.socket(*kind)
            s.settimeout(10)
            s.connect(address)
            s.send(b"x")
            assert s.recv(1) == b"x"'
}

story_main "$@"
