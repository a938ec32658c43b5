#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Policies about SCTP (IPv4 and IPv6) and about protocols without ports, with real packets.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled other other
	labelled web web
}

# labelled POD APP - in namespace shop
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}] |
			.args.cni.ports = [{name: \"diameter\", port: 90, protocol: \"SCTP\"}]"
}

# allow PORTS - only these from client to web
allow() {
	cat <<-END | axo policy apply -
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress: [{fromEndpoints: [{matchLabels: {app: client}}], toPorts: [{ports: [$1]}]}]
	END
}

# listen PROTOCOL - web counts packets of it, one byte each, in $S/PROTOCOL
listen() {
	in_ns web "$PY" -u -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, int(sys.argv[1]))
print("", end="", file=open(sys.argv[2] + ".ready", "w"))
with open(sys.argv[2], "wb", buffering=0) as out:
    while True:
        s.recv(2048)
        out.write(b".")
' "$1" "$S/$1" &
	wait_until 5 test -e "$S/$1.ready"
}

# send PROTOCOL - one packet from client to web
send() {
	in_ns client "$PY" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, int(sys.argv[1]))
s.sendto(bytes(24), (sys.argv[2], 0))
' "$1" "$(pod_ip4 web)"
}

received() { stat -c %s "$S/$1" 2>/dev/null || echo 0; }
arrives() {
	local before
	before=$(received "$1")
	send "$1"
	wait_until 3 more_than "$1" "$before"
}
more_than() { [ "$(received "$1")" -gt "$2" ]; }

GRE=47 ESP=50 VRRP=112

test_protocols_without_ports_are_told_apart() {
	local p
	for p in $GRE $ESP $VRRP; do
		listen $p
		arrives $p
	done
	allow '{protocol: GRE}'
	arrives $GRE
	expect_drop policy send $ESP
	expect_drop policy send $VRRP
	allow '{protocol: ESP}, {protocol: VRRP}'
	arrives $ESP
	arrives $VRRP
	expect_drop policy send $GRE
	# ANY is TCP, UDP and SCTP.
	allow '{port: "0", protocol: ANY}'
	for p in $GRE $ESP $VRRP; do
		expect_drop policy send $p
	done
}

# sctp FAMILY POD PORT - that pod says INIT to web, and is answered
sctp() { in_ns "$2" "$PY" "$ROOT/tests/lib/sctp.py" init "$("pod_ip$1" web)" "$3"; }

sctp_serve() {
	in_ns web "$PY" "$ROOT/tests/lib/sctp.py" serve "$S/sctp.ready" &
	wait_until 5 test -e "$S/sctp.ready"
}

# sctp_only [--denied REASON] PORT... - of 80, 81 and 90 web answers these to the client, in both
# families; others are dropped for the reason
sctp_only() {
	local family port reason=policy
	if [ "${1:-}" = --denied ]; then
		reason=$2
		shift 2
	fi
	for family in 4 6; do
		for port in 80 81 90; do
			if [[ " $* " == *" $port "* ]]; then
				sctp $family client $port || fail "IPv$family: no answer from port $port"
			else
				expect_drop $reason sctp $family client $port
			fi
		done
	done
}

# timeout 120
test_ports_of_sctp_are_told_apart() {
	sctp_serve
	sctp_only 80 81 90
	allow '{port: "80", protocol: SCTP}'
	sctp_only 80
	allow '{port: "81", endPort: 90, protocol: SCTP}'
	sctp_only 81 90
	allow '{port: "81"}'
	sctp_only 81
	allow '{port: "80", protocol: TCP}'
	sctp_only
}

# timeout 120
test_sctp_by_name_peer_and_denial() {
	local family
	sctp_serve
	allow '{port: diameter, protocol: SCTP}'
	sctp_only 90
	for family in 4 6; do
		expect_drop policy sctp $family other 90
	done
	cat <<-END | axo policy apply -
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress: [{fromEndpoints: [{}]}]
		  ingressDeny: [{fromEndpoints: [{matchLabels: {app: client}}], toPorts: [{ports: [{port: "80", protocol: SCTP}]}]}]
	END
	sctp_only --denied policy_deny 81 90
	for family in 4 6; do
		sctp $family other 80
	done
	# What leaves is judged as what comes is.
	cat <<-END | axo policy apply -
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: client}}
		  egress: [{toEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: "90", protocol: SCTP}]}]}]
	END
	sctp_only 90
}

story_main "$@"
