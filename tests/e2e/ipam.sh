#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Addresses: order, cool-down, requests, exhaustion, reboot.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

test_addresses_are_handed_out_in_order_and_reused_last() {
	agent_start
	pod_add a
	pod_add b
	assert_eq "10.1.0.2 10.1.0.3" "$(pod_ip4 a) $(pod_ip4 b)" "first addresses"
	assert_eq "fd01::2 fd01::3" "$(pod_ip6 a) $(pod_ip6 b)" "first addresses"
	pod_del a
	wait_until 5 settled 1
	pod_add c
	assert_eq 10.1.0.4 "$(pod_ip4 c)" "address after a release"
}

test_the_host_addresses_are_the_gateway() {
	agent_start
	assert_match "inet $GW4" "$(ip addr show axo_host)"
	assert_match "inet6 $GW6" "$(ip addr show axo_host)"
	assert_match NOARP "$(ip link show axo_host)"
}

test_reserved_ranges_are_never_handed_out() {
	agent_start --reserve 10.1.0.0/29 --reserve fd01::/126
	pod_add a
	assert_eq "10.1.0.8 fd01::4" "$(pod_ip4 a) $(pod_ip6 a)" "first addresses behind the reserve"
	netns_add b
	cni_error 102 ADD b eth0 "$(cni_conf '.runtimeConfig.ips = ["10.1.0.5"]')"
}

test_a_reservation_asked_for_again_is_the_same() {
	local body='{"network":"axoneme","containerId":"c1","ifname":"eth0"}'
	agent_start
	api POST /v1/attachments "$body" | jq -c .addresses >"$S/one"
	agent_kill9
	agent_start
	api POST /v1/attachments "$body" | jq -c .addresses >"$S/two"
	assert_eq "$(cat "$S/one")" "$(cat "$S/two")" "addresses"
	assert_match 10.1.0.2 "$(cat "$S/one")"
	api POST /v1/attachments '{"network":"axoneme","containerId":"c1","ifname":"eth1"}' >"$S/three"
	assert_no_match '10.1.0.2/' "$(cat "$S/three")" "address of another interface"
	api DELETE /v1/attachments "$body" >"$S/said"
	assert_eq 1 "$(pool_field 4 used)" "addresses in use"
}

test_exhaustion_names_the_pool_its_size_and_its_use() {
	POD_CIDRS="10.1.0.0/29 fd01::/112"
	agent_start
	for pod in a b c d e; do pod_add $pod; done
	netns_add f
	assert_match "10.1.0.0/29.*5.*5" "$(cni_error 100 ADD f eth0)" "message"
	# All or nothing: the IPv6 address that was free is free again.
	wait_until 5 settled 5
	assert_le 1 "$(metric axoneme_ipam_exhausted_total)" "counted"
	assert_eq "" "$(pod_exec f ip -o link show type veth)" "devices in the pod"
}

test_cooling_addresses_are_reused_when_nothing_else_is_left() {
	POD_CIDRS="10.1.0.0/30 fd01::/112"
	agent_start --cooldown 1h
	pod_add a
	pod_del a
	wait_until 5 settled 0
	assert_eq 1 "$(pool_field 4 cooling)" "cooling"
	pod_add b
	assert_eq 10.1.0.2 "$(pod_ip4 b)" "the only address"
	assert_eq 1 "$(pool_field 4 reusedEarly)" "reused early"
	assert_eq 1 "$(metric axoneme_ipam_reused_early_total)" "counted"
}

test_cool_down_survives_a_restart() {
	agent_start --cooldown 1h
	pod_add a
	pod_add b
	pod_del a
	wait_until 5 settled 1
	agent_kill9
	agent_start --cooldown 1h
	assert_eq "1 1" "$(pool_field 4 used) $(pool_field 4 cooling)" "used and cooling"
	pod_add c
	assert_eq 10.1.0.4 "$(pod_ip4 c)" "address of c"
}

test_addresses_are_asked_for_in_their_precedence() {
	agent_start
	CNI_ARGS="IP=10.1.0.30" pod_add a
	assert_eq 10.1.0.30 "$(pod_ip4 a)" "by CNI_ARGS"
	CNI_ARGS="IP=10.1.0.31" pod_add b '.args.cni.ips = ["10.1.0.41"]'
	assert_eq 10.1.0.41 "$(pod_ip4 b)" "args.cni.ips before CNI_ARGS"
	CNI_ARGS="IP=10.1.0.32" pod_add c '.args.cni.ips = ["10.1.0.42"] | .runtimeConfig.ips = ["10.1.0.52", "fd01::52"]'
	assert_eq "10.1.0.52 fd01::52" "$(pod_ip4 c) $(pod_ip6 c)" "runtimeConfig.ips before all"
	pod_add d '.runtimeConfig.IPs = ["10.1.0.60/24"]'
	assert_eq 10.1.0.60 "$(pod_ip4 d)" "key in another case, with a length"
}

