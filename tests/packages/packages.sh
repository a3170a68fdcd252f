#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Debian packages, and make install, on a real Debian: built there, installed,
# the module made by DKMS for that suite's kernel, that root booted in the VM with
# its own systemd and udev, and all of it purged. TAP on stdout; needs root.
#
#   packages.sh SUITE
# shellcheck disable=SC2016,SC2034 # words for ok's eval
set -uo pipefail

suite=${1:?usage: packages.sh SUITE}
here=$(cd "$(dirname "$0")" && pwd)
lower=$("$here/root.sh" "$suite") || exit 1
# shellcheck source=tests/overlay_root.sh
. "$here/../overlay_root.sh"

fails() { ! "$@"; }

# every file and folder but logs, caches, DKMS's own key and what dpkg remembers
list() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./run -o -path ./tmp \
		-o -path ./src -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/dpkg \
		-o -path ./var/lib/apt -o -path ./root -o -name __pycache__ \
		-o -path '*/dkms/mok.*' \) -prune -o -print |
		grep -v '^./etc/\(group\|gshadow\|passwd\|shadow\|subuid\|subgid\)-$' | sort)
}
same() { list | diff "$tmp/before" - && ! grep -q '^se05x:' "$root/etc/group"; }

mkdir -p "$root/boot/firmware/overlays"
list > "$tmp/before"

# ---- built ----

version=$(sed -n 's/^VERSION := //p' "$top/common.mk")
ok "the changelog has the version $version" eval \
	'[ "$(inside dpkg-parsechangelog -l /src/se05x/debian/changelog -S Version)" = $version ]'
ok "dpkg-buildpackage" inside sh -c 'cd /src/se05x && DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc'
ok "lintian" inside sh -c 'lintian --allow-root --fail-on error,warning /src/*.changes'
ok "the simulated chip" inside sh -c "make -s -C /src/se05x/tools/sim &&
	make -s -C /src/se05x/tests/programs /src/se05x/build/host/tests/t1_client"
ok "and its driver" sim_module

# ---- installed ----

ok "install" inside sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends \
	$(ls /src/*.deb | grep -v dbgsym)'
ok "DKMS built the module for $release" eval \
	'inside dkms status se05x | grep "$release.*: installed"'
ok "and depmod knows it" inside modinfo -k "$release" se05x
ok "the overlay is where the firmware looks" test -e "$root/boot/firmware/overlays/se05x.dtbo"
ok "the group" inside getent group se05x
ok "autopkgtest" inside sh -c 'cd / && autopkgtest -B --test-name=library --test-name=tools --test-name=simulator \
	/src/se05x/ -- null'

# ---- booted ----

inside usermod -a -G se05x alice
mkdir -p "$root/src/vm"
cp "$root/src/sim/tests/sim/se05x-sim.ko" "$root/src/se05x/build/host/tools/se05x-sim" \
	"$root/src/se05x/build/host/tests/t1_client" "$top/tests/sim/scp.keys" "$root/src/vm/"
echo "# $suite: booting"
in_vm tests/packages/booted.sh

# ---- purged ----

ok "purge" inside sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -q -y purge \
	$(sed -n "s/^Package: //p" /src/se05x/debian/control)'
ok "leaves nothing" same

# ---- make install, as a user without the packages would ----

here_install() { inside sh -c "cd /src/se05x && SETUP=no make -s $* KVER=$release MODEL=/src/model"; }
printf 'Raspberry Pi 4 Model B Rev 1.4\0' > "$root/src/model"
rm -rf "$root/src/se05x/build"
inside chown -R alice /src/se05x
ok "make install, with DKMS" here_install install
said=$(cat "$tmp/out")
ok "what root built there is the folder's owner's" eval '[ -z "$(inside find /src/se05x ! -user alice)" ]'
ok "says how to go on" eval 'for w in "sudo dtoverlay se05x" "dtoverlay=se05x " config.txt \
	"usermod -a -G se05x"; do grep -q "$w" <<< "$said" || { echo "$w?"; false; }; done'
ok "the module is there for $release" eval \
	'inside dkms status se05x | grep "$release.*: installed" && inside modinfo -k "$release" se05x'
ok "the library is found" eval 'inside ldconfig -p | grep -q /usr/local/lib/libse05x.so.1'
ok "the group" inside getent group se05x
ok "no boot file is touched" eval '[ "$(ls "$root/boot/firmware")" = overlays ]'
ok "make install over an older version" eval '
	sed -i s/^VERSION\ :=.*/VERSION\ :=\ 0.0.9/ "$root/src/se05x/common.mk" && here_install install &&
	sed -i s/^VERSION\ :=.*/VERSION\ :=\ $version/ "$root/src/se05x/common.mk" && here_install install'
ok "of which nothing is left" eval '! (list | grep 0\.0\.9) && ! inside dkms status | grep 0\.0\.9'
ok "make uninstall" here_install uninstall
ok "leaves nothing" same
ok "make install, without DKMS" here_install install DKMS=no
ok "the module is there for $release" inside modinfo -k "$release" se05x
ok "make uninstall" here_install uninstall
ok "leaves nothing" same
refused() {
	! here_install install > "$tmp/said" 2>&1 && grep "apt-get remove se05x-dkms" "$tmp/said"
}
ok "the package alone" inside sh -c 'apt-get -q -y install --no-install-recommends /src/se05x-dkms*.deb'
ok "keeps make install away" refused
echo "1..$n"
