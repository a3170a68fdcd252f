#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module's part of make install: by DKMS where that is to be had, so that it
# is built anew for each new kernel, else for one kernel.
#
#   module.sh needs		the packages it takes, dkms among them
#   module.sh check		can it be built here? Says what is missing
#   module.sh build		and is it?
#   module.sh stage FOLDER	what is to be installed
#   module.sh activate		after the files are there: dkms, depmod
#   module.sh deactivate	before they go
#   module.sh settle		after they are gone
#
# Environment: KVER (the kernel, by default the one that runs), KDIR (its
# headers), DKMS=yes|no, VERSION, DESTDIR, TEE (the node that OP-TEE makes).
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
KVER=${KVER:-$(uname -r)}
KDIR=${KDIR:-/lib/modules/$KVER/build}
build=$top/build/module-$KVER
DKMS_WANTED=${DKMS:-yes}
if [ -z "${DKMS:-}" ]; then
	if command -v dkms > /dev/null; then DKMS=yes; else DKMS=no; fi
fi

say() { echo "se05x: $*" >&2; }

# the package that has this kernel's headers
headers_package() {
	case $KVER in
	*+rpt-rpi-*) echo "linux-headers-rpi-${KVER##*-rpi-}" ;;	# Raspberry Pi OS 12 on
	*-v6+ | *-v7+ | *-v7l+ | *-v8+ | *.*.*+) echo raspberrypi-kernel-headers ;;
	*) echo "linux-headers-$KVER" ;;
	esac
}

check_headers() {
	local there others=
	if [ ! -e "$KDIR/Makefile" ]; then
		say "the headers of the kernel $KVER are missing ($KDIR)."
		say "Install them: sudo apt-get install $(headers_package)"
		for there in /lib/modules/*/build; do
			[ ! -e "$there/Makefile" ] || others="$others $(basename "${there%/build}")"
		done
		[ -z "$others" ] ||
			say "There are those of$others: if that is the newer kernel, reboot into it."
		return 1
	fi
	# kernel.release is another thing on Debian
	there=$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$KDIR/include/generated/utsrelease.h" 2> /dev/null || true)
	if [ "$there" != "$KVER" ]; then
		say "$KDIR has the headers of ${there:-no kernel that was built}, but the kernel is $KVER."
		say "Install those: sudo apt-get install $(headers_package); or reboot into the other."
		return 1
	fi
}

check_secure_boot() {
	command -v mokutil > /dev/null || return 0
	mokutil --sb-state 2> /dev/null | grep -q 'SecureBoot enabled' || return 0
	say "Secure Boot is on: the kernel takes only modules signed with a key it knows."
	if [ "$DKMS" = yes ]; then
		say "DKMS signs with its own. Enrol that once, and reboot to confirm it:"
		say "    sudo mokutil --import /var/lib/dkms/mok.pub"
	else
		say "Install dkms, which signs, and run this again; or sign se05x.ko yourself."
	fi
}

# OP-TEE may own the chip, and it has one owner only
check_optee() {
	[ -e "${TEE:-/dev/tee0}" ] || return 0
	say "this machine has OP-TEE. If that uses the chip, keep the driver away from it:"
	say "    echo 'blacklist se05x' | sudo tee /etc/modprobe.d/se05x-optee.conf"
	say "See docs/raspberry-pi.md, \"A chip that OP-TEE owns\"."
}

check_package() {
	[ -z "${DESTDIR:-}" ] || return 0
	command -v dpkg-query > /dev/null || return 0
	dpkg-query -W -f '${Status}' se05x-dkms 2> /dev/null | grep -q ' installed$' || return 0
	say "the package se05x-dkms has this module already."
	say "Remove it first: sudo apt-get remove se05x-dkms"
	return 1
}

versions() {	# that DKMS knows
	dkms status se05x 2> /dev/null | sed -n 's,^se05x[/ ,]*\([^:,]*\).*,\1,p' | sort -u
}

case ${1:-} in
needs)
	[ -e "$KDIR/Makefile" ] || headers_package
	[ "$DKMS_WANTED" = no ] || echo dkms
	;;
check)
	# sources for somebody else's DKMS need no kernel here
	[ -z "${DESTDIR:-}" ] || [ "$DKMS" = no ] || exit 0
	check_package
	check_headers
	check_secure_boot
	check_optee
	;;
build)
	[ -z "${DESTDIR:-}" ] || [ "$DKMS" = no ] || exit 0
	mkdir -p "$build"
	cp -ru "$top/kernel" "$top/include" "$build/"
	make -s -C "$KDIR" M="$build/kernel" modules
	;;
stage)
	if [ "$DKMS" = yes ]; then
		src=$2/usr/src/se05x-$VERSION
		mkdir -p "$src/kernel"
		cp "$top"/kernel/*.[ch] "$top"/kernel/Makefile "$top"/kernel/compat.mk "$src/kernel/"
		rm -f "$src"/kernel/*.mod.c
		cp -R "$top/include" "$src/"
		sed "s/#MODULE_VERSION#/$VERSION/" "$top/packaging/dkms.conf" > "$src/dkms.conf"
	else
		install -D -m 644 "$build/kernel/se05x.ko" \
			"$2/lib/modules/$KVER/updates/se05x.ko"
	fi
	;;
activate)
	[ -z "${DESTDIR:-}" ] || exit 0
	if [ "$DKMS" = yes ]; then
		dkms install -m se05x -v "$VERSION" -k "$KVER" || {
			say "DKMS failed; its log: /var/lib/dkms/se05x/$VERSION/build/make.log"
			exit 1
		}
	else
		depmod "$KVER"
		say "no DKMS: after each new kernel run \"sudo make install-module\" again,"
		say "or install dkms now and run it once more."
	fi
	;;
deactivate)
	[ -z "${DESTDIR:-}" ] || exit 0
	if command -v dkms > /dev/null; then
		for v in $(versions); do dkms remove -m se05x -v "$v" --all; done
	fi
	;;
settle)
	[ -z "${DESTDIR:-}" ] || exit 0
	[ ! -d "/lib/modules/$KVER" ] || depmod "$KVER"
	;;
*) echo "usage: module.sh needs|check|build|stage FOLDER|activate|deactivate|settle" >&2; exit 2 ;;
esac
