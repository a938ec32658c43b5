#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What does not fit is refused with the numbers, the old policies stay, and what is in force can
# always be changed, however full it is.  AXO_CAPACITY=1048576 (make check-capacity) is the real limit.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

LIMIT=${AXO_CAPACITY:-4096} # entries in force; as many are there for second copies
PORTS=32		    # of a rule for one prefix
RULES=$((LIMIT / 4 / PORTS - 1))
IN_FORCE=$((RULES * PORTS + 1)) # of one of four pods; 1: the host, which always gets in
PATIENCE=$((20 + LIMIT / 10000))

setup() {
	local ns
	agent_start --policy-entry-max $((2 * LIMIT))
	for ns in a b c d e; do
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=$ns;K8S_POD_NAME=$ns" pod_add "$ns"
		serve_tcp "$ns" 80
	done
}

# rules NAMESPACE FIRST-PORT - RULES rules of PORTS ports, each for a prefix of its own
rules() {
	"$PY" -c 'import sys
sys.path.insert(0, sys.argv[1])
import policy_text
sys.stdout.write(policy_text.prefixes(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]),
                                      first_port=int(sys.argv[5])))' \
		"$ROOT/tests/bench" "$1" $RULES $PORTS "$2"
}

# put NAMESPACE FIRST-PORT - as a file, at once
put() {
	rules "$@" >"$S/new"
	mv "$S/new" "$S/policies/$1.yaml"
}

policies() { axo status -o json | jq ".policies.$1"; }
entries_are() { [ "$(policies entries)" -eq "$1" ]; }
broken_are() { [ "$(policies 'brokenFiles | length')" -eq "$1" ]; }
looked() { grep -c "msg=\"policy file applied\" file=$S/policies/$1.yaml" "$S/agent.log" || true; }
applied_again() { [ "$(looked "$1")" -gt "$2" ]; }

fill() {
	local ns
	for ns in a b c d; do put "$ns" 2; done
	wait_until $PATIENCE entries_are $((4 * IN_FORCE))
	note "$(policies entries) entries: agent $(agent_rss_kb) kB, maps $(axo status -o json |
		jq -c '[.maps[] | select(.name | startswith("axo_pol_")) | {(.name): .bytes}] | add')"
}

# timeout 900
test_what_does_not_fit_is_refused_and_what_fits_can_change() {
	local ns before
	fill
	# Full, and yet every one can be changed.
	for ns in a b c d; do
		before=$(looked $ns)
		put $ns 3
		wait_until $PATIENCE applied_again $ns "$before"
	done
	wait_until $PATIENCE entries_are $((4 * IN_FORCE))
	broken_are 0
	assert_fails ask_limited e a

	# One more does not fit: the sentence has the numbers, nothing else has changed.
	put e 2
	wait_until $PATIENCE broken_are 1
	assert_match "would need $((5 * IN_FORCE)) entries, the limit is $LIMIT" \
		"$(policies 'brokenFiles[0].error')"
	entries_are $((4 * IN_FORCE))
	talk_tcp a e "$(pod_ip4 e)" 80
	assert_fails ask_limited e a

	# When there is room, it gets it.
	rm "$S/policies/d.yaml"
	wait_until $PATIENCE broken_are 0
	wait_until $PATIENCE entries_are $((4 * IN_FORCE))
	assert_fails ask_limited a e
	talk_tcp a d "$(pod_ip4 d)" 80
}

# ask_limited FROM TO
ask_limited() { in_ns "$1" timeout 0.5 bash -c ": >/dev/tcp/$(pod_ip4 "$2")/80"; }

# timeout 900
test_a_restart_at_the_limit_puts_everything_in_force_again() {
	fill
	agent_kill9
	agent_launch --policy-entry-max $((2 * LIMIT))
	wait_until $PATIENCE agent_ready
	wait_until $PATIENCE entries_are $((4 * IN_FORCE))
	broken_are 0
	assert_fails ask_limited e a
	talk_tcp a e "$(pod_ip4 e)" 80
}

test_the_api_refuses_with_the_numbers() {
	RULES=100
	rules a 2 >"$S/some.yaml"
	agent_stop
	agent_start --policy-entry-max 8192
	RULES=129
	rules a 2 >"$S/many.yaml"
	axo policy apply "$S/some.yaml"
	assert_fails axo policy apply "$S/many.yaml"
	assert_match "needs 4129 entries, the limit is 4096" "$(cat "$S/said")"
	entries_are 3201
	assert_fails ask_limited e a
}

story_main "$@"
