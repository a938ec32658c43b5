#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Chaos as policy: from apply to expiry, counted exactly, repeatable, bounded, over restarts.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=tests/lib/story_chaos.sh
. "$STORY_LIB/story_chaos.sh"

setup() {
	agent_start
	labelled client client
	labelled server myService
	turns_start server 8000
}

# the_letter - the policy as it is asked for
the_letter() {
	cat <<-END
		apiVersion: "cilium.io/v2"
		kind: CiliumNetworkPolicy
		metadata: {name: chaos}
		specs:
		- endpointSelector:
		    matchLabels:
		      app: myService
		  ingress:
		  - toPorts:
		    - ports:
		      - port: "8000"
		        protocol: TCP
		      rules:
		        l7proto: chaos
		        l7:
		        - probability: "0.8"
		          delay-response: 50ms
		        - probability: "0.2"
		          delay-response: 1s
	END
}

test_the_policy_as_it_is_asked_for_delays_every_response() {
	local late all
	the_letter | axo policy apply -
	turns 30 >"$S/turns"
	all=$(field '.rules | map(.drawn) | add')
	assert_eq 30 "$all" "requests drawn"
	assert_eq 30 "$(field '.rules | map(.delayed) | add')" "responses delayed"
	assert_eq 30 "$(awk '$1 >= 50' "$S/turns" | wc -l)" "responses that took 50 ms or more"
	late=$(field '.rules[1].drawn')
	assert_le "$late" "$(awk '$1 >= 1000' "$S/turns" | wc -l)" "responses that took 1 s or more"
	assert_eq 0 "$(field .inFlight)" "packets held afterwards"
	assert_match "delay-response 50ms" "$(axo chaos stats)"
	assert_match "lateness of rule 0" "$(axo chaos stats --histogram default/chaos)"
}

test_exact_sampling_is_exact_at_every_thousand() {
	local rules='{probability: "0.8", delay-response: 100us}, {probability: 0.15, abort: reset}'
	chaos "$rules" 'sampling: exact' 'seed: "1"' | axo policy apply -
	turns 1000 >"$S/turns"
	assert_eq "1000 800 150" \
		"$(field '"\(.requests) \(.rules[0].drawn) \(.rules[1].drawn)"')" "after 1,000"
	assert_eq 150 "$(grep -c reset "$S/turns")" "connections that the client saw reset"
	assert_eq 150 "$(field '.rules[1].aborted')" "requests aborted"
	turns 1000 >"$S/turns"
	assert_eq "2000 1600 300" \
		"$(field '"\(.requests) \(.rules[0].drawn) \(.rules[1].drawn)"')" "after 2,000"
}

# sequence FILE - what 60 requests meet in a dry run, by their number
sequence() {
	local monitor
	"$BIN/axoneme" --socket "$SOCK" monitor --type chaos -o json >"$S/events" &
	monitor=$!
	wait_until 5 listening
	turns 60 >"$S/turns"
	wait_until 5 enough_events
	kill "$monitor"
	wait "$monitor" || true
	jq -r '"\(.request) \(.index) \(.draw)"' "$S/events" >"$1"
}

listening() {
	[ "$(bpftool -j map dump pinned "$S/bpf/axoneme/axo_state" | jq '.[0].formatted.value.events')" != 0 ]
}

enough_events() { [ "$(wc -l <"$S/events")" -ge "$(field '.rules | map(.drawn) | add')" ]; }

test_one_seed_gives_one_sequence_and_a_dry_run_does_nothing() {
	local rules='{probability: 0.3, abort: reset}, {probability: 0.3, delay-response: 10s}'
	chaos "$rules" 'seed: "42"' 'dry-run: "true"' | axo policy apply -
	sequence "$S/first"
	assert_eq 0 "$(grep -c reset "$S/turns" || true)" "resets in a dry run"
	assert_eq "$(field '.rules | map(.drawn) | add')" "$(field '.rules | map(.dry) | add')" "dry"
	assert_eq 0 "$(field '.rules | map(.delayed + .aborted) | add')" "faults made"
	chaos "$rules" 'seed: "42"' 'dry-run: "true"' | axo policy apply -
	assert_eq 0 "$(field .requests)" "requests after it was applied again"
	sequence "$S/second"
	assert_le 10 "$(wc -l <"$S/first")" "requests drawn"
	diff "$S/first" "$S/second"
	chaos "$rules" 'seed: "43"' 'dry-run: "true"' | axo policy apply -
	sequence "$S/third"
	assert_fails diff -q "$S/first" "$S/third"
}

