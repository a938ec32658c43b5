#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Policies about SCTP and about protocols without ports, with real packets.
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

# sctp PORT - a packet of SCTP by hand: the kernel need not know the protocol
sctp() {
	in_ns client "$PY" -c '
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
init = struct.pack("!BBHIIHHI", 1, 0, 20, 7, 65535, 1, 1, 1)
s.sendto(struct.pack("!HHII", 4711, int(sys.argv[2]), 0, 0) + init, (sys.argv[1], 0))
' "$(pod_ip4 web)" "$1"
}

test_ports_of_sctp_are_told_apart() {
	local before
	listen 132
	allow '{port: "80", protocol: SCTP}'
	before=$(received 132)
	sctp 80
	wait_until 3 more_than 132 "$before"
	expect_drop policy sctp 81
	allow '{port: "81"}'
	before=$(received 132)
	sctp 81
	wait_until 3 more_than 132 "$before"
	expect_drop policy sctp 80
	allow '{port: "80", protocol: TCP}'
	expect_drop policy sctp 80
}

story_main "$@"
