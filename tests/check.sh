#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run stages of tests, two at a time, and sum up their TAP in one last line:
#
#   check.sh STAGE...
#
# A stage is one of the functions stage_* below. Its output comes in one piece
# when it has ended, and a line a minute tells what runs. JOBS=1 runs one at a time.
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
. tests/alive.sh
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0
skipped=0

# ---- what is built, once and before any stage ----

programs() {
	make -s -j"$(nproc)" -C lib all && make -s -j"$(nproc)" -C tools all && make -s -C dts-overlay all
}

modules() {
	make -s -C tools/sim && tests/vm/modules.sh "$1" > /dev/null
}

programs_root() { [ "$(id -u)" != 0 ] || tests/programs/root.sh "$1" > /dev/null; }

build_for() {
	case $1 in
	valgrind) programs ;;
	host | host_long) programs && make -s -j"$(nproc)" -C tests/host all ;;
	overlay) programs && make -s -C tests/overlay all ;;
	bench) make -s -C tests/bench all ;;
	hotpath) modules distro && make -s -C tests/bench all ;;
	overlay_boot | armhf) programs && modules arm64 && make -s -C tests/overlay all &&
		tests/arch/programs.sh arm64 && tests/arch/programs.sh armhf ;;
	pages16k) build_for armhf && modules pages16k ;;
	i386) programs && modules distro && tests/arch/programs.sh i386 ;;
	kunit) modules debug ;;
	debug | debug_rest | soak | life_debug) programs && modules debug && make -s -C tests/kselftest ;;
	leak | leak_controls) modules distro && tests/leak/build.sh ;;
	kcsan) modules kcsan && make -s -C tests/kselftest ;;
	distro | distro_all | new_device | life | events | suspend | watch) programs && modules distro && make -s -C tests/kselftest ;;
	scp) build_for distro && make -s -C tests/channel ;;
	channel) programs && modules distro ;;
	iot) programs && modules distro && tests/demo/server.sh sshd openssh-server libwrap0 ;;
	i2cd | i2cd_speed) programs && modules distro && make -s -C tests/programs all ;;
	install) programs && tests/vm/kernel.sh distro > /dev/null ;;
	packages) tests/packages/root.sh bookworm > /dev/null && tests/packages/root.sh trixie > /dev/null ;;
	programs_pkcs11 | programs_pkcs11_12) programs && programs_root bookworm ;;
	programs_pcsc | programs_openssl | programs_openssl_12) build_for programs_pkcs11 ;;
	programs_driver) build_for programs_pkcs11 && modules distro ;;
	programs_pcsc_13 | programs_openssl_13) build_for programs_pkcs11_13 ;;
	programs_pkcs11_13) programs && programs_root trixie ;;
	disk) tests/disk/root.sh bookworm > /dev/null && tests/disk/root.sh trixie > /dev/null ;;
	kernels) programs && modules 6.12 && modules newest && make -s -C tests/kselftest ;;
	esac
}

# ---- the stages ----

stage_host() { make -s -C tests/host check; }
stage_host_long() { make -s -C tests/host long; }

stage_overlay() { make -s -C tests/overlay check; }

stage_install() { tests/install/install_test.sh; }

stage_kunit() { tests/vm/run.sh debug tests/vm/kunit.sh; }

kselftest() {	# KERNEL [TEST...]
	local kernel=$1
	shift
	tests/vm/run.sh "$kernel" tests/vm/kselftest.sh "$@"
}

# the kernel that people have: what programs see, and what stage_debug leaves out
stage_distro() {
	kselftest distro se05x_abi_test se05x_apdu_test se05x_turn_test se05x_outage_test
}
stage_distro_all() { kselftest distro; }
# what programs see is the same in the kernel's secure channel
stage_scp() {
	local status=0
	tests/vm/run.sh distro env CHANNEL=1 tests/vm/kselftest.sh se05x_share_test \
		se05x_lock_test se05x_select_test se05x_client_test se05x_hwrng_test || status=1
	kselftest distro se05x_scp_test se05x_scp_key_test || status=1
	tests/vm/run.sh distro tests/channel/attack.sh || status=1
	return $status
}
# what is left of them is for check-full: they wait long, and run on another kernel in check
rest="se05x_outage_test se05x_scp_test se05x_scp_key_test se05x_apdu_test se05x_turn_test"
stage_debug() { tests/vm/run.sh debug env SKIP="$rest" tests/vm/kselftest.sh; }
# shellcheck disable=SC2086 # words are meant
stage_debug_rest() { kselftest debug $rest; }
# what differs without an enable line: resets, and what they cost
stage_new_device() {
	tests/vm/run.sh distro env BIND=new_device tests/vm/kselftest.sh \
		se05x_reset_test se05x_select_test se05x_channel_test
}

