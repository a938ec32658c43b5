#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# HTTP rules and the clients that people have: each sees a 403 where a rule says no, goes on with
# what is allowed, and never hangs.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	agent_start
	labelled client client
	labelled web web
	mkdir -p "$S/www/public" "$S/www/secret"
	echo hello >"$S/www/public/hello"
	echo secret >"$S/www/secret/key"
	nginx_start web "$S/www"
	only_public | axo policy apply -
}

labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

only_public() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: web, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: web}}
		  ingress:
		  - fromEndpoints: [{matchLabels: {app: client}}]
		    toPorts:
		    - ports: [{port: "80", protocol: TCP}]
		      rules: {http: [{method: "GET|POST", path: "/public/.*"}]}
	END
}

# py SCRIPT - with `host`; a step that takes longer than 10 s fails
py() { in_ns client timeout 60 /usr/bin/python3 -c "
import http.client, socket
host = '$(pod_ip4 web)'
$1"; }

test_python_keeps_a_connection_and_reads_the_403() {
	assert_eq "200 hello
403 Access denied
200 hello" "$(py "
c = http.client.HTTPConnection(host, timeout=10)
for path in ('/public/hello', '/secret/key', '/public/hello'):
    c.request('GET', path)
    r = c.getresponse()
    print(r.status, r.read().decode().strip())
")"
}

# As HttpURLConnection does: head and body in two writes, the connection kept until the server says
# close, and then a new one; what is left of a response is read before the next request.
test_a_keep_alive_client_that_posts_bodies_goes_on_after_a_403() {
	assert_eq "405 405 403 close 405 403 close 405" "$(py "
seen, c = [], None
def post(path, body):
    global c
    c = c or http.client.HTTPConnection(host, timeout=10)
    c.putrequest('POST', path)
    c.putheader('Content-Length', str(len(body)))
    c.putheader('Connection', 'keep-alive')
    c.endheaders()
    try:
        c.send(body)
    except (BrokenPipeError, ConnectionResetError):
        pass
    r = c.getresponse()
    r.read()
    seen.append(str(r.status))
    if r.getheader('Connection') == 'close':
        seen[-1] += ' close' if r.status == 403 else ''
        c.close()
        c = None
for path, n in (('/public/hello', 10), ('/public/hello', 60000), ('/secret/key', 10),
                ('/public/hello', 10), ('/secret/key', 200000), ('/public/hello', 1)):
    post(path, b'x' * n)
print(' '.join(seen))
")"
}

# A proxy in the client's pod that keeps connections to the server for its clients.
test_nginx_as_client_passes_the_403_on() {
	local dir=$S/proxy i
	mkdir -p "$dir"
	cat >"$dir/nginx.conf" <<-END
		daemon off; user root; worker_processes 1; pid $dir/pid; error_log $dir/error.log;
		events { worker_connections 64; }
		http {
			access_log off; proxy_temp_path $dir/proxy; client_body_temp_path $dir/body;
			fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
			upstream web { server $(pod_ip4 web):80; keepalive 4; }
			server {
				listen 127.0.0.1:8080;
				location / {
					proxy_pass http://web; proxy_http_version 1.1;
					proxy_set_header Connection ""; proxy_read_timeout 10s;
				}
			}
		}
	END
	in_ns client nginx -c "$dir/nginx.conf" &
	proxied() { in_ns client curl -s -m 20 -o /dev/null -w '%{http_code}' "http://127.0.0.1:8080$1"; }
	up() { [ "$(proxied /public/hello)" = 200 ]; }
	wait_until 10 up
	for i in 1 2 3 4 5; do
		assert_eq 200 "$(proxied /public/hello)" "round $i"
		assert_eq 403 "$(proxied /secret/key)" "round $i"
	done
	kill "$(cat "$dir/pid")"
}

test_wrk_sees_only_403_where_nothing_is_allowed() {
	local said requests denied
	said=$(in_ns client wrk -t 1 -c 4 -d 2s --timeout 10s "http://$(pod_ip4 web)/secret/key")
	requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' <<<"$said")
	denied=$(sed -n 's/^ *Non-2xx or 3xx responses: *//p' <<<"$said")
	[ "${requests:-0}" -gt 0 ] || fail "wrk got no response: $said"
	assert_eq "$requests" "$denied"
	assert_eq "" "$(grep -o 'timeout [1-9][0-9]*' <<<"$said" || true)"
}

story_main "$@"
