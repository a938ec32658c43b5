#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Policies are enforced, as a whole and at once; they outlive the agent; verdicts have names.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled other other
	labelled web web
	serve_tcp web 80
	serve_tcp web 81
}

# labelled POD APP - in namespace shop
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# web_from APP PORT - a policy: only that app reaches web, only there
web_from() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - fromEndpoints:
		    - matchLabels: {app: $1}
		    toPorts:
		    - ports: [{port: "$2", protocol: TCP}]
	END
}

# passes FROM PORT - a connection to web succeeds over both families
passes() {
	talk_tcp "$1" web "$(pod_ip4 web)" "$2"
	talk_tcp "$1" web "$(pod_ip6 web)" "$2"
}

# blocked FROM PORT - the packets are dropped by policy, over both families
blocked() {
	expect_drop policy in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/$2"
	expect_drop policy in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip6 web)/$2"
	assert_fails in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/$2"
	assert_fails in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip6 web)/$2"
}

only_client_at_80() {
	passes client 80
	blocked client 81
	blocked other 80
}

test_what_is_allowed_passes_and_the_rest_is_denied() {
	passes other 80
	web_from client 80 | axo policy apply -
	only_client_at_80
	# A changed policy is in force when apply returns.
	web_from other 81 | axo policy apply -
	passes other 81
	blocked client 80
	axo policy delete shop/web
	passes client 80
	passes other 81
	assert_eq 0 "$(axo policy list -o json | jq length)"
}

test_the_first_packet_of_a_new_pod_is_judged() {
	local i
	web_from client 80 | axo policy apply -
	for i in 1 2 3; do
		labelled "late$i" other
		blocked "late$i" 80
		labelled "friend$i" client
		passes "friend$i" 80
	done
	# What has new labels is judged by them.
	axo endpoint label "$(endpoint late1 .id)" app=client >/dev/null
	passes late1 80
}

test_a_rule_that_goes_cuts_a_live_connection() {
	local at
	web_from client 80 | axo policy apply -
	in_ns web socat -u TCP6-LISTEN:9000,ipv6only=0 "CREATE:$S/stream" &
	wait_until 5 listens web tcp 9000
	web_from client 9000 | axo policy apply -
	in_ns client "$PY" "$STORY_LIB/numbered_lines.py" "$(pod_ip4 web)" 9000 &
	wait_until 5 beyond 100
	web_from client 80 | axo policy apply -
	# What was on its way before has arrived when the first retransmission is dropped.
	wait_until 5 drops_above policy "$(drops policy)"
	at=$(received)
	wait_until 5 drops_above policy "$(drops policy)"
	assert_eq "$at" "$(received)" "bytes received after the rule is gone"
	web_from client 9000 | axo policy apply -
	wait_until 10 beyond "$at"
}

received() { stat -c %s "$S/stream" 2>/dev/null || echo 0; }
beyond() { [ "$(received)" -gt "$1" ]; }

test_a_restart_and_kill_9_leave_everything_in_force() {
	web_from client 80 | axo policy apply -
	web_from client 81 | sed 's/name: web/name: more/' >"$S/policies/more.yaml"
	wait_until 5 count_is 2
	passes client 81
	agent_stop
	passes client 80
	blocked_unseen other 80
	agent_start
	passes client 80
	passes client 81
	blocked other 80
	agent_kill9
	passes client 80
	blocked_unseen other 80
	agent_start
	passes client 81
	blocked other 80
	assert_eq "file api" "$(axo policy list -o json | jq -r '[.[].source] | join(" ")')"
}

# Without an agent nobody counts.
blocked_unseen() {
	assert_fails in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/$2"
	assert_fails in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip6 web)/$2"
}

count_is() { [ "$(axo status -o json | jq .policies.count)" -eq "$1" ]; }
broken_are() { [ "$(axo status -o json | jq '.policies.brokenFiles | length')" -eq "$1" ]; }

