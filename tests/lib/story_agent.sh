# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories: the agent, its command line, its numbers.

AGENT_PID=

# agent_flags - the flags that every agent of a story gets
agent_flags() {
	local cidr
	printf '%s\n' --node-name "$NODE" --run-dir "$S/run" --state-dir "$S/state" \
		--bpffs-dir "$S/bpf/axoneme" --cni-conf-dir "$S/cni" --policy-dir "$S/policies" --config "$S/axoneme.yaml"
	for cidr in $POD_CIDRS; do
		printf '%s\n' --pod-cidr "$cidr"
	done
}

# agent_run [FLAG...] - in the foreground, until it ends by itself
agent_run() {
	local flags
	[ -e "$S/axoneme.yaml" ] || echo "# defaults" >"$S/axoneme.yaml"
	mapfile -t flags < <(agent_flags)
	"$BIN/axonemed" "${flags[@]}" "$@"
}

# agent_launch [FLAG...] - start it, do not wait
agent_launch() {
	local flags
	[ -e "$S/axoneme.yaml" ] || echo "# defaults" >"$S/axoneme.yaml"
	mapfile -t flags < <(agent_flags)
	"$BIN/axonemed" "${flags[@]}" "$@" >>"$S/agent.log" 2>&1 </dev/null &
	AGENT_PID=$!
}

# agent_start [FLAG...] - start it and wait until it says that it is ready
agent_start() {
	agent_launch "$@"
	wait_until 40 agent_ready_or_dead
	agent_ready || fail "the agent ended instead of getting ready"
}

agent_ready() {
	curl -sf --max-time 2 --unix-socket "$SOCK" http://axoneme/v1/status |
		grep '"state": *"ready"' >/dev/null
}

agent_ready_or_dead() {
	agent_ready || not kill -0 "$AGENT_PID"
}

# agent_stop - SIGTERM; it must end in good order
agent_stop() {
	local status=0
	kill -TERM "$AGENT_PID"
	wait_until 10 process_ended "$AGENT_PID"
	wait "$AGENT_PID" || status=$?
	AGENT_PID=
	assert_eq 0 "$status" "exit status of the agent after SIGTERM"
}

agent_kill9() {
	kill -KILL "$AGENT_PID"
	wait "$AGENT_PID" 2>/dev/null || true
	AGENT_PID=
}

# A process that ended and was not waited for is a zombie, which kill -0 still finds.
process_ended() {
	local state
	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || true
	[ -z "$state" ] || [ "$state" = Z ]
}

# axo ARGUMENT... - the command line
axo() {
	"$BIN/axoneme" --socket "$SOCK" "$@"
}

# api METHOD PATH [BODY] - prints the body; the HTTP status stands in $S/http
api() {
	curl -s --max-time 40 --unix-socket "$SOCK" -X "$1" ${3:+-d "$3"} -o "$S/body" \
		-w '%{http_code}' "http://axoneme$2" >"$S/http"
	cat "$S/body"
}

# metric NAME-AND-LABELS-REGEX - sum of the samples that match
metric() {
	curl -sf --max-time 5 --unix-socket "$SOCK" http://axoneme/metrics |
		awk -v want="^$1" '$0 !~ /^#/ && $0 ~ want { sum += $NF } END { printf "%d\n", sum }'
}

# drops REASON - packets dropped for it so far, both directions
drops() {
	metric "axoneme_drop_packets_total\\{.*reason=\"$1\""
}

# drops_all - packets dropped for any reason, but for the router solicitations and multicast
# reports that a pod's kernel sends by itself
drops_all() {
	curl -sf --max-time 5 --unix-socket "$SOCK" http://axoneme/metrics |
		awk '/^axoneme_drop_packets_total\{/ && !/reason="(multicast|neighbour)"/ { n += $2 }
			END { print n + 0 }'
}

# drops_by_reason - "reason=packets" of all
drops_by_reason() {
	curl -sf --max-time 5 --unix-socket "$SOCK" http://axoneme/metrics |
		sed -n 's/^axoneme_drop_packets_total{.*reason="\([a-z_]*\)".*} /\1=/p' | xargs
}

drops_above() {
	[ "$(drops "$1")" -gt "$2" ]
}

# expect_drop REASON COMMAND... - the command may fail; a drop for the reason must be counted
expect_drop() {
	local reason=$1 before
	shift
	before=$(drops "$reason")
	"$@" >"$S/said" 2>&1 || true
	if ! (wait_until 3 drops_above "$reason" "$before") 2>/dev/null; then
		note "said: $(tail -n 3 "$S/said")"
		fail "no drop counted as $reason after: $*; counted are: $(drops_by_reason)"
	fi
}

# expect_no_drop COMMAND... - succeeds, and nothing at all is dropped meanwhile
expect_no_drop() {
	local before
	before=$(drops_all)
	"$@"
	assert_eq "$before" "$(drops_all)" "dropped packets after: $*"
}

# agent_rss_kb - resident memory
agent_rss_kb() {
	sed -n 's/^VmRSS:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$AGENT_PID/status"
}
