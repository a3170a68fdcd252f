#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A server for a demonstration: the machine's, or else Debian's in build/PROGRAM. It is not
# installed, since Debian would start it.
#
#   server.sh PROGRAM PACKAGE...
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
program=${1:?usage: server.sh PROGRAM PACKAGE...}
shift
folder=$top/build/$program
if ! command -v "$program" > /dev/null && [ ! -e "$folder/done" ]; then
	. /etc/os-release
	rm -rf "$folder"
	"$top/tests/suite.sh" unpack "$VERSION_CODENAME" "$folder" "$@"
	touch "$folder/done"
fi
