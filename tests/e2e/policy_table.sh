#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The truth table of policies: three namespaces of three pods, the host and the world, ports 80 and
# 81, TCP, UDP and ping, IPv4 and IPv6.  Under each policy of tests/policy-table/*.table all pairs
# are tried with real connections; a hand-written list and the reference evaluator say what to find.
#
#   pods:        x/a x/b x/c y/a y/b y/c z/a z/b z/c, labels app=NAME; a: role=front, b: role=back
#   ports:       a has web=80/TCP and dns=80/UDP; b has web=81/TCP
#   namespaces:  x: team=red env=prod; y: team=blue env=prod; z: team=red
#   world:       near 198.51.100.1, 2001:db8:2::1; far 198.51.100.129, 2001:db8:2::8001
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
TABLES=$ROOT/tests/policy-table

setup() {
	agent_start
	world_add
	ip -n world addr add 198.51.100.129/24 dev eth0
	ip -n world addr add 2001:db8:2::8001/64 dev eth0 nodad
	namespaces >"$S/namespaces.yaml"
	axo policy apply "$S/namespaces.yaml"
	ends | jq -s . >"$S/ends.json"
	may_ping host
	may_ping world
}

# Sockets for ping without a tool.
may_ping() { in_ns "$1" sysctl -qw "net.ipv4.ping_group_range=0 0"; }

namespaces() {
	cat <<-END
		{apiVersion: v1, kind: Namespace, metadata: {name: "x", labels: {team: red, env: prod}}}
		---
		{apiVersion: v1, kind: Namespace, metadata: {name: "y", labels: {team: blue, env: prod}}}
		---
		{apiVersion: v1, kind: Namespace, metadata: {name: "z", labels: {team: red}}}
	END
}

# Prints who is who, and makes the pods on the way.
ends() {
	local ns
	for ns in x y z; do
		member $ns a '["role=front"]' '["web:80:6", "dns:80:17"]'
		member $ns b '["role=back"]' '["web:81:6"]'
		member $ns c '[]' '[]'
	done
	end_json host "/proc/$$/ns/net" "$GW4" "$GW6" '["reserved:host"]' '[]'
	end_json near /run/netns/world 198.51.100.1 2001:db8:2::1 '[]' '[]'
	end_json far /run/netns/world 198.51.100.129 2001:db8:2::8001 '[]' '[]'
}

# member NAMESPACE APP LABELS PORTS
member() {
	local pod=$1$2 labels
	labels=$(jq -nc --arg app "app=$2" --argjson l "$3" '[$app] + $l')
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=$1;K8S_POD_NAME=$2" pod_add "$pod" "
		.args.cni.labels = ($labels | map(split(\"=\") | {key: .[0], value: .[1]})) |
		.args.cni.ports = ($4 | map(split(\":\") | {name: .[0], port: (.[1] | tonumber),
			protocol: {\"6\": \"TCP\", \"17\": \"UDP\"}[.[2]]}))"
	may_ping "$pod"
	end_json "$1/$2" "/run/netns/$pod" "$(pod_ip4 "$pod")" "$(pod_ip6 "$pod")" \
		"$(jq -nc --arg ns "$1" --argjson l "$labels" \
			'["io.kubernetes.pod.namespace=" + $ns] + $l | map("k8s:" + .)')" "$4"
}

# end_json NAME NETNS IPV4 IPV6 LABELS PORTS
end_json() {
	jq -nc --arg name "$1" --arg netns "$2" --arg ipv4 "$3" --arg ipv6 "$4" \
		--argjson labels "$5" --argjson ports "$6" '$ARGS.named'
}

# table NAME... - all cases of tests/policy-table/NAME.table
table() {
	"$PY" "$TABLES/run.py" --axoneme "$BIN/axoneme --socket $SOCK" --expect "$BIN/tests/policy-table" \
		--ends "$S/ends.json" --namespaces "$S/namespaces.yaml" "${@/#/$TABLES/}"
}

# timeout 120
test_default_deny_and_peers() { table default.table peers.table; }

# timeout 120
test_ports_and_icmp() { table ports.table icmp.table; }

# timeout 120
test_deny_precedence_and_entities() { table deny.table entities.table; }

# timeout 120
test_prefixes_and_combinations() { table cidr.table combined.table; }

story_main "$@"
