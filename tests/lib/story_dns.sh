# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories: names.

# dns_start NS - a server that says what $S/zone says (tests/lib/dns_server.py)
dns_start() {
	in_ns "$1" /usr/bin/python3 "$STORY_LIB/dns_server.py" 53 "$S/zone" </dev/null >"$S/dns.log" 2>&1 &
	wait_until 5 listens "$1" tcp 53
	wait_until 5 listens "$1" udp 53
}

# dns_policy NAME... - shop/names: pod client may ask the world for these patterns, and talk to
# *.example and one.test at port 80
dns_policy() {
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata: {name: names, namespace: shop}
		spec:
		  endpointSelector: {matchLabels: {app: client}}
		  egress:
		  - toEntities: [world]
		    toPorts:
		    - ports: [{port: "53", protocol: ANY}]
		      rules:
		        dns: [$(printf '{matchPattern: "%s"},' "$@")]
		  - toFQDNs: [{matchPattern: "*.example"}, {matchName: one.test}]
		    toPorts:
		    - ports: [{port: "80", protocol: TCP}]
	END
}

# lookup NAME [TYPE [OPTION...]] - what dig says, asking $SERVER or $WORLD4; one line per record; "REFUSED" and so on on failure
lookup() {
	local name=$1 type=${2:-A}
	shift; shift || true
	in_ns client dig +tries=1 +time=5 +noall +answer +comments "$@" "@${SERVER:-$WORLD4}" "$name" "$type" >"$S/dig" 2>&1 || true
	sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$S/dig" | grep -v NOERROR || true
	awk '!/^;/ && NF > 4 { print $5 }' "$S/dig"
}

# reaches ADDRESS PORT - pod client gets an answer from there
reaches() {
	in_ns client timeout 10 bash -c "exec 3<>/dev/tcp/$1/$2 && read -r -u 3 line"
}

# not_reached ADDRESS PORT - its packets are dropped by policy
not_reached() {
	expect_drop policy in_ns client timeout 0.3 bash -c ": >/dev/tcp/$1/$2"
}

# resolver_is ADDRESS [OPTION...] - glibc's resolver of every process of this story
resolver_is() {
	printf 'nameserver %s\n' "$1" >"$S/resolv.conf"
	shift
	printf 'options timeout:5 attempts:2 %s\n' "$*" >>"$S/resolv.conf"
	printf 'hosts: files dns\n' >"$S/nsswitch.conf"
	mount --bind "$S/resolv.conf" /etc/resolv.conf
	mount --bind "$S/nsswitch.conf" /etc/nsswitch.conf
}

# addresses NAME - what glibc says of it in pod client
addresses() {
	in_ns client getent ahosts "$1" | awk '{ print $1 }' | sort -u | xargs
}
