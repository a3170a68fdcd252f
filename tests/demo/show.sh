# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For transcripts: $tmp is a folder

title() { printf '\n== %s\n' "$*"; }
# show COMMAND...: as it looks in a shell; what it answered stays in $tmp/out
show() {
	local word line=\$
	for word in "$@"; do
		case $word in *[!-A-Za-z0-9_./=:]*) word="'$word'" ;; esac
		line+=" $word"
	done
	echo "$line"
	# shellcheck disable=SC2154 # it is there
	"$@" > "$tmp/out" 2> "$tmp/err" || { cat "$tmp/out" "$tmp/err"; return 1; }
	cat "$tmp/out" "$tmp/err"
}