test_files_of_the_directory_are_applied_as_they_change() {
	web_from client 80 >"$S/policies/web.yaml"
	wait_until 5 count_is 1
	wait_until 5 quiet only_client_at_80
	# A broken file leaves the last good version, and blocks no other.
	echo "kind: [" >"$S/policies/web.yaml"
	wait_until 5 broken_are 1
	only_client_at_80
	assert_match "web.yaml" "$(axo status -o json | jq -r '.policies.brokenFiles[0].file')"
	assert_eq 1 "$(metric axoneme_policy_files_broken)"
	web_from other 81 | sed 's/name: web/name: extra/' >"$S/policies/extra.yml"
	wait_until 5 count_is 2
	passes other 81
	# The good version is still known after a restart.
	agent_stop
	agent_start
	broken_are 1
	passes client 80
	blocked client 81
	# A file of the same size and time as the stored one, but not the same.
	agent_stop
	cp -p "$S/policies/extra.yml" "$S/before"
	sed -i 's/"81"/"80"/' "$S/policies/extra.yml"
	touch -r "$S/before" "$S/policies/extra.yml"
	agent_start
	passes other 80
	blocked other 81
	rm "$S/policies/web.yaml"
	wait_until 5 count_is 1
	broken_are 0
	blocked client 80
}

quiet() { ("$@") >/dev/null 2>&1; }

test_an_object_belongs_to_one_source() {
	web_from client 80 >"$S/policies/web.yaml"
	wait_until 5 count_is 1
	web_from other 80 >"$S/again.yaml"
	assert_fails axo policy apply "$S/again.yaml"
	assert_match "already there from $S/policies/web.yaml" "$(cat "$S/said")"
	assert_fails axo policy delete shop/web
	assert_match "remove it there" "$(cat "$S/said")"
	only_client_at_80
	# A file waits for the name that the API has.
	web_from client 81 | sed 's/name: web/name: taken/' | axo policy apply -
	web_from other 81 | sed 's/name: web/name: taken/' >"$S/policies/taken.yaml"
	wait_until 5 broken_are 1
	passes client 81
	axo policy delete shop/taken
	wait_until 5 broken_are 0
	passes other 81
	blocked client 81
}

test_audit_reports_and_lets_pass() {
	local id
	id=$(axo endpoint list -o json | jq '.[] | select(.name == "web") | .id')
	web_from client 80 | axo policy apply -
	blocked other 80
	axo monitor --type policy-verdict -o json >"$S/events" 2>&1 &
	axo endpoint audit "$id" on
	wait_until 5 sees_audit
	passes other 80
	agent_stop
	agent_start
	passes other 81
	axo endpoint audit "$id" off
	blocked other 80
	agent_stop
	agent_start --policy-audit on
	passes other 80
	agent_stop
	agent_start
	blocked other 80
}

sees_audit() {
	passes other 80
	grep -q '"verdict": *"audit"' "$S/events"
}

test_what_nobody_enforces_is_refused_as_a_whole() {
	{
		web_from client 80
		echo "---"
		web_from client 81 | sed 's/name: web/name: http/'
		echo '      rules: {l7proto: chaos, l7: [{rewrite-status: "200"}]}'
	} >"$S/two.yaml"
	assert_fails axo policy apply "$S/two.yaml"
	assert_match "two.yaml:[0-9]+:[0-9]+: .*needs the proxy" "$(cat "$S/said")"
	passes other 80
	assert_eq 0 "$(axo policy list -o json | jq length)"
}

test_prefixes_of_the_world_are_told_apart() {
	world_add
	serve_tcp world 80
	cat >"$S/out.yaml" <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: out, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: client}}
		  egress:
		  - toCIDR: [198.51.100.0/24]
	END
	axo policy apply "$S/out.yaml"
	talk_tcp client world "$WORLD4" 80
	assert_eq 1 "$(axo status -o json | jq .policies.prefixIdentities)"
	expect_drop policy in_ns client timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	agent_stop
	agent_start
	talk_tcp client world "$WORLD4" 80
	axo policy delete -f "$S/out.yaml"
	passes client 80
}

