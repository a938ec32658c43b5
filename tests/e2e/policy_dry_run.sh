#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A dry run says who gains and who loses access, and nothing is changed; warnings of what is
# applied stand in the answer.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled other other
	labelled web web
	serve_tcp web 80
}

# labelled POD APP - in namespace shop, with a port named http
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}] |
			.args.cni.ports = [{name: \"http\", port: 80, protocol: \"TCP\"}]"
}

# rules NAME APP TEXT... - a policy in shop for that app
rules() {
	local name=$1 app=$2
	shift 2
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: $name, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: $app}}
	END
	printf '  %s\n' "$@"
}

FROM_CLIENT='ingress: [{fromEndpoints: [{matchLabels: {app: client}}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]'

# would FILE [ARGUMENT...] - the answer of a dry run, in $S/would
would() { axo policy apply --dry-run -o json "$@" >"$S/would"; }

# change GROUP CHANGE - "direction change peers[ but names]: ports" of the answer
change() {
	jq -r "def ports: [.[] | \"\(.protocol) \(.port)\"] | join(\", \");
		def but(text): if text == \"\" then \"\" else \" but \(text)\" end;
		.changes[$1].changes[$2] | \"\(.direction) \(.change) \(.peers | join(\",\"))\" +
		but(.butPeers | join(\",\")) + \": \" + (.ports | ports) + but(.butPorts | ports)" "$S/would"
}

in_force() { axo policy list -o json | jq length; }

test_a_new_policy_takes_and_gives() {
	local before
	rules web web "$FROM_CLIENT" >"$S/web.yaml"
	before=$(axo status -o json | jq -c '[.policies, .generation]')
	would "$S/web.yaml"
	assert_eq "shop/web" "$(jq -r '.changes[0].endpoints | join(" ")' "$S/would")"
	assert_eq 2 "$(jq '.changes[0].changes | length' "$S/would")"
	# The client keeps port 80, the host all.
	assert_eq "ingress denied anybody but host,shop/client: any any" "$(change 0 0)"
	assert_eq "ingress denied shop/client: any any but TCP 80" "$(change 0 1)"
	assert_eq "[]" "$(jq -c .warnings "$S/would")"
	# Nothing was changed.
	assert_eq 0 "$(in_force)"
	assert_eq "$(jq -c '.[0].entries' <<<"$before")" "$(axo status -o json | jq .policies.entries)"
	talk_tcp other web "$(pod_ip4 web)" 80
	# For people.
	axo policy apply --dry-run "$S/web.yaml" >"$S/text"
	assert_match "^shop/web:" "$(head -n 1 "$S/text")"
	assert_match "denied  from anybody but host, .*: all protocols" "$(cat "$S/text")"
	assert_match "denied  from shop/client: all protocols but TCP 80" "$(cat "$S/text")"
	assert_match "nothing was changed" "$(tail -n 1 "$S/text")"
}

test_what_the_dry_run_says_is_what_happens() {
	rules web web "$FROM_CLIENT" | axo policy apply -
	expect_drop policy in_ns other timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	rules web web 'ingress: [{fromEndpoints: [{matchLabels: {app: other}}], toPorts: [{ports: [{port: http, protocol: TCP}]}]}]' >"$S/next.yaml"
	would "$S/next.yaml"
	assert_eq "ingress allowed shop/other: TCP 80" "$(change 0 0)"
	assert_eq "ingress denied shop/client: TCP 80" "$(change 0 1)"
	talk_tcp client web "$(pod_ip4 web)" 80
	axo policy apply "$S/next.yaml"
	talk_tcp other web "$(pod_ip4 web)" 80
	expect_drop policy in_ns client timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	# The same again changes nothing.
	would "$S/next.yaml"
	assert_eq "[]" "$(jq -c .changes "$S/would")"
	assert_match "nobody on this host" "$(axo policy apply --dry-run "$S/next.yaml")"
}

test_prefixes_of_a_dry_run_leave_no_trace() {
	rules out client 'egress: [{toCIDR: [198.51.0.0/16]}]' | axo policy apply -
	rules out client 'egress: [{toCIDRSet: [{cidr: 198.51.0.0/16, except: [198.51.100.0/24]}]}, {toCIDR: [192.0.2.0/24, 192.0.2.128/25]}]' >"$S/next.yaml"
	would "$S/next.yaml"
	assert_eq "egress allowed 192.0.2.0/24: any any" "$(change 0 0)"
	assert_eq "egress denied 198.51.100.0/24: any any" "$(change 0 1)"
	wait_until 5 prefixes_are 1
	assert_eq allow "$(axo policy trace --from shop/client --to 198.51.100.7 --dport 80 -o json | jq -r .verdict)"
	axo policy apply "$S/next.yaml"
	assert_eq deny "$(axo policy trace --from shop/client --to 198.51.100.7 --dport 80 -o json | jq -r .verdict)"
}

test_a_host_policy_is_tried_too() {
	cat >"$S/edge.yaml" <<-END
		apiVersion: cilium.io/v2
		kind: CiliumClusterwideNetworkPolicy
		metadata: {name: edge}
		spec:
		  nodeSelector: {}
		  ingress:
		  - toPorts: [{ports: [{port: "22", protocol: TCP}]}]
	END
	would "$S/edge.yaml"
	assert_eq host "$(jq -r '.changes[0].endpoints | join(" ")' "$S/would")"
	# Neither the host itself nor its own pods pass a device of it.
	assert_match "^ingress denied .*world-ipv4.*: any any but TCP 22$" "$(change 0 0)"
	assert_eq "" "$(grep -o "shop/[a-z]*" "$S/would" || true)"
	sed -i 's/"22"/"23"/' "$S/edge.yaml"
	assert_fails axo policy apply --dry-run "$S/edge.yaml"
	assert_match "locks out ssh" "$(cat "$S/said")"
	assert_eq 0 "$(in_force)"
}

# names - of toFQDNs with their identities, as stored
names() {
	"$PY" -c 'import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT prefix, id FROM policy_prefix")
print(*sorted(f"{prefix}={number}" for prefix, number in rows if "example" in prefix))' "$S/state/axoneme.db"
}

test_names_of_a_dry_run_leave_no_trace() {
	local before
	rules names client 'egress: [{toFQDNs: [{matchName: a.example}]}]' | axo policy apply -
	before=$(names)
	assert_match "a.example=[0-9]+" "$before"
	axo policy delete --dry-run shop/names
	rules more other 'egress: [{toFQDNs: [{matchName: b.example}]}]' >"$S/more.yaml"
	would "$S/more.yaml"
	# A change without names keeps those that are there; one that takes them does not.
	rules web web "$FROM_CLIENT" | axo policy apply -
	assert_eq "$before" "$(names)"
	agent_stop
	agent_start
	assert_eq "$before" "$(names)"
	axo policy delete shop/names
	assert_eq "" "$(names)"
}

prefixes_are() { [ "$(axo status -o json | jq .policies.prefixIdentities)" -eq "$1" ]; }

# change as above, with what still passes and what did
limits() { change 0 "$1" | tr -d '\n'; jq -r ".changes[0].changes[$1] | \" only=\(.only | join(\";\")) before=\(.onlyBefore | join(\";\"))\"" "$S/would"; }

test_requests_that_are_limited_are_named() {
	local plain http other
	plain='ingress: [{fromEndpoints: [{matchLabels: {app: client}}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]'
	http=${plain/%']}]}]'/'], rules: {http: [{method: GET, path: /public}, {method: HEAD}]}}]}]'}
	other=${http/'/public'/'/secret'}
	rules web web "$plain" | axo policy apply -
	rules web web "$http" >"$S/http.yaml"
	would "$S/http.yaml"
	assert_eq 1 "$(jq '.changes[0].changes | length' "$S/would")"
	assert_eq "ingress restricted shop/client: TCP 80 only=HTTP GET /public;HTTP HEAD before=" "$(limits 0)"
	assert_match "- limited from shop/client: TCP 80, only: HTTP GET /public; HTTP HEAD" \
		"$(axo policy apply --dry-run "$S/http.yaml")"
	axo policy apply "$S/http.yaml"
	would "$S/http.yaml"
	assert_eq "[]" "$(jq -c .changes "$S/would")"
	rules web web "$other" >"$S/other.yaml"
	would "$S/other.yaml"
	assert_eq "ingress changed shop/client: TCP 80 only=HTTP GET /secret;HTTP HEAD before=HTTP GET /public;HTTP HEAD" "$(limits 0)"
	rules web web "$plain" >"$S/plain.yaml"
	would "$S/plain.yaml"
	assert_eq "ingress unrestricted shop/client: TCP 80 only= before=HTTP GET /public;HTTP HEAD" "$(limits 0)"
	assert_match "\+ freed   from shop/client: TCP 80, before only: HTTP GET /public; HTTP HEAD" \
		"$(axo policy apply --dry-run "$S/plain.yaml")"
}

test_namespaces_and_groups_are_tried_too() {
	rules ns web 'ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: red}}]}]' | axo policy apply -
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: red}}\n' >"$S/ns.yaml"
	would "$S/ns.yaml"
	assert_match "ingress allowed .*shop/client.*: any any" "$(change 0 0)"
	expect_drop policy in_ns client timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	axo policy apply "$S/ns.yaml"
	talk_tcp client web "$(pod_ip4 web)" 80
}

