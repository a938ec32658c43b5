#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# serverNames: which TLS servers a pod may name.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	need openssl curl
	agent_start
	world_add
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=client" \
		pod_add client '.args.cni.labels = [{key: "app", value: "client"}]'
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$S/key" -out "$S/cert" -days 2 \
		-subj /CN=test >"$S/openssl.log" 2>&1
	# With the first curve that clients do not offer a key for, every hello is answered by a retry.
	tls_server 443
	tls_server 444 -groups P-521
	# A server has one connection at a time; this is for a second one.
	tls_server 445
}

# tls_server PORT [OPTION...] - in the world, both families
tls_server() {
	local port=$1
	shift
	in_ns world openssl s_server -accept "$port" -key "$S/key" -cert "$S/cert" -www "$@" \
		</dev/null >"$S/server$port.log" 2>&1 &
	wait_until 5 listens world tcp "$port"
}

# tls_policy NAME... - pod client may talk to those at ports 443 to 445
tls_policy() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: tls, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: client}}
		  egress:
		  - toEntities: [world]
		    toPorts:
		    - ports: [{port: "443", endPort: 445, protocol: TCP}]
		      serverNames: [$(printf '"%s",' "$@")]
	END
}

# fetch NAME [PORT [ADDRESS]] - over TLS, with this server name
fetch() {
	local name=$1 port=${2:-443} address=${3:-$WORLD4}
	in_ns client curl -sk --max-time 20 -o "$S/page" --resolve "$name:$port:[$address]" \
		"https://$name:$port/"
}

# refused NAME [PORT [ADDRESS]] - the connection is reset, and that is counted; curl says 35
refused() {
	expect_drop l7_denied fetch "$@"
	local status=0
	fetch "$@" || status=$?
	assert_eq 35 "$status" "what curl says of a reset in the handshake"
}

test_named_servers_are_reached_and_others_reset() {
	tls_policy ok.example '*.web.example' '**.deep.example' | axo policy apply -
	fetch ok.example
	fetch OK.Example 443 $WORLD6
	fetch a.web.example
	fetch a.b.deep.example
	refused bad.example
	refused bad.example 443 $WORLD6
	refused a.b.web.example
	refused deep.example
}

test_no_name_is_refused() {
	tls_policy ok.example '*' | axo policy apply -
	fetch any.example
	expect_drop l7_denied in_ns client curl -sk --max-time 20 "https://$WORLD4/"
	expect_drop l7_denied in_ns client bash -c "echo GET / >/dev/tcp/$WORLD4/443"
}

test_a_hello_may_come_in_pieces() {
	tls_policy ok.example | axo policy apply -
	in_ns client /usr/bin/python3 "$STORY_LIB/tls_client.py" $WORLD4 443 ok.example 1
	in_ns client /usr/bin/python3 "$STORY_LIB/tls_client.py" $WORLD4 443 ok.example 100
	assert_fails in_ns client /usr/bin/python3 "$STORY_LIB/tls_client.py" $WORLD4 443 bad.example 1
	assert_fails in_ns client /usr/bin/python3 "$STORY_LIB/tls_client.py" $WORLD4 443 bad.example 100
}

test_a_second_hello_is_judged_too() {
	tls_policy ok.example | axo policy apply -
	fetch ok.example 444
	refused bad.example 444
}

# A client that is connected, and asks when $S/go is written to.
held_client() {
	rm -f "$S/go" "$S/go.connected"
	mkfifo "$S/go"
	in_ns client /usr/bin/python3 "$STORY_LIB/tls_client.py" $WORLD4 443 ok.example 0 "$S/go" &
	CLIENT=$!
	wait_until 5 test -e "$S/go.connected"
}

client_go() {
	timeout 20 tee "$S/go" </dev/null >/dev/null
}

test_a_connection_outlives_changes_and_the_agent() {
	tls_policy ok.example | axo policy apply -
	held_client
	tls_policy ok.example other.example | axo policy apply -
	agent_kill9
	refused_without_agent
	agent_start
	client_go
	wait "$CLIENT"
}

refused_without_agent() {
	local status=0
	fetch bad.example 445 || status=$?
	assert_eq 35 "$status" "what curl says of a reset in the handshake"
	fetch ok.example 445
}

test_a_connection_older_than_its_rules_is_reset() {
	held_client
	tls_policy ok.example | axo policy apply -
	client_go
	assert_fails wait "$CLIENT"
}

story_main "$@"
