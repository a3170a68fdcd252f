#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An sshd for ssh.sh: the machine's, or else Debian's in build/sshd. It is not installed,
# since Debian would start it.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
folder=$top/build/sshd
if ! command -v sshd > /dev/null && [ ! -e "$folder/done" ]; then
	. /etc/os-release
	rm -rf "$folder"
	"$top/tests/suite.sh" unpack "$VERSION_CODENAME" "$folder" openssh-server libwrap0
	touch "$folder/done"
fi
