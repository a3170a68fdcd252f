#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# checkpatch --strict, sparse, W=1, kernel-doc and shellcheck; silent if clean
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
source=$(tests/vm/kernel.sh source) || exit 1
distro=$(tests/vm/kernel.sh distro) || exit 1
bad=0

kernel_files=$(find kernel include tests/sim tests/card tests/kunit -name '*.[ch]' \
	! -path '*/applet/*' ! -name '*.mod.c' | sort)
# compat.h compares versions by its nature, and programs are not kernel code
# shellcheck disable=SC2086
"$source/scripts/checkpatch.pl" --no-tree --strict --no-summary --terse --quiet \
	--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON -f $kernel_files || bad=1
for f in $kernel_files; do
	"$source/scripts/kernel-doc" -none -Werror "$f" || bad=1
done

rm -rf build/style
mkdir -p build/style/tests
cp -r kernel include build/style/
cp -r tests/card tests/sim build/style/tests/
for m in kernel tests/sim; do
	make -s -C "$distro/build" M="$top/build/style/$m" W=1 C=2 CF=-D__CHECK_ENDIAN__ modules \
		> build/style/log 2>&1 || bad=1
	grep -v 'BTF generation' build/style/log && bad=1
done

mapfile -t scripts < <(find tests .ci -path '*/build' -prune -o \( -name '*.sh' -o -name run \) -print)
shellcheck "${scripts[@]}" || bad=1
exit $bad