stage_life() { tests/vm/run.sh distro tests/vm/life.sh; }
stage_iot() { tests/vm/run.sh distro tests/vm/iot.sh; }
stage_i2cd() { tests/vm/run.sh distro tests/vm/i2cd.sh; }
stage_i2cd_speed() { tests/vm/run.sh distro tests/bench/i2cd.sh; }
stage_channel() { tests/vm/run.sh distro tests/vm/channel.sh; }
stage_watch() { tests/vm/run.sh distro tests/vm/watch.sh; }
stage_events() { tests/vm/run.sh distro tests/vm/events.sh; }
stage_suspend() { tests/vm/suspend.sh; }
stage_life_debug() { tests/vm/run.sh debug tests/vm/life.sh && tests/vm/run.sh debug tests/vm/events.sh; }

# data races, where many are at it at once
stage_kcsan() {
	local status=0
	kselftest kcsan se05x_share_test se05x_lock_test se05x_apdu_test \
		se05x_reset_test se05x_bind_test se05x_storm_test se05x_fuzz_test \
		se05x_channel_test se05x_scp_key_test || status=1
	tests/vm/run.sh kcsan env CHANNEL=1 tests/vm/kselftest.sh se05x_share_test || status=1
	return $status
}

# the other architectures, and 32-bit programs on 64-bit kernels
stage_arch() { tests/arch/arch_test.sh; }
stage_overlay_boot() { tests/arch/overlay_boot.sh; }
stage_armhf() { tests/arch/boot.sh '' /scripts/kselftest.sh armhf; }
stage_pages16k() { KERNEL=pages16k tests/arch/boot.sh '' /scripts/kselftest.sh arm64; }
stage_i386() {
	tests/vm/run.sh distro env TESTS="$top/build/programs-i386/kselftest" tests/vm/kselftest.sh
}

# Debian 13's kernel, and the newest in Debian's archive
stage_kernels() {
	local status=0
	kselftest 6.12 || status=1
	kselftest newest || status=1
	return $status
}

# what stays in memory; each control is a driver that forgets one wipe
stage_leak() { tests/vm/run.sh distro tests/leak/leak.sh request channel; }
stage_leak_controls() { tests/vm/run.sh distro tests/leak/leak.sh link orphan request bus bounced; }

# all at once, with faults and with anything a program can hand in
stage_soak() {
	tests/vm/run.sh debug env MINUTES="${MINUTES:-5}" SE05X_STORM_SECONDS=30 \
		SE05X_FUZZ_SECONDS=30 tests/vm/kselftest.sh \
		se05x_storm_test se05x_fuzz_test se05x_share_test se05x_lock_test
}

yes_or_no() {	# NAME COMMAND...: a stage of one test
	local name=$1
	shift
	if "$@"; then echo "ok 1 - $name"; else echo "not ok 1 - $name"; fi
	echo 1..1
}

stage_valgrind() { tests/host/valgrind.sh build/host; }
stage_coverage() { yes_or_no coverage make -s -C tests/host coverage; }
# the same draws each time: what fails here fails by a change; make fuzz draws anew
stage_fuzz() {
	yes_or_no fuzz make -s -C tests/fuzz fuzz SECONDS=30 SEED=1
	yes_or_no fuzz-iot make -s -C tests/fuzz fuzz-iot SECONDS=20 SEED=1
	yes_or_no fuzz-pkcs11 make -s -C tests/fuzz fuzz-pkcs11 SECONDS=30 SEED=1
	yes_or_no fuzz-ref make -s -C tests/fuzz fuzz-ref SECONDS=30 SEED=1
}
# what an APDU costs beside bus and chip
stage_hotpath() { tests/vm/run.sh distro tests/bench/hotpath.sh; }

