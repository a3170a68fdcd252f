#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints the folder of the firmware's overlays, $OVERLAYS or whichever is there;
# nothing if this is no Raspberry Pi. Fails on one where there is none.
set -eu

model=${MODEL:-/proc/device-tree/model}

for d in ${OVERLAYS:-/boot/firmware/overlays /boot/overlays}; do
	if [ -n "${OVERLAYS:-}" ] || [ -d "${DESTDIR:-}$d" ]; then
		echo "$d"
		exit 0
	fi
done
if grep -aqs 'Raspberry Pi' "$model"; then
	cat >&2 <<- 'END'
	se05x: there is neither /boot/firmware/overlays nor /boot/overlays.
	se05x: Is the boot partition mounted? sudo mount /boot/firmware (on older systems
	se05x: /boot), and run this again. OVERLAYS=folder names another place.
	END
	exit 1
fi
