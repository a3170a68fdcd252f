#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A demonstration: on the chip of this machine, or else on the simulated one in a
# VM with the distribution's kernel.
#
#   run.sh [STORY]	story.sh, or another of this folder
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top"
story=tests/demo/${1:-story.sh}
shift $(($# > 0))
. tests/alive.sh
tell() { echo "demo: since $SECONDS s"; }
alive tell

make -s -C lib all
make -s -C tools all
if [ -c /dev/se05x ]; then
	echo "demo: on this machine's /dev/se05x"
	exec "$story"
fi

case $story in
*/ssh.sh) tests/demo/server.sh sshd openssh-server libwrap0 ;;
*/tls.sh) tests/demo/server.sh nginx nginx ;;
esac
echo "demo: no /dev/se05x here: building the driver and a simulated chip"
tests/vm/modules.sh distro > /dev/null
echo "demo: booting the distribution's kernel in a VM (software emulation)"
tests/vm/run.sh distro env APPLET="$*" bash -c "tests/vm/up.sh && exec $story"
