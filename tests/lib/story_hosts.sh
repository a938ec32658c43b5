# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories: several hosts, each a network namespace with an agent of its own, a router between them,
# and a server outside.  Host hN has pods in 10.N.0.0/24 and fd0N::/112, the device nic0 with
# 192.0.N.1 and 2001:db8:N::1, and its default routes go to the router.

OUTSIDE4=198.51.100.1
OUTSIDE6=2001:db8:ff::1
export OUTSIDE4 OUTSIDE6

# hosts_add NUMBER... - the router, the namespace outside, and the hosts
hosts_add() {
	local n
	netns_add router
	netns_add outside
	in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip link add out0 netns router type veth peer name eth0 netns outside
	world_address router out0 198.51.100.254/24 2001:db8:ff::fe/64
	world_address outside eth0 $OUTSIDE4/24 $OUTSIDE6/64
	ip -n outside route add default via 198.51.100.254
	ip -n outside -6 route add default via 2001:db8:ff::fe
	for n; do host_add "$n"; done
}

# host_add NUMBER - its forwarding is off, and its netfilter forwards nothing but what is translated
host_add() {
	local n=$1
	netns_add "h$n"
	ip link add nic0 netns "h$n" type veth peer name "h$n" netns router
	world_address "h$n" nic0 "192.0.$n.1/24" "2001:db8:$n::1/64"
	world_address router "h$n" "192.0.$n.254/24" "2001:db8:$n::fe/64"
	ip -n "h$n" route add default via "192.0.$n.254"
	ip -n "h$n" -6 route add default via "2001:db8:$n::fe"
	ip -n router route add "10.$n.0.0/24" via "192.0.$n.1"
	ip -n router -6 route add "fd0$n::/112" via "2001:db8:$n::1"
	# Fresh links lose their first neighbour solicitations.
	wait_until 10 in_ns outside ping -n -q -c 1 -W 0.3 "192.0.$n.1"
	wait_until 10 in_ns outside ping -n -q -c 1 -W 0.3 "2001:db8:$n::1"
}

# on_host hN FUNCTION... - a function of the stories, as if the story's own host were hN
on_host() {
	local host=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	nsenter --net="/run/netns/$host" bash -c \
		'set -euo pipefail; . "$0/story.sh"; host_is "$1"; shift; "$@"' "$STORY_LIB" "$host" "$@"
}

# host_is hN - directories and addresses of that host
host_is() {
	export S=/run/story/$1 NODE=$1
	SOCK=$S/run/axoneme.sock
	POD_CIDRS="10.${1#h}.0.0/24 fd0${1#h}::/112"
	mkdir -p "$S/run" "$S/state" "$S/cni" "$S/pods" "$S/policies" "$S/tmp" "$S/bpf"
	mountpoint -q "$S/bpf" || mount -t bpf bpf "$S/bpf"
	export SOCK POD_CIDRS
}

# host_agent hN [FLAG...] - start the agent of that host on its device
host_agent() {
	local host=$1
	shift
	on_host "$host" agent_start --device nic0 "$@"
}

# host_pod hN POD - and its result where pod_ip4 and pod_ip6 look for it
host_pod() {
	on_host "$1" pod_add "$2"
	cp "/run/story/$1/pods/$2.json" "$S/pods/"
}

# talk_all FROM TO ADDRESS... - TCP, UDP and ICMP; servers of TO at TCP 80 and UDP 53
talk_all() {
	local from=$1 to=$2 address
	shift 2
	for address; do
		talk_tcp "$from" "$to" "$address" 80
		talk_udp "$from" "$to" "$address" 53
		ping_ok "$from" "$address"
	done
}

# serve_all NS - at TCP 80 and UDP 53
serve_all() {
	serve_tcp "$1" 80
	serve_udp "$1" 53
}
