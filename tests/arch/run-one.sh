# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For who runs kselftests in a machine, and has a driver() that loads it anew

sim=/sys/kernel/debug/se05x-sim

# One of them, and what no test of its own may have noticed
run_one() {	# PROGRAM
	t=$(basename "$1")
	ended=0
	[ "$t" != se05x_hwrng_test ] || driver hwrng=1
	"$1" || ended=1
	[ "$t" != se05x_hwrng_test ] || driver
	if [ "$(head -n 1 $sim/violations)" != 0 ]; then
		echo "not ok - $t: the chip saw rules broken:"
		sed 's/^/# /' $sim/violations
		echo 1 > $sim/reset
	fi
	return $ended
}
