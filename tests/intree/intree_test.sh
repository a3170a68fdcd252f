#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The driver laid into kernel trees and built there: Linux 6.1's, and the newest in
# Debian's archive. TAP on stdout.
#
#   intree_test.sh [SOURCE...]	names as kernel.sh has them
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
cache=${SE05X_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/se05x}
[ $# -gt 0 ] || set -- source newest-source
n=0
driver=drivers/misc/se05x
# the test's own author, so that it needs nobody's
export GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org
export GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.org

check() {	# NAME COMMAND...
	local name=$1 log=$work/log
	shift
	n=$((n + 1))
	if "$@" > "$log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$log" | tail -n 60
	fi
}

silent() {	# COMMAND...: a warning is a failure
	"$@" > "$work/said" 2>&1
	local status=$?
	cat "$work/said"
	[ $status = 0 ] && [ ! -s "$work/said" ]
}

# ---- one source tree, of which $tree is a copy with links in place of files ----

lay() { "$top/packaging/intree.sh" "$tree" "$patches"; }

refused() { ! lay && [ -e "$patches/0000-cover-letter.patch" ]; }

no_compat() {
	local name
	! grep -rE "compat\.h\"|compat\.mk|COMPAT_" "$tree/$driver" || return 1
	while read -r name; do
		! grep -rw "$name" "$tree/$driver" || return 1
	done < <(sed -n 's/^# *define \(se05x_[a-z0-9_]*\|compat_[a-z0-9_]*\).*/\1/p' \
		"$top/kernel/compat.h")
}

# MAINTAINERS has the whole folder from its first file on. Trace events are laid out as
# everywhere in the kernel. Programs are not kernel code: no --strict, and checkpatch does
# not know what the macros of the harness need.
patches_are_clean() (
	status=0
	cd "$tree" || exit 1
	for patch in "$patches"/*.patch; do
		strict=--strict ignore=FILE_PATH_CHANGES
		case $patch in
		*trace-events*) ignore+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT ;;
		*selftests*) strict=
			ignore+=,VOLATILE,SPACING,BRACES,PREFER_DEFINED_ATTRIBUTE_MACRO ;;
		esac
		silent scripts/checkpatch.pl $strict --no-summary --terse --quiet \
			--ignore $ignore "$patch" || status=1
	done
	exit $status
)

maintained() (	# each file of the series
	cd "$tree" || exit 1
	while read -r file; do
		who=$(scripts/get_maintainer.pl --no-git --no-git-fallback --no-tree -f "$file")
		case $who in
		*tester@example.org*) ;;
		*) echo "$file: $who"; exit 1 ;;
		esac
	done < <(sed -n 's|^+++ b/||p' "$patches"/*.patch | sort -u | grep se05)
)

configure() {	# OPTION...: on top of config, or "-" instead of it
	local option
	mkdir -p "$build"
	if [ "$1" = - ]; then
		shift
		printf 'CONFIG_64BIT=y\nCONFIG_MODULES=y\n' > "$build/want"
	else
		cp "$top/tests/intree/config" "$build/want"
	fi
	printf 'CONFIG_%s\n' "$@" >> "$build/want"
	make -s -C "$tree" O="$build" KCONFIG_ALLCONFIG="$build/want" allnoconfig || return 1
	while read -r option; do
		case $option in
		CONFIG_*) grep -qx "$option" "$build/.config" || { echo "lost: $option"; return 1; } ;;
		esac
	done < "$build/want"
	make -s -j"$(nproc)" -C "$tree" O="$build" prepare
}

# Debian 12's sparse is too old for the newest kernel, whose own suite has a newer one
newest_sparse() {
	local root
	root=$("$top/tests/vm/kernel.sh" newest)/root || return 1
	printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "$root"/usr/lib64/ld-linux-*.so.2 \
		"$(echo "$root"/usr/lib/*-linux-gnu)" "$root/usr/bin/sparse" > "$work/sparse"
	chmod +x "$work/sparse"
}

compile() {	# OPTION...
	configure "$@" || return 1
	rm -rf "${build:?}/$driver"
	silent make -s -j"$(nproc)" -C "$tree" O="$build" W=1 C=2 CHECK="$sparse" $driver/ || return 1
	[ -e "$build/$driver/se05x_i2c.o" ]
}

hwrng_from_outside() {	# built in cannot call a module
	compile SE05X=y HW_RANDOM=m KUNIT=y || return 1
	! nm "$build/$driver/built-in.a" 2> /dev/null | grep 'U .*hwrng_register'
}

selftests() {
	local program
	configure SE05X=m HW_RANDOM=m KUNIT=m || return 1
	make -s -C "$tree" O="$build" headers &&
		make -s -C "$tree" O="$build" kselftest-all TARGETS=se05x FORCE_TARGETS=1 || return 1
	for program in "$tree"/tools/testing/selftests/se05x/*_test.c; do
		[ -x "$build/kselftest/se05x/$(basename "$program" .c)" ] ||
			{ echo "no $program"; return 1; }
	done
}

rst() { "$top/tests/intree/rst.py" "$tree"/Documentation/misc-devices/se05x/*.rst; }

# Commits, where the tree is git's: here one of the files that the series touches
commits() {
	local file git=$work/git
	for file in $(sed -n 's|^--- a/||p' "$patches"/*.patch | grep -v se05x) Makefile \
		include/linux/{i2c,slab}.h include/linux/device/class.h include/linux/gpio/driver.h; do
		mkdir -p "$git/$(dirname "$file")"
		cp "$source/$file" "$git/$file"
	done
	git init -q "$git" && git -C "$git" add -A && git -C "$git" commit -q -m base || return 1
	"$top/packaging/intree.sh" "$git" "$work/again" || return 1
	diff <(git -C "$git" log --reverse --format=%s | sed 1d) \
		<(sed -n '/^## Patches/,$s/^### //p' "$top/docs/upstream.md")
}

for name in "$@"; do
	source=$("$top/tests/vm/kernel.sh" "$name") || exit 1
	# where links can be made, and what was built last time is still there
	work=$cache/intree-$name
	mkdir -p "$work"
	exec 9> "$work/lock"
	flock 9
	tree=$work/tree build=$work/build patches=$work/patches sparse=sparse
	rm -rf "$tree" "$work/git"
	cp -al "$source" "$tree"
	if [ "$name" = newest-source ]; then
		newest_sparse || exit 1
		sparse=$work/sparse
	fi
	check "$name: patches" lay
	check "$name: refused where it is already" refused
	check "$name: no trace of compat.h" no_compat
	check "$name: checkpatch" patches_are_clean
	check "$name: MAINTAINERS" maintained
	check "$name: commits in a git tree" commits
	check "$name: pages" rst
	check "$name: module" compile SE05X=m HW_RANDOM=m SE05X_HWRNG=y KUNIT=m
	check "$name: built in" compile SE05X=y HW_RANDOM=y SE05X_HWRNG=y KUNIT=y
	check "$name: built in, hw_random a module" hwrng_from_outside
	check "$name: built in, with nothing beside it" compile - I2C=y NET=y SE05X=y
	check "$name: selftests" selftests
	rm -rf "$tree" "$work/git"
done
echo 1..$n
