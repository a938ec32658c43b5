#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The plugin with a real agent: what each command answers and what it leaves behind.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() { agent_start; }

test_version_needs_nothing_else() {
	local answer
	answer=$(env -i CNI_COMMAND=VERSION "$BIN/axoneme-cni" <<<'{"cniVersion":"1.0.0"}')
	assert_eq "0.3.1 0.4.0 1.0.0 1.1.0" "$(jq -r '.supportedVersions | join(" ")' <<<"$answer")"
	assert_eq 1.0.0 "$(jq -r .cniVersion <<<"$answer")" "cniVersion"
	# As podman asks, with dummies.
	answer=$(CNI_COMMAND=VERSION CNI_IFNAME=dummy CNI_NETNS=dummy CNI_CONTAINERID=dummy CNI_ARGS='' \
		"$BIN/axoneme-cni" <<<'{"cniVersion":"0.4.0"}')
	assert_eq 0.4.0 "$(jq -r .cniVersion <<<"$answer")" "cniVersion"
}

test_every_version_gets_its_own_result() {
	local version
	for version in 0.3.1 0.4.0 1.0.0 1.1.0; do
		CNI_VERSION=$version
		pod_add "p$version"
		assert_eq "$version" "$(jq -r .cniVersion "$S/pods/p$version.json")" "cniVersion"
		assert_eq "/run/netns/p$version" "$(jq -r '.interfaces[1].sandbox' "$S/pods/p$version.json")"
		assert_eq 1 "$(jq -r '.ips[0].interface' "$S/pods/p$version.json")" "index of the interface"
	done
	assert_eq "4 6" "$(jq -r '[.ips[].version] | join(" ")' "$S/pods/p0.3.1.json")" "ips[].version"
	assert_eq "null" "$(jq -r '.ips[0].version' "$S/pods/p1.0.0.json")" "ips[].version in 1.0.0"
	assert_eq 1500 "$(jq -r '.interfaces[1].mtu' "$S/pods/p1.1.0.json")" "mtu in 1.1.0"
	assert_eq null "$(jq -r '.interfaces[1].mtu' "$S/pods/p1.0.0.json")" "mtu in 1.0.0"
}

test_an_unknown_version_is_refused() {
	netns_add a
	cni_error 1 ADD a eth0 "$(cni_conf '.cniVersion = "9.9.9"')"
	settled 0
}

test_add_makes_what_the_result_says() {
	local dev
	pod_add a
	assert_eq "$(pod_mac a)" "$(pod_exec a ip -j link show eth0 | jq -r '.[0].address')" "MAC"
	assert_eq "$(pod_ip4 a)/32" "$(pod_address a eth0 inet)" "IPv4 address"
	assert_eq "$(pod_ip6 a)/128" "$(pod_address a eth0 inet6)" "IPv6 address"
	assert_match "default via $GW4 dev eth0" "$(pod_exec a ip route)"
	assert_match "default via $GW6 dev eth0" "$(pod_exec a ip -6 route)"
	assert_eq 0 "$(pod_exec a sysctl -n net.ipv6.conf.eth0.disable_ipv6)" "disable_ipv6"
	assert_eq 0 "$(pod_exec a sysctl -n net.ipv6.conf.eth0.accept_ra)" "accept_ra"
	dev=$(pod_dev a)
	assert_eq "$(jq -r '.interfaces[0].mac' "$S/pods/a.json")" \
		"$(ip -j link show "$dev" | jq -r '.[0].address')" "MAC of the host's side"
	assert_eq "$dev" "$(endpoint a .hostDevice)" "hostDevice of the endpoint"
	assert_eq "$(pod_ip4 a) $(pod_ip6 a) ready" "$(endpoint a '"\(.ipv4) \(.ipv6) \(.state)"')"
}

# pod_address POD IF FAMILY - the global one
pod_address() {
	pod_exec "$1" ip -j -f "$3" addr show "$2" |
		jq -r '.[0].addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"'
}

test_ipv6_is_switched_on_in_a_namespace_where_it_is_off() {
	netns_add a
	pod_exec a sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1
	cni ADD a eth0 >"$S/pods/a.json"
	pod_add b
	ping_ok b "$(pod_ip6 a)"
}

test_the_namespace_may_be_that_of_a_process() {
	local pid
	netns_add a
	nsenter --net=/run/netns/a sleep 1000 &
	pid=$!
	wait_until 5 in_namespace_of a "$pid"
	CNI_NETNS=/proc/$pid/ns/net cni ADD a eth0 >"$S/pods/a.json"
	assert_eq "/proc/$pid/ns/net" "$(jq -r '.interfaces[1].sandbox' "$S/pods/a.json")" "sandbox"
	ping_ok host "$(pod_ip4 a)"
	kill "$pid"
	wait_until 5 process_ended "$pid"
	CNI_NETNS=/proc/$pid/ns/net cni DEL a eth0
	wait_until 5 settled 0
}