stage_bench() { yes_or_no "virtual figures" make -s -C tests/bench check; }
# Debian 12 and 13, one after the other: each fills a tmpfs; needs root
stage_packages() {
	local status=0
	tests/packages/packages.sh bookworm || status=1
	tests/packages/packages.sh trixie || status=1
	return $status
}

# the programs that people use with PKCS#11, of Debian 12 and 13
stage_programs_pkcs11() { tests/programs/pkcs11.sh bookworm se05x; }
stage_programs_pkcs11_12() { tests/programs/pkcs11.sh bookworm "softhsm2 se05x-pin"; }
stage_programs_pkcs11_13() { tests/programs/pkcs11.sh trixie "softhsm2 se05x se05x-pin"; }
# those that people use with OpenSSL
stage_programs_openssl() { tests/programs/openssl.sh bookworm tool web mqtt tls; }
stage_programs_openssl_12() { tests/programs/openssl.sh bookworm vpn many; }
stage_programs_openssl_13() { tests/programs/openssl.sh trixie; }
stage_programs_driver() { tests/programs/driver.sh bookworm; }
# pcscd of both, with our driver
stage_programs_pcsc() { tests/programs/pcsc.sh bookworm; }
stage_programs_pcsc_13() { tests/programs/pcsc.sh trixie; }

# a root file system and other volumes that the chip unlocks; as the packages
stage_disk() {
	local status=0
	tests/disk/disk.sh bookworm || status=1
	tests/disk/disk.sh trixie || status=1
	return $status
}

# laid into kernel trees and built there
stage_intree() { tests/intree/intree_test.sh; }

stage_strict() { yes_or_no strict tests/strict.sh 6.12 newest; }
stage_style() { yes_or_no style tests/style.sh; }

# ---- running them ----

TIMEFORMAT='%U + %S s'	# user and system

# A stage that ends badly or gives fewer results than it planned has failed,
# even if each result that came is good.
judge() {	# STAGE STATUS
	local log=$logs/$1 status=$2 ok bad skip planned
	skip=$(grep -cE '^ok .*# *SKIP' "$log")
	ok=$(($(grep -cE '^ok ' "$log") - skip))
	bad=$(grep -cE '^not ok ' "$log")
	planned=$(sed -n "s/^1\.\.\([0-9]*\).*/\1/p" "$log" | awk "{ n += \$1 } END { print n + 0 }")
	if [ "${planned:-0}" = 0 ] || [ "$planned" != $((ok + bad + skip)) ]; then
		echo "not ok - $1: ${planned:-0} planned, $((ok + bad + skip)) results"
		bad=$((bad + 1))
	elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		echo "not ok - $1: exit status $status"
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
}

declare -A running=()	# stage of each process

begin() { echo $SECONDS > "$logs/$1.start"; }

# which have begun and not ended, and how long ago
tell() {
	local file text=
	for file in "$logs"/*.start; do
		[ ! -e "$file" ] ||
			text+=", $(basename "$file" .start) $((SECONDS - $(cat "$file"))) s"
	done
	echo "-- running: ${text#, }"
}

collect() {	# wait for one stage
	local pid status stage
	wait -n -p pid "${!running[@]}"
	status=$?
	stage=${running[$pid]}
	unset "running[$pid]"
	echo "== $stage ($((SECONDS - $(cat "$logs/$stage.start"))) s; processor $(cat "$logs/$stage.cpu"))"
	rm "$logs/$stage.start"
	cat "$logs/$stage"
	judge "$stage" "$status"
}

for stage in "$@"; do
	[ "$(type -t "stage_$stage")" = function ] ||
		{ echo "check.sh: no stage $stage" >&2; exit 2; }
done
alive tell
for stage in "$@"; do
	begin "build of $stage"
	build_for "$stage" || { echo "not ok - $stage: does not build"; failed=$((failed + 1)); }
	rm "$logs/build of $stage.start"
done
[ $failed = 0 ] || set --
for stage in "$@"; do
	[ ${#running[@]} -lt "${JOBS:-2}" ] || collect
	echo "-- $stage begins ($SECONDS s)"
	begin "$stage"
	(time "stage_$stage" > "$logs/$stage" 2>&1) 2> "$logs/$stage.cpu" &
	running[$!]=$stage
done
while [ ${#running[@]} -gt 0 ]; do
	collect
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
