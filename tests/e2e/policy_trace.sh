#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `policy trace -o json`: every verdict and reason, with the rules that speak, is what packets meet.
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

# rules TEXT... - a policy for web
rules() {
	{
		cat <<-END
			apiVersion: cilium.io/v2
			kind: CiliumNetworkPolicy
			metadata: {name: web, namespace: shop}
			spec:
			  endpointSelector: {matchLabels: {app: web}}
		END
		printf '  %s\n' "$@"
	} >"$S/web.yaml"
	axo policy apply "$S/web.yaml"
}

# traced FROM PORT[/PROTO] [TO] - "verdict reason direction: rule=action[!] ...", ! = it decides
traced() {
	axo policy trace --from "$1" --to "${3:-shop/web}" --dport "$2" -o json |
		jq -r '"\(.verdict) \(.reason) \(.direction):" +
			([.rules[] | " \(.rule)=\(.action)\(if .decides then "!" else "" end)"] | add // "")'
}

test_every_reason() {
	assert_eq "allow default_allow egress:" "$(traced shop/client 80/tcp)"
	talk_tcp client web "$(pod_ip4 web)" 80
	rules 'ingress:' '- fromEndpoints: [{matchLabels: {app: client}}]' \
		'  toPorts: [{ports: [{port: "80", protocol: TCP}]}]' \
		'ingressDeny:' '- fromEndpoints: [{matchLabels: {app: client}}]' \
		'  toPorts: [{ports: [{port: "81", protocol: TCP}]}]'
	assert_eq "allow rule_allows ingress: shop/web#ingress[0].toPorts[0]=allow!" "$(traced shop/client 80/tcp)"
	talk_tcp client web "$(pod_ip4 web)" 80
	assert_eq "deny rule_denies ingress: shop/web#ingressDeny[0].toPorts[0]=deny!" "$(traced shop/client 81/tcp)"
	expect_drop policy_deny in_ns client timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/81"
	assert_eq "deny default_deny ingress:" "$(traced shop/other 80/tcp)"
	expect_drop policy in_ns other timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	assert_eq "deny default_deny ingress:" "$(traced 198.51.100.7 80/tcp)"
	assert_eq "deny default_deny ingress:" "$(traced app=client,k8s:io.kubernetes.pod.namespace=shop 80/udp)"
	assert_eq "allow host ingress:" "$(traced reserved:host 82/tcp)"
	# Nothing is said of what web sends.
	assert_eq "allow default_allow egress:" "$(traced shop/web 443/tcp 198.51.100.7)"
}

test_a_denial_names_what_would_have_allowed_it() {
	local said
	rules 'ingress:' '- fromEndpoints: [{}]' \
		'ingressDeny:' '- fromEndpoints: [{matchLabels: {app: client}}]' \
		'  toPorts: [{ports: [{port: "81", protocol: TCP}]}]'
	said=$(traced shop/client 81/tcp)
	assert_match "^deny rule_denies ingress:" "$said"
	assert_match " shop/web#ingress\[0\]=allow( |$)" "$said"
	assert_match " shop/web#ingressDeny\[0\].toPorts\[0\]=deny!" "$said"
	assert_eq "$S/web.yaml 10" "$(axo policy trace --from shop/client --to shop/web --dport 81/tcp -o json |
		jq -r '.rules[] | select(.action == "deny") | "\(.file) \(.line)"')"
}

story_main "$@"
