# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests of a tool: $build and $tool are set; run, then check
# shellcheck disable=SC2154,SC2034 # they come from there, and go there

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# sim COMMAND...: with a simulated chip of its own, or with what is in $SIM_STATE; more
# variables say what chip it is
sim() {
	local options=(--quiet) name
	for name in state chip wear-log rate errors link-error aid; do
		local value=SIM_${name//-/_}
		value=${value^^}
		[ -z "${!value-}" ] || options+=("--$name=${!value}")
	done
	[ -z "${SIM_LOCKED-}" ] || options+=(--locked)
	"$build/tools/se05x-sim" "${options[@]}" run "$@"
}

# run ARGUMENT...: the tool on the simulated chip or on $device, without a terminal to ask
# on; what came is in $out, $err, $status
run() {
	local on=(sim)
	[ -z "${device-}" ] || on=(env "SE05X_DEVICE=$device")
	out=$("${on[@]}" setsid -w "$tool" "$@" 2> "$tmp/err" < "${input:-/dev/null}")
	status=$?
	err=$(cat "$tmp/err")
}

# ask ANSWERS ARGUMENT...: the tool on a terminal on which somebody answers what it asks,
# with a word after the other, the last one again and again; all of it in $out
ask() {
	local answers=$1 c pid from to
	shift
	coproc sim setsid -w script -qec "$tool $*" /dev/null
	pid=$COPROC_PID out='' err=''
	exec {from}<&"${COPROC[0]}" {to}>&"${COPROC[1]}"	# bash closes its own when it ends
	while IFS= read -r -d '' -n 1 -u "$from" c; do
		out+=$c
		case $out in
		*'[y/N] ' | *'UserID: ' | *'again: ') printf '%s\n' "${answers%% *}" >&"$to"
			answers=${answers#* } ;;
		esac
	done
	wait "$pid"
	status=$?
	exec {from}<&- {to}>&-
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

# ---- on what came: if the tool failed before, that is told ----

# openssl_says ARGUMENT...: openssl's word, as if the tool had said it
openssl_says() {
	[ "${status:-0}" = 0 ] || echo "# before openssl $1: status $status: $err"
	out=$(openssl "$@" 2> "$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

# same NAME FILE FILE
same() {
	[ "${status:-0}" = 0 ] || echo "# before $1: status $status: $err"
	status=0 out='' err=''
	cmp "$2" "$3" > /dev/null 2>&1 || status=1
	check "$1" 0 '' ''
}

# into FILE ARGUMENT...: run, and what it writes goes to FILE
into() {
	local file=$1
	shift
	run -o "$file" "$@"
}
