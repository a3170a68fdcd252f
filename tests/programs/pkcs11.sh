#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The programs that people use with a PKCS#11 module, from Debian's packages, with ours and
# with softhsm2, whose behaviour is the reference. TAP on stdout; needs root.
#
#   pkcs11.sh SUITE [MODULES [PART...]]
#
# MODULES are of softhsm2, se05x and se05x-pin, the last with a PIN; by default the first two. A
# part is a file of the folder pkcs11.
set -uo pipefail

suite=${1:?usage: pkcs11.sh SUITE [MODULES [PART...]]}
modules=${2:-softhsm2 se05x}
[ "$(id -u)" = 0 ] ||
	{ echo "ok 1 - $suite # SKIP needs root (debootstrap, chroot)"; echo 1..1; exit; }
shift $(($# < 2 ? $# : 2))
here=$(cd "$(dirname "$0")" && pwd)
if [ $# = 0 ]; then
	set -- tool objects p11tool ssh engine java python nss p11kit gnupg net page
	[ "$suite" = bookworm ] || set -- "$@" provider
fi
# shellcheck disable=SC2016 # for the other shell
exec "$here/inside.sh" "$suite" sh -c '
	status=0
	modules=$1
	shift
	for part; do
		for module in $modules; do
			timeout 600 bash /se05x/tests/programs/pkcs11/$part.sh $module || status=1
		done
	done
	exit $status' sh "$modules" "$@"
