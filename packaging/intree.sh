#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2016 # for make, sed and awk
#
# Lay the driver into a kernel tree, as a series of patches: docs/upstream.md.
#
#   intree.sh TREE [PATCHES]
#
# PATCHES is the folder for the patches, by default build/intree. They are made in a
# small repository of the files that they touch, then applied to TREE: by git am if it is
# a git tree, else by patch.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
[ -e "${1:-}/MAINTAINERS" ] || { echo "usage: make intree DIR=linux-source" >&2; exit 2; }
tree=$(cd "$1" && pwd)
mkdir -p "${2:-$top/build/intree}"
patches=$(cd "${2:-$top/build/intree}" && pwd)
cd "$top"

fail() { echo "intree: $*" >&2; exit 1; }

[ ! -e "$tree/drivers/misc/se05x" ] || fail "$tree has the driver already"
me=$(git -c user.useConfigOnly=true var GIT_AUTHOR_IDENT) ||
	fail "git does not know who you are: git config user.name, user.email"
me="${me%>*}>"
version=$(sed -n 's/^\(VERSION\|PATCHLEVEL\) = //p' "$tree/Makefile" | paste -sd .)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
repo=$work/repo
driver=drivers/misc/se05x
selftests=tools/testing/selftests
pages="abi channel protocol power watching hwrng"

git_repo() {
	git -C "$repo" -c commit.gpgsign=false -c core.hooksPath=/dev/null \
		-c advice.detachedHead=false "$@"
}

# ---- the differences between kernels, of which a tree has none ----

# A sed script that puts what each macro of compat.h stands for in its place
compat_script() {
	local flags name line value
	flags=$(printf 'srctree := %s\ninclude kernel/compat.mk\nall:\n\t@echo $(ccflags-y)\n' \
		"$tree" | make -s -f - all)
	sed '/^#include/d' kernel/compat.h > "$work/compat.h"
	# shellcheck disable=SC2086 # words are meant
	! cpp -P $flags "$work/compat.h" | grep -q '[^[:space:]]' ||
		fail "kernel/compat.h has more than macros for this kernel"
	echo '/^#include "\(.*\/\)\?compat\.h"$/d'
	sed -n 's/^# *define \([A-Za-z_0-9]*\)\( .*\|\)$/\1/p' kernel/compat.h | sort -u |
		grep -v COMPAT_H$ | while read -r name; do
		# shellcheck disable=SC2086 # words are meant
		line=$(cpp -dM $flags "$work/compat.h" | grep "^#define $name\>" || true)
		value=${line#"#define $name "}
		case $line in
		'') ;;
		"#define $name("*) fail "$name of kernel/compat.h: only macros without arguments" ;;
		"#define $name "?*) echo "s|\\<$name\\>|$value|g" ;;
		*) echo "s|\\<$name\\> *||g" ;;
		esac
	done
	# newer kernels have a shorter way to say it
	! grep -q 'define kzalloc_obj(' "$tree/include/linux/slab.h" || cat <<'END'
s|\<kzalloc(sizeof(\([^()]*\))|kzalloc_obj(\1|
s|\(kzalloc_obj([^()]*\), GFP_KERNEL)|\1)|
END
}

# ---- files ----

put() {	# FROM TO: a source file
	mkdir -p "$(dirname "$repo/$2")"
	sed -f "$work/compat.sed" -e 's|"\.\./\.\./kernel/|"../|; s|"\.\./card/|"|' "$1" > "$repo/$2"
}

put_as_is() {
	mkdir -p "$(dirname "$repo/$2")"
	cp "$1" "$repo/$2"
}

put_kernel() {	# NAME...: C files and headers of kernel/ that there are
	local name
	for name in "$@"; do
		[ ! -e "kernel/$name" ] || put "kernel/$name" "$driver/$name"
	done
}

edit() {	# FILE AWK-PROGRAM
	awk "$2" "$repo/$1" > "$work/edited"
	! cmp -s "$work/edited" "$repo/$1" || fail "no place found in $1"
	cp "$work/edited" "$repo/$1"
}

