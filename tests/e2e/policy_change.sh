#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A policy is changed under traffic: no allowed packet is lost, no denied one passes.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled web web
}

# labelled POD APP - in namespace shop
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# web_takes PORT... - of under_change.py: 7000 and 7010 are steady, 7001 and 7011 are switched
web_takes() {
	local port
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
		    - ports:
	END
	for port; do echo "      - {port: \"$port\", protocol: ANY}"; done
}

# under_change ADDRESS CHANGES OPEN OTHER --closed|--same
under_change() {
	"$PY" "$STORY_LIB/under_change.py" "$BIN/axoneme" "$SOCK" /run/netns/client /run/netns/web "$@"
}

test_what_both_policies_allow_is_never_dropped() {
	local address
	web_takes 7000 7001 7010 7011 >"$S/one.yaml"
	# Another rule, other entries, the same verdicts for these flows.
	web_takes 80 7000-7020 >"$S/other.yaml"
	sed -i 's/"7000-7020"/"7000", endPort: 7020/' "$S/other.yaml"
	axo policy apply "$S/one.yaml"
	for address in "$(pod_ip4 web)" "$(pod_ip6 web)"; do
		expect_no_drop under_change "$address" 40 "$S/one.yaml" "$S/other.yaml" --same
	done
}

test_what_is_denied_does_not_pass_once_apply_has_returned() {
	local address before
	web_takes 7000 7001 7010 7011 >"$S/open.yaml"
	web_takes 7000 7010 >"$S/closed.yaml"
	for address in "$(pod_ip4 web)" "$(pod_ip6 web)"; do
		axo policy apply "$S/open.yaml"
		before=$(drops policy)
		under_change "$address" 40 "$S/open.yaml" "$S/closed.yaml" --closed
		drops_above policy "$((before + 500))" || fail "hardly anything was denied"
	done
}

test_a_deny_rule_and_its_end_cut_in_at_once() {
	web_takes 7000 7001 7010 7011 >"$S/open.yaml"
	{
		cat "$S/open.yaml"
		cat <<-END
			  ingressDeny:
			  - fromEndpoints:
			    - matchLabels: {app: client}
			    toPorts:
			    - ports: [{port: "7001", protocol: ANY}, {port: "7011", protocol: ANY}]
		END
	} >"$S/closed.yaml"
	axo policy apply "$S/open.yaml"
	under_change "$(pod_ip4 web)" 20 "$S/open.yaml" "$S/closed.yaml" --closed
}

story_main "$@"
