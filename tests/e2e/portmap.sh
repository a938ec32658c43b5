#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Chained with Debian's portmap: a published port is reached from outside the host.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

PORTMAP=/usr/lib/cni/portmap

setup() {
	[ -x $PORTMAP ] || skip "$PORTMAP is not installed"
	need iptables
	agent_start
	world_add
	iptables -t nat -L -n >/dev/null 2>&1 || skip "this kernel has no iptables nat table"
}

# publish POD HOST-PORT POD-PORT - ADD of our plugin, then of portmap, as a runtime chains them
publish() {
	pod_add "$1"
	portmap ADD "$1" "$2" "$3" >/dev/null
}

portmap() {
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni \
		$PORTMAP <<<"$(jq --argjson r "$(cat "$S/pods/$2.json")" --argjson h "$3" --argjson c "$4" \
		-n '{cniVersion: "1.0.0", name: "axoneme", type: "portmap", snat: true,
		capabilities: {portMappings: true}, prevResult: $r,
		runtimeConfig: {portMappings: [{hostPort: $h, containerPort: $c, protocol: "tcp"}]}}')"
}

test_a_published_port_is_reached_from_outside() {
	publish a 8080 80
	serve_tcp a 80
	talk_tcp world a $HOST4 8080
	talk_tcp world a $HOST6 8080
}

test_a_published_port_is_reached_from_the_host_and_from_pods() {
	publish a 8080 80
	serve_tcp a 80
	pod_add b
	talk_tcp host a $HOST4 8080
	talk_tcp b a $HOST4 8080
	talk_tcp b a $HOST6 8080
}

test_a_pod_reaches_its_own_published_port() {
	publish a 8080 80
	serve_tcp a 80
	talk_tcp a a $HOST4 8080
}

test_the_port_closes_with_the_pod() {
	publish a 8080 80
	serve_tcp a 80
	talk_tcp world a $HOST4 8080
	portmap DEL a 8080 80
	assert_fails ask_tcp world $HOST4 8080
	pod_del a
}

test_a_big_transfer_through_a_published_port() {
	publish a 8080 80
	mkdir "$S/tmp/www"
	head -c 20000000 /dev/urandom >"$S/tmp/www/file"
	nginx_start a "$S/tmp/www"
	in_ns world curl -sf --max-time 60 -o "$S/tmp/got" "http://$HOST4:8080/file"
	assert_eq "$(sha256sum <"$S/tmp/www/file")" "$(sha256sum <"$S/tmp/got")" "checksum"
}

story_main "$@"
