#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install and make uninstall in a root of their own: every file, and nothing
# left. What is said when something lacks. TAP on stdout; needs no root.
# shellcheck disable=SC2016 # words for ok's eval
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
kernel=$(tests/vm/kernel.sh distro) || exit 1
release=$(cat "$kernel/release")
version=$(sed -n 's/^VERSION := //p' common.mk)
unset DESTDIR PREFIX DKMS KVER KDIR OVERLAYS MAKEFLAGS MAKELEVEL
export SETUP=no DESTDIR=$tmp/root
n=0

ok() {	# WHAT COMMAND...
	local what=$1
	shift
	n=$((n + 1))
	if "$@" > "$tmp/out" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' "$tmp/out"
	fi
}

fails() { ! "$@"; }
said() { grep -q -- "$1" "$tmp/said" || { cat "$tmp/said"; false; }; }
refused() {	# WORDS COMMAND...: fails, and says so
	local words=$1
	shift
	! "$@" > "$tmp/said" 2>&1 && said "$words"
}
tells() { local words=$1; shift; "$@" > "$tmp/said" 2>&1 && said "$words"; }

list() { (cd "$DESTDIR" && find . | sort); }
same() { list | diff "$tmp/before" -; }
have() {
	local f
	for f in "$@"; do [ -e "$DESTDIR$f" ] || { echo "no $f"; return 1; }; done
}

# some of the folders are there and empty, as on a new machine
mkdir -p "$DESTDIR"/usr/local/{lib,bin,share/man} "$DESTDIR"/{etc,lib/modules} \
	"$DESTDIR/boot/firmware/overlays"
list > "$tmp/before"

# ---- everything ----

ok "install" make -s install DKMS=yes
usr=/usr/local
ok "library" have $usr/lib/libse05x{,-iot,-monitor}.{a,so,so.1} \
	$usr/lib/pkgconfig/libse05x{,-iot,-monitor}.pc \
	$usr/include/{se05x.h,se05x-iot.h,se05x-monitor.h,linux/se05x.h}
ok "PKCS#11 module" have $usr/lib/pkcs11/libse05x-pkcs11.so $usr/share/man/man8/libse05x-pkcs11.8 \
	/usr/share/p11-kit/modules/se05x.module $usr/share/doc/se05x-pkcs11/pkcs11.conf
ok "p11-kit is told where it is" grep -q "^module: $usr/lib/pkcs11/libse05x-pkcs11.so\$" \
	"$DESTDIR/usr/share/p11-kit/modules/se05x.module"
ok "tools, with completion" have $usr/bin/se05x-{apdu,sim,tool} \
	$usr/share/bash-completion/completions/se05x-{apdu,tool}
ok "man pages" have $usr/share/man/man{1/se05x-{apdu,sim,tool}.1,3/libse05x{,-iot,-monitor}.3,4/se05x.4,8/libifdse05x.8}
while read -r f; do
	ok "page of $f" have "$usr/share/man/man3/$f.3"
