#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# For initramfs-tools: what crypttab's keyscript decrypt_se05x needs at boot. That is the
# driver and those of the bus that it is on, se05x-tool, and the sealed keys.
# shellcheck disable=SC1091,SC2154,SC2317 # that is initramfs-tools'

case ${1:-} in
prereqs)
	echo cryptroot	# it takes the keyscript, and of crypttab what the boot needs
	exit 0
	;;
esac

[ -e /lib/cryptsetup/functions ] || exit 0
. /usr/share/initramfs-tools/hook-functions
. /lib/cryptsetup/functions

used=
bad=0

copy_sealed() {
	crypttab_parse_options --quiet
	[ "${CRYPTTAB_OPTION_keyscript##*/}" = decrypt_se05x ] || return 0
	used=yes
	file=${CRYPTTAB_KEY#*:}
	file=${file%%:*}
	if [ ! -e "$DESTDIR$file" ] && ! copy_file keyfile "$file"; then
		cryptsetup_message "ERROR: $CRYPTTAB_NAME: no file $file, which se05x-tool seal makes"
		bad=1
	fi
}

crypttab_foreach_entry copy_sealed
[ "$used" ] || exit 0

if ! modinfo -k "$version" se05x > /dev/null 2>&1; then
	cryptsetup_message "ERROR: no driver se05x for the kernel $version"
	bad=1
fi
manual_add_modules se05x
# of this machine: its bus, and what switches the chip on. MODULES=most has every bus
for device in /sys/class/se05x/*/device /sys/class/se05x/*/device/supplier:*/supplier; do
	[ ! -e "$device" ] || sys_walk_mod_add "$(readlink -f "$device")"
done
copy_exec @PREFIX@/bin/se05x-tool /usr/bin/se05x-tool
copy_exec /lib/cryptsetup/askpass
exit $bad
