# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories about chaos: a client and a server that take turns, and a policy for the server.

# labelled POD APP - in namespace default
labelled() {
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$1" \
		pod_add "$1" ".args.cni.labels = [{key: \"app\", value: \"$2\"}]"
}

# turns_start NS PORT - a server that answers line by line
turns_start() {
	in_ns "$1" "$PY" "$STORY_LIB/turns.py" serve "$2" </dev/null >/dev/null 2>&1 &
	wait_until 5 listens "$1" tcp "$2"
}

# turns COUNT - requests from client to server: a line each, milliseconds or "reset"
turns() { in_ns client "$PY" "$STORY_LIB/turns.py" ask "$(pod_ip4 server)" 8000 "$1"; }

# chaos RULE ANNOTATION... - a policy with that rule, without default deny
chaos() {
	local rule=$1 annotation
	shift
	cat <<-END
		apiVersion: cilium.io/v2
		kind: CiliumNetworkPolicy
		metadata:
		  name: chaos
		  annotations:
		    example.com/unrelated: "yes"
	END
	for annotation; do echo "    axoneme.io/chaos-$annotation"; done
	cat <<-END
		spec:
		  endpointSelector: {matchLabels: {app: myService}}
		  enableDefaultDeny: {ingress: false}
		  ingress:
		  - toPorts:
		    - ports: [{port: "8000", protocol: TCP}]
		      rules:
		        l7proto: chaos
		        l7: [$rule]
	END
}

# field PATH - of the only experiment
field() { axo chaos list -o json | jq -r ".[0] | $1"; }

state_is() { [ "$(field .state)" = "$1" ]; }
