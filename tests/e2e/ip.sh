#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Prefixes get identities from a file and from the API; policy knows them; they outlive the agent.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

# labelled POD APP - in namespace shop
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# identity_of CIDR - number and source in the listing; nothing = it is not there
identity_of() {
	axo ip list -o json | jq -r ".[] | select(.cidr == \"$1\") | \"\(.identity) \(.source)\""
}
identity_is() { [ "$(identity_of "$1")" = "$2" ]; }

# in_map ADDRESS - identity that a program would find by longest prefix
in_map() {
	axo policy trace --from "$1" --to "$(pod_ip4 web)" --dport 80/tcp -o json | jq -r .from.identity
}

# labels_of IDENTITY
labels_of() {
	axo identity list -o json | jq -r ".[] | select(.id == $1) | .labels | join(\",\")"
}

only_client_reaches_web() {
	cat <<-END | axo policy apply -
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - fromEndpoints:
		    - matchLabels: {app: client}
	END
}

test_a_remote_prefix_with_labels_is_a_peer_of_policy() {
	local id
	world_add
	agent_start
	labelled web web
	serve_tcp web 80
	only_client_reaches_web
	expect_drop policy in_ns world timeout 0.5 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	axo ip add $WORLD4/32 app=client io.kubernetes.pod.namespace=shop
	axo ip add $WORLD6 app=client,io.kubernetes.pod.namespace=shop
	id=$(identity_of $WORLD4/32)
	assert_match '^[0-9]+ api$' "$id"
	assert_eq "$id" "$(identity_of $WORLD6/128)"
	assert_eq "k8s:app=client,k8s:io.kubernetes.pod.namespace=shop" "$(labels_of "${id% *}")"
	talk_tcp world web "$(pod_ip4 web)" 80
	talk_tcp world web "$(pod_ip6 web)" 80
	# A pod with the same labels is the same identity.
	labelled client client
	assert_eq "${id% *}" "$(endpoint client .identity)"
	axo ip delete $WORLD4/32
	expect_drop policy in_ns world timeout 0.5 bash -c ": >/dev/tcp/$(pod_ip4 web)/80"
	talk_tcp world web "$(pod_ip6 web)" 80
}

test_the_longest_prefix_and_the_nearest_source_win() {
	agent_start
	labelled web web
	axo ip add 203.0.113.0/24 reserved:remote-node
	axo ip add 203.0.113.128/25 7
	assert_eq 6 "$(in_map 203.0.113.1)"
	assert_eq 7 "$(in_map 203.0.113.129)"
	# A policy that names the prefix comes behind what is fed, and takes over when that goes.
	cat <<-END | axo policy apply -
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: p, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress: [{fromCIDR: [203.0.113.0/24]}]
	END
	assert_eq 6 "$(in_map 203.0.113.1)"
	axo ip delete 203.0.113.0/24
	assert_match '^[0-9]+ policy$' "$(identity_of 203.0.113.0/24)"
	assert_le 16777216 "$(in_map 203.0.113.1)" "identity of a prefix that a policy names"
	axo ip add 203.0.113.0/24 6
	assert_eq "6 api" "$(identity_of 203.0.113.0/24)"
	# A pod's own address stays the pod's.
	axo ip add "$(pod_ip4 web)" 7
	assert_eq "$(endpoint web .identity) endpoint" "$(identity_of "$(pod_ip4 web)/32")"
	local addr
	addr=$(pod_ip4 web)
	pod_del web
	labelled web web
	wait_until 5 identity_is "$addr/32" "7 api"
}

