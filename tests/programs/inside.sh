#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run a command as root in a Debian with the programs that use keys (root.sh), with this
# checkout at /se05x. What it writes is gone afterwards, and so is what it started.
#
#   inside.sh SUITE COMMAND...
#
# Its network is its own and has only the loopback interface; or it is in a VM, with the kernel
# that $VM names (tests/vm/run.sh).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lower=$("$here/root.sh" "${1:?usage: inside.sh SUITE COMMAND...}")
shift
# a namespace's mounts go with it
# shellcheck disable=SC2016 # for the other shell
exec unshare --mount bash -euc '
	lower=$1 here=$2
	shift 2
	rw=/mnt
	mount -t tmpfs -o mode=755 rw $rw
	mkdir $rw/upper $rw/work $rw/root
	mount -t overlay -o "lowerdir=$lower,upperdir=$rw/upper,workdir=$rw/work" root $rw/root
	mkdir $rw/root/se05x
	mount --bind -o ro "$here/../.." $rw/root/se05x
	[ -z "${VM:-}" ] || ROOT=$rw/root exec "$here/../vm/run.sh" "$VM" "$@"
	exec unshare --net "$here/../inside.sh" $rw/root sh -ec "ip link set lo up; exec \"\$@\"" sh "$@"
' bash "$lower" "$here" "$@"
