#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run a command as root on another kernel, with this machine's own programs:
#
#   run.sh KERNEL COMMAND [ARGUMENT...]
#
# The VM is emulated in software. Its root is this machine's root, read-only
# under a tmpfs; it starts in the folder this was called from and has the
# folder's path in it. What it writes is gone afterwards, but for $RESULTS.
#
# KERNEL may be a folder too, with image, release and lib/modules in it. $ROOT is
# another root than this machine's; with $BOOT=systemd its own init comes up first,
# to basic.target, with udev.
#
# The exit status is the command's; 99 if the kernel complained, died or hung.
# The kernel's messages go to $SE05X_CONSOLE, by default a temporary file that
# is shown when something went wrong.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { echo "usage: run.sh KERNEL COMMAND..." >&2; exit 2; }
kernel=$1
shift
case $kernel in
*/*) dir=$kernel ;;
*) dir=$("$here/kernel.sh" "$kernel") ;;
esac
release=$(cat "$dir/release")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/se05x-vm.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
console=${SE05X_CONSOLE:-$tmp/console}

# Modules that lead to the root file system, in loading order
needed() {
	local m
	[ -d "$dir/lib/modules/$release" ] || return 0
	for m in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -d "$dir" -S "$release" --show-depends "$m" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++'
}

make_initramfs() {
	local root=$tmp/initramfs m
	mkdir -p "$root"/{bin,dev,proc,sys,lower,rw,new,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	needed | while read -r m; do
		case $m in
		*.xz) xz -dc "$m" > "$root/modules/$(basename "$m" .xz)" ;;
		*) cp "$m" "$root/modules/" ;;
		esac
		basename "$m" .xz >> "$root/modules/list"
	done
	cp "$here/init" "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$tmp/initrd"
	rm -rf "$root"
}

make_initramfs
mkdir "$tmp/share"
[ -n "${ROOT:-}" ] || printf 'cd %q\n' "$PWD" > "$tmp/share/command"
{
	printf 'export PATH=%q HOME=/root LC_ALL=C.UTF-8 TERM=dumb RESULTS=/run/results\n' \
		"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	printf 'export SE05X_KERNEL=%q SE05X_KERNEL_DIR=%q\n' "$kernel" "$dir"
	printf '%q ' "$@"
	echo
} >> "$tmp/share/command"

memory=1024
append="console=ttyS0 loglevel=7 panic=-1 oops=panic tsc=reliable"
case $kernel in
debug | kcsan)	# half a minute of AML under KASAN, for nothing
	memory=2048
	append+=" acpi=off"
	;;
esac
case ${BOOT:-} in
"") ;;
systemd)
	append+=" systemd.unit=se05x-test.service systemd.show_status=false"
	cp "$here/boot.sh" "$tmp/share/boot"
	;;
*) echo "run.sh: BOOT=$BOOT?" >&2; exit 2 ;;
esac
status=0
# The time limit is there for a VM that hangs; nothing is measured by it. Without
# ACPI the kernel goes by the MP table, which counts sockets and no cores.
timeout --foreground "${SE05X_VM_TIMEOUT:-2400}" qemu-system-x86_64 \
	-accel tcg,thread=multi -cpu max -smp sockets=2 -m $memory \
	-nodefaults -no-reboot -display none \
	-kernel "$dir/image" -initrd "$tmp/initrd" \
	-append "$append" \
	-serial "file:$console" -serial stdio \
	-virtfs "local,path=${ROOT:-/},mount_tag=host,security_model=none,readonly=on,multidevs=remap" \
	-virtfs "local,path=$tmp/share,mount_tag=share,security_model=none" \
	< /dev/null || status=$?

# The kernel has data races of its own. Ours happen in a function of ours, or in
# one that it calls to move bytes.
if [ "$kernel" = kcsan ]; then
	awk -v RS='=====+' -F '\n' '
		/BUG: KCSAN/ {
			ours = looking = 0
			for (i = 1; i <= NF; i++) {
				if ($i ~ /(read|write).* (to|of) .* by |race at unknown origin/)
					looking = 1
				else if (looking && $i !~ /\] +_*(mem|str|copy_|list_)/) {
					ours = ours || $i ~ /\[se05x/
					looking = 0
				}
			}
			if (!ours)
				next
		}
		{ print }' "$console" > "$console.ours"
	mv "$console.ours" "$console"
fi
complaints='BUG: |WARNING: |Oops|KASAN|UBSAN|Kernel panic|possible recursive|INFO: task .* blocked|suspicious RCU|unreferenced object'
if [ ! -e "$tmp/share/status" ]; then
	echo "run.sh: the VM died or hung (qemu: $status); its last messages:" >&2
	tail -n 60 "$console" >&2
	exit 99
elif grep -aE "$complaints" "$console" >&2; then
	echo "run.sh: the kernel complained:" >&2
	grep -aE -A 40 "$complaints" "$console" | head -n 200 >&2
	exit 99
fi
if [ -n "${RESULTS:-}" ]; then
	cp -r "$tmp/share/results/." "$RESULTS/"
fi
exit "$(cat "$tmp/share/status")"