test_a_file_is_watched_and_a_broken_line_keeps_the_old_set() {
	cat >"$S/ips" <<-END
		# the other host
		10.2.0.0/24 app=remote, io.kubernetes.pod.namespace=shop
		192.0.2.9   reserved:remote-node
	END
	agent_start --ip-file "$S/ips"
	labelled web web
	assert_eq "6 file" "$(identity_of 192.0.2.9/32)"
	assert_eq "$(in_map 10.2.0.7)" "$(identity_of 10.2.0.0/24 | cut -d ' ' -f 1)"
	sed -i 's/192.0.2.9  /192.0.2.9\/33/' "$S/ips"
	wait_until 5 grep -q "ips:3: prefix" "$S/agent.log"
	assert_eq "6 file" "$(identity_of 192.0.2.9/32)"
	assert_match "ips:3: prefix" "$(axo status -o json | jq -r .ips.fileError)"
	sed -i '3s/.*/192.0.2.10 7/' "$S/ips"
	wait_until 5 identity_is 192.0.2.10/32 "7 file"
	assert_eq "" "$(identity_of 192.0.2.9/32)"
	assert_eq "" "$(axo status -o json | jq -r .ips.fileError)"
	# The API is before the file, and what the file says comes back.
	axo ip add 192.0.2.10/32 6
	assert_eq "6 api" "$(identity_of 192.0.2.10/32)"
	assert_fails axo ip delete 10.2.0.0/24
	assert_match "was not added here: the file names it" "$(cat "$S/said")"
	axo ip delete 192.0.2.10/32
	assert_eq "7 file" "$(identity_of 192.0.2.10/32)"
	# Gone is not empty.
	rm "$S/ips"
	wait_until 5 grep -q "ips: No such file" "$S/agent.log"
	assert_eq "7 file" "$(identity_of 192.0.2.10/32)"
	: >"$S/ips"
	wait_until 5 identity_is 192.0.2.10/32 ""
}

test_a_restart_and_kill_9_keep_numbers() {
	local before
	echo "10.2.0.0/24 app=remote" >"$S/ips"
	agent_start --ip-file "$S/ips"
	labelled web web
	axo ip add 10.3.0.0/24 app=other
	axo ip add 10.4.0.0/24 app=web io.kubernetes.pod.namespace=shop
	before=$(axo ip list -o json)
	agent_kill9
	agent_start --ip-file "$S/ips"
	assert_eq "$before" "$(axo ip list -o json)"
	assert_match "^[0-9]+$" "$(in_map 10.3.0.9)"
	# What changed while nobody looked.
	agent_stop
	echo "10.2.0.0/25 app=remote" >"$S/ips"
	agent_start --ip-file "$S/ips"
	assert_match " file$" "$(identity_of 10.2.0.0/25)"
	assert_eq "" "$(identity_of 10.2.0.0/24)"
	agent_stop
	agent_start
	assert_eq "" "$(identity_of 10.2.0.0/25)"
	assert_match " api$" "$(identity_of 10.3.0.0/24)"
	axo ip delete 10.3.0.0/24 10.4.0.0/24
	assert_eq "" "$(identity_of 10.3.0.0/24)"
}

test_what_is_wrong_is_said_and_nothing_changes() {
	agent_start
	labelled web web
	assert_fails axo ip add 10.2.0.0/24 4711
	assert_match "there is no identity 4711" "$(cat "$S/said")"
	assert_fails axo ip add 10.2.0.1/24 a=b
	assert_match "has bits behind its length" "$(cat "$S/said")"
	assert_fails axo ip delete 10.2.0.0/24
	assert_match "10.2.0.0/24 was not added" "$(cat "$S/said")"
	# All or nothing.
	api PUT /v1/ips '{"entries": [{"cidr": "10.2.0.0/24", "labels": ["a=b"]},
		{"cidr": "10.3.0.0/24", "identity": 4711}]}' >/dev/null
	assert_eq 404 "$(cat "$S/http")"
	assert_eq "" "$(identity_of 10.2.0.0/24)"
	assert_eq "" "$(axo identity list -o json | jq -r '.[] | .labels[] | select(. == "k8s:a=b")')"
	api PUT /v1/ips '{"entries": [{"cidr": "10.2.0.0/24"}]}' >/dev/null
	assert_eq 400 "$(cat "$S/http")"
}

# timeout 300
test_15000_remote_identities() {
	local i
	agent_start --ip-file "$S/ips"
	labelled web web
	only_client_reaches_web
	for ((i = 0; i < 15000; i++)); do
		echo "10.$((100 + i / 65536)).$((i / 256 % 256)).$((i % 256)) app=r$i"
	done >"$S/ips"
	wait_until 120 identity_is 10.100.58.151/32 "$(identity_of 10.100.58.151/32)"
	wait_until 120 file_has 15000
	assert_match "^k8s:app=r14999$" "$(labels_of "$(in_map 10.100.58.151)")"
	agent_stop
	agent_start --ip-file "$S/ips"
	assert_eq 15000 "$(axo status -o json | jq .ips.file)"
	: >"$S/ips"
	wait_until 120 file_has 0
	assert_eq 1 "$(axo status -o json | jq .identities)"
}
file_has() { [ "$(axo status -o json | jq .ips.file)" = "$1" ]; }

story_main "$@"
