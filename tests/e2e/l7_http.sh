#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# HTTP rules of a policy, with real clients: what is allowed, what is answered 403, what is told.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=client" \
		pod_add client '.args.cni.labels = [{key: "app", value: "client"}]'
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web" \
		pod_add web '.args.cni.labels = [{key: "app", value: "web"}]'
	mkdir -p "$S/www/public"
	echo secret >"$S/www/secret"
	echo hello >"$S/www/public/hello"
	nginx_start web "$S/www"
	only_public | axo policy apply -
}

only_public() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - fromEndpoints:
		    - matchLabels: {app: client}
		    toPorts:
		    - ports: [{port: "80", protocol: TCP}]
		      rules:
		        http: [{method: GET, path: "/public/.*"}]
	END
}

# get STATUS FAMILY PATH [OPTION...] - curl gets an answer with that status, and not a hang
get() {
	local want=$1 family=$2 path=$3 address
	shift 3
	address=$(pod_ip4 web)
	[ "$family" = 4 ] || address="[$(pod_ip6 web)]"
	assert_eq "$want" "$(in_ns client curl -s -o "$S/body" -w '%{http_code}' -m 5 \
		--path-as-is "$@" "http://$address$path")" "status of $path"
}

test_what_a_rule_allows_passes_and_the_rest_is_answered() {
	local family
	for family in 4 6; do
		get 200 $family /public/hello
		assert_eq hello "$(cat "$S/body")"
		get 403 $family /secret
		assert_eq "Access denied" "$(cat "$S/body")"
		get 403 $family /public/../secret
		get 200 $family /secret/../public/hello
		get 403 $family /public/hello -X DELETE
		get 403 $family /public/hello --data-binary "@$BIN/axonemed"
	done
}

test_connections_that_are_over_hold_no_entries() {
	get 200 4 /public/hello
	get 403 6 /secret
	[ "$(entries)" != 0 ]
	none_left() { [ "$(entries)" = 0 ]; }
	# Long before the flows themselves time out.
	wait_until 30 none_left
	get 200 4 /public/hello
}

entries() { bpftool -j map dump pinned "$S/bpf/axoneme/axo_http_flow" | jq length; }

test_status_says_what_tables_take() {
	axo -o json status | jq -e '.policies | .httpTables == 1 and .httpBytes > 0 and
		.httpBytes < .httpBytesLimit' >/dev/null || fail "$(axo -o json status | jq .policies)"
}

test_rules_go_and_come_under_a_connection() {
	axo policy delete shop/web
	get 200 4 /secret
	only_public | axo policy apply -
	get 403 4 /secret
	get 200 4 /public/hello
}

test_requests_are_told_and_counted() {
	axo monitor --type l7 -o json >"$S/l7.json" &
	local monitor=$!
	told() {
		get 200 4 /public/hello -H "Host: shop.example"
		get 403 4 /secret
		[ "$(jq -r 'select(.verdict == "deny") | .path' "$S/l7.json" | sort -u)" = /secret ]
	}
	wait_until 10 told
	kill $monitor
	assert_eq "GET /public/hello shop.example 200 shop/web#ingress[0].toPorts[0] \
shop/web#ingress[0].toPorts[0].rules.http[0]" \
		"$(jq -r 'select(.verdict == "allow") | "\(.method) \(.path) \(.host) \(.status) \(.rule) \(.httpRule)"' \
			"$S/l7.json" | sort -u)"
}

story_main "$@"
