#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The agent itself: configuration, privileges, traces.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

test_the_socket_is_roots_alone() {
	agent_start
	assert_eq "660 root:root" "$(stat -c '%a %U:%G' "$SOCK")" "mode and owner of the socket"
}

test_the_api_answers_curl() {
	agent_start
	assert_eq ready "$(api GET /v1/status | jq -r .state)" "state"
	assert_eq 200 "$(cat "$S/http")"
	api GET /v1/nothing >"$S/said"
	assert_eq 404 "$(cat "$S/http")"
	assert_match . "$(jq -r .message "$S/said")" "message"
	api POST /v1/attachments '{"bad' >"$S/said"
	assert_eq "400 6" "$(cat "$S/http") $(jq .code "$S/said")"
	api POST /v1/attachments '{"network":"n","containerId":"c","ifname":"eth0","wat":1}' >"$S/said"
	assert_eq "400 7" "$(cat "$S/http") $(jq .code "$S/said")"
	assert_match wat "$(jq -r .message "$S/said")" "names the unknown key"
	api PUT /v1/status '{}' >"$S/said"
	assert_eq 405 "$(cat "$S/http")"
}

test_halves_of_an_add_come_in_order() {
	local names='"network":"axoneme","containerId":"zz","ifname":"eth0"'
	agent_start
	api PUT /v1/attachments "{$names,\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500}" >"$S/said"
	assert_eq "404 104" "$(cat "$S/http") $(jq .code "$S/said")" "PUT without POST"
	api POST /v1/attachments "{$names}" >"$S/said"
	assert_eq 200 "$(cat "$S/http")" "POST"
	api PUT /v1/attachments "{$names,\"mac\":\"02:00:00:00:00:01\",\"mtu\":1500}" >"$S/said"
	assert_eq 106 "$(jq .code "$S/said")" "PUT without a device"
	api DELETE /v1/attachments "{$names}" >"$S/said"
	wait_until 5 settled 0
}

# Connections that never finish their request must not keep others out.
test_a_thousand_idle_clients_keep_nobody_out() {
	local idle
	agent_start
	"$PY" -c '
import socket, sys, time
clients = []
for _ in range(1000):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.send(b"GET /v1/sta")
    clients.append(s)
print("open", flush=True)
time.sleep(1000)
' "$SOCK" >"$S/idle" &
	idle=$!
	wait_until 20 grep -q open "$S/idle"
	pod_add a
	ping_ok host "$(pod_ip4 a)"
	kill "$idle"
	pod_del a
	wait_until 5 settled 0
}

test_a_huge_request_is_refused() {
	agent_start
	head -c 3000000 /dev/zero | tr '\0' ' ' >"$S/big"
	curl -s --max-time 10 --unix-socket "$SOCK" -X POST --data-binary "@$S/big" -o /dev/null \
		-w '%{http_code}' http://a/v1/attachments >"$S/http" || true
	[ "$(cat "$S/http")" != 200 ] || fail "3 MB were taken"
	agent_ready
}

test_capabilities_are_dropped_after_start() {
	agent_start
	# CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39
	assert_eq 000000c000001000 "$(sed -n 's/^CapEff:\t//p' "/proc/$AGENT_PID/status")" "CapEff"
	assert_eq 000000c000001000 "$(sed -n 's/^CapPrm:\t//p' "/proc/$AGENT_PID/status")" "CapPrm"
	pod_add a
	pod_del a
	wait_until 5 settled 0
}

# without SETPRIV-OPTION... - the agent must end with a sentence about privileges
without() {
	assert_fails timeout 10 setpriv "$@" -- "$BIN/axonemed" --config /dev/null \
		--pod-cidr 10.1.0.0/24 --run-dir "$S/run" --state-dir "$S/state" \
		--bpffs-dir "$S/bpf/axoneme" --metrics-listen off
	assert_match "CAP_|privilege|permi|root" "$(cat "$S/said")" "with $*"
	assert_le "$(grep -c level=error "$S/said")" 2 "error lines"
}

test_missing_privileges_are_said_in_one_sentence() {
	without --bounding-set=-net_admin
	without --bounding-set=-bpf,-sys_admin
	chmod 777 "$S/run" "$S/state" "$S/bpf"
	without --reuid=65534 --regid=65534 --clear-groups
	assert_eq lo "$(ip -j link | jq -r 'map(.ifname) | join(" ")')" "devices"
}

test_two_agents_on_one_state_directory() {
	agent_start
	assert_fails timeout 10 "$BIN/axonemed" --config /dev/null --pod-cidr 10.1.0.0/24 \
		--pod-cidr fd01::/112 --run-dir "$S/run2" --state-dir "$S/state" \
		--bpffs-dir "$S/bpf/two" --metrics-listen off
	assert_match "$S/state" "$(cat "$S/said")" "names the directory"
	agent_ready
	pod_add a
	ping_ok host "$(pod_ip4 a)"
}