test_a_deletion_is_tried_too() {
	rules web web "$FROM_CLIENT" >"$S/web.yaml"
	axo policy apply "$S/web.yaml"
	axo policy delete --dry-run shop/web -o json >"$S/would"
	assert_eq "true 1" "$(jq -r '"\(.dryRun) \(.deleted)"' "$S/would")"
	assert_eq "ingress allowed anybody but host,shop/client: any any" "$(change 0 0)"
	assert_eq "ingress allowed shop/client: any any but TCP 80" "$(change 0 1)"
	axo policy delete --dry-run -f "$S/web.yaml" -o json >"$S/file"
	assert_eq "$(jq -c .changes "$S/would")" "$(jq -c .changes "$S/file")"
	assert_eq 1 "$(in_force)"
	expect_drop policy in_ns other timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	assert_fails axo policy delete --dry-run shop/nothing
	assert_match "there is no policy shop/nothing" "$(cat "$S/said")"
}

test_what_would_be_refused_is_refused() {
	rules web web "$FROM_CLIENT" >"$S/policies/web.yaml"
	wait_until 5 applied 1
	rules web web 'ingress: [{}]' >"$S/again.yaml"
	assert_fails axo policy apply --dry-run "$S/again.yaml"
	assert_match "already there from $S/policies/web.yaml" "$(cat "$S/said")"
	echo "kind: [" >"$S/broken.yaml"
	assert_fails axo policy apply --dry-run "$S/broken.yaml"
	agent_stop
	agent_start --policy-entry-max 16
	rules many web "ingress: [{toPorts: [{ports: [$(for i in $(seq 81 2 119); do printf '{port: "%d"}, ' "$i"; done)]}]}]" >"$S/many.yaml"
	assert_fails axo policy apply --dry-run "$S/many.yaml"
	assert_match "needs [0-9]+ entries" "$(cat "$S/said")"
	assert_eq 1 "$(in_force)"
	# To validate is not to apply: the file is good, and there is no room.
	axo policy validate "$S/many.yaml" 2>"$S/said"
	assert_match "warning: .*the agent has no room: .*needs [0-9]+ entries" "$(cat "$S/said")"
	agent_stop
	axo policy validate "$S/many.yaml" 2>"$S/said"
	assert_eq "" "$(cat "$S/said")"
}

