#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The group that may use the chip, and the nodes that are there already
#
#   access.sh add|remove
set -eu

case ${1:-} in
add) getent group se05x > /dev/null || groupadd --system se05x ;;
remove) ! getent group se05x > /dev/null || groupdel se05x ;;
*) echo "usage: access.sh add|remove" >&2; exit 2 ;;
esac
if [ -e /run/udev/control ]; then
	udevadm control --reload
	udevadm trigger --action=change --subsystem-match=se05x
fi
