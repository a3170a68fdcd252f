#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run a command in another root, with this machine's /proc and /dev
#
#   inside.sh FOLDER COMMAND...
set -euo pipefail

root=$1
shift
# shellcheck disable=SC2016 # for the other shell
exec unshare --mount --pid --fork sh -ec '
	root=$1
	shift
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs run "$root/run"
	exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		TERM=dumb LC_ALL=C.UTF-8 ${http_proxy:+http_proxy="$http_proxy"} \
		${https_proxy:+https_proxy="$https_proxy"} "$@"
' sh "$root" "$@"
