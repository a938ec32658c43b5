#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What operators look at: monitor, metrics, status, lists, maps.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	pod_add a '.args.cni.labels = [{key: "app", value: "web"}]'
	pod_add b
}

test_monitor_shows_drops() {
	axo monitor --type drop -o json >"$S/events" &
	local monitor=$!
	wait_until 5 see_drop
	kill "$monitor"
	grep no_pod "$S/events" | head -n 1 | jq -e --argjson id "$(endpoint a .id)" --arg ip "$(pod_ip4 a)" \
		'.type == "drop" and .reason == "no_pod" and .direction == "egress" and .endpoint == $id
		and .source == $ip and .destination == "10.1.0.99" and .protocol == "ICMP"
		and (.message | length) > 0 and (.time | test("^20"))' >/dev/null ||
		fail "the event: $(grep no_pod "$S/events" | head -n 1)"
}

# Others come and go: the kernel of a pod sends multicast listener reports.
see_drop() {
	pod_exec a ping -n -q -c 1 -W 1 10.1.0.99 >/dev/null 2>&1 || true
	grep -q no_pod "$S/events"
}

test_monitor_for_people_is_one_line_per_drop() {
	axo monitor >"$S/events" &
	local monitor=$!
	wait_until 5 see_no_pod
	kill "$monitor"
	assert_match "10.1.0.99" "$(grep "no_pod\|no pod" "$S/events" | head -n 1)"
}

see_no_pod() {
	pod_exec a ping -n -q -c 1 -W 1 10.1.0.99 >/dev/null 2>&1 || true
	grep -q "no_pod\|no pod" "$S/events"
}

test_programs_produce_nothing_when_nobody_listens() {
	assert_eq 0 "$(bpftool -j map dump pinned "$S/bpf/axoneme/axo_state" | jq -r \
		'.[0] | (.formatted.value.events // .value.events // (.value[4:8] | map(select(. != "0x00")) | length))')" \
		"bits of event types"
}

test_drops_are_counted_by_reason_and_direction() {
	pod_exec a ping -n -c 3 -i 0.05 -W 1 10.1.0.99 >/dev/null 2>&1 || true
	assert_eq 3 "$(metric 'axoneme_drop_packets_total\{.*reason="no_pod",direction="egress"\}')" "packets"
	assert_le 290 "$(metric 'axoneme_drop_bytes_total\{.*reason="no_pod",direction="egress"\}')" "bytes"
}

test_metrics_of_endpoints_addresses_and_requests() {
	assert_eq 2 "$(metric 'axoneme_endpoints( |$)')" "endpoints"
	assert_eq 2 "$(metric 'axoneme_ipam_addresses\{.*family="ipv4",state="used"|axoneme_ipam_addresses\{family="4",state="used"')" \
		"addresses in use"
	assert_le 2 "$(metric 'axoneme_cni_requests_total\{')" "requests"
	assert_eq 1 "$(metric axoneme_build_info)" "build info"
	curl -sf --unix-socket "$SOCK" http://a/metrics >"$S/metrics"
	local name
	for name in axoneme_drop_packets_total axoneme_identities axoneme_ipam_reused_early_total \
		axoneme_ipam_exhausted_total axoneme_cni_request_seconds_bucket axoneme_removals_pending \
		axoneme_queue_drained_total axoneme_map_bytes axoneme_events_lost_total \
		process_resident_memory_bytes process_start_time_seconds; do
		grep -q "^$name" "$S/metrics" || [ "$name" = axoneme_drop_packets_total ] ||
			fail "no metric $name"
	done
}

test_endpoint_list_has_its_documented_keys() {
	axo endpoint list -o json | jq -e 'length == 2 and all(.[]; has("id") and has("namespace")
		and has("name") and has("containerId") and has("ifname") and has("hostDevice")
		and has("ipv4") and has("ipv6") and has("mac") and has("identity") and has("labels")
		and has("state"))' >/dev/null
	axo endpoint list >"$S/said"
	assert_match "$(pod_ip4 a)" "$(cat "$S/said")"
	assert_match "app=web" "$(cat "$S/said")"
	axo endpoint get "$(endpoint a .id)" -o json |
		jq -e --arg ip "$(pod_ip4 a)" '(.[0]? // .).ipv4 == $ip' >/dev/null
}

test_labels_can_be_changed_while_a_pod_runs() {
	local id before
	id=$(endpoint a .id)
	before=$(endpoint a .identity)
	axo endpoint label "$id" tier=front app-
	assert_match "k8s:tier=front" "$(endpoint a '.labels | join(" ")')"
	assert_no_match "k8s:app=web" "$(endpoint a '.labels | join(" ")')"
	[ "$before" != "$(endpoint a .identity)" ] || fail "new labels, old identity"
	assert_eq "$(endpoint a .identity)" \
		"$(axo ip list -o json | jq --arg ip "$(pod_ip4 a)/32" '.[] | select(.cidr == $ip) | .identity')" \
		"identity in the ipcache"
	ping_ok a "$(pod_ip4 b)"
}

