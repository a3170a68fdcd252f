#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nginx and mosquitto with keys in the chip, in a VM with the real driver and the programs of a
# Debian suite: their workers have no right to open the chip. TAP on stdout; needs root.
#
#   driver.sh SUITE
set -euo pipefail

suite=${1:?usage: driver.sh SUITE}
[ "$(id -u)" = 0 ] || { echo "ok 1 - driver $suite # SKIP needs root (debootstrap, mount)"; echo 1..1; exit; }
here=$(cd "$(dirname "$0")" && pwd)
lower=$("$here/root.sh" "$suite")
# a namespace's mounts go with it
# shellcheck disable=SC2016 # for the other shell
exec unshare --mount bash -euc '
	lower=$1 top=$2
	rw=$(mktemp -d)
	mount -t tmpfs -o mode=755 rw $rw
	mkdir $rw/upper $rw/work $rw/root
	mount -t overlay -o "lowerdir=$lower,upperdir=$rw/upper,workdir=$rw/work" root $rw/root
	mkdir $rw/root/se05x
	mount --bind -o ro "$top" $rw/root/se05x
	status=0
	ROOT=$rw/root "$top/tests/vm/run.sh" distro bash /se05x/tests/programs/openssl/driver.sh || status=$?
	umount $rw/root/se05x $rw/root
	umount $rw
	rmdir $rw
	exit $status' bash "$lower" "$(realpath "$here/../..")"
