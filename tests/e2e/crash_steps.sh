#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Faults at an exact system call, injected by strace: agent and plugin die before each step of ADD
# and DEL, and the kernel refuses each feature that the agent asks for.
#
# A step is a system call that may change something outside of the process.  What a process has
# changed out there is the same at every instant between two steps, so dying before each of them is
# dying everywhere.  strace counts per thread and per call.  So first a thread is watched, which
# gives the calls that it makes; then it dies before its 1st, 2nd, 3rd... sendto until it lives, and
# so for each call.  Calls that are no steps are listed, and whatever is not listed is a step:
# waiting, reading, memory, the process's own descriptors, and the locks of the database, which end
# with the process.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

NO_STEPS=epoll_wait,epoll_ctl,futex,restart_syscall,poll,nanosleep,clock_nanosleep,sched_yield
NO_STEPS+=,read,readv,pread64,recvmsg,recvfrom,accept4,close,shutdown,socket,setsockopt,fcntl,lseek
NO_STEPS+=,newfstatat,fstatfs,access,readlink,getdents64,ioctl,getpid,gettid,getrandom
NO_STEPS+=,brk,mmap,munmap,mprotect,madvise,rt_sigaction,rt_sigprocmask,execve,exit,exit_group
NO_STEPS+=,arch_prctl,set_tid_address,set_robust_list,rseq,prlimit64

# One pod stays all the time; four addresses of IPv4 are left.  It is in a namespace of its own, so
# that the identity of the other pod comes and goes with that.
setup() {
	need strace
	strace -qq -o "$S/steps" true 2>"$S/strace.log" || skip "strace cannot trace: $(cat "$S/strace.log")"
	POD_CIDRS="10.1.0.0/29 fd01::/125"
	agent_start --cooldown 0s
	cni_conf >"$S/conf.json"
	CONF=$(cat "$S/conf.json")
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=other;K8S_POD_NAME=old" pod_add old
	netns_add p
	OLD=$(endpoint old '.ipv4 + " " + .ipv6')
}

# --- dying -------------------------------------------------------------------------------------

# tracing CALL N - what strace is told; CALL may be none
tracing() {
	printf '%s\n' -qq -o "$S/steps" -e "trace=!$NO_STEPS"
	[ "$1" = none ] || printf '%s\n' -e "inject=$1:signal=KILL:when=$2"
}