test_a_plain_allow_beside_it_changes_nothing() {
	chaos '{probability: 1, abort: reset}' | axo policy apply -
	sed 's/name: chaos/name: plain/; /rules:/,$d' < <(the_letter) | axo policy apply -
	assert_eq 3 "$(turns 3 | grep -c reset)" "requests reset"
}

test_what_is_expired_stays_expired_until_it_is_applied_again() {
	chaos '{probability: 1, abort: reset}' 'duration: 1s' | axo policy apply -
	wait_until 5 state_is expired
	assert_eq 0 "$(turns 3 | grep -c reset || true)" "resets after the end"
	agent_stop
	agent_start
	assert_eq expired "$(field .state)" "after a restart"
	assert_eq 0 "$(turns 3 | grep -c reset || true)" "resets after a restart"
	chaos '{probability: 1, abort: reset}' 'duration: 1h' | axo policy apply -
	assert_eq running "$(field .state)" "changed"
	assert_eq 3 "$(turns 3 | grep -c reset)" "resets after it was changed"
}

test_a_restart_goes_on_with_time_seed_and_count() {
	local before
	chaos '{probability: 0.5, abort: reset}' 'duration: 30m' | axo policy apply -
	turns 20 >"$S/turns"
	before=$(field '"\(.seed) \(.end) \(.number) \(.requests) \(.rules[0].drawn)"')
	agent_stop
	assert_eq 0 "$(turns 20 | grep -c reset || true)" "resets while there is no agent"
	agent_start
	assert_eq "$before" "$(field '"\(.seed) \(.end) \(.number) \(.requests) \(.rules[0].drawn)"')"
	assert_eq running "$(field .state)"
	turns 20 >"$S/turns"
	assert_eq 40 "$(field .requests)" "requests"
	assert_eq "$(field '.rules[0].drawn')" "$(field '.rules[0].aborted')"
}

test_stop_returns_when_the_last_fault_is_behind_it() {
	chaos '{probability: 1, abort: reset}' | axo policy apply -
	assert_eq 1 "$(turns 1 | grep -c reset)" "reset before"
	assert_match "1 stopped, 0 packets still held" "$(axo chaos stop default/chaos)"
	assert_eq 0 "$(turns 5 | grep -c reset || true)" "resets after it was stopped"
	agent_stop
	agent_start
	assert_eq stopped "$(field .state)" "after a restart"
	assert_match "0 stopped" "$(axo chaos stop --all)"
	assert_fails axo chaos stop default/nobody
}

test_a_guard_ends_it() {
	chaos '{probability: 1, abort: reset}' 'abort-on: "faults>10"' | axo policy apply -
	turns 12 >"$S/turns"
	wait_until 5 state_is aborted
	assert_eq 0 "$(turns 5 | grep -c reset || true)" "resets after the guard"
	assert_match "12 faults" "$(field .why)"
}

test_a_policy_that_selects_too_much_is_refused() {
	local i
	for i in 1 2 3; do labelled "more$i" myService; done
	chaos '{probability: 1, abort: reset}' >"$S/wide.yaml"
	axo policy apply --dry-run "$S/wide.yaml" 2>"$S/refused" && fail "a wide policy would be applied"
	assert_match "selects 4 of the 5 endpoints of namespace default" "$(cat "$S/refused")"
	axo policy apply "$S/wide.yaml" 2>"$S/refused" && fail "a wide policy was applied"
	assert_match "selects 4 of the 5 endpoints of namespace default" "$(cat "$S/refused")"
	assert_eq 0 "$(axo chaos list -o json | jq length)" "experiments"
	chaos '{probability: 1, abort: reset}' 'allow-wide: "true"' | axo policy apply -
	assert_eq "4 false" "$(field '"\(.endpoints) \(.wide)"')"
	axo policy delete default/chaos
	pod_del more3
	axo policy apply "$S/wide.yaml"
	labelled more3 myService
	assert_eq "4 true" "$(field '"\(.endpoints) \(.wide)"')"
	assert_match "selects 4 of the 5 endpoints of namespace default" "$(axo status)"
}

