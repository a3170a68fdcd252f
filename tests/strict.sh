#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The modules built with W=1 and sparse for the given kernels; silent if clean
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
bad=0
for kernel in "$@"; do
	out=$top/build/strict-$kernel
	rm -rf "$out"
	mkdir -p "$out/tests"
	cp -r "$top/kernel" "$top/include" "$out/"
	cp -r "$top/tests/card" "$top/tests/sim" "$out/tests/"
	for m in kernel tests/sim; do
		"$top/tests/vm/kbuild.sh" "$kernel" M="$out/$m" W=1 C=2 CF=-D__CHECK_ENDIAN__ \
			modules > "$out/log" 2>&1 || bad=1
		grep -v 'BTF generation' "$out/log" && bad=1
	done
done
exit $bad
