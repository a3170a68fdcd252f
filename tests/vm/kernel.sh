#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernels that the tests boot, kept in a cache folder outside the checkout.
#
#   kernel.sh distro   the distribution's, unpacked and not installed
#   kernel.sh 6.12     Debian 13's
#   kernel.sh newest   the newest in Debian's archive
#   kernel.sh arm64    Debian 12's for arm64, and libraries to link programs with
#   kernel.sh pages16k Debian 13's for arm64 with pages of 16 KiB
#   kernel.sh armhf    the same for armhf, without an image
#   kernel.sh debug    linux-source-6.1 with KASAN, lockdep, KUnit, built once
#   kernel.sh kcsan    the same with KCSAN instead, which finds data races
#   kernel.sh source   linux-source-6.1's tree
#   kernel.sh newest-source  the tree of the newest in Debian's archive
#
# Prints the folder: image and modules in it, headers to build against in
# "build" ("distro", "debug", "kcsan"). Other suites' headers want their own compiler
# and C library: "root" is a small file system with all of that, for kbuild.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${SE05X_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/se05x}
arch=$(dpkg --print-architecture)
tarball=/usr/src/linux-source-6.1.tar.xz

# shellcheck source=tests/alive.sh
. "$here/../alive.sh"
say() { echo "kernel: $*" >&2; }
tell() { say "$1: since $SECONDS s"; }

