# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests of a tool: $build and $tool are set; run, then check
# shellcheck disable=SC2154,SC2034 # they come from there, and go there

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# run ARGUMENT...: the tool on the fake chip, without a terminal to ask on; what came
# is in $out, $err, $status
run() {
	out=$(setsid -w env LD_PRELOAD="$build/tests/fake.so" SE05X_FAKE=/fake/se05x \
	      SE05X_DEVICE="${device-/fake/se05x}" "$tool" "$@" 2> "$tmp/err" < "${input:-/dev/null}")
	status=$?
	err=$(cat "$tmp/err")
}

# check NAME STATUS OUT-PATTERN ERR-PATTERN: patterns as in case, * for whatever
check() {
	n=$((n + 1))
	# shellcheck disable=SC2254 # patterns are meant
	case "$status:$out" in
	"$2":$3)
		case "$err" in
		$4) echo "ok $n - $1"; return ;;
		esac ;;
	esac
	echo "not ok $n - $1"
	printf '# status %s\n# out %s\n# err %s\n' "$status" "$out" "$err"
	failed=1
}
