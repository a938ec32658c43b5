#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The runner itself: what it must not take for a success.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

RUN=$STORY_LIB/run

# program NAME LINE... - a test program that prints the lines; one of the form "!command" is run
program() {
	local name=$1 line
	shift
	{
		echo '#!/bin/sh'
		for line; do
			case $line in
			!*) echo "${line#!}" ;;
			*) echo "echo '$line'" ;;
			esac
		done
	} >"$S/tmp/$name"
	chmod +x "$S/tmp/$name"
}

# ends_with STATUS LAST-LINE NAME... - of a run of these programs
ends_with() {
	local status=$1 last=$2 got=0
	shift 2
	(cd "$S/tmp" && T='' V='' "$RUN" -t 2 "$@") >"$S/said" 2>&1 || got=$?
	assert_eq "$status" "$got" "exit status"
	assert_eq "$last" "$(tail -n 1 "$S/said")" "last line"
}

test_passes_and_skips_are_counted() {
	program good "1..3" "ok 1 - a" "ok 2 - b # SKIP no kernel" "ok 3 # SKIP c"
	ends_with 0 "1 passed, 0 failed, 2 skipped" good
	assert_match "no kernel" "$(cat "$S/said")" "the reason"
}

test_a_failure_is_shown_with_its_output() {
	program bad "1..2" "ok 1 - a" "some noise" "not ok 2 - b" "# because" "!exit 1"
	ends_with 1 "1 passed, 1 failed, 0 skipped" bad
	assert_match "some noise" "$(cat "$S/said")"
	assert_match "because" "$(cat "$S/said")"
}

test_a_crash_is_a_failure() {
	# shellcheck disable=SC2016 # expanded by the program
	program crash "1..2" "ok 1 - a" '!kill -SEGV $$'
	ends_with 1 "1 passed, 1 failed, 0 skipped" crash
	assert_match SIGSEGV "$(cat "$S/said")"
}

test_too_few_results_are_a_failure() {
	program few "1..2" "ok 1 - a"
	ends_with 1 "1 passed, 1 failed, 0 skipped" few
}

test_no_plan_is_a_failure() {
	program silent "hello"
	ends_with 1 "0 passed, 1 failed, 0 skipped" silent
}

test_an_unexplained_status_is_a_failure() {
	program odd "1..1" "ok 1 - a" "!exit 3"
	ends_with 1 "1 passed, 1 failed, 0 skipped" odd
}

test_a_hanging_test_is_a_failure_and_is_killed() {
	program hang "1..2" "ok 1 - a" "!sleep 1000"
	ends_with 1 "1 passed, 1 failed, 0 skipped" hang
	not pgrep -x sleep
}

test_nothing_at_all_is_a_failure() {
	ends_with 1 "0 passed, 0 failed, 0 skipped"
	ends_with 1 "0 passed, 1 failed, 0 skipped" missing
}

test_a_whole_program_may_skip() {
	program later "1..0 # SKIP needs root"
	program good "1..1" "ok 1 - a"
	ends_with 0 "1 passed, 0 failed, 1 skipped" later good
	ends_with 0 "0 passed, 0 failed, 1 skipped" later
}

test_t_selects_by_name() {
	program two "1..2" "ok 1 - apples" "not ok 2 - pears" "!exit 1"
	(cd "$S/tmp" && T=apples V='' "$RUN" two) >"$S/said"
	assert_eq "1 passed, 0 failed, 0 skipped" "$(tail -n 1 "$S/said")"
	assert_fails env T=plums V='' "$RUN" "$S/tmp/two"
}

story_main "$@"