# With the files that the series has brought so far
maintainers() {
	local f
	{
		printf 'NXP SE05X SECURE ELEMENT DRIVER\nM:\t%s\nS:\tMaintained\n' "$me"
		for f in Documentation/ABI/testing/sysfs-class-se05x \
			Documentation/devicetree/bindings/misc/nxp,se050.yaml \
			Documentation/misc-devices/se05x/ Documentation/netlink/specs/se05x.yaml \
			$driver/ include/uapi/linux/se05x.h $selftests/se05x/; do
			[ ! -e "$repo/$f" ] || printf 'F:\t%s\n' "$f"
		done
		echo
	} > "$work/entry"
	cp "$tree/MAINTAINERS" "$repo/"
	LC_ALL=C edit MAINTAINERS '
		!done && /^NXP / && $0 > "NXP SE05X" {
			while ((getline line < "'"$work/entry"'") > 0)
				print line
			done = 1
		}
		{ print }'
}

# ---- the patches, in the order of docs/upstream.md ----

patch_1() {	# binding
	put_as_is docs/nxp,se050.yaml Documentation/devicetree/bindings/misc/nxp,se050.yaml
	sed -i "s/devicetree@vger.kernel.org/$me/" \
		"$repo/Documentation/devicetree/bindings/misc/nxp,se050.yaml"
}

patch_2() {	# ABI
	put_as_is include/uapi/linux/se05x.h include/uapi/linux/se05x.h
	edit Documentation/userspace-api/ioctl/ioctl-number.rst '
		!done && /^0x(D[5-9A-F]|[EF])/ {
			printf "%-4s  %-5s  %-54s  %s\n", "0xD4", "00-1F", "linux/se05x.h",
			       "NXP EdgeLock SE05x secure elements"
			done = 1
		}
		{ print }'
}

patch_3() {	# link layer
	put_kernel se05x_{poll,t1}.{c,h}
}

patch_4() {
	put_kernel se05x_trace.h
}

patch_5() {	# secure channel: what goes over the wire
	put_kernel se05x_scp.{c,h}
}

patch_6() {	# owner: what has no other place
	local f
	for f in kernel/se05x*.[ch]; do
		case $f in
		*_cdev.* | *_netlink.* | *_sysfs.* | *_hwrng.* | *_core.* | *_i2c.*) ;;
		*) put_kernel "${f##*/}" ;;
		esac
	done
}

