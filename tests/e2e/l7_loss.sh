#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# HTTP rules on a path that loses 3 % of all packets, both ways, and delivers 1 % late: everything that is
# allowed arrives whole, once, and nothing else, by the server's log.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=client" pod_add client
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web" \
		pod_add web '.args.cni.labels = [{key: "app", value: "web"}]'
	axo policy apply - <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - toPorts:
		    - ports: [{port: "80", protocol: TCP}]
		      rules: {http: [{path: "/public/.*"}]}
	END
	web_start
}

web_start() {
	local dir=$S/web
	mkdir -p "$dir/www/public"
	head -c 500000 /dev/urandom >"$dir/www/public/file"
	cat >"$dir/conf" <<-END
		daemon off; user root; worker_processes 1; pid $dir/pid; error_log $dir/error;
		events { worker_connections 256; }
		http {
		  log_format served '\$status \$request_uri'; access_log $dir/log served;
		  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f;
		  uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
		  client_max_body_size 0; keepalive_requests 100000;
		  server { listen 80; listen [::]:80; location / { return 200 ok; }
		    location = /public/file { root $dir/www; } }
		}
	END
	in_ns web nginx -c "$dir/conf" -e "$dir/error" </dev/null >/dev/null 2>&1 &
	wait_until 5 listens web tcp 80
}

index_of() { in_ns "$1" ip -j link show "$2" | jq '.[0].ifindex'; }

# spoil POD - from now on the pod's device loses packets and delivers some late
spoil() {
	local pod=$1 pins=$S/bpf/lossy-$1 tap out
	bpftool prog loadall "$BIN/tests/lossy.o" "$pins" pinmaps "$pins"
	in_ns "$pod" "$PY" "$STORY_LIB/lossy.py" detour &
	wait_until 5 in_ns "$pod" ip link set detour up
	tap=$(index_of "$pod" detour)
	out=$(index_of "$pod" eth0)
	in_ns "$pod" tc qdisc add dev detour clsact
	in_ns "$pod" tc filter add dev detour ingress bpf da pinned "$pins/back"
	in_ns "$pod" tc qdisc add dev eth0 clsact
	in_ns "$pod" tc filter add dev eth0 egress bpf da pinned "$pins/lossy"
	# shellcheck disable=SC2046 # bytes, one word each
	bpftool map update pinned "$pins/lossy_state" key hex 0 0 0 0 value hex \
		$(printf '%02x 00 00 00 %02x 00 00 00' "$tap" "$out") $(printf '00 %.0s' {1..24})
}

# spoiled POD FIELD - how many packets that happened to
spoiled() {
	bpftool -j map dump pinned "$S/bpf/lossy-$1/lossy_state" | jq ".[0].formatted.value.$2"
}

CONNECTIONS=4
REQUESTS=40

# expected - what the client must have got of what is allowed
expected() {
	local c n end
	for ((c = 0; c < CONNECTIONS; c++)); do
		for ((n = 0; n < REQUESTS; n++)); do
			case $((n % 5)) in
			1) echo "200 /public/$c-$n 500000" ;;
			4) for end in a b c; do echo "200 /public/$c-$n$end 2"; done ;;
			*) echo "200 /public/$c-$n 2" ;;
			esac
		done
	done | sort
}

# timeout 300
test_loss_and_reordering_cost_time_and_nothing_else() {
	local address began pod
	need bpftool
	need tc
	spoil client
	spoil web
	for address in "$(pod_ip4 web)" "$(pod_ip6 web)"; do
		: >"$S/web/log"
		began=${EPOCHREALTIME/./}
		in_ns client "$PY" "$STORY_LIB/http_load.py" "$address" $CONNECTIONS $REQUESTS >"$S/got"
		note "$address: $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
		assert_eq "$(expected)" "$(grep -v /secret "$S/got" | sort)" "what the client got"
		assert_eq 0 "$(grep /secret "$S/got" | grep -cvE '^(403|closed) ')" "forbidden and answered"
		logged() { [ "$(grep -c ^200 "$S/web/log")" = "$(expected | wc -l)" ]; }
		wait_until 5 logged
		assert_eq "$(expected | cut -d' ' -f2)" \
			"$(sed 's/^200 //; s,/public/file?,,' "$S/web/log" | sort)" "what the server served"
	done
	for pod in client web; do
		note "$pod: $(spoiled $pod passed) passed, $(spoiled $pod lost) lost, $(spoiled $pod late) late"
		[ "$(spoiled $pod lost)" -gt 20 ]
		[ "$(spoiled $pod late)" -gt 5 ]
	done
	note "dropped for their order: $(drops l7_order)"
}

story_main "$@"
