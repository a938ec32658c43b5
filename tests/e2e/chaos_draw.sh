#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a client sees of 10,000 draws: shares as asked, by chance, and again with the same seed.
# The seed is written here, so that what is right once is right always.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=tests/lib/story_chaos.sh
. "$STORY_LIB/story_chaos.sh"

REQUESTS=10000
SHARES='{probability: "0.8", delay-response: 1ms}, {probability: "0.2", abort: reset}'

setup() {
	agent_start
	labelled client client
	labelled server myService
	turns_start server 8000
}

# classes FILE - of what a client saw: 0 an answer, 1 a reset
classes() { awk '{ print $1 == "reset" ? 1 : 0 }' "$1"; }

# chi_square SHARE... - p values of classes from stdin
chi_square() { "$PY" "$STORY_LIB/chi_square.py" "$@"; }

# judge_is_right - shares that are not asked for are found, and a sequence that repeats
judge_is_right() {
	local alternating
	alternating=$(awk 'BEGIN { for (i = 0; i < 10000; i++) print i % 5 == 0 }' | chi_square 0.8 0.2)
	awk '{ exit !($1 > 0.9 && $2 < 0.001) }' <<<"$alternating" || fail "every fifth: $alternating"
	awk 'BEGIN { for (i = 0; i < 10000; i++) print i % 4 == 0 }' | chi_square 0.8 0.2 |
		awk '{ exit !($1 < 0.001) }' || fail "a quarter is no fifth"
	# Of the tables: where p is 0.001, for 1 and 3 degrees of freedom.
	assert_eq "0.0010 0.0010" "$(PYTHONPATH=$STORY_LIB "$PY" -B -c '
from chi_square import p_value
print("%.4f %.4f" % (p_value(10.828, 1), p_value(16.266, 3)))')"
}

# timeout 180
test_ten_thousand_requests_meet_the_shares_by_chance() {
	local p resets
	judge_is_right
	chaos "$SHARES" 'seed: "1"' | axo policy apply -
	turns "$REQUESTS" >"$S/first"
	resets=$(grep -c reset "$S/first")
	assert_eq "$REQUESTS" "$(field '.rules | map(.drawn) | add')" "requests drawn"
	assert_eq "$resets" "$(field '.rules[1].aborted')" "resets that the client saw, and counted"
	assert_eq "$((REQUESTS - resets))" "$(field '.rules[0].delayed')" "answers, and delayed"
	assert_eq "$((REQUESTS - resets))" "$(awk '$1 != "reset" && $1 >= 1' "$S/first" | wc -l)" "took 1 ms or more"
	p=$(classes "$S/first" | chi_square 0.8 0.2)
	seen "$resets resets of $REQUESTS; p of the shares, of pairs: $p"
	awk '{ exit !($1 > 0.001 && $2 > 0.001) }' <<<"$p" || fail "p values: $p"
}

# timeout 180
test_one_seed_gives_one_sequence_whoever_asks() {
	labelled other client
	chaos "$SHARES" 'seed: "2"' | axo policy apply -
	turns 3000 >"$S/first"
	chaos "$SHARES" 'seed: "2"' 'duration: 30m' | axo policy apply -
	# Another client, other connections, the other family.
	in_ns other "$PY" "$STORY_LIB/turns.py" ask "$(pod_ip6 server)" 8000 3000 >"$S/second"
	diff <(classes "$S/first") <(classes "$S/second")
	chaos "$SHARES" 'seed: "3"' | axo policy apply -
	turns 3000 >"$S/third"
	assert_fails diff -q <(classes "$S/first") <(classes "$S/third")
}

story_main "$@"
