#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What to do after make install. It edits no file of the boot partition.
set -eu

[ -z "${DESTDIR:-}" ] || exit 0
where=$(packaging/overlay.sh)
echo "se05x $VERSION is installed."
if [ -n "$where" ]; then
	cat <<- END

	At once:         sudo dtoverlay se05x
	At every boot:   dtoverlay=se05x   in ${where%/overlays}/config.txt
	END
else
	cat <<- 'END'

	Tell where the chip is: a device tree node, or for a chip that has power
	    sudo modprobe se05x
	    echo se050 0x48 | sudo tee /sys/bus/i2c/devices/i2c-1/new_device
	END
fi
cat <<- END
	Try it:          sudo se05x-apdu info
	Without sudo:    sudo usermod -a -G se05x ${SUDO_USER:-USER}   and log in again
END
[ ! -d /sys/module/se05x ] || cat <<- 'END'

	An older module is loaded. When nobody uses the chip:
	    sudo modprobe -r se05x && sudo modprobe se05x
END