patch_7() {	# what programs see
	local f
	put_kernel se05x_{cdev,netlink,sysfs,hwrng}.c
	put_as_is docs/netlink/se05x.yaml Documentation/netlink/specs/se05x.yaml
	for f in docs/ABI/testing/*; do
		put_as_is "$f" "Documentation/ABI/testing/${f##*/}"
	done
	sed -i -e "s/^KernelVersion:.*/KernelVersion:	$version/" -e "s/^Contact:.*/Contact:	$me/" \
		"$repo"/Documentation/ABI/testing/*
}

patch_8() {	# bus
	put_kernel se05x_{core,i2c}.c
	{
		echo '# SPDX-License-Identifier: GPL-2.0-only'
		echo
		sed -e '1,/^ifneq (\$(KERNELRELEASE)/d' -e '/^else/,$d' kernel/Makefile |
			sed -e 's/^obj-m *:= /obj-$(CONFIG_SE05X) += /' -e '/compat\.mk/d' \
				-e '/include\/uapi/d' -e '/^$/d'
	} > "$repo/$driver/Makefile"
	put_as_is kernel/Kconfig $driver/Kconfig
	edit drivers/misc/Kconfig '/^endmenu/ { print "source \"drivers/misc/se05x/Kconfig\"" } { print }'
	printf 'obj-$(CONFIG_SE05X)\t\t+= se05x/\n' >> "$repo/drivers/misc/Makefile"
}

patch_9() {	# KUnit: part of the driver, or built in there would be two link layers
	put tests/kunit/se05x_test.c $driver/tests/se05x_test.c
	sed -i -e '/^MODULE_/d' -e '/<linux\/module.h>/d' "$repo/$driver/tests/se05x_test.c"
	sed -i -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$repo/$driver/tests/se05x_test.c"
	put tests/card/card.c $driver/tests/card.c
	put tests/card/card.h $driver/tests/card.h
	put tests/card/frame.h $driver/tests/frame.h
	cat packaging/intree/Kconfig.kunit >> "$repo/$driver/Kconfig"
	echo 'se05x-$(CONFIG_SE05X_KUNIT_TEST) += tests/se05x_test.o tests/card.o' \
		>> "$repo/$driver/Makefile"
}

patch_10() {	# selftests
	local f
	for f in tests/kselftest/*.[ch] tests/kselftest/{config,settings}; do
		put_as_is "$f" "$selftests/se05x/${f##*/}"
	done
	# without what it takes outside of a tree
	sed -e '/^#$/,/^$/d' -e '/^ifneq/,/^endif/d' -e '/^build\//,$d' -e 's/\$(KSFT)/../' \
		tests/kselftest/Makefile | cat -s > "$repo/$selftests/se05x/Makefile"
	printf '# SPDX-License-Identifier: GPL-2.0-only\nse05x_*_test\n' \
		> "$repo/$selftests/se05x/.gitignore"
	edit $selftests/Makefile '/^TARGETS \+= seccomp$/ { print "TARGETS += se05x" } { print }'
}

patch_11() {	# pages
	local page folder=Documentation/misc-devices/se05x
	put_as_is packaging/intree/index.rst $folder/index.rst
	for page in $pages; do
		{
			printf '.. SPDX-License-Identifier: GPL-2.0-only\n\n'
			PAGES=$pages pandoc -f gfm -t rst --wrap=preserve \
				--lua-filter=packaging/intree/links.lua "docs/$page.md" | sed 's/ *$//'
		} > "$repo/$folder/$page.rst"
	done
	edit Documentation/misc-devices/index.rst '
		!done && /^   (s[f-z]|[t-z])/ { print "   se05x/index"; done = 1 } { print }'
}

# ---- texts ----

subjects() { sed -n '/^## Patches/,$s/^### //p' docs/upstream.md; }

text() {	# SUBJECT: its section, as a mail has it
	echo "$1"
	echo
	awk -v subject="### $1" '/^##/ { on = $0 == subject; next } on' docs/upstream.md |
		pandoc -f gfm -t plain --columns=72
}

# ---- all of it ----

compat_script > "$work/compat.sed"
for f in MAINTAINERS drivers/misc/{Kconfig,Makefile} $selftests/Makefile \
	Documentation/misc-devices/index.rst Documentation/userspace-api/ioctl/ioctl-number.rst; do
	mkdir -p "$repo/$(dirname "$f")"
	cp "$tree/$f" "$repo/$f"
done
git init -q -b base "$repo"
git_repo add -A
git_repo commit -q -m base
git_repo checkout -q -b se05x
n=0
while read -r subject; do
	n=$((n + 1))
	"patch_$n"
	maintainers
	git_repo add -A
	text "$subject" | git_repo commit -q -s -F -
done < <(subjects)
git_repo config branch.se05x.description \
	"$(text "$(sed -n '/^## Cover letter/,/^## Patches/s/^### //p' docs/upstream.md)")"
rm -f "$patches"/*.patch
git_repo format-patch -q --cover-letter --cover-from-description=subject -o "$patches" base
for f in "$patches"/*.patch; do
	case $f in
	*/0000-*) ;;
	*) if [ -e "$tree/.git" ]; then
		git -C "$tree" am -q "$f"
	   else
		patch -s -d "$tree" -p1 < "$f"
	   fi ;;
	esac
done
echo "intree: $n patches for $version, in $patches"
