#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attacks on HTTP rules that speak of hosts, too (tests/lib/http_evasion.py), through the agent's own
# policy: what counts is what nginx served, by its log.
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
		      rules:
		        http:
		        - {method: GET|POST, path: "/public.*"}
		        - {method: GET, path: "/hosted.*", host: 'good\\.example'}
	END
	web_start
}

web_start() {
	local dir=$S/web
	mkdir -p "$dir"
	cat >"$dir/conf" <<-END
		daemon off; user root; worker_processes 1; pid $dir/pid; error_log $dir/error;
		events { worker_connections 512; }
		http {
		  log_format served '\$status \$uri'; access_log $dir/log served;
		  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f;
		  uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
		  underscores_in_headers on; keepalive_requests 100000;
		  server { listen 80; location / { return 200 ok; } }
		}
	END
	in_ns web nginx -c "$dir/conf" -e "$dir/error" </dev/null >/dev/null 2>&1 &
	wait_until 5 listens web tcp 80
}

# served URI-PREFIX - lines of the log that say so
served() { grep "^200 $1" "$S/web/log" || true; }

# timeout 200
test_nothing_forbidden_is_served() {
	local address gateway name
	address=$(pod_ip4 client)
	assert_eq 403 "$(in_ns client curl -s -m 5 -o /dev/null -w '%{http_code}' "http://$(pod_ip4 web)/hosted")"
	gateway=$(in_ns client ip -j neigh show "$GW4" | jq -r '.[0].lladdr')
	in_ns client ip addr flush dev eth0
	in_ns client "$PY" "$STORY_LIB/http_evasion.py" eth0 "$address" "$gateway" "$(pod_ip4 web)" \
		>"$S/attacks"
	assert_match 'all attacks done' "$(tail -1 "$S/attacks")"
	assert_eq "" "$(served /secret)" "forbidden and served"
	assert_eq "200 /hosted-control" "$(served /hosted | sort -u)" "served of what a host has"
	for name in plain split bytes reordered pipe body chunked dots window wrap wrapped; do
		[ -n "$(served "/public-$name\$")" ] || fail "the control $name was not served"
	done
}

story_main "$@"
