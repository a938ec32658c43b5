# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories: what e2e tests are written in.  A story file sources this, defines functions
# test_<behaviour> (and, if it wants, setup, which runs before each), and ends with
# `story_main "$@"`.
#
# Every test runs in a process of its own inside new network, mount and PID namespaces, which are
# "the host" of the story.  /run is a fresh tmpfs there, and everything a story writes lies in it
# ($S), so nothing survives the test: the kernel ends its processes, mounts, namespaces and
# devices.  A command that fails ends the test (set -e).  Nothing sleeps: wait_until polls.

STORY_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$STORY_LIB/../.." && pwd)
OUT=${O:-$ROOT/build}
case $OUT in /*) ;; *) OUT=$ROOT/$OUT ;; esac
BIN=$OUT/bin
S=/run/story
SOCK=$S/run/axoneme.sock
PATH=$PATH:/usr/sbin:/sbin
PY=/usr/bin/python3
export LC_ALL=C.UTF-8

# What a test may change before agent_start.
export POD_CIDRS="10.1.0.0/24 fd01::/112"
export GW4=10.1.0.1
export GW6=fd01::1
export NODE=n1

# shellcheck source=tests/lib/story_agent.sh
. "$STORY_LIB/story_agent.sh"
# shellcheck source=tests/lib/story_pods.sh
. "$STORY_LIB/story_pods.sh"
# shellcheck source=tests/lib/story_net.sh
. "$STORY_LIB/story_net.sh"
# shellcheck source=tests/lib/story_hosts.sh
. "$STORY_LIB/story_hosts.sh"

# --- saying what is expected -------------------------------------------------------------------

note() { echo "$*" >&2; }

# seen TEXT - a figure to be shown, with V=1 also when the test passes
seen() { note "seen: $*"; }

fail() {
	note "FAILED: $*"
	exit 1
}

# skip REASON - this machine cannot run the test
skip() {
	echo "$*" >"$S/skip"
	exit 77
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

# wait_until SECONDS COMMAND... - poll until the command succeeds.  An emulated machine is slow:
# STORY_PATIENCE=N (tests/kernels/inside) makes seconds N times as long.
wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000 * ${STORY_PATIENCE:-1}))
	shift
	until "$@" >"$S/wait.log" 2>&1; do
		if [ "${EPOCHREALTIME/./}" -ge "$deadline" ]; then
			cat "$S/wait.log" >&2
			fail "still not so when the time was up: $*"
		fi
		sleep 0.02
	done
}

# assert_eq EXPECTED ACTUAL [WHAT]
assert_eq() {
	[ "$1" = "$2" ] || fail "${3:-value}: expected '$1', found '$2'"
}

# assert_match EXTENDED-REGEX TEXT [WHAT]
assert_match() {
	[[ $2 =~ $1 ]] || fail "${3:-text}: expected /$1/, found '$2'"
}

assert_no_match() {
	[[ ! $2 =~ $1 ]] || fail "${3:-text}: did not expect /$1/, found '$2'"
}

# assert_le LEFT RIGHT [WHAT]
assert_le() {
	[ "$1" -le "$2" ] || fail "${3:-value}: expected $1 <= $2"
}

# assert_fails COMMAND... - and keeps what it said in $S/said
assert_fails() {
	if "$@" >"$S/said" 2>&1; then
		cat "$S/said" >&2
		fail "succeeded, but should not: $*"
	fi
}

not() {
	if "$@"; then return 1; else return 0; fi
}

# --- running -----------------------------------------------------------------------------------

story_world() {
	mount --make-rprivate /
	mount -t tmpfs -o mode=755 story /run
	mkdir -p "$S" "$S/run" "$S/state" "$S/cni" "$S/bpf" "$S/pods" "$S/policies" "$S/tmp" /run/netns /run/lock
	mount -t bpf bpf "$S/bpf"
	export TMPDIR=$S/tmp HOME=$S/tmp
	ip link set lo up
	: >"$S/agent.log"
}

story_on_error() {
	note "line $2 of $(basename "$0"): status $1 of: $3"
}

story_one() {
	story_world
	set -eEuo pipefail
	trap 'story_on_error $? $LINENO "$BASH_COMMAND"' ERR
	trap 'story_end $?' EXIT
	cd "$S"
	if declare -F setup >/dev/null; then setup; fi
	"$1"
}

# shellcheck disable=SC2317 # called by the trap
story_end() {
	trap - ERR EXIT
	set +e
	if [ "$1" -eq 77 ]; then
		echo "story-skip: $(cat "$S/skip")"
	elif [ "$1" -ne 0 ] && [ -s "$S/agent.log" ]; then
		echo "--- the agent's log, last lines"
		tail -n 30 "$S/agent.log"
	fi
	exit "$1"
}

story_isolated() {
	unshare -n -m -p -i --fork --kill-child --mount-proc bash "$0" --one "$1" </dev/null >"$2" 2>&1
}

# What a test asks for in the comment line above it: "# timeout 300".
story_timeout() {
	grep -B1 "^$1()" "$0" | sed -n 's/^# timeout \([0-9]*\)$/# timeout \1/p'
}

story_report() {
	local status=$1 number=$2 name=$3 log=$4
	if [ "$status" -eq 0 ]; then
		echo "ok $number - $name"
		sed -n 's/^seen: /# /p' "$log"
	elif [ "$status" -eq 77 ]; then
		echo "ok $number - $name # SKIP $(sed -n 's/^story-skip: //p' "$log" | tail -n 1)"
	else
		echo "not ok $number - $name"
		sed 's/^/# /' "$log"
	fi
}

story_main() {
	local names name log status number=0 failed=0
	if [ "${1:-}" = --one ]; then
		story_one "$2"
		return
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "1..0 # SKIP needs root"
		return 0
	fi
	names=$(sed -n 's/^\(test_[a-zA-Z0-9_]*\)() {.*/\1/p' "$0" | grep -F -- "${T#*: }" || true)
	if [[ $(basename "$0") == *"${T:-}"* ]]; then
		names=$(sed -n 's/^\(test_[a-zA-Z0-9_]*\)() {.*/\1/p' "$0")
	fi
	echo "1..$(wc -w <<<"$names")"
	log=$(mktemp)
	# shellcheck disable=SC2064 # the name as it is now
	trap "rm -f $log" EXIT
	for name in $names; do
		number=$((number + 1))
		story_timeout "$name"
		status=0
		story_isolated "$name" "$log" || status=$?
		story_report "$status" "$number" "$name" "$log"
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || failed=1
	done
	return "$failed"
}