test_ip_and_identity_lists() {
	axo ip list -o json >"$S/ips"
	assert_eq 2 "$(jq --arg a "$(pod_ip4 a)/32" --arg b "$(pod_ip6 b)/128" \
		'map(select(.cidr == $a or .cidr == $b)) | length' "$S/ips")" "pods' addresses"
	assert_match host "$(jq -r '.[].source' "$S/ips" | sort -u | xargs)" "the host's own addresses"
	axo identity list -o json | jq -e 'map(select(.labels == ["reserved:host"])) | .[0].id == 1' >/dev/null
	axo identity list >"$S/said"
	assert_match "reserved:host" "$(cat "$S/said")"
}

test_conntrack_is_listed_and_flushed() {
	ping_ok a "$(pod_ip4 b)"
	axo conntrack list >"$S/said"
	assert_match "$(pod_ip4 a).*$(pod_ip4 b)" "$(cat "$S/said")"
	axo conntrack flush
	assert_eq 0 "$(axo conntrack list -o json | jq length)" "flows after a flush"
	ping_ok a "$(pod_ip4 b)"
}

test_flows_of_one_endpoint_are_flushed() {
	pod_add c
	ping_ok a "$(pod_ip4 b)"
	ping_ok c "$(pod_ip4 b)"
	api DELETE "/v1/flows?endpoint=$(endpoint a .id)" >"$S/said"
	assert_eq 1 "$(jq .removed "$S/said")" "flows removed"
	assert_eq "$(pod_ip4 c)" "$(axo conntrack list -o json |
		jq -r '.[] | select(.proto == "ICMP") | .source')" "whose flow is left"
	api DELETE /v1/flows?endpoint=4000000 >"$S/said"
	assert_eq 404 "$(cat "$S/http")" "no such endpoint"
}

# A closed TCP connection is dead after ten seconds (AXO_FLOW_TIMEOUTS).
# timeout 90
test_dead_flows_are_removed() {
	serve_tcp b 80
	talk_tcp a b "$(pod_ip4 b)" 80
	assert_eq closing "$(axo conntrack list -o json | jq -r '.[] | select(.proto == "TCP") | .state')"
	wait_until 60 no_flows
}

no_flows() {
	[ "$(axo conntrack list -o json | jq 'map(select(.proto == "TCP")) | length')" -eq 0 ] &&
		[ "$(metric 'axoneme_map_entries\{map="axo_flow(_lru)?"')" -eq 0 ]
}

test_a_flood_of_half_open_flows_evicts_no_established_one() {
	serve_tcp b 80
	pod_exec b socat TCP4-LISTEN:81,fork,reuseaddr EXEC:cat &
	wait_until 5 listens b tcp 81
	GW_MAC=$(ip -j link show axo_host | jq -r '.[0].address')
	export GW_MAC
	agent_stop
	agent_start
	mkfifo "$S/in"
	pod_exec a socat - "TCP:$(pod_ip4 b):81" <"$S/in" >"$S/out" &
	exec 7>"$S/in"
	echo one >&7
	wait_until 3 grep -q one "$S/out"
	pod_exec a "$PY" "$STORY_LIB/flood.py" eth0 "$GW_MAC" "$(pod_ip4 a)" "$(pod_ip4 b)" 200000
	echo two >&7
	wait_until 3 grep -q two "$S/out"
	assert_eq established "$(axo conntrack list -o json |
		jq -r '.[] | select(.destinationPort == 81 and .state == "established") | .state')" "the flow"
	exec 7>&-
}

test_status_for_people() {
	axo status >"$S/said"
	assert_match "10.1.0.0/24" "$(cat "$S/said")"
	assert_match ready "$(cat "$S/said")"
}

test_maps_can_be_read_with_bpftool() {
	bpftool map dump pinned "$S/bpf/axoneme/axo_endpoint" >"$S/said"
	assert_match '"identity": ' "$(cat "$S/said")"
	bpftool map dump pinned "$S/bpf/axoneme/axo_address" >/dev/null
	bpftool map dump pinned "$S/bpf/axoneme/axo_ipcache" >/dev/null
}

test_exit_codes_of_the_command_line() {
	local status=0
	axo frobnicate >"$S/said" 2>&1 || status=$?
	assert_eq 2 "$status" "usage"
	status=0
	axo endpoint get 4000000 >"$S/out" 2>"$S/said" || status=$?
	assert_eq 1 "$status" "no such endpoint"
	assert_match . "$(cat "$S/said")" "stderr says why"
	agent_stop
	status=0
	axo status >"$S/out" 2>"$S/said" || status=$?
	assert_eq 1 "$status" "no agent"
	assert_match "$SOCK" "$(cat "$S/said")" "names the socket"
	axo version | grep -q '[0-9]'
}

test_options_may_stand_behind_the_command() {
	"$BIN/axoneme" status -o json --socket "$SOCK" | jq -e .version >/dev/null
	"$BIN/axoneme" -o json --socket "$SOCK" status | jq -e .version >/dev/null
}

story_main "$@"
