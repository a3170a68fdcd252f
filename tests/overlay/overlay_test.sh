#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every parameter of the overlay on trees of a Raspberry Pi 3 and 4: what differs
# from the tree without the overlay is compared node by node. TAP.
#
#   overlay_test.sh BIN DTBO
#
# BIN is where dtapply and dtdiff are. The trees are linux-source's, with
# Raspberry Pi's own labels added (rpi.dtsi).
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
bin=${1:?usage: overlay_test.sh BIN DTBO}
dtbo=${2:?usage: overlay_test.sh BIN DTBO}
readme=$top/dts-overlay/README-entry.txt
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

result() {	# result NAME STATUS [FILE]: the file says why not
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		[ -z "${3:-}" ] || sed 's/^/# /' "$3"
		failed=1
	fi
}

# ---- the boards ----

base_tree() {	# NAME SOURCE [CPP OPTION...]
	local name=$1 dts=$2
	shift 2
	cpp -nostdinc -undef -x assembler-with-cpp -P "-DBOARD=\"$dts\"" "$@" \
		-I "$source/arch/arm/boot/dts" -I "$source/include" \
		-I "$source/scripts/dtc/include-prefixes" "$here/rpi.dtsi" > "$tmp/$name.dts" &&
		dtc -q -@ -I dts -O dtb -o "$tmp/$name.dtb" "$tmp/$name.dts"
}

board() {	# NAME: the tree that the tests are for from now on
	name=$1
	base=$tmp/$name.dtb
	gpio=$(printf %08x "$(fdtget "$base" "$(fdtget "$base" /__symbols__ gpio)" phandle)")
	arm=$(fdtget "$base" /__symbols__ i2c_arm)
	tried=
}

# ---- what is to be there ----

apply() { "$bin/dtapply" "$base" "$dtbo" "$tmp/result.dtb" "$@" 2> "$tmp/words"; }

# The chip as the overlay describes it, each argument one property more.
chip() {	# PATH ADDRESS [PROPERTY...]
	local node=$1/secure-element@$2 property
	for property in '' 'compatible nxp,se050' "reg 000000$2" "${@:3}"; do
		echo "$node${property:+ $property}"
	done
}

enable() { echo "enable-gpios $gpio 000000${1:-16} 0000000${2:-0}"; }
# nothing to be seen where a bus is on already
on() { [ "$(fdtget -d '' "$base" "$1" status)" = okay ] || echo "$1 status okay"; }

# The software bus, on GPIOs $1 and $2
soft() {
	cat <<-EOF
	/i2c-se05x
	/i2c-se05x #address-cells 00000001
	/i2c-se05x #size-cells 00000000
	/i2c-se05x compatible i2c-gpio
	/i2c-se05x i2c-gpio,delay-us ${3:-00000002}
	/i2c-se05x scl-gpios $gpio 000000$2 00000006
	/i2c-se05x sda-gpios $gpio 000000$1 00000006
	/i2c-se05x status okay
	EOF
}

gives() {	# gives 'PARAMETER...' < what is new or other in the tree
	local params=$1
	tried="$tried $params"
	sort > "$tmp/wanted"
	# shellcheck disable=SC2086 # a list of words
	if apply $params; then
		"$bin/dtdiff" "$base" "$tmp/result.dtb" | sort > "$tmp/got"
		diff -u "$tmp/wanted" "$tmp/got" > "$tmp/diff"
		result "$name: ${params:-no parameter}" $? "$tmp/diff"
	else
		result "$name: ${params:-no parameter}" 1 "$tmp/words"
	fi
}

refuses() {	# refuses 'PARAMETER...' WORDS: says them and leaves no tree
	rm -f "$tmp/result.dtb"
	# shellcheck disable=SC2086
	! apply $1 && grep -q "$2" "$tmp/words" && [ ! -e "$tmp/result.dtb" ]
	result "$name: $1 is refused: $2" $? "$tmp/words"
}

# ---- every parameter ----