# The newest kernel of which both headers and image are to be had. The cloud
# kernel won't do: it has no I2C, GPIO or 9p.
distro() {
	local headers release version dir deb
	headers=$(dpkg-query -W -f '${Depends}' linux-headers-amd64 |
		  grep -o 'linux-headers-[^ ,]*' | head -n 1)
	release=${headers#linux-headers-}
	version=$(dpkg-query -W -f '${Version}' "$headers")
	dir=$cache/distro-$release-$version
	if [ ! -e "$dir/done" ]; then
		say "unpacking the distribution's kernel $release (nothing is installed)"
		rm -rf "$dir"
		mkdir -p "$dir/deb"
		(cd "$dir/deb" &&
		 apt-get download -qq -o APT::Sandbox::User=root \
			"linux-image-$release=$version") >&2
		deb=$(echo "$dir"/deb/*.deb)
		dpkg-deb -x "$deb" "$dir"
		rm -rf "$dir/deb"
		ln -s "$dir/boot/vmlinuz-$release" "$dir/image"
		ln -s "/usr/src/$headers" "$dir/build"
		depmod -b "$dir" "$release"
		echo "$release" > "$dir/release"
		touch "$dir/done"
	fi
	echo "$dir"
}

# Another suite's kernel, and what it takes to build modules for it
other() {	# NAME SUITE
	local image release dir headers parts
	image=$("$here/../suite.sh" depends "$2" "linux-image-$arch" linux-image-)
	release=${image#linux-image-}
	dir=$cache/$1-$release-$("$here/../suite.sh" version "$2" "$image")
	if [ ! -e "$dir/done" ]; then
		say "unpacking $release of $2 and its compiler (nothing is installed)"
		rm -rf "$cache/$1"-*
		# newer suites have the files in packages of their own
		mapfile -t parts < <("$here/../suite.sh" depends "$2" "$image" \
			"linux-(base|binary|modules)-[0-9]")
		"$here/../suite.sh" unpack "$2" "$dir" "$image" "${parts[@]}"
		[ -e "$dir/lib" ] || ln -s usr/lib "$dir/lib"
		"$here/../suite.sh" root "$2" "$dir/root" "linux-headers-$release" make sparse
		ln -s mawk "$dir/root/usr/bin/awk"	# an alternative, without dpkg
		headers=/usr/src/linux-headers-$release
		# sparse is asked for its version by a script that Debian's 7.x lacks
		find "$dir/root/usr/src" "$dir/root/usr/lib" -path '*-common/scripts' |
			while read -r scripts; do
				[ ! -e "$scripts/checker-valid.sh" ] || continue
				printf '#!/bin/sh\necho 1\n' > "$scripts/checker-valid.sh"
				chmod +x "$scripts/checker-valid.sh"
			done
		for image in "$dir/boot/vmlinuz-$release" "$dir/lib/modules/$release/vmlinuz"; do
			[ ! -e "$image" ] || ln -s "$image" "$dir/image"
		done
		ln -s "$headers" "$dir/build"	# inside of root
		depmod -b "$dir" "$release"
		echo "$release" > "$dir/release"
		touch "$dir/done"
	fi
	echo "$dir"
}

# Debian 12's kernel for another architecture, to be built for with a cross
# compiler: "cross" is what to tell kbuild. Static programs find libraries in usr/lib.
foreign() {	# ARCH FLAVOUR KERNEL_ARCH TRIPLET BITS
	local suite=bookworm:$1 headers release dir image=
	headers=$("$here/../suite.sh" depends "$suite" "linux-headers-$2" 'linux-headers-[0-9]')
	release=${headers#linux-headers-}
	dir=$cache/$1-$release-$("$here/../suite.sh" version "$suite" "$headers")
	# the package that came last: a folder of before lacks it
	if [ ! -e "$dir/done" ] || [ ! -e "$dir/usr/include/fuse3" ]; then
		say "unpacking $release (nothing is installed)"
		rm -rf "$cache/$1"-*
		[ "$1" != arm64 ] || image=linux-image-$release
		# shellcheck disable=SC2086 # none or one
		"$here/../suite.sh" unpack "$suite" "$dir" $image "$headers" \
			"linux-headers-${release%"-$2"}-common" busybox-static \
			linux-kbuild-6.1 libssl-dev libssl3 libcmocka-dev libcmocka0 \
			libnl-3-dev libnl-3-200 libnl-genl-3-dev libnl-genl-3-200 \
			libp11-kit-dev libkeyutils-dev libkeyutils1 libpcsclite-dev libpcsclite1 \
			libfuse3-dev libfuse3-3
		sed -i "s|/usr/src|$dir/usr/src|" "$dir/usr/src/$headers/Makefile"
		# kbuild's programs must be this machine's, but for modpost, which knows
		# the sizes of the other's structs: that one is emulated
		mv "$dir"/usr/lib/linux-kbuild-6.1/scripts/mod/modpost.real-lsb-?? "$dir/"
		rm -rf "$dir/usr/lib/linux-kbuild-6.1"
		cp -r /usr/lib/linux-kbuild-6.1 "$dir/usr/lib/"
		printf '#!/bin/sh\nexec qemu-%s -L /usr/%s %s "$@"\n' "${4%%-*}" "$4" \
			"$dir/modpost.real-lsb-$5" > "$dir/usr/lib/linux-kbuild-6.1/scripts/mod/modpost"
		ln -s "$dir/boot/vmlinuz-$release" "$dir/image"
		ln -s "$dir/usr/src/$headers" "$dir/build"
		[ -z "$image" ] || depmod -b "$dir" "$release"
		echo "ARCH=$3 CROSS_COMPILE=$4-" > "$dir/cross"
		echo "$release" > "$dir/release"
		touch "$dir/done"
	fi
	echo "$dir"
}

# Debian 13's arm64 kernel with pages of 16 KiB, as on a Raspberry Pi 5, and a small
# root of this machine's architecture with a cross compiler
pages16k() {
	local suite=trixie:arm64 image release dir headers parts
	image=$("$here/../suite.sh" depends $suite linux-image-arm64-16k linux-image-)
	release=${image#linux-image-}
	headers=linux-headers-$release
	dir=$cache/pages16k-$release-$("$here/../suite.sh" version $suite "$image")
	# the package that came last: a folder of before lacks it
	if [ ! -e "$dir/done" ] || [ ! -e "$dir/usr/include/p11-kit-1" ]; then
		say "unpacking $release and a cross compiler (nothing is installed)"
		rm -rf "$cache"/pages16k-*
		"$here/../suite.sh" unpack $suite "$dir" "$image"
		[ -e "$dir/lib" ] || ln -s usr/lib "$dir/lib"
		mapfile -t parts < <("$here/../suite.sh" depends $suite "$headers" 'linux-kbuild-')
		"$here/../suite.sh" root trixie "$dir/root" make gcc-14-aarch64-linux-gnu "${parts[@]}"
		mapfile -t parts < <("$here/../suite.sh" depends $suite "$headers" 'linux-headers-.*common')
		"$here/../suite.sh" unpack $suite "$dir/root" "$headers" "${parts[@]}"
		ln -s mawk "$dir/root/usr/bin/awk"	# an alternative, without dpkg
		ln -s "$dir/boot/vmlinuz-$release" "$dir/image"
		ln -s "/usr/src/$headers" "$dir/build"	# inside of root
		depmod -b "$dir" "$release"
		echo "ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-" > "$dir/cross"
		echo "$release" > "$dir/release"
		touch "$dir/done"
	fi
	echo "$dir"
}

unpack_source() {
	local version dir
	version=$(dpkg-query -W -f '${Version}' linux-source-6.1)
	dir=$cache/source-$version
	exec 8> "$cache/unpack.lock"
	flock 8
	if [ ! -e "$dir/done" ]; then
		say "unpacking linux-source-6.1"
		untar "$dir" $tarball
	fi
	exec 8>&-
	echo "$dir"
}

untar() {	# FOLDER TARBALL
	rm -rf "$1"
	mkdir -p "$1"
	tar xf "$2" -C "$1" --strip-components=1
	touch "$1/done"
}

newest_source() {
	local package dir
	package=$("$here/../suite.sh" depends sid linux-source linux-source-)
	dir=$cache/newest-source-$("$here/../suite.sh" version sid "$package")
	if [ ! -e "$dir/done" ]; then
		say "unpacking $package of sid (nothing is installed)"
		rm -rf "$cache"/newest-source-*
		"$here/../suite.sh" unpack sid "$dir.deb" "$package"
		untar "$dir" "$dir.deb/usr/src/$package.tar.xz"
		rm -rf "$dir.deb"
	fi
	echo "$dir"
}

# A line every ten seconds: nobody should wonder whether it still lives.
progress() {	# NAME
	local n=0 last=$SECONDS line
	while read -r line; do
		case $line in
		'CC '* | 'AS '* | 'LD '*) n=$((n + 1)) ;;
		*warning:* | *rror:* | *'***'*) say "$line" ;;
		esac
		if [ $((SECONDS - last)) -ge 10 ]; then
			say "$1 kernel: $n objects built"
			last=$SECONDS
		fi
	done
	say "$1 kernel: $n objects built, done"
}

# All of a kernel's configuration on top of tinyconfig. What kcsan.config switches
# off goes from debug.config with everything that has its name in front.
config() {
	local off
	if [ "$1" = debug ]; then
		cat "$here/debug.config"
		return
	fi
	off=$(sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1/p' "$here/$1.config" | paste -sd '|')
	grep -vE "^($off)" "$here/debug.config"
	cat "$here/$1.config"
}

built() {	# NAME
	local name=$1 src key dir want lost=
	src=$(unpack_source)
	key=$(cat <(config "$name") <(basename "$src") | sha256sum | cut -c 1-12)
	dir=$cache/$name-$key
	if [ ! -e "$dir/done" ]; then
		say "building the $name kernel, once (about ten minutes on two cores)"
		rm -rf "$dir"
		mkdir -p "$dir/build"
		config "$name" > "$src/kernel/configs/se05x-$name.config"
		make -s -C "$src" O="$dir/build" tinyconfig "se05x-$name.config" \
			> "$dir/config.log" 2>&1 || { cat "$dir/config.log" >&2; exit 1; }
		while read -r want; do
			case $want in CONFIG_*) ;; *) continue ;; esac
			grep -qx "$want" "$dir/build/.config" ||
				{ say "the $name kernel lost $want"; lost=1; }
		done < <(config "$name")
		[ -z "$lost" ] || exit 1
		nice make -C "$src" O="$dir/build" -j"$(nproc)" bzImage modules 2>&1 |
			tee "$dir/build.log" | progress "$name"
		[ -e "$dir/build/arch/x86/boot/bzImage" ] ||
			{ tail -n 30 "$dir/build.log" >&2; exit 1; }
		ln -s "$dir/build/arch/x86/boot/bzImage" "$dir/image"
		make -s -C "$dir/build" kernelrelease | tail -n 1 > "$dir/release"
		touch "$dir/done"
	fi
	echo "$dir"
}

alive tell "${1:-}"
mkdir -p "$cache"
exec 9> "$cache/${1:-}.lock"	# two makes at once build one kernel
flock 9
case ${1:-} in
distro) distro ;;
6.12) other 6.12 trixie ;;
newest) other newest sid ;;
arm64) foreign arm64 arm64 arm64 aarch64-linux-gnu 64 ;;
pages16k) pages16k ;;
armhf) foreign armhf armmp arm arm-linux-gnueabihf 32 ;;
debug | kcsan) built "$1" ;;
source) unpack_source ;;
newest-source) newest_source ;;
*) sed -n 's/^# *\(kernel.sh \)/usage: \1/p' "$0" >&2; exit 2 ;;
esac