in_namespace_of() {
	[ "$(stat -Lc %i "/proc/$2/ns/net")" = "$(stat -Lc %i "/run/netns/$1")" ]
}

test_mtu_is_that_of_the_configuration() {
	agent_stop
	agent_start --mtu 1400
	pod_add a
	assert_eq 1400 "$(pod_exec a ip -j link show eth0 | jq '.[0].mtu')" "MTU in the pod"
	assert_eq 1400 "$(ip -j link show "$(pod_dev a)" | jq '.[0].mtu')" "MTU of the host's side"
}

test_del_leaves_nothing() {
	pod_add a
	pod_del a
	wait_until 5 settled 0
	assert_eq 1 "$(pool_field 4 cooling)" "cooling addresses"
}

test_two_dels_and_a_del_of_nothing_succeed() {
	netns_add never
	cni DEL never eth0
	pod_add a
	cni DEL a eth0
	cni DEL a eth0
	ip netns del a
	cni DEL a eth0
	CNI_NETNS='' cni DEL a eth0
	wait_until 5 settled 0
}

test_del_without_its_namespace_frees_everything() {
	pod_add a
	pod_add b
	ip netns del a
	cni DEL a eth0
	CNI_NETNS='' cni DEL b eth0
	wait_until 5 settled 0
}

test_repeated_add_fails_and_changes_nothing() {
	local before
	pod_add a
	pod_add b
	serve_tcp b 80
	before=$(pod_state)
	assert_fails cni ADD a eth0
	assert_eq "$before" "$(pod_state)" "endpoints, devices, routes"
	talk_tcp a b "$(pod_ip4 b)" 80
}

pod_state() {
	axo endpoint list -o json | jq -c 'map({id, containerId, ipv4, ipv6, mac, hostDevice})'
	pod_exec a ip -o addr
	pod_exec a ip route
	ip -o link | grep -c axo
	pool_field 4 used
}

test_add_with_an_interface_of_that_name_fails_and_undoes() {
	netns_add a
	ip -n a link add eth0 type veth peer name other
	cni_error 103 ADD a eth0 >"$S/said" || true
	assert_match "exists" "$(jq -r '.msg + " " + .details' "$S/error.json")"
	ip -n a -o link show eth0 >/dev/null || fail "the interface that was there is gone"
	wait_until 5 settled 0
}

test_add_where_no_namespace_is() {
	local path
	for path in /run/netns/nothing /etc/passwd /proc/self/ns/mnt "$S"; do
		CNI_NETNS=$path assert_fails cni ADD a eth0
		assert_match "$path" "$(jq -r '.msg + .details' "$S/said")" "what was found"
	done
	wait_until 5 settled 0
}

test_check_passes_and_notices_differences() {
	pod_add a
	check a
	pod_exec a ip addr del "$(pod_ip4 a)/32" dev eth0
	assert_fails check a
	assert_match "$(pod_ip4 a)" "$(jq -r '.msg + .details' "$S/said")" "the missing address"
}

# check POD - CHECK with the result of its ADD as prevResult
check() {
	cni CHECK "$1" eth0 "$(cni_conf ".prevResult = $(cat "$S/pods/$1.json")")"
}

test_check_notices_a_lost_host_device() {
	pod_add a
	ip link del "$(pod_dev a)"
	assert_fails check a
}

test_check_tolerates_what_a_later_plugin_added() {
	pod_add a
	pod_exec a ip route add 203.0.113.0/24 via $GW4 dev eth0 onlink
	check a
}

test_status_says_whether_add_can_be_served() {
	netns_add a
	status
	agent_stop
	assert_fails status
	assert_eq 50 "$(jq .code "$S/said")" "code"
}

# STATUS comes with nothing but the configuration.
status() {
	CNI_COMMAND=STATUS CNI_CONTAINERID='' CNI_NETNS='' CNI_IFNAME='' CNI_PATH=$BIN \
		"$BIN/axoneme-cni" <<<"$(CNI_VERSION=1.1.0 cni_conf_kept)"
}

cni_conf_kept() {
	jq --arg v "$CNI_VERSION" '(.plugins[0] + {cniVersion: $v, name: "axoneme"})' \
		"$S/kept.conflist" 2>/dev/null || cni_conf
}

