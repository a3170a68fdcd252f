# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the parts of pkcs11.sh and openssl.sh have in common: a folder of their own, TAP, and
# what they begin is stopped at their end. $suite_of, if set, comes before each test's name.

build=/se05x/build/host
part=$(basename "$0" .sh)
tmp=$(mktemp -d)
chmod 755 "$tmp"
cd "$tmp" || exit 1
export PATH=$build/tools:$PATH HOME=$tmp
n=0
failed=0
begun=()	# what to stop at the end

leave() {
	[ "$BASHPID" = $$ ] || return	# a job that was stopped before it was a program
	[ ${#begun[@]} = 0 ] || kill "${begun[@]}" 2> /dev/null
	rm -rf "$tmp"
}
trap leave EXIT

# until_ COMMAND...: wait until it succeeds
until_() {
	for _ in $(seq 600); do
		! "$@" > /dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "waited in vain: $*" >&2
	return 1
}

port() { : < "/dev/tcp/localhost/$1"; }	# does somebody listen there?

# ok NAME COMMAND...
ok() {
	local what="${suite_of:+$suite_of: }$part: $1"
	shift
	n=$((n + 1))
	if "$@" > "$tmp/out" 2>&1 < /dev/null; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		tail -n 30 "$tmp/out" | sed 's/^/#  /'
		failed=1
	fi
	[ "$1" = said ] || cp "$tmp/out" "$tmp/said"
}

said() { grep -q -e "$1" "$tmp/said"; }	# the command of the last ok
fails() { ! "$@"; }

plan() {
	echo "1..$n"
	exit $failed
}
