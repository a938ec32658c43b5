#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# DNS rules and toFQDNs: what is asked, what is refused, and where pods may go then.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=tests/lib/story_dns.sh
. "$STORY_LIB/story_dns.sh"

setup() {
	need dig
	agent_start
	world_add
	world_more
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=client" \
		pod_add client '.args.cni.labels = [{key: "app", value: "client"}]'
	serve_tcp world 80
	cat >"$S/zone" <<-END
		www.example A 198.51.100.1
		www.example AAAA $WORLD6
		alias.example CNAME cdn.net
		cdn.net A 198.51.100.2
		one.test A 198.51.100.3
		two.test A 198.51.100.4
	END
	dns_start world
}

# More addresses of the world.
world_more() {
	for i in 2 3 4 5 6 7 8; do in_ns world ip addr add 198.51.100.$i/24 dev eth0; done
}

test_names_that_no_rule_allows_are_refused() {
	dns_policy '*.example' | axo policy apply -
	assert_eq 198.51.100.1 "$(lookup www.example)"
	assert_eq 198.51.100.1 "$(lookup wWw.eXaMple)"
	assert_eq REFUSED "$(lookup two.test)"
	assert_eq REFUSED "$(lookup www.example.test)"
	assert_eq REFUSED "$(lookup a.www.example)"
	dns_policy '*' | axo policy apply -
	assert_eq 198.51.100.4 "$(lookup two.test)"
}

test_names_open_their_addresses_and_no_others() {
	dns_policy '*' | axo policy apply -
	not_reached 198.51.100.1 80
	not_reached 198.51.100.2 80
	lookup www.example >"$S/said"
	reaches 198.51.100.1 80
	not_reached 198.51.100.2 80
	not_reached 198.51.100.1 81
	not_reached $WORLD6 80
	lookup www.example AAAA >"$S/said"
	reaches $WORLD6 80
	assert_eq "cdn.net. 198.51.100.2" "$(lookup alias.example | xargs)"
	reaches 198.51.100.2 80
	lookup one.test >"$S/said"
	reaches 198.51.100.3 80
	lookup two.test >"$S/said"
	not_reached 198.51.100.4 80
}

test_names_asked_over_tcp_open_their_addresses() {
	dns_policy '*.example' | axo policy apply -
	assert_eq 198.51.100.1 "$(lookup www.example A +tcp)"
	reaches 198.51.100.1 80
}

test_long_answers_come_over_tcp() {
	dns_policy '*' | axo policy apply -
	echo big >>"$S/zone"
	assert_eq 198.51.100.1 "$(lookup www.example A +bufsize=4096)"
	grep -q "Truncated, retrying in TCP mode" "$S/dig" || fail "no truncated answer: $(cat "$S/dig")"
	reaches 198.51.100.1 80
}

# Nothing is held or asked of the agent: the first SYN comes right behind the answer.
test_the_first_connection_does_not_race() {
	local i
	dns_policy '*' | axo policy apply -
	for i in $(seq 50); do
		echo "n$i.example A 198.51.100.$((5 + i % 4))"
	done >>"$S/zone"
	expect_no_drop in_ns client /usr/bin/python3 "$STORY_LIB/dns_race.py" $WORLD4 50
}

test_what_is_learned_outlives_the_agent() {
	dns_policy '*' | axo policy apply -
	lookup www.example >"$S/said"
	agent_kill9
	reaches 198.51.100.1 80
	lookup one.test >"$S/said"
	reaches 198.51.100.3 80
	agent_start
	reaches 198.51.100.1 80
	reaches 198.51.100.3 80
	not_reached 198.51.100.4 80
}

# timeout 90
test_addresses_run_out_unless_a_flow_uses_them() {
	agent_stop
	agent_start --fqdn-min-ttl 1s
	dns_policy '*' | axo policy apply -
	lookup www.example >"$S/said"
	lookup one.test >"$S/said"
	# The server says hello and closes; the client does not.
	mkfifo "$S/hold"
	in_ns client bash -c "exec 3<>/dev/tcp/198.51.100.1/80; read -r line <&3; read -r line <>$S/hold" &
	wait_until 30 is_used 198.51.100.1
	not_reached 198.51.100.3 80
	reaches 198.51.100.1 80
	assert_eq false "$(field 198.51.100.3 inUse)"
	wait_until 50 not is_learned 198.51.100.3
	assert_eq '["*.example"]' "$(field 198.51.100.1 selectors)"
}

field() {
	axo fqdn list -o json | jq -c ".[].addresses[] | select(.address == \"$1\").$2"
}
is_used() { [ "$(field "$1" inUse)" = true ]; }
is_learned() { [ -n "$(field "$1" address)" ]; }

test_answers_that_lie_teach_nothing() {
	dns_policy '*' | axo policy apply -
	echo "*www.example A 198.51.100.7" >>"$S/zone"
	lookup two.test >"$S/said"
	not_reached 198.51.100.7 80
	lookup www.example >"$S/said"
	reaches 198.51.100.1 80
}

test_a_policy_that_goes_closes_what_names_opened() {
	dns_policy '*' | axo policy apply -
	lookup www.example >"$S/said"
	reaches 198.51.100.1 80
	dns_policy '*' | sed 's/matchPattern: "\*.example"/matchName: other.example/' | axo policy apply -
	not_reached 198.51.100.1 80
	axo policy delete shop/names
	reaches 198.51.100.1 80
}

story_main "$@"