# in_file NAME - the chaos policy and one more, in one file of the directory
in_file() {
	chaos '{probability: 0.5, abort: reset}' 'duration: 30m' >"$S/tmp/both.yaml"
	echo --- >>"$S/tmp/both.yaml"
	sed "s/name: chaos/name: $1/; /rules:/,\$d" < <(the_letter) >>"$S/tmp/both.yaml"
	mv "$S/tmp/both.yaml" "$S/policies/both.yaml"
}

has_policy() { axo policy list -o json | jq -e --arg name "$1" 'any(.[]; .name == $name)' >/dev/null; }

test_a_file_that_changes_elsewhere_does_not_begin_it_anew() {
	local before
	mkdir -p "$S/tmp"
	in_file one
	wait_until 5 has_policy one
	turns 10 >"$S/turns"
	before=$(field '"\(.seed) \(.end) \(.number) \(.requests)"')
	in_file two
	wait_until 5 has_policy two
	assert_eq "$before" "$(field '"\(.seed) \(.end) \(.number) \(.requests)"')"
	turns 10 >"$S/turns"
	assert_eq 20 "$(field .requests)" "requests"
	rm "$S/policies/both.yaml"
	wait_until 5 not has_policy two
	assert_eq 0 "$(axo chaos list -o json | jq length)"
}

test_apply_says_whom_it_hits_and_what_it_meets() {
	chaos '{probability: 1, abort: reset}' | axo policy apply - 2>"$S/said"
	assert_match "faults hit 1 of the pods here: default/server" "$(cat "$S/said")"
	chaos '{probability: 1, abort: reset}' | sed 's/name: chaos/name: also/' >"$S/also.yaml"
	axo policy apply --dry-run "$S/also.yaml" >"$S/said" 2>&1
	assert_match "meets the chaos policy default/chaos" "$(cat "$S/said")"
	assert_eq 1 "$(axo chaos list -o json | jq length)" "experiments after a dry run"
	axo policy apply "$S/also.yaml"
	assert_eq 4 "$(turns 4 | grep -c reset)" "resets"
	assert_eq "4 0" "$(field '"\(.rules[0].aborted) \(.rules[0].yielded)"')" "also, the first"
	assert_eq "0 4" "$(axo chaos list -o json |
		jq -r '.[1] | "\(.rules[0].aborted) \(.rules[0].yielded)"')" "chaos, the second"
	assert_eq 4 "$(metric 'axoneme_chaos_rule_total.*default/also.*what="aborted"')" "metric of also"
	assert_eq 0 "$(axo chaos stop --all >/dev/null && turns 4 | grep -c reset || true)"
}

test_apply_warns_where_egress_and_ingress_meet() {
	chaos '{probability: 1, abort: reset}' | axo policy apply -
	chaos '{probability: 1, abort: reset}' |
		sed 's/name: chaos/name: also/; s/app: myService/app: client/; s/ingress:/egress:/; s/{ingress/{egress/' \
			>"$S/also.yaml"
	axo policy apply --dry-run "$S/also.yaml" >"$S/said" 2>&1
	assert_match "meets the chaos policy default/chaos: where both draw" "$(cat "$S/said")"
	axo policy apply "$S/also.yaml" 2>"$S/said"
	assert_match "meets the chaos policy default/chaos: where both draw" "$(cat "$S/said")"
	assert_eq 4 "$(turns 4 | grep -c reset)" "resets"
	assert_eq "4 0" "$(field '"\(.rules[0].aborted) \(.rules[0].yielded)"')" "also, of the client"
	assert_eq "0 4" "$(axo chaos list -o json |
		jq -r '.[1] | "\(.rules[0].aborted) \(.rules[0].yielded)"')" "chaos, of the server"
	sed 's/"8000"/"8001"/' "$S/also.yaml" | axo policy apply - 2>"$S/said"
	assert_fails grep -q "meets the chaos policy" "$S/said"
}

test_deleted_policies_leave_no_experiment() {
	chaos '{probability: 1, abort: reset}' | axo policy apply -
	assert_eq 1 "$(turns 1 | grep -c reset)"
	axo policy delete default/chaos
	assert_eq 0 "$(axo chaos list -o json | jq length)"
	assert_eq 0 "$(turns 5 | grep -c reset || true)"
	wait_until 5 nothing_left
}

nothing_left() { [ "$(bpftool -j map dump pinned "$S/bpf/axoneme/axo_chaos" | jq length)" = 0 ]; }

story_main "$@"
