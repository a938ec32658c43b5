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

# traced TO [PORT] - verdict, names, and rules that speak by a name
traced() {
	axo -o json policy trace --from shop/client --to "$1" --dport "${2:-80}/tcp" |
		jq -r '"\(.verdict) \(.to.names | join(",")) \([.rules[] | select(.fqdn) | .fqdn] | join(","))"'
}

test_trace_tells_the_name_and_its_rule() {
	dns_policy '*' | axo policy apply -
	assert_eq "deny  " "$(traced 198.51.100.1)"
	lookup www.example >"$S/said"
	assert_eq "allow www.example *.example" "$(traced 198.51.100.1)"
	assert_eq "deny www.example " "$(traced 198.51.100.1 81)"
	assert_eq "deny  " "$(traced 198.51.100.2)"
	assert_eq "allow other.example *.example" "$(traced fqdn:Other.example)"
	assert_eq "allow one.test one.test" "$(traced fqdn:one.test)"
	assert_eq "deny two.test " "$(traced fqdn:two.test)"
	assert_match "to: www.example" \
		"$(axo policy trace --from shop/client --to 198.51.100.1 --dport 80/tcp)"
	assert_fails axo policy trace --from shop/client --to "fqdn:*.example" --dport 80/tcp
}

# Each rule of its own names, ports and TLS names, and an address that has both names.
test_rules_of_two_names_at_one_address_are_joined() {
	need openssl curl
	tls_names | axo policy apply -
	printf '%s\n' 'one.test A 198.51.100.1' 'two.test A 198.51.100.2' >>"$S/zone"
	sed -i '/^one.test A 198.51.100.3/d; /^two.test A 198.51.100.4/d' "$S/zone"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$S/key" -out "$S/cert" -days 2 \
		-subj /CN=test >"$S/openssl.log" 2>&1
	in_ns world openssl s_server -accept 443 -key "$S/key" -cert "$S/cert" -www \
		</dev/null >"$S/tls.log" 2>&1 &
	wait_until 10 listens world tcp 443
	lookup www.example >"$S/said"
	tls_get www.example
	assert_fails tls_get one.test
	lookup one.test >"$S/said"
	tls_get one.test
	tls_get www.example
	assert_fails tls_get two.test
	agent_kill9
	agent_start
	tls_get one.test
	tls_get www.example
	assert_fails tls_get two.test
	not_reached 198.51.100.1 80
}

# tls_get NAME - from 198.51.100.1, with this name
tls_get() {
	in_ns client curl -sk --max-time 10 -o "$S/page" --resolve "$1:443:198.51.100.1" "https://$1/"
}

# tls_names - www.example and one.test may be reached at port 443, each with its own TLS name
tls_names() {
	dns_policy '*' | sed '/toFQDNs/,$d'
	local name
	for name in www.example one.test; do
		cat <<-END
			  - toFQDNs: [{matchName: $name}]
			    toPorts:
			    - ports: [{port: "443", protocol: TCP}]
			      serverNames: [$name]
		END
	done
}

story_main "$@"
