#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The group that may use the chip, the user that se05x-i2cd becomes, and the nodes that are
# there already
#
#   access.sh add|remove
set -eu

case ${1:-} in
add)
	getent group se05x > /dev/null || groupadd --system se05x
	getent passwd se05x-i2cd > /dev/null ||
		useradd --system --no-create-home --shell /usr/sbin/nologin se05x-i2cd
	;;
remove)
	! getent passwd se05x-i2cd > /dev/null || userdel se05x-i2cd
	! getent group se05x > /dev/null || groupdel se05x
	;;
*) echo "usage: access.sh add|remove" >&2; exit 2 ;;
esac
if [ -e /run/udev/control ]; then
	udevadm control --reload
	udevadm trigger --action=change --subsystem-match=se05x
fi
