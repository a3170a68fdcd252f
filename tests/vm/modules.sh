#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build this project's modules for one of the test kernels:
#
#   modules.sh KERNEL
#
# Kbuild leaves its objects beside the sources, so each kernel has a copy of
# them in build/. Prints the folder. A warning is an error.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
kernel=${1:?usage: modules.sh KERNEL}
out=$top/build/$kernel

mkdir -p "$out/tests"
cp -ru "$top/kernel" "$top/include" "$out/"
cp -ru "$top/tests/card" "$top/tests/sim" "$top/tests/kunit" "$out/tests/"
for m in kernel tests/sim tests/kunit; do
	if [ "$m" = tests/kunit ] && [ "$kernel" != debug ]; then
		continue	# the others have no KUnit
	fi
	"$here/kbuild.sh" "$kernel" M="$out/$m" KCFLAGS=-Werror modules \
		> "$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
done
echo "$out"
