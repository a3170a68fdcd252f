#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run a command as root on an emulated arm64 machine:
#
#   boot.sh "OVERLAY PARAMETER..." COMMAND [ARGUMENT...]
#   boot.sh none COMMAND [ARGUMENT...]
#
# Its device tree is QEMU's, with the simulated bus and $EXTRA added, and the
# overlay applied with these parameters, or without the overlay. It has busybox and
# what programs.sh made for arm64 and armhf: /tools, /kselftest-arm64,
# /kselftest-armhf, /scripts (this folder) and the modules in /modules. $KERNEL is
# arm64, unless it is pages16k. The exit status is the command's; 99 if the kernel
# complained, died or hung.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
[ $# -ge 2 ] || { echo 'usage: boot.sh "PARAMETER..."|none COMMAND...' >&2; exit 2; }
params=$1
shift
kernel=${KERNEL:-arm64}
dir=$("$top/tests/vm/kernel.sh" "$kernel")
programs=$("$top/tests/vm/kernel.sh" arm64)
release=$(cat "$dir/release")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/se05x-vm.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
console=${SE05X_CONSOLE:-$tmp/console}
# shellcheck disable=SC2054 # the commas are qemu's
machine=(qemu-system-aarch64 -M virt -cpu max -smp 2 -m 1024 -accel tcg,thread=multi
	-nodefaults -no-reboot -display none)

make_tree() {
	"${machine[@]}" -M virt,dumpdtb="$tmp/virt.dtb" > /dev/null 2>&1
	{
		dtc -q -I dtb -O dts "$tmp/virt.dtb"
		cat "$here/bus.dtsi"
		echo "${EXTRA:-}"
	} | dtc -q -@ -I dts -O dtb -o "$tmp/machine.dtb"
	[ "$params" = none ] || {
		# shellcheck disable=SC2086 # a list of words
		"$top/build/host/tests/overlay/dtapply" "$tmp/machine.dtb" \
			"$top/build/host/dts-overlay/se05x.dtbo" "$tmp/merged.dtb" $params
		mv "$tmp/merged.dtb" "$tmp/machine.dtb"
	}
}

# Ours, and what they need, in loading order
modules() {
	local m ours=("$top/build/$kernel/tests/sim/se05x-sim.ko" "$top/build/$kernel/kernel/se05x.ko")
	modinfo -F depends "${ours[@]}" | tr ',' '\n' | sort -u | while read -r m; do
		[ -z "$m" ] || modprobe -d "$dir" -S "$release" --show-depends "$m" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++'
	printf '%s\n' "${ours[@]}"
}

make_initramfs() {
	local root=$tmp/initramfs m a
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,modules,tools,scripts}
	cp "$programs/bin/busybox" "$root/bin/"
	modules | while read -r m; do
		case $m in
		*.xz) xz -dc "$m" > "$root/modules/$(basename "$m" .xz)" ;;
		*) cp "$m" "$root/modules/" ;;
		esac
		basename "$m" .xz >> "$root/modules/list"
	done
	for a in arm64 armhf; do
		mkdir "$root/kselftest-$a"
		cp "$top/build/programs-$a"/kselftest/se05x_*_test "$root/kselftest-$a/"
		cp "$top/build/programs-$a/static/tools/se05x-apdu" "$root/tools/se05x-apdu-$a"
	done
	cp "$top/build/programs-arm64/static/tools/se05x-sim" "$root/tools/"
	cp "$here"/*.sh "$root/scripts/"
	cp "$here/init" "$root/init"
	printf '%q ' "$@" > "$root/command"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$tmp/initrd"
	rm -rf "$root"
}

make_tree
make_initramfs "$@"
status=0
# the time limit is there for a machine that hangs; nothing is measured by it
timeout --foreground "${SE05X_VM_TIMEOUT:-2400}" "${machine[@]}" \
	-kernel "$dir/image" -initrd "$tmp/initrd" -dtb "$tmp/machine.dtb" \
	-append "console=ttyAMA0 loglevel=7 panic=-1 oops=panic" \
	-serial "file:$console" -chardev stdio,id=out,signal=off -device pci-serial,chardev=out \
	< /dev/null > "$tmp/out" || status=$?
sed -e 's/\r$//' -e '/^status [0-9]*$/d' "$tmp/out"

complaints='BUG: |WARNING: |Oops|Kernel panic|possible recursive|INFO: task .* blocked|suspicious RCU'
if ! grep -q '^status [0-9]' "$tmp/out"; then
	echo "boot.sh: the machine died or hung (qemu: $status); its last messages:" >&2
	tail -n 60 "$console" >&2
	exit 99
elif grep -aE "$complaints" "$console" >&2; then
	grep -aE -A 40 "$complaints" "$console" | head -n 200 >&2
	exit 99
fi
exit "$(sed -n 's/^status \([0-9]*\).*/\1/p' "$tmp/out")"
