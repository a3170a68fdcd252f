#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# checkpatch --strict, sparse, W=1, kernel-doc, shellcheck, and the order of
# kernel's files; silent if clean
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
source=$(tests/vm/kernel.sh source) || exit 1
bad=0

kernel_files=$(find kernel include tests/sim tests/card tests/kunit -name '*.[ch]' \
	! -path '*/applet/*' ! -name '*.mod.c' | sort)
# programs are not kernel code, and tracepoints are laid out as everywhere in the kernel
check="$source/scripts/checkpatch.pl --no-tree --strict --no-summary --terse --quiet"
# shellcheck disable=SC2086,SC2046
$check --ignore CONSTANT_COMPARISON -f $(echo "$kernel_files" | grep -v _trace.h) || bad=1
$check --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT -f kernel/se05x_trace.h || bad=1
# programs, as intree_test.sh has them among the patches
# shellcheck disable=SC2086
${check/ --strict/} --ignore VOLATILE,SPACING,BRACES,PREFER_DEFINED_ATTRIBUTE_MACRO \
	-f tests/kselftest/*.[ch] || bad=1
for f in $kernel_files; do
	"$source/scripts/kernel-doc" -none -Werror "$f" || bad=1
done

tests/strict.sh distro || bad=1
for t in tests/layers_test.sh tests/layers.sh tests/alive_test.sh; do
	$t || bad=1
done

mapfile -t scripts < <(find tests packaging tools .ci -path '*/build' -prune -o \( -name '*.sh' -o -name '*.bash' -o -name run \) -print)
shellcheck -x "${scripts[@]}" || bad=1
exit $bad
