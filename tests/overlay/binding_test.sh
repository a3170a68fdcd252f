#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's dt_binding_check does, with the one binding; and the overlay's
# nodes against it. TAP.
#
#   binding_test.sh BIN DTBO
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:?usage: binding_test.sh BIN DTBO}
dtbo=${2:?usage: binding_test.sh BIN DTBO}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
binding=$tmp/misc/nxp,se050.yaml	# as its $id says
n=0
failed=0

result() {	# NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/words"
		failed=1
	fi
}

compile() {	# NAME < SOURCE
	rm -f "$tmp/$1.dtb"	# dt-validate has nothing against a missing file
	cpp -nostdinc -undef -x assembler-with-cpp -P -I "$source/include" |
		dtc -q -@ -I dts -O dtb -o "$tmp/$1.dtb"
}

validate() {	# NAME: what the binding has to say against it
	[ -e "$tmp/$1.dtb" ] && dt-validate -l nxp,se050 -s "$tmp/schema.json" "$tmp/$1.dtb" > "$tmp/words" 2>&1 &&
		[ ! -s "$tmp/words" ]
}

objects() {	# NAME 'SED SCRIPT' WORDS: the example, made wrong
	sed "$2" "$tmp/example.dts" | compile bad
	! validate bad && grep -q "$3" "$tmp/words"
	result "$1" $?
}

source=$("$top/tests/vm/kernel.sh" source) || exit 1
mkdir "$tmp/misc"
cp "$top/docs/nxp,se050.yaml" "$binding"

dt-doc-validate -u "$tmp" "$binding" > "$tmp/words" 2>&1 && [ ! -s "$tmp/words" ]
result 'the binding is a good schema' $?
# dt-validate is made for the kernel's whole set and fails without syscon.yaml
bindings=$source/Documentation/devicetree/bindings
dt-mk-schema -j "$binding" "$bindings"/{vendor-prefixes,mfd/syscon}.yaml \
	> "$tmp/schema.json" 2> "$tmp/words" && [ ! -s "$tmp/words" ]
result 'it can be processed' $?
dt-extract-example "$binding" > "$tmp/example.dts" &&
	compile example < "$tmp/example.dts" 2> "$tmp/words"
result 'dtc takes its example' $?
validate example
result 'which is as it says' $?
sed 's/reg = .*;/& status = "disabled"; secure-status = "okay";/' "$tmp/example.dts" | compile secure
validate secure
result "a chip of the secure world's too" $?
objects 'a chip without an address is refused' 's/reg = .*;//' "'reg' is a required"
objects 'a misspelt property is refused' 's/enable-gpios/enabel-gpios/' enabel-gpios
objects 'two enable lines are refused' 's/\(enable-gpios = \)\(<.*>\)/\1\2, \2/' 'too long'

compile base <<'EOF'
/dts-v1/;
/ {
	compatible = "brcm,bcm2711";
	gpio: gpio { gpio-controller; #gpio-cells = <2>; };
	i2c_arm: i2c1: i2c { };
	i2c0: i2c0 { };
	i2c0if: i2c0if { };
	i2c0mux: i2c0mux { };
	i2c_csi_dsi: i2c10 { };
};
EOF
for params in '' 'ena_low hwrng addr=0x49' 'no_ena reset_pin=17' 'softi2c reset_pin=17'; do
	# shellcheck disable=SC2086 # a list of words
	"$bin/dtapply" "$tmp/base.dtb" "$dtbo" "$tmp/merged.dtb" $params 2> "$tmp/words" &&
		dt-validate -M -l nxp,se050 -s "$tmp/schema.json" "$tmp/merged.dtb" 2>&1 |
		grep -q se050.yaml && validate merged
	result "the overlay's node is as it says: ${params:-no parameter}" $?
done
echo "1..$n"
exit $failed
