#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does layers.sh find what it is there to find? On four small files, which are in
# order at first; then one thing is wrong at a time. Silent if so.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

tidy() {
	printf '    low < left, right\n      < high (se05x.h)\n\nlow is last here\n' > "$work/doc"
	echo 'int low(void);' > "$work/se05x_low.h"
	echo 'int left(void); int right(void); int high(void);' > "$work/se05x.h"
	printf '#include "se05x_low.h"\nint low(void)\n{\n\treturn 1;\n}\n' > "$work/se05x_low.c"
	for file in left right; do
		printf '#include "se05x_low.h"\nint %s(void)\n{\n\treturn low();\n}\n' $file \
			> "$work/se05x_$file.c"
	done
	printf '#include "se05x_low.h"\n#include "se05x.h"\n%s\n{\n\treturn left() + low();\n}\n' \
		'int high(void)' > "$work/se05x_high.c"
}

# what layers.sh says must match the pattern, and it must fail exactly if it says so
expect() {	# PATTERN
	local said status
	rm -f "$work"/*.o
	(cd "$work" && cc -c -w -Wno-implicit-function-declaration ./*.c) || exit 1
	said=$("$here/layers.sh" "$work" "$work" "$work/doc")
	status=$?
	if ! [[ $said =~ ^$1$ ]] || { [ -z "$said" ] && [ $status != 0 ]; } ||
	   { [ -n "$said" ] && [ $status = 0 ]; }; then
		echo "layers_test: exit status $status, expected '$1', got: $said"
		bad=1
	fi
}

tidy; expect ''
tidy; echo 'int more(void) { return high(); }' >> "$work/se05x_low.c"
expect 'layers: se05x_low.c uses high of se05x_high.c,.*'
tidy; echo 'extern int state; int more(void) { return state; }' >> "$work/se05x_low.c"
echo 'int state;' >> "$work/se05x_left.c"
expect 'layers: se05x_low.c uses state of se05x_left.c,.*'
tidy; echo 'int more(void) { return right(); }' >> "$work/se05x_left.c"
expect 'layers: se05x_left.c uses right of se05x_right.c,.*'
tidy; sed -i '1i #include "se05x.h"' "$work/se05x_left.c"
expect 'layers: se05x_left.c includes se05x.h of se05x_high.c,.*'
tidy; echo 'int left(void);' > "$work/se05x_left.h"
echo '#include "se05x_left.h"' >> "$work/se05x_low.h"
expect 'layers: se05x_low.c includes se05x_left.h of se05x_left.c,.*'
tidy; : > "$work/se05x_new.h"; sed -i '1i #include "se05x_new.h"' "$work/se05x_low.c"
expect 'layers: se05x_low.c includes se05x_new.h,.*'
tidy; printf 'static int same(int a, int b)\n{\n\treturn 2;\n}\n' >> "$work/se05x_left.c"
printf '#define __no(x)\nstatic __no(1) unsigned same(int a,\n\tint b)\n{\n\treturn 2;\n}\n' \
	>> "$work/se05x_high.c"
expect 'layers: same\(\) is static in se05x_high.c se05x_left.c'
tidy; echo 'int new;' > "$work/se05x_new.c"
expect 'layers: se05x_new.c is not in the order'
rm "$work/se05x_new.c"
tidy; sed -i 's/low </low < gone </' "$work/doc"
expect 'layers: se05x_gone.c is in the order and nowhere else'
tidy; : > "$work/doc"; expect 'layers: no order in .*'
exit $bad
