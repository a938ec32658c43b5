#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Chaos for some HTTP requests: filters by method, path, host and status, and the answer 503, with a
# real nginx; beside HTTP rules and without; what is no HTTP is left alone.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled web web
	mkdir -p "$S/www"
	echo a >"$S/www/a"
	echo b >"$S/www/b"
	nginx_start web "$S/www"
}

# labelled POD APP - in namespace default
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# ask ARGUMENT... - requests to web (http_ask.py): a line each, status and milliseconds
ask() { in_ns client "$PY" "$STORY_LIB/http_ask.py" "$(pod_ip4 web)" 80 "$@"; }

# answers ARGUMENT... - their status codes, each once with how often it came
answers() { ask "$@" | cut -d' ' -f1 | sort | uniq -c | awk '{printf "%s%s x%s", s, $2, $1; s = ", "}'; }

# chaos RULES ANNOTATION... - a policy with those, at port 80 of web
chaos() {
	local rules=$1 annotation
	shift
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata:
		  name: chaos
		  annotations:
		    example.com/unrelated: "yes"
	END
	for annotation; do echo "    axoneme.io/chaos-$annotation"; done
	cat <<-END
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  enableDefaultDeny: {ingress: false}
		  ingress:
		  - toPorts:
		    - ports: [{port: "80", protocol: TCP}]
		      rules:
		        l7proto: chaos
		        l7: [$rules]
	END
}

# http RULES - HTTP rules at the same port
http() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: http}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - toPorts:
		    - ports: [{port: "80", protocol: TCP}]
		      rules: {http: $1}
	END
}

# field PATH - of the only experiment
field() { axo chaos list -o json | jq -r ".[0] | $1"; }

# late MS ARGUMENT... - how many requests took at least MS milliseconds
late() {
	local ms=$1
	shift
	ask "$@" | awk -v ms="$ms" '$2 >= ms' | wc -l
}

test_a_path_is_hit_and_others_are_not() {
	chaos '{path: /a, delay-response: 60ms}' | axo policy apply -
	assert_eq 20 "$(late 60 20 GET /a)" "delayed of those that match"
	ask 20 GET /b >"$S/others"
	assert_eq 20 "$(field '.rules[0].matched')" "requests that match"
	assert_eq 20 "$(field '.rules[0].delayed')" "responses delayed"
	assert_eq 20 "$(field .requests)" "requests that drew"
	assert_eq 20 "$(grep -c '^200' "$S/others")" "answers to the others"
	assert_eq '{"path":"/a"}' "$(field '.rules[0].filter' | jq -c .)" "what the API says"
	assert_match 'path /a' "$(axo chaos stats)" "what the table says"
	# The same target in another form, and a head in pieces.
	assert_eq 1 "$(late 60 1 GET /b/../%61)" "delayed in another form"
	assert_eq 1 "$(late 60 split GET /a)" "delayed in pieces"
	assert_eq 22 "$(field '.rules[0].delayed')" "responses delayed in the end"
}

test_method_path_and_host_must_all_match() {
	chaos '{method: "POST|PUT", path: "/a.*", host: "web[.]example", abort: 503}' |
		axo policy apply -
	assert_eq "503 x3" "$(answers 3 POST /a "$(printf '%02000d' 0)")"
	assert_eq "503 x2" "$(answers 2 PUT /abc)"
	assert_eq "200 x3" "$(answers 3 GET /a)"
	assert_eq "404 x3" "$(answers 3 GET /x)"
	assert_eq 404 "$(in_ns client curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'Host: other' \
		"http://$(pod_ip4 web)/ab" | sed 's/405/404/')"
	assert_eq 5 "$(field '.rules[0].aborted')" "requests answered"
	assert_eq 0 "$(field '.rules[0].failed')" "requests that could not be answered"
}

