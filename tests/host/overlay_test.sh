#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The overlay as it is without parameters, on a tree with a Pi's labels. TAP.
#
#   overlay_test.sh DTBO
set -u

dtbo=${1:?usage: overlay_test.sh DTBO}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

is() {	# is NAME WANTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '# wanted %s\n# got %s\n' "$2" "$3"
		failed=1
	fi
}

get() { fdtget "$tmp/merged.dtb" "$@" 2>&1; }

cat > "$tmp/base.dts" <<'END'
/dts-v1/;
/ {
	compatible = "brcm,bcm2711";
	gpio: gpio { #gpio-cells = <2>; };
	i2c_arm: i2c1: bus1 { status = "disabled"; };
	i2c0: bus0 { };
	i2c0if: i2c0if { status = "disabled"; };
	i2c0mux: i2c0mux { status = "disabled"; };
	i2c_csi_dsi: csi { };
};
END
dtc -q -@ -I dts -O dtb -o "$tmp/base.dtb" "$tmp/base.dts"
is 'applies' 0 "$(fdtoverlay -i "$tmp/base.dtb" -o "$tmp/merged.dtb" "$dtbo" > /dev/null 2>&1; echo $?)"
node=/bus1/secure-element@48
is 'the bus is switched on' okay "$(get /bus1 status)"
is 'compatible' nxp,se050 "$(get $node compatible)"
is 'address' 48 "$(get -t x $node reg)"
is 'enable line GPIO22, active high' "$(get -t x /gpio phandle) 16 0" "$(get -t x $node enable-gpios)"
is 'no reset line unasked' '' "$(fdtget -d '' "$tmp/merged.dtb" $node reset-gpios)"
is 'I2C0 stays as it is' disabled "$(get /i2c0mux status)"
for p in addr ena_pin ena_low no_ena reset_pin i2c0 i2c1 i2c2 i2c3 i2c4 i2c5 i2c6 \
	 i2c_csi_dsi i2c-path; do
	is "parameter $p is there and documented" 1 "$(fdtget "$dtbo" /__overrides__ $p > /dev/null 2>&1 &&
		grep -cE "^(Params:|       ) $p " "$(dirname "$0")/../../dts-overlay/README-entry.txt")"
done
echo "1..$n"
exit $failed