test_the_conflist_appears_whole_by_a_rename_in_its_directory() {
	"$PY" "$STORY_LIB/watch_dir.py" "$S/cni" .conflist >"$S/watch" &
	local watch=$!
	wait_until 5 grep -q watching "$S/watch"
	agent_start
	wait_until 5 process_ended "$watch"
	assert_eq "moved-to" "$(sed -n 's/ .*//; /watching/!p' "$S/watch" | head -n 1)" "first event"
	jq -e '.plugins[0].type == "axoneme-cni" and (.cniVersion | length) > 0
		and .name == "axoneme"' "$S"/cni/*.conflist >/dev/null
	assert_eq 1 "$(find "$S/cni" -type f | wc -l)" "files in the directory"
	agent_stop
	agent_start
	assert_eq 1 "$(find "$S/cni" -type f | wc -l)" "files in the directory after a restart"
}

test_no_conflist_is_written_before_the_agent_is_ready() {
	mkdir -p "$S/state/axoneme.db"
	assert_fails agent_run
	assert_eq "" "$(ls "$S/cni")" "network configurations"
}

test_a_directory_that_is_no_bpffs_is_refused() {
	mkdir "$S/plain"
	assert_fails timeout 10 "$BIN/axonemed" --config /dev/null --pod-cidr 10.1.0.0/24 \
		--run-dir "$S/run" --state-dir "$S/state" --bpffs-dir "$S/plain/axoneme" \
		--metrics-listen off
	assert_match "$S/plain" "$(cat "$S/said")"
	assert_match "bpf" "$(cat "$S/said")"
}

test_wrong_configuration_is_refused_with_its_line() {
	printf 'pod-cidr:\n  - 10.1.0.0/24\nlog-levle: debug\n' >"$S/bad.yaml"
	refused_config "$S/bad.yaml:3.*log-levle"
	printf 'log-level: loud\n' >"$S/bad.yaml"
	refused_config "$S/bad.yaml:1.*loud"
	printf 'pod-cidr:\n  - 10.1.0.0/24\n  - 10.2.0.0/24\n' >"$S/bad.yaml"
	refused_config "pod-cidr"
	printf 'pod-cidr:\n  - 10.1.0.7/24\n' >"$S/bad.yaml"
	refused_config "$S/bad.yaml:2.*10.1.0.7/24"
	printf 'pod-cidr: [10.1.0.0/24\n' >"$S/bad.yaml"
	refused_config "$S/bad.yaml:"
	printf 'node-name: a\nnode-name: b\npod-cidr: 10.1.0.0/24\n' >"$S/bad.yaml"
	refused_config "$S/bad.yaml:2"
	head -c 1000 /dev/urandom >"$S/bad.yaml"
	refused_config "$S/bad.yaml"
}

refused_config() {
	assert_fails timeout 5 "$BIN/axonemed" --check --config "$S/bad.yaml"
	assert_match "$1" "$(cat "$S/said")"
}

test_an_unreadable_configuration_is_refused() {
	assert_fails "$BIN/axonemed" --check --config "$S/nothing.yaml"
	assert_match "$S/nothing.yaml" "$(cat "$S/said")"
	assert_fails "$BIN/axonemed" --check --config "$S"
	assert_match "$S" "$(cat "$S/said")"
}

test_check_validates_and_changes_nothing() {
	printf 'pod-cidr:\n  - 10.1.0.0/24\n  - fd01::/112\nlog-level: warn\n' >"$S/good.yaml"
	"$BIN/axonemed" --check --config "$S/good.yaml" --state-dir "$S/other-state"
	not test -e "$S/other-state"
	assert_eq lo "$(ip -j link | jq -r 'map(.ifname) | join(" ")')" "devices"
}

test_wrong_flags_are_refused() {
	assert_fails "$BIN/axonemed" --pod-cird 10.1.0.0/24
	assert_match "pod-cird.*pod-cidr" "$(cat "$S/said")" "and says what was meant"
	assert_fails "$BIN/axonemed" --pod-cidr 10.1.0.0/31 --check
	assert_match "10.1.0.0/31" "$(cat "$S/said")"
	assert_fails "$BIN/axonemed" --check
	assert_match "pod-cidr" "$(cat "$S/said")" "pod-cidr is needed"
}

test_cleanup_removes_every_trace() {
	local maps programs
	agent_start
	pod_add a
	agent_stop
	maps=$(ids_below map)
	programs=$(ids_below prog)
	assert_le 9 "$(wc -w <<<"$maps")" "pinned maps"
	assert_le 2 "$(wc -w <<<"$programs")" "pinned programs"
	agent_run --cleanup >"$S/said" 2>&1
	assert_eq lo "$(ip -j link | jq -r 'map(.ifname) | join(" ")')" "devices"
	not test -e "$S/bpf/axoneme"
	wait_until 10 none_left map "$maps"
	wait_until 10 none_left prog "$programs"
	assert_eq "" "$(ls "$S/cni")" "network configuration"
	assert_eq 3 "$(ip rule | wc -l)" "rules"
	agent_start
	settled 0
}

