#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Masquerading: the world sees the host's address, the cluster sees the pod's.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	world_add
	serve_tcp world 80
}

# seen ADDRESS - as whom the world sees pod a that asks it at ADDRESS
seen() { ask_tcp a "$1" 80 | sed 's/.* to //'; }

# The server prints addresses without short forms.
HOST4_SEEN='[0000:0000:0000:0000:0000:ffff:c000:0201]'
HOST6_SEEN='[2001:0db8:0001:0000:0000:0000:0000:0001]'
POD4_SEEN='[0000:0000:0000:0000:0000:ffff:0a01:0002]'
POD6_SEEN='[fd01:0000:0000:0000:0000:0000:0000:0002]'

test_the_world_sees_the_host() {
	agent_start --device nic0
	pod_add a
	assert_eq "$HOST4_SEEN" "$(seen $WORLD4)" "source"
	assert_eq "$HOST6_SEEN" "$(seen $WORLD6)" "source"
	ping_ok a $WORLD4
	ping_ok a $WORLD6
}

test_the_cluster_sees_the_pod() {
	agent_start --device nic0 --cluster-cidr 198.51.100.0/24 --cluster-cidr 2001:db8:2::/64
	pod_add a
	assert_eq "$POD4_SEEN" "$(seen $WORLD4)" "source"
	assert_eq "$POD6_SEEN" "$(seen $WORLD6)" "source"
}

test_prefixes_are_left_out() {
	agent_start --device nic0 --no-masquerade-cidr $WORLD4/32
	pod_add a
	assert_eq "$POD4_SEEN" "$(seen $WORLD4)" "source"
	assert_eq "$HOST6_SEEN" "$(seen $WORLD6)" "source"
}

test_nothing_is_masqueraded_through_the_stack_either() {
	agent_start --device nic0 --routing stack --cluster-cidr 198.51.100.0/24
	pod_add a
	assert_eq "$POD4_SEEN" "$(seen $WORLD4)" "source"
	assert_eq "$HOST6_SEEN" "$(seen $WORLD6)" "source"
}

test_a_connection_from_the_world_keeps_its_addresses() {
	agent_start --device nic0
	pod_add a
	serve_tcp a 80
	talk_tcp world a "$(pod_ip4 a)" 80
	talk_tcp world a "$(pod_ip6 a)" 80
}

test_the_table_goes_when_masquerading_is_switched_off() {
	agent_start --device nic0
	assert_match "masquerade" "$(nft list table inet axoneme)"
	agent_stop
	assert_match "masquerade" "$(nft list table inet axoneme)"
	agent_start --device nic0 --masquerade off
	assert_fails nft list table inet axoneme
}

test_cleanup_takes_the_table_along() {
	agent_start --device nic0
	agent_stop
	agent_run --cleanup
	assert_fails nft list table inet axoneme
}

test_tables_of_others_stay() {
	nft add table inet others
	agent_start --device nic0
	agent_stop
	agent_run --cleanup
	nft list table inet others
}

# hello_by_port POD ADDRESS - what the world says to source port 40000
hello_by_port() {
	in_ns "$1" timeout 10 socat -u "TCP:$2:80,sourceport=40000,reuseaddr" -
}

test_a_source_port_is_used_again_and_by_two_pods() {
	agent_start --device nic0
	pod_add a
	pod_add b
	for address in $WORLD4 "[$WORLD6]"; do
		for pod in a a b a b b; do
			assert_match "^hello from world" "$(hello_by_port $pod "$address")" "pod $pod at $address"
		done
	done
}

# counted RULE-COMMENT - packets that the rule has met
counted() {
	nft -j list table inet seen | jq "[.nftables[].rule | select(.comment == \"$1\") | .expr[].counter.packets // 0] | add"
}

test_the_stack_receives_from_pods_on_axo_host() {
	agent_start --device nic0
	pod_add a
	nft -f - <<-EOF
		table inet seen {
			chain forward {
				type filter hook forward priority 0; policy accept;
				ip saddr $(pod_ip4 a) iifname "axo_host" counter comment "host"
				ip saddr $(pod_ip4 a) iifname != "axo_host" counter comment "other"
				ip daddr $(pod_ip4 a) oifname "axo_host" counter comment "back"
			}
		}
	EOF
	assert_eq "$HOST4_SEEN" "$(seen $WORLD4)" "source"
	assert_eq 0 "$(counted other)" "packets that came in by another device"
	[ "$(counted host)" -gt 3 ] && [ "$(counted back)" -gt 3 ] || fail "the stack has not seen the connection"
	# Who takes away the filter behind from_pod gets it back with the next start.
	tc filter show dev "$(pod_dev a)" ingress | grep -q "Redirect to device axo_host" || return 0
	agent_stop
	tc filter del dev "$(pod_dev a)" ingress prio 2
	agent_start --device nic0
	assert_match "Redirect to device axo_host" "$(tc filter show dev "$(pod_dev a)" ingress)"
	assert_eq "$HOST4_SEEN" "$(seen $WORLD4)" "source"
}

story_main "$@"
