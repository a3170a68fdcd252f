#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Real system sleep, and the end of a system with the chip at work, in a VM that has
# all it needs in its memory: run.sh's root file system would not survive it.
# TAP on stdout.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$("$here/kernel.sh" distro)
modules=$top/build/distro
tmp=$(mktemp -d "${TMPDIR:-/tmp}/se05x-vm.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
console=${SE05X_CONSOLE:-$tmp/console}

mkdir -p "$root"/{bin,dev,proc,sys,tmp}
cp "$(command -v busybox)" "$root/bin/"
for applet in $(busybox --list); do ln -s busybox "$root/bin/$applet" 2> /dev/null || :; done
for program in "$top/build/host/tools/se05x-apdu" "$top/build/host/tools/se05x-sim" \
	"$(command -v keyctl)"; do
	cp "$program" "$root/bin/"
	ldd "$program" | grep -o '/[^ ]*' | while read -r lib; do
		mkdir -p "$root${lib%/*}"
		cp -L "$lib" "$root$lib"
	done
done
cp "$modules/kernel/se05x.ko" "$modules/tests/sim/se05x-sim.ko" "$root/"
cp "$here/suspend-init" "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$tmp/initrd"

# Whoever sleeps is woken as soon as he does: no clock is waited for.
status=0
coproc VM { timeout --foreground "${SE05X_VM_TIMEOUT:-1200}" qemu-system-x86_64 \
	-accel tcg,thread=multi -cpu max -smp 2 -m 512 \
	-nodefaults -no-reboot -display none -qmp stdio \
	-kernel "$dir/image" -initrd "$tmp/initrd" \
	-append "console=ttyS0 loglevel=7 panic=-1 oops=panic tsc=reliable no_console_suspend" \
	-serial "file:$console" -serial "file:$tmp/tap"; }
pid=$VM_PID
exec {to}>&"${VM[1]}"
echo '{ "execute": "qmp_capabilities" }' >&$to
while read -r line; do
	case $line in
	*'"event": "SUSPEND"'*) echo '{ "execute": "system_wakeup" }' >&$to ;;
	esac
done <&"${VM[0]}"
wait "$pid" || status=$?
cat "$tmp/tap"

n=$(sed -n 's/^1\.\.//p' "$tmp/tap")
last=$(grep -a 'se05x-sim: shut down' "$console" || :)
# the exchange in flight ended, the one in the queue was not begun; the line stays
if grep -q 'shut down: 2 APDUs run, chip idle, power on, cut 0 times, 0 rules broken' <<< "$last"; then
	echo "ok $n - shutdown"
else
	echo "not ok $n - shutdown: ${last:-nothing was seen of it}"
fi
complaints='BUG: |WARNING: |Oops|Kernel panic|INFO: task .* blocked'
if [ "$status" != 0 ] || [ -z "$n" ] || grep -aE "$complaints" "$console" >&2; then
	echo "suspend.sh: the kernel complained, died or hung (qemu: $status); its last messages:" >&2
	tail -n 60 "$console" >&2
	exit 99
fi