try_all() {
	local bus mux=/soc/i2c0mux

	gives '' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	gives 'addr=0x49' < <(on "$arm"; chip "$arm" 49 "$(enable)")
	gives 'ena_pin=5' < <(on "$arm"; chip "$arm" 48 "$(enable 05)")
	for p in ena_low ena_low=on ena_low=1; do
		gives $p < <(on "$arm"; chip "$arm" 48 "$(enable 16 1)")
	done
	gives 'ena_low=off' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	gives 'ena_low ena_pin=5' < <(on "$arm"; chip "$arm" 48 "$(enable 05 1)")
	gives 'no_ena=off' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	# both: there is no line, in any order
	for p in no_ena 'no_ena ena_pin=5' 'ena_pin=5 no_ena' 'ena_low no_ena ena_pin=5'; do
		gives "$p" < <(on "$arm"; chip "$arm" 48)
	done
	gives 'no_ena addr=0x4a' < <(on "$arm"; chip "$arm" 4a)
	gives 'reset_pin=17' < <(on "$arm"
		chip "$arm" 48 "$(enable)" "reset-gpios $gpio 00000011 00000001")
	gives 'reset_pin=17 no_ena' < <(on "$arm"
		chip "$arm" 48 "reset-gpios $gpio 00000011 00000001")
	gives 'hwrng' < <(on "$arm"; chip "$arm" 48 "$(enable)" nxp,hwrng)
	gives 'hwrng no_ena' < <(on "$arm"; chip "$arm" 48 nxp,hwrng)
	gives 'hwrng=off' < <(on "$arm"; chip "$arm" 48 "$(enable)")

	gives 'i2c1' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	for p in 'i2c0 0' 'i2c_csi_dsi 1'; do
		bus=$mux/i2c@${p#* }
		gives "${p% *}" < <(on /soc/i2c@7e205000; on $mux; on "$bus"
			chip "$bus" 48 "$(enable)")
	done
	for p in "$@"; do	# the board's other buses
		bus=$(fdtget "$base" /aliases "$p")
		gives "$p" < <(on "$bus"; own "$bus"; chip "$bus" 48 "$(enable)")
		gives "$p no_ena" < <(on "$bus"; own "$bus"; chip "$bus" 48)
		refuses "i2c-path=$bus/no" "$bus/no"
		gives "i2c-path=$bus" < <(on "$bus"; own "$bus"; chip "$bus" 48 "$(enable)")
	done
	gives 'i2c-path=i2c1' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	# the last bus counts
	gives 'i2c0 i2c1' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	gives 'i2c-path=/no i2c1' < <(on "$arm"; chip "$arm" 48 "$(enable)")
	gives "i2c0 i2c-path=$arm" < <(on "$arm"; chip "$arm" 48 "$(enable)")
	gives 'softi2c i2c1' < <(on "$arm"; chip "$arm" 48 "$(enable)")

	# i2c_arm is off already in these trees; that it is switched off is seen below
	gives 'softi2c' < <(soft 02 03; chip /i2c-se05x 48 "$(enable)")
	gives 'i2c0 softi2c' < <(soft 02 03; chip /i2c-se05x 48 "$(enable)")
	gives 'softi2c no_ena addr=0x49' < <(soft 02 03; chip /i2c-se05x 49)
	gives 'softi2c i2c_gpio_delay_us=5' < <(soft 02 03 00000005
		chip /i2c-se05x 48 "$(enable)")
	gives 'softi2c i2c_gpio_sda=23 i2c_gpio_scl=24' < <(soft 17 18
		chip /i2c-se05x 48 "$(enable)")

	refuses 'adr=0x49' 'no parameter adr'
	refuses 'ena_pin=GPIO5' 'ena_pin=GPIO5: neither a number'
	refuses 'no_ena=maybe' 'no_ena=maybe: neither'
	refuses 'i2c-path=/soc/i2c@0' '/soc/i2c@0'
}

# A bus without these cells of its own gets them with the first device.
own() {
	fdtget "$base" "$1" '#address-cells' > /dev/null 2>&1 ||
		printf '%s\n' "$1 #address-cells 00000001" "$1 #size-cells 00000000"
}

after() {	# after NAME STATUS_OF_i2c_arm PARAMETER...: with i2c_arm switched on before
	local what=$1 status=$2
	shift 2
	cp "$base" "$tmp/on.dtb" && fdtput -t s "$tmp/on.dtb" "$arm" status okay &&
		"$bin/dtapply" "$tmp/on.dtb" "$dtbo" "$tmp/result.dtb" "$@" 2> "$tmp/words" &&
		[ "$(fdtget "$tmp/result.dtb" "$arm" status)" = "$status" ]
	result "$name: $what" $? "$tmp/words"
}

if ! source=$("$top/tests/vm/kernel.sh" source) ||
   ! base_tree pi3 bcm2837-rpi-3-b.dts -DHAS_I2C2 ||
   ! base_tree pi4 bcm2711-rpi-4-b.dts; then
	echo "Bail out! no trees to apply the overlay to"
	exit 1
fi

board pi3
try_all i2c2
for p in i2c3 i2c4 i2c5 i2c6; do
	refuses $p $p	# a bus that the board lacks
done
tried3=$tried
board pi4
try_all i2c3 i2c4 i2c5 i2c6
refuses i2c2 i2c2
after 'softi2c switches i2c_arm off' disabled softi2c
after 'on other pins it stays' okay softi2c i2c_gpio_sda=23 i2c_gpio_scl=24

# a second chip, beside the first or in its place
"$bin/dtapply" "$base" "$dtbo" "$tmp/one.dtb" &&
	"$bin/dtapply" "$tmp/one.dtb" "$dtbo" "$tmp/two.dtb" addr=0x49 ena_pin=23
"$bin/dtdiff" "$tmp/one.dtb" "$tmp/two.dtb" > "$tmp/got"
diff -u <(chip "$arm" 49 "$(enable 17)" | sort) <(sort "$tmp/got") > "$tmp/diff"
result 'the overlay twice, at two addresses' $? "$tmp/diff"

# libfdt's own merge, without parameters, must come to the same
fdtoverlay -i "$base" -o "$tmp/libfdt.dtb" "$dtbo" > "$tmp/words" 2>&1 && apply &&
	"$bin/dtdiff" "$tmp/result.dtb" "$tmp/libfdt.dtb" > "$tmp/words" && [ ! -s "$tmp/words" ]
result "libfdt's fdt_overlay_apply gives the same tree" $? "$tmp/words"

# ---- nothing forgotten, and the README in its format ----

fdtget -p "$dtbo" /__overrides__ | grep -v '^phandle$' | sort > "$tmp/has"
sed -n -E 's/^(Params:|       ) ([a-z][a-z0-9_-]*) .*/\2/p' "$readme" | sort > "$tmp/documented"
diff -u "$tmp/has" "$tmp/documented" > "$tmp/diff"
result 'each parameter has its README entry, and the other way round' $? "$tmp/diff"
for p in $tried3 $tried; do echo "${p%%=*}"; done | sort -u > "$tmp/tried"
diff -u "$tmp/has" "$tmp/tried" > "$tmp/diff"
result 'each was tried' $? "$tmp/diff"
# texts begin in column 33, nothing is wider than 80, no tabs (overlays/README)
! grep -nE '	|.{81}| $' "$readme" > "$tmp/words" &&
	! tail -n +6 "$readme" | grep -nvE '^$|^( {8}[^ ].{22} | {32})[^ ]' >> "$tmp/words" &&
	[ "$(sed -n -E 's/^([A-Z][a-z]+:) .*/\1/p' "$readme" | tr '\n' ' ')" = 'Name: Info: Load: Params: ' ]
result 'README entry has the form of overlays/README' $? "$tmp/words"

echo "1..$n"
exit $failed
