#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# HTTP rules: what `policy trace --http` says is what the kernel does; rules that do not fit are
# refused and named; the tables of a policy live as long as it does.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled web web
	mkdir -p "$S/www"
	nginx_start web "$S/www"
}

# labelled POD APP - in namespace shop
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# http_policy RULES - a flow list of HTTP rules for clients of web
http_policy() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - fromEndpoints: [{matchLabels: {app: client}}]
		    toPorts:
		    - ports: [{port: "80", protocol: TCP}]
		      rules: {http: $1}
	END
}

# trace REQUEST - what policy trace says: allow or deny, and why
trace() {
	axo -o json policy trace --from app=client,k8s:io.kubernetes.pod.namespace=shop \
		--to shop/web --dport 80/tcp --http "$1" |
		jq -r '.http | "\(.verdict) \(.reason) \(.rules[0].rule // "")"'
}

# status PATH CURL-OPTION... - status code that the client gets; 404 is what the server answers
status() {
	local path=$1
	shift
	in_ns client curl -s -m 5 -o /dev/null -w '%{http_code}' --path-as-is "$@" \
		"http://$(pod_ip4 web)$path"
}

test_trace_and_kernel_say_the_same() {
	http_policy '[{method: GET, path: "/public/.*"}, {method: "GET|PUT", path: /b},
		{path: /key, headers: ["X-Key: secret"]}]' | axo policy apply -
	local path
	for path in /public/x /b /a/../b /%62 //b /public/../b /public/%2e%2e/b; do
		assert_eq "allow none" "$(trace "GET $path HTTP/1.1" | cut -d' ' -f1,2)"
		assert_eq 404 "$(status "$path")"
	done
	for path in /admin /b/ /public/../admin /public/%2e%2e/admin /public//../b /..; do
		assert_eq deny "$(trace "GET $path HTTP/1.1" | cut -d' ' -f1)"
		assert_eq 403 "$(status "$path")"
	done
	assert_eq "allow none shop/web#ingress[0].toPorts[0].rules.http[1]" \
		"$(trace "PUT /b HTTP/1.1")"
	assert_eq 403 "$(status /key)"
	assert_eq 404 "$(status /key -H 'X-Key: secret')"
	assert_eq "allow none shop/web#ingress[0].toPorts[0].rules.http[2]" \
		"$(trace $'GET /key HTTP/1.1\nX-Key: secret')"
	assert_eq "deny version " "$(trace "GET /b HTTP/3")"
}

test_rules_that_do_not_fit_are_refused_and_named() {
	http_policy '[{path: /b}]' | axo policy apply -
	http_policy '[{path: /a}, {path: "/.*a.{16}"}]' >"$S/large.yaml"
	assert_fails axo policy apply "$S/large.yaml"
	assert_match 'shop/web#ingress\[0\]\.toPorts\[0\]\.rules\.http\[1\]: automata' \
		"$(cat "$S/said")"
	# What was in force is.
	assert_eq 404 "$(status /b)"
	assert_eq 403 "$(status /a)"
	axo policy delete shop/web
	assert_eq 404 "$(status /admin)"
}

test_a_restarted_agent_keeps_rules_in_force() {
	http_policy '[{path: /b}]' | axo policy apply -
	assert_eq 403 "$(status /admin)"
	agent_stop
	assert_eq 403 "$(status /admin)"
	assert_eq 404 "$(status /b)"
	agent_start
	assert_eq 403 "$(status /admin)"
	assert_eq 404 "$(status /b)"
	axo policy delete shop/web
	assert_eq 404 "$(status /admin)"
}

story_main "$@"