test_the_answer_is_whole_and_closes() {
	chaos '{path: /a, abort: 503}' | axo policy apply -
	in_ns client curl -s -m 5 -D "$S/head" -o "$S/body" "http://$(pod_ip4 web)/a"
	assert_match '^HTTP/1.1 503 Service Unavailable' "$(tr -d '\r' <"$S/head" | head -1)"
	assert_match 'Content-Length: 14' "$(tr -d '\r' <"$S/head" | tr '\n' '|')"
	assert_match 'Connection: close' "$(tr -d '\r' <"$S/head" | tr '\n' '|')"
	assert_eq "Fault injected" "$(cat "$S/body")"
	assert_eq 503 "$(ask split GET /a | cut -d' ' -f1)" "to a head in pieces"
	# The first of a pipeline ends it; one behind another request shares that one's fate.
	assert_eq 503 "$(ask pipeline /a /b | cut -d' ' -f1)"
	assert_eq 200,200 "$(ask pipeline /b /a | cut -d' ' -f1)"
	assert_eq 2 "$(field .pipelined)" "pipelined requests"
}

test_shares_are_of_the_requests_that_match() {
	chaos '{path: /a, probability: 0.2, abort: 503}' 'sampling: exact' 'seed: "7"' |
		axo policy apply -
	ask 1000 GET /b >"$S/others"
	ask 1000 GET /a >"$S/turns"
	assert_eq 200 "$(grep -c '^503' "$S/turns")" "answers 503 of 1,000"
	assert_eq 800 "$(grep -c '^200' "$S/turns")" "answers 200 of 1,000"
	assert_eq 1000 "$(grep -c '^200' "$S/others")" "others"
	assert_eq "1000 1000 200" "$(field '"\(.requests) \(.rules[0].matched) \(.rules[0].drawn)"')"
}

test_the_status_of_the_response_decides() {
	chaos '{status-code: 404, delay-response: 60ms}, {status-code: 200, path: /b,
		probability: 0.5, delay-response: 10ms}' 'seed: "3"' | axo policy apply -
	assert_eq 10 "$(late 60 10 GET /nothing)" "delayed of those that fail"
	ask 100 GET /a >"$S/turns"
	assert_eq "10 10" "$(field '"\(.rules[0].matched) \(.rules[0].delayed)"')" "those that fail"
	assert_eq 0 "$(field '.rules[1].matched')" "of another path"
	ask 100 GET /b >"$S/turns"
	assert_eq 100 "$(field '.rules[1].matched')" "of that path and status"
	assert_eq "$(field '.rules[1].drawn')" "$(field '.rules[1].delayed')" "drawn and delayed"
	assert_le 20 "$(field '.rules[1].drawn')" "about half"
	assert_le "$(field '.rules[1].drawn')" 80 "about half"
}

test_http_rules_at_the_same_port_stay_enforced() {
	chaos '{path: /a, abort: 503}' | axo policy apply -
	http '[{path: "/[ab]"}]' | axo policy apply -
	assert_eq "503 x3" "$(answers 3 GET /a)"
	assert_eq "200 x3" "$(answers 3 GET /b)"
	assert_eq "403 x3" "$(answers 3 GET /c)"
	axo policy delete default/http
	assert_eq "404 x3" "$(answers 3 GET /c)"
	assert_eq "503 x3" "$(answers 3 GET /a)"
	axo policy delete default/chaos
	assert_eq "200 x3" "$(answers 3 GET /a)"
}

test_what_is_no_http_passes() {
	chaos '{path: /a, abort: reset}' | axo policy apply -
	in_ns web "$PY" "$STORY_LIB/turns.py" serve 81 </dev/null >/dev/null 2>&1 &
	wait_until 5 listens web tcp 81
	chaos '{path: /a, abort: reset}' | sed 's/"80"/"81"/; s/name: chaos/name: other/' |
		axo policy apply -
	assert_eq 0 "$(in_ns client "$PY" "$STORY_LIB/turns.py" ask "$(pod_ip4 web)" 81 20 |
		grep -c reset || true)" "resets"
	assert_eq 0 "$(axo chaos list -o json | jq 'map(.requests) | add')" "requests that match"
	assert_match '^reset' "$(ask 1 GET /a)"
}

test_a_restart_changes_nothing() {
	chaos '{path: /a, abort: 503}, {path: /b, abort: 503, method: PUT}' | axo policy apply -
	assert_eq "503 x2" "$(answers 2 GET /a)"
	agent_stop
	agent_start
	assert_eq "503 x2" "$(answers 2 GET /a)"
	assert_eq "503 x2" "$(answers 2 PUT /b)"
	assert_eq "200 x2" "$(answers 2 GET /b)"
}

story_main "$@"