test_a_taken_address_is_refused_naming_the_owner() {
	agent_start
	pod_add a
	netns_add b
	assert_match "$(pod_ip4 a)" "$(cni_error 101 ADD b eth0 \
		"$(cni_conf ".runtimeConfig.ips = [\"$(pod_ip4 a)\"]")")" "message"
	settled 1
}

test_addresses_never_handed_out_are_refused() {
	agent_start
	netns_add a
	for address in 10.1.0.0 10.1.0.1 10.1.0.255 10.2.0.5 fd01::1 fd02::5; do
		assert_match "$address" \
			"$(cni_error 102 ADD a eth0 "$(cni_conf ".runtimeConfig.ips = [\"$address\"]")")"
	done
	wait_until 5 settled 0
}

test_concurrent_adds_get_different_addresses() {
	local i pids=()
	agent_start
	for i in $(seq 16); do netns_add "p$i"; done
	for i in $(seq 16); do
		cni ADD "p$i" eth0 >"$S/pods/p$i.json" &
		pids+=($!)
	done
	wait "${pids[@]}"
	assert_eq 16 "$(for i in $(seq 16); do pod_ip4 "p$i"; done | sort -u | wc -l)" "different addresses"
	settled 16
}

test_a_changed_pod_cidr_with_live_pods_is_refused_naming_them() {
	agent_start
	pod_add a
	pod_add b
	agent_stop
	POD_CIDRS="10.9.0.0/24 fd01::/112"
	assert_fails agent_run
	assert_match "10.1.0.0/24 was changed" "$(cat "$S/said")"
	assert_match "$(pod_ip4 a)" "$(cat "$S/said")"
	ping_ok host "$(pod_ip4 a)"
	POD_CIDRS="10.1.0.0/24 fd01::/112"
	agent_start
	settled 2
	pod_del a
	pod_del b
	wait_until 5 settled 0
	agent_stop
	POD_CIDRS="10.9.0.0/24 fd09::/112"
	agent_start
	pod_add c
	assert_eq 10.9.0.2 "$(pod_ip4 c)" "address from the new pool"
}

# A reboot: the boot id differs, the devices are gone.
test_a_reboot_releases_everything_into_cool_down() {
	agent_start --cooldown 1h
	pod_add a
	pod_add b
	agent_stop
	sqlite3 "$S/state/axoneme.db" "UPDATE $(boot_id_table) SET value = 'another' WHERE value LIKE '________-____-%'"
	ip link del "$(pod_dev a)"
	ip link del "$(pod_dev b)"
	agent_start --cooldown 1h
	wait_until 5 settled 0
	assert_eq 2 "$(pool_field 4 cooling)" "cooling"
	pod_add c
	assert_eq 10.1.0.4 "$(pod_ip4 c)" "an address that does not cool"
}

boot_id_table() {
	sqlite3 "$S/state/axoneme.db" "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%meta%'" |
		head -n 1
}

# Nothing is released by guess: a pod whose device vanished keeps its address until DEL.
test_a_lost_device_keeps_its_address_until_del() {
	agent_start
	pod_add a
	ip netns del a
	wait_until 5 endpoint_is a lost
	assert_eq 1 "$(pool_field 4 used)" "addresses in use"
	agent_stop
	agent_start
	assert_eq 1 "$(pool_field 4 used)" "addresses in use after a restart"
	CNI_NETNS='' cni DEL a eth0
	wait_until 5 settled 0
}

endpoint_is() { [ "$(endpoint "$1" .state)" = "$2" ]; }

test_big_pools_start_and_serve() {
	POD_CIDRS="10.0.0.0/16 fd01::/64"
	agent_start
	pod_add a
	pod_add b '.runtimeConfig.ips = ["10.0.200.7", "fd01::ffff:ffff:ffff:0"]'
	assert_eq 65533 "$(pool_field 4 size)" "size of a /16"
	assert_eq "10.0.200.7 fd01::ffff:ffff:ffff:0" "$(pod_ip4 b) $(pod_ip6 b)"
}

story_main "$@"