done < <(cat lib/*/*.map | sed -n 's/^[ \t]*\(se05x_[a-z0-9_]*\);/\1/p')
ok "udev rule and group" have /etc/udev/rules.d/60-se05x.rules /etc/sysusers.d/se05x.conf \
	/etc/systemd/system/se05x-channel@.service
ok "se05x-i2cd" have $usr/sbin/se05x-i2cd $usr/share/man/man8/se05x-i2cd.8 \
	/etc/udev/rules.d/61-se05x-i2cd.rules /etc/systemd/system/se05x-i2cd@.service \
	/etc/sysusers.d/se05x-i2cd.conf
ok "reader of pcscd" have $usr/lib/pcsc/drivers/libifdse05x.so $usr/share/se05x/se05x.reader \
	/etc/polkit-1/rules.d/49-se05x.rules
ok "keyscript, and hook of initramfs-tools" have $usr/lib/cryptsetup/scripts/decrypt_se05x \
	/etc/initramfs-tools/hooks/se05x
ok "which takes the tool from there" grep -q "copy_exec $usr/bin/se05x-tool " \
	"$DESTDIR/etc/initramfs-tools/hooks/se05x"
ok "sources for DKMS" have "/usr/src/se05x-$version"/{dkms.conf,kernel/se05x_i2c.c,include/uapi/linux/se05x.h}
ok "overlay" have /boot/firmware/overlays/se05x.dtbo
ok "nothing but 0644, 0755 and folders" \
	test -z "$(find "$DESTDIR" -type f ! -perm 644 ! -perm 755)"
list > "$tmp/installed"
ok "again" make -s install DKMS=yes
ok "changes nothing" eval 'list | diff "$tmp/installed" -'

cat > "$tmp/user.c" << 'END'
#include <se05x.h>
int main(void) { struct se05x *se; return se05x_open("/dev/null", &se) == -25 ? 0 : 1; }
END
ok "a program that uses the library by pkg-config" eval '
	gcc -Wall -Werror -o "$tmp/user" "$tmp/user.c" $(PKG_CONFIG_SYSROOT_DIR=$DESTDIR \
		PKG_CONFIG_PATH=$DESTDIR$usr/lib/pkgconfig pkg-config --cflags --libs libse05x) &&
	LD_LIBRARY_PATH=$DESTDIR$usr/lib "$tmp/user"'

# ---- an older version, and a plain module after DKMS ----

touch "$DESTDIR$usr/lib/libse05x.so.0.9.9"
mkdir -p "$DESTDIR$usr/share/se05x"
echo $usr/lib/libse05x.so.0.9.9 >> "$DESTDIR$usr/share/se05x/lib.files"
plain() { make -s install-"$1" DKMS=no KVER="$release" KDIR="$kernel/build/"; }
ok "upgrade" plain lib
ok "what only the older version had is gone" fails have $usr/lib/libse05x.so.0.9.9
ok "a module without DKMS" plain module
ok "is there" have "/lib/modules/$release/updates/se05x.ko"
ok "for that kernel" eval \
	'modinfo -F vermagic "$DESTDIR/lib/modules/$release/updates/se05x.ko" | grep -q "^$release "'
ok "and DKMS's sources are gone" fails have /usr/src

# what udev does when a chip appears, here without loading anything
mkdir -p "$tmp/udev/lib/modules/$release" "$tmp/allowed" "$tmp/forbidden"
cp "$DESTDIR/lib/modules/$release/updates/se05x.ko" "$tmp/udev/lib/modules/$release/"
touch "$tmp/udev/lib/modules/$release"/modules.{order,builtin}
depmod -b "$tmp/udev" "$release" 2> /dev/null
sed -n "s/.*echo '\(blacklist se05x\)' .*/\1/p" docs/raspberry-pi.md > "$tmp/forbidden/optee.conf"
would_load() {	# CONFIGURATION ALIAS
	modprobe -d "$tmp/udev" -S "$release" -C "$1" -b -n -v "$2" | grep se05x.ko
}
for alias in i2c:se050 'of:Nsecure-elementT(null)Cnxp,se052'; do
	ok "$alias: udev loads it" would_load "$tmp/allowed" "$alias"
	ok "but not where that is forbidden, for OP-TEE" fails would_load "$tmp/forbidden" "$alias"
done
ok "uninstall of a part" make -s uninstall-tools
ok "leaves the others" have $usr/lib/libse05x.so
ok "uninstall" make -s uninstall
ok "leaves nothing" same
ok "uninstall of nothing" make -s uninstall
ok "other folders" make -s install DKMS=yes PREFIX=/usr LIBDIR=/usr/lib/here OVERLAYS=/else
ok "are used" have /usr/lib/here/libse05x.so /usr/lib/udev/rules.d/60-se05x.rules \
	/usr/lib/sysusers.d/se05x.conf /else/se05x.dtbo \
	/usr/share/initramfs-tools/hooks/se05x /usr/lib/cryptsetup/scripts/decrypt_se05x
unpackaged() {
	local f p patterns
	mapfile -t patterns < <(cat debian/*.install)
	(cd "$DESTDIR" && find . ! -type d | sed 's,^\./,,' | grep -v '^else/\|^usr/share/se05x/') |
		while read -r f; do
			for p in "${patterns[@]}"; do
				# shellcheck disable=SC2053 # patterns they are
				[[ $f != $p && $f != $p/* ]] || continue 2
			done
			echo "$f"
		done
}
ok "each file has its Debian package" eval 'u=$(unpackaged); echo "$u"; [ -z "$u" ]'
ok "uninstall from there" make -s uninstall PREFIX=/usr
ok "leaves nothing there" same

# ---- what lacks ----

missing() {	# KVER PACKAGE
	ok "no headers of $1" refused "apt-get install $2\$" env KVER="$1" DESTDIR='' packaging/module.sh check
}
missing 6.12.25+rpt-rpi-v8 linux-headers-rpi-v8
missing 6.12.25+rpt-rpi-2712 linux-headers-rpi-2712
missing 6.1.21-v8+ raspberrypi-kernel-headers
missing 6.1.0-99-amd64 linux-headers-6.1.0-99-amd64
mkdir -p "$tmp/headers/include/generated"
touch "$tmp/headers/Makefile"
echo '#define UTS_RELEASE "6.12.20+rpt-rpi-v8"' > "$tmp/headers/include/generated/utsrelease.h"
ok "headers of another version" refused 'has the headers of 6.12.20+rpt-rpi-v8, but' \
	env KVER=6.12.25+rpt-rpi-v8 KDIR="$tmp/headers" DESTDIR='' packaging/module.sh check
ok "nothing is installed then" refused 'are missing' make -s install DKMS=no KVER=6.1.0-99-amd64
ok "not a file" same

mkdir "$tmp/bin"
printf '#!/bin/sh\necho "SecureBoot enabled"\n' > "$tmp/bin/mokutil"
chmod +x "$tmp/bin/mokutil"
secure() { PATH=$tmp/bin:$PATH KVER=$release KDIR=$kernel/build/ DKMS=$1 DESTDIR='' packaging/module.sh check; }
ok "Secure Boot with DKMS" tells 'mokutil --import /var/lib/dkms/mok.pub' secure yes
ok "Secure Boot without" tells 'Install dkms, which signs' secure no
touch "$tmp/tee0"
ok "OP-TEE: how to keep the driver away" env TEE="$tmp/tee0" bash -c '
	"$@" 2>&1 | grep "blacklist se05x"' - env KVER="$release" KDIR="$kernel/build/" DESTDIR= \
	packaging/module.sh check
ok "as the docs have it" grep -qF "echo 'blacklist se05x' | sudo tee /etc/modprobe.d/se05x-optee.conf" \
	docs/raspberry-pi.md
ok "without OP-TEE nothing of it" fails tells OP-TEE env TEE="$tmp/no-tee0" KVER="$release" \
	KDIR="$kernel/build/" DESTDIR= packaging/module.sh check

rmdir -p "$DESTDIR/boot/firmware/overlays" 2> /dev/null
list > "$tmp/before"
printf 'Raspberry Pi 4 Model B Rev 1.4\0' > "$tmp/model"
ok "the boot partition is not mounted" refused 'mount /boot/firmware' \
	make -s install DKMS=yes MODEL="$tmp/model"
ok "nothing is installed then" same
mkdir -p "$DESTDIR/boot/overlays"
ok "an older system's folder" make -s install-overlay MODEL="$tmp/model"
ok "is taken" have /boot/overlays/se05x.dtbo
make -s uninstall-overlay
rm -r "${DESTDIR:?}/boot"
ok "no Raspberry Pi" tells 'no overlay installed' make -s install-overlay MODEL="$tmp/none"
make -s uninstall > /dev/null

if [ "$(id -u)" != 0 ]; then
	mkdir "$tmp/locked"
	chmod 555 "$tmp/locked"
	ok "without permission" refused 'Try sudo' make -s install-lib DESTDIR="$tmp/locked"
fi

# ---- what the help says, the page and the completion say too ----

for t in se05x-apdu se05x-tool; do
	help=$(build/host/tools/$t --help)
	page=$(sed 's/\\-/-/g' docs/man/$t.1)
	missing=
	# shellcheck disable=SC2013 # words they are
	for o in $(grep -oE -- '--[a-z-]+' <<< "$help" | sort -u); do
		grep -q -- "$o" <<< "$page" || missing="$missing $o(page)"
		grep -q -- "$o" "tools/${t#se05x-}/$t.bash" || missing="$missing $o(completion)"
	done
	# shellcheck disable=SC2013
	for c in $(sed -n '/^Options/q; s/^  \([a-z]*\)\( .*\|\)$/\1/p' <<< "$help"); do
		grep -q -- "$c" docs/man/$t.1 || missing="$missing $c(page)"
		grep -q -- "$c" "tools/${t#se05x-}/$t.bash" || missing="$missing $c(completion)"
	done
	ok "$t: page and completion know all that its help knows" eval '[ -z "$missing" ] || { echo "$missing"; false; }'
done

# ---- completion ----

compopt() { :; }
# shellcheck source=/dev/null
. tools/apdu/se05x-apdu.bash
# shellcheck source=/dev/null
. tools/tool/se05x-tool.bash
complete_line() {	# EXPECTED WORD...
	local expected=$1
	shift
	# shellcheck disable=SC2034 # bash's
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	"_${1//-/_}"
	[ "${COMPREPLY[*]}" = "$expected" ] || { echo "${COMPREPLY[*]}"; false; }
}
ok "completion of commands" complete_line "send select" se05x-apdu se
ok "of options" complete_line "--device=" se05x-apdu --d
ok "of what reset takes" complete_line "chip" se05x-apdu reset c
echo "whole = 0x1" > "$tmp/aliases"
export SE05X_ALIASES=$tmp/aliases
ok "of se05x-tool's words" complete_line "get" se05x-tool -q cert g
ok "of hashes" complete_line "sha256" se05x-tool --hash = sha25
ok "of names" complete_line "whole" se05x-tool show wh
echo "1..$n"
