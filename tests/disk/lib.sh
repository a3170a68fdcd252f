# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# In the VM: what its scripts have in common: SUITE NUMBER-OF-RESULTS-BEFORE are their
# arguments, and they run in a folder in memory

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/blocks.sh
. "$here/../blocks.sh"
suite=$1
first=$2
n=$first
mkdir -p /run/disk
cd /run/disk || exit 1

ok() {	# WHAT COMMAND...
	local what="$suite: $1"
	shift
	n=$((n + 1))
	if "$@" > out 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' out
	fi
}

# udev loads the driver
chip_up() {
	[ ! -e /dev/se05x ] || return 0
	modprobe se05x-sim autobind=1 &&
		se05x-sim --chip=SE051 --device=/dev/se05x-sim --background \
			--state=/run/se05x-state || return
	for _ in $(seq 300); do
		[ ! -e /dev/se05x ] || return 0
		sleep 0.1
	done
	dmesg | tail -n 20
	return 1
}

# page HEADING [LANGUAGE]: what docs/disk-encryption.md has below it, by default to be typed
page() { blocks "$here/../../docs/disk-encryption.md" "${2:-sh}" "$1"; }
