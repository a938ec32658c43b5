#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Policy by configuration: whom kube-apiserver means, and whether the host always gets in.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# labelled POD APP - in namespace shop
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
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

# blocked FROM ADDRESS PORT - dropped by policy
blocked() {
	expect_drop policy in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$2/$3"
	assert_fails in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$2/$3"
}

# refused FROM ADDRESS PORT - blocked, counted or not
refused() { assert_fails in_ns "$1" timeout 0.3 bash -c ": >/dev/tcp/$2/$3"; }

test_kube_apiserver_is_what_the_configuration_names() {
	world_add
	agent_start --kube-apiserver $WORLD4/32 --kube-apiserver $WORLD6/128
	labelled client client
	serve_tcp world 80
	rules api client 'egress: [{toEntities: [kube-apiserver]}]' | axo policy apply -
	talk_tcp client world $WORLD4 80
	talk_tcp client world $WORLD6 80
	blocked client 192.0.2.254 80
	# Rules for prefixes, wider and narrower, tell the same address.
	rules api client 'egress: [{toCIDR: [198.51.100.0/24]}]' | axo policy apply -
	talk_tcp client world $WORLD4 80
	blocked client $WORLD6 80
	rules api client 'egress: [{toEntities: [kube-apiserver]}]' \
		"egressDeny: [{toCIDR: [$WORLD4/32]}]" | axo policy apply -
	expect_drop policy_deny in_ns client timeout 0.3 bash -c ": >/dev/tcp/$WORLD4/80"
	talk_tcp client world $WORLD6 80
}

# Maps hold IPv4 as mapped IPv6 addresses, which ::/1 holds.
test_an_ipv6_prefix_says_nothing_of_ipv4() {
	world_add
	agent_start
	labelled client client
	serve_tcp world 80
	rules six client 'egress: [{toCIDR: ["::/1", "8000::/1"]}]' | axo policy apply -
	talk_tcp client world $WORLD6 80
	blocked client $WORLD4 80
}

test_a_prefix_inside_the_api_server_is_the_api_server() {
	world_add
	agent_start --kube-apiserver 198.51.100.0/24
	labelled client client
	serve_tcp world 80
	{
		rules api client 'egress: [{toEntities: [kube-apiserver]}]'
		echo ---
		rules other elsewhere "egress: [{toCIDR: [$WORLD4/32]}]"
	} | axo policy apply -
	talk_tcp client world $WORLD4 80
	blocked client $WORLD6 80
	# Another configuration is another meaning, for what runs already, too.
	agent_stop
	agent_start --kube-apiserver $WORLD6/128
	talk_tcp client world $WORLD6 80
	blocked client $WORLD4 80
}

test_the_host_is_the_api_server_while_it_has_its_address() {
	agent_start --kube-apiserver 192.0.2.77/32
	labelled client client
	serve_tcp host 80
	rules api client 'egress: [{toEntities: [kube-apiserver]}]' | axo policy apply -
	blocked client "$GW4" 80
	ip addr add 192.0.2.77/32 dev lo
	wait_until 5 in_ns client timeout 0.3 bash -c ": >/dev/tcp/$GW4/80"
	talk_tcp client host 192.0.2.77 80
	ip addr del 192.0.2.77/32 dev lo
	wait_until 5 refused client "$GW4" 80
}

test_the_host_always_gets_in_unless_it_is_switched_off() {
	agent_start
	labelled web web
	serve_tcp web 80
	rules web web 'ingress: []' 'ingressDeny: [{fromEntities: [all]}]' | axo policy apply -
	talk_tcp host web "$(pod_ip4 web)" 80
	agent_stop
	agent_start --allow-host off
	expect_drop policy_deny timeout 0.3 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	rules web web 'ingress: [{}]' | axo policy apply -
	blocked host "$(pod_ip4 web)" 80
	blocked host "$(pod_ip6 web)" 80
	rules web web 'ingress: [{fromEntities: [host]}]' | axo policy apply -
	talk_tcp host web "$(pod_ip4 web)" 80
	talk_tcp host web "$(pod_ip6 web)" 80
	agent_stop
	agent_start --allow-host on
	rules web web 'ingress: [{}]' | axo policy apply -
	talk_tcp host web "$(pod_ip4 web)" 80
}

test_no_more_entries_than_configured() {
	local ports
	agent_start --policy-entry-max 16
	labelled client client
	labelled web web
	serve_tcp web 80
	assert_eq 16 "$(axo status -o json | jq .policies.entriesLimit)"
	rules web web 'ingress: [{toPorts: [{ports: [{port: "81", protocol: TCP}]}]}]' | axo policy apply -
	blocked client "$(pod_ip4 web)" 80
	ports=$(for i in $(seq 80 2 110); do printf '{port: "%d", protocol: TCP}, ' "$i"; done)
	rules web web "ingress: [{toPorts: [{ports: [$ports]}]}]" >"$S/many.yaml"
	assert_fails axo policy apply "$S/many.yaml"
	assert_match "needs [0-9]+ entries, the limit is 8" "$(cat "$S/said")"
	# The old one stays.
	blocked client "$(pod_ip4 web)" 80
}

# ports PORT... - rules for them
ports() {
	printf 'toPorts: [{ports: ['
	printf '{port: "%d", protocol: TCP}, ' "$@"
	printf ']}]'
}

denied_are() { [ "$(axo status -o json | jq -r '.policies | "\(.peersDenied)/\(.subjectsDenied)"')" = "$1" ]; }

# Of 16 entries the policies take 13, one of them for the host, and the newcomer needs 6.
test_who_comes_when_there_is_no_room_is_denied_until_there_is() {
	agent_start --policy-entry-max 32
	labelled client client
	labelled web web
	serve_tcp web 80
	rules web web "ingress: [{fromEndpoints: [{matchLabels: {app: client}}], $(ports 80)}, {fromEndpoints: [{matchLabels: {app: late}}], $(ports 80 82 84 86 88 90)}]" | axo policy apply -
	rules much client "egress: [{$(ports 80 92 94 96 98)}]" | axo policy apply -
	labelled more more
	rules more more "egress: [{$(ports 80 92 94 96 98 100)}]" | axo policy apply -
	assert_eq 13 "$(axo status -o json | jq .policies.entries)"
	labelled late late
	denied_are 1/0
	assert_eq 1 "$(metric axoneme_policy_peers_denied)"
	assert_match "a peer does not fit into a policy" "$(cat "$S/agent.log")"
	blocked late "$(pod_ip4 web)" 80
	# Others are judged as before.
	talk_tcp client web "$(pod_ip4 web)" 80
	blocked more "$(pod_ip4 web)" 80
	axo policy delete shop/more
	wait_until 5 denied_are 0/0
	talk_tcp late web "$(pod_ip4 web)" 80
	blocked late "$(pod_ip4 web)" 81
	# At a start without room all is denied; a smaller policy gets its room at once.
	agent_stop
	agent_start --policy-entry-max 32
	denied_are 0/0
	talk_tcp late web "$(pod_ip4 web)" 80
	agent_stop
	agent_start --policy-entry-max 48
	rules web web "ingress: [{fromEndpoints: [{matchLabels: {app: late}}], $(ports 80 82 84 86 88 90 94 96)}]" | axo policy apply -
	agent_stop
	agent_start --policy-entry-max 16
	denied_are 0/1
	blocked late "$(pod_ip4 web)" 80
	rules web web "ingress: [{fromEndpoints: [{matchLabels: {app: late}}], $(ports 80)}]" | axo policy apply -
	denied_are 0/0
	talk_tcp late web "$(pod_ip4 web)" 80
}

story_main "$@"