test_verdicts_name_their_rules() {
	web_from client 80 >"$S/web.yaml"
	axo policy apply "$S/web.yaml"
	axo policy trace --from shop/client --to shop/web --dport 80/tcp -o json >"$S/trace"
	assert_eq allow "$(jq -r .verdict "$S/trace")"
	assert_eq "shop/web#ingress[0].toPorts[0]" "$(jq -r '.rules[0].rule' "$S/trace")"
	assert_eq "$S/web.yaml" "$(jq -r '.rules[0].file' "$S/trace")"
	assert_eq deny "$(axo policy trace --from "$(pod_ip4 other)" --to shop/web --dport 80 -o json |
		jq -r .verdict)"
	passes client 80
	axo policy show --endpoint shop/web -o json >"$S/show"
	assert_eq "80" "$(jq -r '.entries[] | select(.verdict == "allow" and (.protocol | ascii_downcase) == "tcp") | .port' "$S/show")"
	assert_match "^[1-9]" "$(jq -r '[.entries[] | select(.port == "80") | .hits] | add' "$S/show")"
	assert_match "fromEndpoints" "$(axo policy get shop/web)"
}

test_drops_and_verdicts_name_their_rules() {
	web_from client 80 >"$S/web.yaml"
	{
		cat "$S/web.yaml"
		echo "  ingressDeny: [{fromEndpoints: [{matchLabels: {app: other}}]}]"
	} >"$S/deny.yaml"
	axo policy apply "$S/deny.yaml"
	axo -o json monitor >"$S/events" &
	wait_until 10 says client 80 '.type == "policy-verdict" and .verdict == "allow" and
		.rule == "shop/web#ingress[0].toPorts[0]" and .line > 0'
	wait_until 10 says client 81 '.type == "drop" and .rule == "default"'
	wait_until 10 says other 80 ".type == \"drop\" and .reason == \"policy_deny\" and
		.rule == \"shop/web#ingressDeny[0]\" and .file == \"$S/deny.yaml\""
}

# says FROM PORT JQ-FILTER - a connection to web makes such an event
says() {
	in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/$2" || true
	[ "$(jq -s "map(select($3)) | length" "$S/events")" -gt 0 ]
}


policy_entries() { bpftool -j map dump pinned "$S/bpf/axoneme/$1" | jq length; }
entries_are() { [ "$(policy_entries axo_pol_entry)/$(policy_entries axo_pol_peer)" = "$1" ]; }

test_nothing_is_left_of_what_was_replaced() {
	local i before
	need bpftool
	web_from client 80 | axo policy apply -
	wait_until 5 not entries_are 0/0
	before=$(policy_entries axo_pol_entry)/$(policy_entries axo_pol_peer)
	for i in 1 2 3 4 5; do
		web_from client 81 | axo policy apply -
		web_from client 80 | axo policy apply -
	done
	wait_until 5 entries_are "$before"
	agent_kill9
	agent_start
	wait_until 5 entries_are "$before"
	labelled late late
	pod_del late
	wait_until 5 entries_are "$before"
	axo policy delete shop/web
	wait_until 5 entries_are 0/0
	assert_eq 0 "$(axo status -o json | jq .policies.entries)"
}

test_what_cannot_be_stored_is_not_in_force() {
	local i refused=
	agent_stop
	mkdir "$S/small"
	mount -t tmpfs -o size=640k small "$S/small"
	cp -a "$S/state/." "$S/small/"
	mount --move "$S/small" "$S/state"
	agent_start
	web_from client 80 | axo policy apply -
	head -c 10000000 /dev/zero >"$S/state/filler" 2>/dev/null || true
	for i in $(seq 200); do
		web_from other 81 | axo policy apply - >"$S/said" 2>&1 || refused=yes
		[ -z "$refused" ] || break
		web_from client 80 | axo policy apply - >"$S/said" 2>&1 || refused=yes
		[ -z "$refused" ] || break
	done
	assert_eq yes "$refused" "refused on a full disk after $i rounds"
	assert_match "database" "$(cat "$S/said")"
	# What is in force is what is stored, whichever of the two that is.
	axo policy get shop/web >"$S/stored"
	if grep -q 'port: "80"' "$S/stored"; then only_client_at_80; else passes other 81; fi
	rm "$S/state/filler"
	web_from client 80 | axo policy apply -
	only_client_at_80
}

story_main "$@"
