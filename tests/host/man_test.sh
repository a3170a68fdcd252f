#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the man pages promise: their programs compile and run, their policies are policies,
# and every name of the headers is in a page. TAP.
#
#   man_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: man_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
here=$(realpath "$(dirname "$0")")
top=$here/../..
# shellcheck source-path=SCRIPTDIR
. "$here/tool.sh"

# what COMMAND... says
says() {
	out=$("$@" 2> "$tmp/err" < /dev/null)
	status=$?
	err=$(cat "$tmp/err")
}

says make -s -C "$top/docs/man" BUILD="$build" all; check 'pages' 0 '' ''

# program N: the Nth example of libse05x-iot(3) with a main()
program() {
	awk -v want="$1" '/^\.EX/ { text = ""; on = 1; next }
		/^\.EE/ { on = 0; if (text ~ /main\(/ && ++n == want) printf "%s", text; next }
		on { sub(/^\\&/, ""); text = text $0 "\n" }' "$top/docs/man/libse05x-iot.3" |
		sed 's/\\-/-/g; s/\\e/\\/g' > "$tmp/example.c"
	says gcc -std=c11 -Wall -Wextra -Werror -I"$top/lib/core" -I"$top/lib/iot" \
		-I"$top/include/uapi" -o "$tmp/example" "$tmp/example.c" \
		"$build/lib/libse05x-iot.a" "$build/lib/libse05x.a" -lcrypto -pthread
	check "example $1 compiles" 0 '' ''
	SIM_STATE=$tmp/state$1
	for again in 'runs' 'runs again, with what it made'; do
		says sim "$tmp/example"; check "example $1 $again" 0 "$2" ''
	done
}
program 1 '* bytes of signature, good'
program 2 'hello*01010102 kind 6, 5 bytes*'
program 3 'without the password: *denied*with it: [12]'

while read -r policy; do
	says "$tool" --quiet policy "$policy"; check "policy $policy" 0 '*' '*'
done < <(sed -n 's/^\.RB .(lq \([^ ]*\) .(rq$/\1/p' "$top/docs/man/se05x-policy.7" |
	sed 's/\\-/-/g; s/\\://')

# every constant is in a page
missing=
while read -r name; do
	grep -q -- "$name" "$build"/man/*-types.3 || missing="$missing $name"
done < <(grep -oh 'SE05X_[A-Z0-9_]*[A-Z0-9]\b' "$top"/lib/core/se05x.h "$top"/lib/iot/se05x-iot.h \
	"$top"/lib/monitor/se05x-monitor.h | grep -v '_H$' | sort -u | grep -vx SE05X_DEVICE)	# an environment variable
out=$missing status=0 err=
check 'constants without a page' 0 '' ''

echo "1..$n"
exit "$failed"
