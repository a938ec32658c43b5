# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories: the network around the pods, servers and clients.

# world_add - host === router === world.  The host forwards and has a default route to the router;
# the router knows the way back to the pods.
world_add() {
	local cidr
	netns_add router
	netns_add world
	ip link add nic0 type veth peer name host0 netns router
	ip -n router link add world0 type veth peer name eth0 netns world
	world_address host nic0 192.0.2.1/24 2001:db8:1::1/64
	world_address router host0 192.0.2.254/24 2001:db8:1::fe/64
	world_address router world0 198.51.100.254/24 2001:db8:2::fe/64
	world_address world eth0 198.51.100.1/24 2001:db8:2::1/64
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	nsenter --net=/run/netns/router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip route add default via 192.0.2.254
	ip -6 route add default via 2001:db8:1::fe
	ip -n world route add default via 198.51.100.254
	ip -n world -6 route add default via 2001:db8:2::fe
	for cidr in $POD_CIDRS; do
		case $cidr in
		*:*) ip -n router -6 route add "$cidr" via 2001:db8:1::1 ;;
		*) ip -n router route add "$cidr" via 192.0.2.1 ;;
		esac
	done
	# Fresh links lose their first neighbour solicitations.
	wait_until 10 in_ns world ping -n -q -c 1 -W 0.3 $HOST4
	wait_until 10 in_ns world ping -n -q -c 1 -W 0.3 $HOST6
}

# world_address NS DEVICE ADDRESS4 ADDRESS6
world_address() {
	in_ns "$1" ip addr add "$3" dev "$2"
	in_ns "$1" ip addr add "$4" dev "$2" nodad
	in_ns "$1" ip link set "$2" up
}

HOST4=192.0.2.1
HOST6=2001:db8:1::1
WORLD4=198.51.100.1
WORLD6=2001:db8:2::1
export HOST4 HOST6 WORLD4 WORLD6

# in_ns NAME COMMAND... - "host" is the story's own namespace
in_ns() {
	local ns=$1
	shift
	if [ "$ns" = host ]; then "$@"; else nsenter --net="/run/netns/$ns" "$@"; fi
}

# serve_tcp NS PORT - answers each connection with "hello from NS to <client address>", both families
serve_tcp() {
	in_ns "$1" socat "TCP6-LISTEN:$2,fork,reuseaddr,ipv6only=0" \
		SYSTEM:"echo hello from $1 to \$SOCAT_PEERADDR" </dev/null >/dev/null 2>&1 &
	wait_until 5 listens "$1" tcp "$2"
}

# serve_udp NS PORT - sends each datagram back, both families
serve_udp() {
	in_ns "$1" socat "UDP6-LISTEN:$2,fork,reuseaddr,ipv6only=0" EXEC:cat </dev/null >/dev/null 2>&1 &
	wait_until 5 listens "$1" udp "$2"
}

listens() {
	[ -n "$(in_ns "$1" ss -Hln "--$2" "sport = :$3")" ]
}

# ask_tcp NS ADDRESS PORT - what the server says until it closes
ask_tcp() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_ns "$1" timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat <&3' "$2" "$3"
}

# ask_udp NS ADDRESS PORT TEXT - what comes back
ask_udp() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_ns "$1" timeout 5 bash -c 'exec 3<>"/dev/udp/$0/$1" && echo "$2" >&3 && head -n 1 <&3' \
		"$2" "$3" "$4"
}

# ping_ok NS ADDRESS [PING-OPTION...]
ping_ok() {
	local ns=$1 address=$2
	shift 2
	in_ns "$ns" ping -n -q -c 1 -W 3 "$@" "$address" >"$S/ping.log" 2>&1 || {
		cat "$S/ping.log" >&2
		fail "no answer to ping from $ns to $address"
	}
}

# talk_tcp FROM TO ADDRESS PORT - a server runs at TO already
talk_tcp() {
	assert_match "^hello from $2 to " "$(ask_tcp "$1" "$3" "$4")" "TCP from $1 to $2 at $3"
}

# talk_udp FROM TO ADDRESS PORT
talk_udp() {
	assert_eq "marco-$1" "$(ask_udp "$1" "$3" "$4" "marco-$1")" "UDP from $1 to $2 at $3"
}

# packet NS ARGUMENT... - tests/lib/packet.py: packets that no kernel would send
packet() {
	local ns=$1
	shift
	[ -n "${GW_MAC:-}" ] || GW_MAC=$(ip -j link show axo_host | jq -r '.[0].address')
	export GW_MAC
	in_ns "$ns" "$PY" "$STORY_LIB/packet.py" "$@"
}

# nginx_start NS DIRECTORY [PORT] - serves the directory at port 80 in both families
nginx_start() {
	local ns=$1 dir=$2 port=${3:-80}
	mkdir -p "$S/nginx-$ns"
	cat >"$S/nginx-$ns/nginx.conf" <<-EOF
		daemon off;
		user root;
		worker_processes 1;
		pid $S/nginx-$ns/pid;
		error_log $S/nginx-$ns/error.log;
		events { worker_connections 256; }
		http {
			access_log off;
			sendfile on;
			client_body_temp_path $S/nginx-$ns/body;
			proxy_temp_path $S/nginx-$ns/proxy;
			fastcgi_temp_path $S/nginx-$ns/fastcgi;
			uwsgi_temp_path $S/nginx-$ns/uwsgi;
			scgi_temp_path $S/nginx-$ns/scgi;
			server { listen $port; listen [::]:$port; root $dir; }
		}
	EOF
	in_ns "$ns" nginx -c "$S/nginx-$ns/nginx.conf" -e "$S/nginx-$ns/error.log" </dev/null >/dev/null 2>&1 &
	wait_until 5 listens "$ns" tcp "$port"
}
