#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# DNS rules and toFQDNs with the resolvers that pods have: glibc's and unbound, and unbound as server.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=tests/lib/story_dns.sh
. "$STORY_LIB/story_dns.sh"

setup() {
	need dig unbound getent
	agent_start
	world_add
	in_ns world ip addr add 198.51.100.4/24 dev eth0
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=client" \
		pod_add client '.args.cni.labels = [{key: "app", value: "client"}]'
	serve_tcp world 80
	unbound_start world 'module-config: "respip iterator"' \
		'local-zone: "." static' \
		'local-data: "www.example. 60 A 198.51.100.1"' \
		"local-data: 'www.example. 60 AAAA $WORLD6'" \
		'local-data: "two.test. 60 A 198.51.100.4"'
	dns_policy '*.example' | axo policy apply -
}

# unbound_start NS OPTION... - unbound there, on all its addresses
unbound_start() {
	local ns=$1
	shift
	{
		printf '%s\n' 'server:' 'interface: 0.0.0.0' 'interface: ::0' 'do-daemonize: no' \
			'access-control: 0.0.0.0/0 allow' 'access-control: ::/0 allow' 'chroot: ""' \
			'username: ""' 'use-syslog: no' "pidfile: $S/unbound.$ns.pid" "directory: $S" \
			'do-not-query-localhost: no' 'num-threads: 1' "$@"
		printf '%s\n' 'remote-control:' 'control-enable: no'
	} >"$S/unbound.$ns"
	in_ns "$ns" unbound -d -c "$S/unbound.$ns" </dev/null >"$S/unbound.$ns.log" 2>&1 &
	wait_until 20 listens "$ns" tcp 53
	wait_until 20 listens "$ns" udp 53
}

# It asks for A and AAAA at once from one socket.
test_glibc_opens_both_families_at_once() {
	resolver_is $WORLD4
	not_reached 198.51.100.1 80
	assert_eq "198.51.100.1 $WORLD6" "$(addresses www.example)"
	reaches 198.51.100.1 80
	reaches $WORLD6 80
}

test_glibc_is_refused_at_once() {
	resolver_is $WORLD4
	expect_drop dns_refused in_ns client getent ahosts two.test
	not_reached 198.51.100.4 80
}

test_glibc_over_tcp() {
	resolver_is $WORLD6 use-vc
	assert_eq "198.51.100.1 $WORLD6" "$(addresses www.example)"
	reaches 198.51.100.1 80
	assert_fails in_ns client getent ahosts two.test
}

# unbound mixes the case of its questions, and asks with EDNS and DO.
test_unbound_in_the_pod_teaches_what_it_asks() {
	unbound_start client 'module-config: "iterator"' 'use-caps-for-id: yes' \
		'qname-minimisation: no' 'forward-zone:' 'name: "."' "forward-addr: $WORLD4"
	not_reached 198.51.100.1 80
	assert_eq 198.51.100.1 "$(in_ns client dig +short +time=5 @127.0.0.1 www.example)"
	reaches 198.51.100.1 80
	assert_eq "" "$(in_ns client dig +short +time=5 @127.0.0.1 two.test)"
	not_reached 198.51.100.4 80
}

test_unbound_in_the_pod_over_tcp() {
	unbound_start client 'module-config: "iterator"' 'tcp-upstream: yes' \
		'qname-minimisation: no' 'forward-zone:' 'name: "."' "forward-addr: $WORLD4"
	assert_eq $WORLD6 "$(in_ns client dig +short +time=5 @127.0.0.1 www.example AAAA)"
	reaches $WORLD6 80
	not_reached 198.51.100.1 80
}

story_main "$@"