# ids_below map|prog - of what is pinned
ids_below() {
	local pin
	for pin in "$S"/bpf/axoneme/*; do
		# A map's pin shown as a program is an error, and the other way round.
		(bpftool -j "$1" show pinned "$pin" | jq -r '.id // empty') 2>/dev/null || true
	done
}

none_left() {
	local id
	for id in $2; do
		if bpftool "$1" show id "$id" >/dev/null 2>&1; then return 1; fi
	done
}

test_cleanup_refuses_while_an_agent_runs() {
	agent_start
	assert_fails agent_run --cleanup
	agent_ready
}

test_logs_are_one_line_per_event() {
	agent_start
	pod_add a
	pod_del a
	agent_stop
	if grep -vE '^time=[^ ]+ level=(debug|info|warn|error) msg=("[^"]*"|[^ ]+)( |$)' "$S/agent.log"; then
		fail "lines of another form"
	fi
	assert_le 3 "$(wc -l <"$S/agent.log")" "lines"
}

test_metrics_listen_on_tcp() {
	agent_start --metrics-listen 127.0.0.1:9999
	pod_add a
	curl -sf --max-time 5 http://127.0.0.1:9999/metrics >"$S/metrics"
	assert_match "axoneme_endpoints 1" "$(cat "$S/metrics")"
	assert_eq "" "$(awk '/^#/ { next } NF < 2 || $NF !~ /^[-+0-9.eE]+(Inf|NaN)?$/' "$S/metrics")" \
		"lines that are no samples"
	# The API itself is not on TCP.
	assert_fails curl -sf --max-time 5 http://127.0.0.1:9999/v1/status
}

test_the_gateway_comes_back() {
	agent_start
	pod_add a
	ip addr flush dev axo_host
	wait_until 5 ping -n -q -c 1 -W 0.3 "$(pod_ip4 a)"
	ip link set axo_host down
	ip link set axo_host up
	wait_until 5 ping -n -q -c 1 -W 0.3 "$(pod_ip4 a)"
	wait_until 5 ping -n -q -c 1 -W 0.3 "$(pod_ip6 a)"
}

test_a_full_disk_loses_nothing() {
	mount -t tmpfs -o size=512k tiny "$S/state"
	agent_start
	pod_add a
	head -c 10000000 /dev/zero >"$S/state/filler" 2>/dev/null || true
	netns_add b
	local code=0 i
	for i in $(seq 200); do
		if ! cni ADD b eth0 >"$S/error.json" 2>/dev/null; then
			code=$(jq .code "$S/error.json")
			break
		fi
		cni DEL b eth0 >/dev/null 2>&1 || true
	done
	assert_eq 105 "$code" "code of ADD on a full disk after $i rounds: $(cat "$S/error.json")"
	ping_ok host "$(pod_ip4 a)"
	assert_eq a "$(axo endpoint list -o json | jq -r 'map(select(.state == "ready")) | .[0].containerId')"
	rm "$S/state/filler"
	CNI_NETNS='' cni DEL b eth0
	pod_add c
	wait_until 5 settled 2
}

test_a_broken_database_is_said() {
	agent_start
	agent_stop
	rm -f "$S"/state/axoneme.db*
	head -c 100000 /dev/urandom >"$S/state/axoneme.db"
	assert_fails timeout 10 bash -c "$(declare -f agent_run agent_flags); \
		S=$S BIN=$BIN NODE=$NODE POD_CIDRS='$POD_CIDRS'; agent_run"
	assert_match "axoneme.db" "$(cat "$S/said")"
}

test_a_removed_database_is_noticed() {
	agent_start
	pod_add a
	mkdir "$S/aside"
	mv "$S"/state/axoneme.db* "$S/aside/"
	netns_add b
	assert_match "removed or replaced" "$(cni_error 105 ADD b eth0)"
	mv "$S"/aside/axoneme.db* "$S/state/"
	cni ADD b eth0 >/dev/null
	agent_kill9
	agent_start
	assert_eq 2 "$(endpoint_count)" "endpoints after the restart"
}

test_status_shows_memory_and_hooks() {
	agent_start
	axo status -o json >"$S/status"
	assert_le 1 "$(jq .memory.mapsBytes "$S/status")"
	assert_eq "clsact" "$(jq -r .hooks.pod "$S/status")"
	assert_le 8 "$(jq '.maps | length' "$S/status")" "maps"
	assert_match "^[0-9]+\." "$(jq -r .kernel "$S/status")"
}

story_main "$@"
