#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The story of hosts.sh that needs VLAN devices, on kernels that have their module.
modprobe -q 8021q
T=test_vlan_devices_are_used exec "$(dirname "$0")/../e2e/hosts.sh"