test_entries_are_counted_against_the_budget() {
	local what
	agent_stop
	agent_start --policy-entry-max 256
	rules many web "ingress: [{toPorts: [{ports: [$(for i in $(seq 81 2 151); do printf '{port: "%d"}, ' "$i"; done)]}]}]" >"$S/many.yaml"
	for what in validate "apply --dry-run" apply; do
		# shellcheck disable=SC2086 # two words
		axo policy $what "$S/many.yaml" 2>"$S/said"
		assert_match "warning: $S/many.yaml: (9[7-9]|1[0-2][0-9]) of the 128 policy entries that can be in force are" "$(cat "$S/said")"
	done
	rules many web "$FROM_CLIENT" >"$S/few.yaml"
	axo policy validate "$S/few.yaml" 2>"$S/said"
	assert_eq "" "$(cat "$S/said")"
}

applied() { [ "$(in_force)" -eq "$1" ]; }

test_warnings_stand_in_the_answer() {
	local what
	{
		rules vain nobody 'egress: [{toEndpoints: [{matchLabels: {app: ghost}}]}, {toCIDRSet: [{cidrGroupRef: none}]}, {toEntities: [kube-apiserver]}, {toPorts: [{ports: [{port: nowhere, protocol: TCP}]}]}]'
		rules never web 'ingress: [{fromEndpoints: [{matchExpressions: [{key: app, operator: Exists}, {key: app, operator: DoesNotExist}]}]}]' | sed '1i ---'
	} >"$S/vain.yaml"
	for what in validate "apply --dry-run" apply; do
		# shellcheck disable=SC2086 # two words
		axo policy $what "$S/vain.yaml" >"$S/out" 2>"$S/said"
		assert_match "warning: $S/vain.yaml:[0-9]+:[0-9]+: spec: the selector selects no pod now" "$(cat "$S/said")"
		assert_match "spec.egress\[0\]: the selector matches nobody now" "$(cat "$S/said")"
		assert_match "no CiliumCIDRGroup none now" "$(cat "$S/said")"
		assert_match "no address of kube-apiserver" "$(cat "$S/said")"
		assert_match "a port named nowhere now" "$(cat "$S/said")"
		assert_match "can never match" "$(cat "$S/said")"
	done
	# What can be known without an agent is said once.
	assert_eq 1 "$(axo policy validate "$S/vain.yaml" 2>&1 | grep -c "can never match")"
	axo policy apply -o json "$S/vain.yaml" >"$S/out" 2>"$S/said"
	assert_eq "number string" "$(jq -r '.warnings[0] | "\(.line | type) \(.message | type)"' "$S/out")"
	# What is there is no vanity.
	rules web web "$FROM_CLIENT" >"$S/web.yaml"
	axo policy apply "$S/web.yaml" 2>"$S/said"
	assert_eq "" "$(cat "$S/said")"
}

story_main "$@"