# calls_made - the names of the calls in the last record
calls_made() { sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$S/steps" | sort -u; }

# attach CALL N THREAD - the agent's thread (1 is the main one) dies before its N-th CALL from now on
attach() {
	local tid options
	tid=$(printf '%s\n' /proc/"$AGENT_PID"/task/* | sed 's/.*\///' | sort -n | sed -n "$3p")
	mapfile -t options < <(tracing "$1" "$2")
	strace "${options[@]}" -p "$tid" 2>"$S/strace.log" </dev/null &
	TRACER=$!
	wait_until 5 traced_or_refused "$tid"
	if process_ended "$TRACER"; then skip "strace cannot attach: $(cat "$S/strace.log")"; fi
	STEPS_SIZE=-1 STEPS_SAME=0
}

traced_or_refused() {
	grep -q '^TracerPid:.[1-9]' "/proc/$AGENT_PID/task/$1/status" || process_ended "$TRACER"
}

detach() {
	kill -TERM "$TRACER" 2>/dev/null || true
	wait "$TRACER" || true
}

# idle_or_dead N - N devices, and no step for four looks at it.  To ask the agent would be steps.
idle_or_dead() {
	local size
	size=$(stat -c %s "$S/steps")
	if [ "$size" = "$STEPS_SIZE" ]; then
		STEPS_SAME=$((STEPS_SAME + 1))
	else
		STEPS_SIZE=$size STEPS_SAME=0
	fi
	process_ended "$AGENT_PID" || { [ "$STEPS_SAME" -ge 3 ] && devices_are "$1"; }
}

# --- what must hold after each death -------------------------------------------------------------

map_entries() { bpftool -j map dump pinned "$S/bpf/axoneme/$1" | jq length; }

only_old() {
	settled 1 && [ "$(map_entries axo_endpoint)" -eq 1 ] && [ "$(map_entries axo_address)" -eq 2 ] &&
		[ "$(endpoint old '.ipv4 + " " + .ipv6')" = "$OLD" ] && [ -z "$(ls "$S/state/queue")" ]
}

# What a runtime does after an ADD or DEL that ended in any way; then only the pod that stays is
# there.
clean_up() {
	cni DEL p eth0 "$CONF" >"$S/said" 2>&1 || fail "DEL after $1: $(cat "$S/said")"
	(wait_until 10 only_old) || fail "left behind after $1: $(axo endpoint list; axo status; ip link)"
	assert_eq "" "$(pod_exec p ip -o link show type veth)" "devices in the pod after $1"
}

# All addresses that are left can be given, each once, and no more than those.
whole_pool() {
	local i
	for i in 1 2 3 4; do pod_add "q$i"; done
	settled 5
	assert_eq 10 "$(axo endpoint list -o json | jq '[.[].ipv4, .[].ipv6] | unique | length')" "addresses"
	ping_ok old "$(pod_ip4 q4)"
	ping_ok q1 "$(pod_ip6 old)"
	assert_fails cni ADD p eth0 "$CONF"
	cni DEL p eth0 "$CONF"
	for i in 1 2 3 4; do pod_del "q$i"; done
	wait_until 10 only_old
}

# --- the agent ---------------------------------------------------------------------------------

# agent_dies COMMAND THREAD CALL N - false when the command passed and the agent lives
agent_dies() {
	local status=0 devices=1
	[ "$1" = ADD ] && devices=2
	attach "$3" "$4" "$2"
	cni "$1" p eth0 "$CONF" >"$S/said" 2>&1 || status=$?
	if [ "$status" -ne 0 ]; then
		[ "$1" = ADD ] || fail "DEL failed when the agent died: $(cat "$S/said")"
		wait_until 5 process_ended "$AGENT_PID"
	else
		wait_until 10 idle_or_dead "$devices"
	fi
	detach
	process_ended "$AGENT_PID" || return 1
	wait "$AGENT_PID" 2>/dev/null || true
	agent_start --cooldown 0s
}

# everywhere DIES COMMAND [ARGUMENT] - calls DIES COMMAND ARGUMENT CALL N for each step; $S/died gets
# the calls that somebody died in, one a line
everywhere() {
	local call n
	: >"$S/died"
	begin "$2"
	not "$1" "$2" "${3:-}" none 0
	calls_made >"$S/calls"
	clean_up "$2 without a death"
	while read -r call <&4; do
		for n in $(seq 1000); do
			begin "$2"
			"$1" "$2" "${3:-}" "$call" "$n" || break
			echo "$call" >>"$S/died"
			clean_up "death before $call $n of $2"
		done
		clean_up "$2 without a death"
		[ "$n" -gt 1 ] || fail "nobody died in $call, which was seen"
	done 4<"$S/calls"
	note "$*: $(wc -l <"$S/died") steps: $(uniq -c "$S/died" | xargs)"
}

# begin COMMAND - a DEL needs something to remove
begin() {
	[ "$1" = ADD ] || cni ADD p eth0 "$CONF" >"$S/said" || fail "ADD: $(cat "$S/said")"
}

# died_in NAME... - each is among the steps, else the enumeration missed what it is for
died_in() {
	local name
	for name; do
		grep -qx "$name" "$S/died" || fail "never died in $name, but in: $(sort -u "$S/died" | xargs)"
	done
}

# timeout 90
test_agent_dies_before_each_step_of_add() {
	everywhere agent_dies ADD 1
	assert_le 11 "$(wc -l <"$S/died")" "steps"
	died_in pwrite64 fdatasync sendto bpf writev
	whole_pool
}

# timeout 90
test_agent_dies_before_each_step_of_del() {
	everywhere agent_dies DEL 1
	assert_le 11 "$(wc -l <"$S/died")" "steps"
	died_in bpf pwrite64 fdatasync writev
	whole_pool
}

# timeout 90
test_each_worker_of_the_agent_dies_before_each_step_of_del() {
	local thread threads
	threads=$(find "/proc/$AGENT_PID/task" -mindepth 1 -maxdepth 1 | wc -l)
	assert_le 3 "$threads" "threads of the agent"
	: >"$S/workers"
	for thread in $(seq 2 "$threads"); do
		everywhere agent_dies DEL "$thread"
		cat "$S/died" >>"$S/workers"
	done
	mv "$S/workers" "$S/died"
	died_in sendto bpf write
	whole_pool
}

# --- the plugin --------------------------------------------------------------------------------

# plugin_dies COMMAND AGENT CALL N - AGENT is up, or down meanwhile; false when the plugin passed
plugin_dies() {
	local status=0 options
	mapfile -t options < <(tracing "$3" "$4")
	[ "$2" = up ] || agent_kill9
	CNI_COMMAND=$1 CNI_CONTAINERID=p CNI_NETNS=/run/netns/p CNI_IFNAME=eth0 \
		strace "${options[@]}" "$BIN/axoneme-cni" <"$S/conf.json" >"$S/said" 2>&1 || status=$?
	[ "$2" = up ] || agent_start --cooldown 0s
	[ "$status" -ne 0 ] || return 1
	assert_eq 137 "$status" "exit status of strace, which said: $(cat "$S/said")"
}

# timeout 90
test_plugin_dies_before_each_step_of_add() {
	everywhere plugin_dies ADD up
	assert_le 11 "$(wc -l <"$S/died")" "steps"
	died_in setns connect sendto write
	whole_pool
}

# timeout 90
test_plugin_dies_before_each_step_of_del() {
	everywhere plugin_dies DEL up
	died_in connect sendto
	whole_pool
}

# timeout 90
test_plugin_dies_before_each_step_of_a_del_that_it_queues() {
	everywhere plugin_dies DEL down
	died_in connect openat
	whole_pool
}

# --- the kernel --------------------------------------------------------------------------------

# bpf_fails INJECTION REGEX - the agent ends with 1 and that sentence alone, and leaves nothing
bpf_fails() {
	local status=0 flags before
	mapfile -t flags < <(agent_flags)
	before=$(traces)
	timeout 20 strace -f -qq -o "$S/calls" -e trace=bpf -e "inject=bpf:$1" \
		"$BIN/axonemed" "${flags[@]}" >"$S/said" 2>&1 </dev/null || status=$?
	assert_eq 1 "$status" "exit status with $1, which said: $(cat "$S/said")"
	assert_eq 1 "$(wc -l <"$S/said")" "lines with $1: $(cat "$S/said")"
	assert_match "level=error msg=\"$2" "$(cat "$S/said")" "with $1"
	assert_eq "$before" "$(traces)" "what is there with $1"
}

# Devices, pins, network configurations, the socket.
traces() {
	ip -o link | sed 's/ mtu .*//'
	find "$S/bpf" "$S/cni" "$S/run"
}

# lacks TYPE NAME - the first map of that type is a probe; this kernel makes none
lacks() {
	local n
	n=$(grep -n -m 1 "BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_$1," "$S/healthy" | sed 's/:.*//')
	bpf_fails "error=EINVAL:when=$n" "kernel $(uname -r) lacks $2: expected [0-9.]* or later\""
}

# The probes of helpers cannot be refused here: they are judged by what the verifier writes.
test_a_feature_that_the_kernel_lacks_is_named() {
	local flags tracer
	cni DEL old eth0 "$CONF"
	wait_until 10 settled 0
	agent_stop
	mapfile -t flags < <(agent_flags)
	strace -f -qq -o "$S/trace" -e trace=bpf "$BIN/axonemed" "${flags[@]}" >>"$S/agent.log" 2>&1 &
	tracer=$!
	wait_until 20 agent_ready
	AGENT_PID=$(pgrep -P "$tracer")
	kill -TERM "$AGENT_PID"
	wait "$tracer"
	sed 's/^[0-9]* *//' "$S/trace" >"$S/healthy"
	ip link del axo_host
	rm -r "$S/bpf/axoneme" "$S"/cni/*
	bpf_fails error=ENOSYS 'kernel .* has no bpf\(2\): expected CONFIG_BPF_SYSCALL"'
	bpf_fails error=EPERM "the kernel refuses bpf\(2\) to this process: expected CAP_BPF, and no "
	lacks RINGBUF "BPF ring buffers"
	lacks LPM_TRIE "BPF longest-prefix maps"
	lacks LRU_HASH "BPF LRU maps"
	agent_start
	pod_add a
	ping_ok host "$(pod_ip4 a)"
}

story_main "$@"
