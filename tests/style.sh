#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# checkpatch --strict, sparse, W=1, kernel-doc and shellcheck; silent if clean
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
source=$(tests/vm/kernel.sh source) || exit 1
bad=0

kernel_files=$(find kernel include tests/sim tests/card tests/kunit -name '*.[ch]' \
	! -path '*/applet/*' ! -name '*.mod.c' | sort)
# programs are not kernel code
# shellcheck disable=SC2086
"$source/scripts/checkpatch.pl" --no-tree --strict --no-summary --terse --quiet \
	--ignore CONSTANT_COMPARISON -f $kernel_files || bad=1
for f in $kernel_files; do
	"$source/scripts/kernel-doc" -none -Werror "$f" || bad=1
done

tests/strict.sh distro || bad=1

mapfile -t scripts < <(find tests packaging tools .ci -path '*/build' -prune -o \( -name '*.sh' -o -name '*.bash' -o -name run \) -print)
shellcheck "${scripts[@]}" || bad=1
exit $bad