test_labels_namespace_and_name_reach_the_endpoint() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web-0;K8S_POD_UID=x" \
		pod_add a '.args.cni.labels = [{key: "app", value: "web"}]'
	assert_eq "prod web-0" "$(endpoint a '"\(.namespace) \(.name)"')"
	assert_match "k8s:app=web" "$(endpoint a '.labels | join(" ")')"
	assert_match "k8s:io.kubernetes.pod.namespace=prod" "$(endpoint a '.labels | join(" ")')"
	pod_add b '.args.cni.labels = [{key: "app", value: "web"}]'
	assert_eq default "$(endpoint b .namespace)" "namespace when none is given"
	[ "$(endpoint a .identity)" != "$(endpoint b .identity)" ] || fail "namespaces share an identity"
}

test_annotations_give_labels_and_ports() {
	pod_add a '.runtimeConfig["io.kubernetes.cri.pod-annotations"] = {
		"axoneme.io/labels": "{\"tier\":\"front\"}",
		"axoneme.io/ports": "[{\"name\":\"http\",\"port\":80,\"protocol\":\"TCP\"}]"}'
	assert_match "k8s:tier=front" "$(endpoint a '.labels | join(" ")')"
	assert_eq "http 80 TCP" "$(endpoint a '.ports[0] | "\(.name) \(.port) \(.protocol)"')"
}

test_equal_labels_share_an_identity() {
	pod_add a '.args.cni.labels = [{key: "app", value: "web"}, {key: "x", value: "1"}]'
	pod_add b '.args.cni.labels = [{key: "x", value: "1"}, {key: "app", value: "web"}]'
	pod_add c '.args.cni.labels = [{key: "app", value: "db"}]'
	assert_eq "$(endpoint a .identity)" "$(endpoint b .identity)" "identity"
	[ "$(endpoint a .identity)" != "$(endpoint c .identity)" ] || fail "different labels, one identity"
}

test_a_second_interface_gets_its_own_table() {
	pod_add a
	pod_add b
	cni ADD a eth1 >"$S/pods/a1.json"
	serve_tcp a 80
	local second
	second=$(pod_ip4 a1)
	assert_match "from $second lookup" "$(pod_exec a ip rule)" "rule"
	assert_eq 1 "$(pod_exec a ip route | grep -c '^default')" "default routes"
	talk_tcp b a "$second" 80
	talk_tcp b a "$(pod_ip6 a1)" 80
	talk_tcp b a "$(pod_ip4 a)" 80
	cni DEL a eth1
	wait_until 5 settled 2
	talk_tcp b a "$(pod_ip4 a)" 80
}

test_a_second_interface_that_fails_leaves_no_rule() {
	local before
	pod_add a
	before=$(pod_exec a ip rule && pod_exec a ip -6 rule)
	cni_error 7 ADD a eth1 "$(cni_conf '.args.cni.labels = [{key: "k", value: ("v" * 600)}]')"
	assert_eq "$before" "$(pod_exec a ip rule && pod_exec a ip -6 rule)" "rules in the pod"
	wait_until 5 settled 1
}

test_a_mac_can_be_asked_for() {
	pod_add a '.runtimeConfig.mac = "02:11:22:33:44:55"'
	assert_eq 02:11:22:33:44:55 "$(pod_mac a)" "MAC"
	pod_add b
	serve_tcp a 80
	talk_tcp b a "$(pod_ip4 a)" 80
}

test_prevresult_of_an_earlier_plugin_is_passed_through() {
	netns_add a
	cni ADD a eth0 "$(cni_conf '.prevResult = {cniVersion: .cniVersion,
		interfaces: [{name: "dummy0", mac: "02:00:00:00:00:01", sandbox: "/run/netns/a"}],
		ips: [{address: "192.0.2.7/24", interface: 0}],
		routes: [{dst: "203.0.113.0/24"}], dns: {nameservers: ["192.0.2.53"]}}')" >"$S/pods/a.json"
	assert_eq "dummy0" "$(jq -r '.interfaces[0].name' "$S/pods/a.json")" "first interface"
	assert_eq "192.0.2.7/24" "$(jq -r '.ips[0].address' "$S/pods/a.json")" "first address"
	assert_eq "192.0.2.53" "$(jq -r '.dns.nameservers[0]' "$S/pods/a.json")" "DNS"
	assert_eq "eth0" "$(jq -r '.ips[1].interface as $i | .interfaces[$i].name' "$S/pods/a.json")" \
		"interface that our first address points to"
}

test_the_plugin_is_silent_on_success() {
	netns_add a
	cni ADD a eth0 >"$S/out" 2>"$S/err"
	assert_eq "" "$(cat "$S/err")" "stderr of ADD"
	assert_eq "" "$(cni DEL a eth0 2>&1)" "output of DEL"
}

story_main "$@"
