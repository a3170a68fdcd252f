#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the order of kernel/'s files in docs/architecture.md true? Each file may
# include and call only what comes before it. Also: no two static functions of one
# name. Silent if so; else a line for each include and each function.
#
#   layers.sh [OBJECTS [SOURCES [DOC]]]
#
# OBJECTS are the module's .o files; tests/strict.sh distro builds the default ones.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
objects=${1:-$top/build/strict-distro/kernel}
sources=${2:-$top/kernel}
doc=${3:-$top/docs/architecture.md}
bad=0
declare -A level=()	# of a file, by its name: se05x_t1.c is t1
declare -A owner=()	# of a header: the file that it belongs to
built=()		# the files that there are
declare -A defines=()	# of a function or variable: the file that defines it

say() { echo "layers: $*"; bad=1; }

# From "    poll < t1 < ..." to the next empty line. Files between commas are of
# one level; a header whose name is not its file's stands behind it in parentheses.
read_order() {
	local line n=0 file header
	local word='([a-z0-9_]+) *(\(([a-z0-9_.]+)\))?'
	while read -r line; do
		n=$((n + 1))
		while [[ $line =~ $word ]]; do
			file=${BASH_REMATCH[1]} header=${BASH_REMATCH[3]:-}
			level[$file]=$n
			[ -z "$header" ] || owner[$header]=$file
			line=${line#*"${BASH_REMATCH[0]}"}
		done
	done < <(awk '/^    [a-z0-9_]+ </ { on = 1 } on && NF == 0 { exit } on' "$doc" |
		 tr '\n' ' ' | tr '<' '\n' | sed 's/$/ /'; echo)
}

judge() {	# USER USED WHAT
	if [ "$1" = "$2" ] || [ "${level[$1]}" -gt "${level[$2]}" ]; then
		return
	fi
	say "se05x_$1.c $3 of se05x_$2.c, which does not come before it"
}

includes() {	# FILE SOURCE
	local header of
	while read -r header; do
		case $header in
		se05x_*.h) of=${header#se05x_} of=${of%.h} ;;
		se05x.h) of=none ;;
		*) continue ;;
		esac
		of=${owner[$header]:-$of}
		if [ -z "${level[$of]:-}" ]; then
			say "${2##*/} includes $header, which is no file's of the order"
		else
			judge "$1" "$of" "includes $header"
		fi
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$2")
}

read_order
[ ${#level[@]} -gt 1 ] || { say "no order in $doc"; exit 1; }
for source in "$sources"/se05x_*.c; do
	file=${source##*/se05x_} file=${file%.c}
	[ -n "${level[$file]:-}" ] || say "se05x_$file.c is not in the order"
done
for file in "${!level[@]}"; do
	object=$objects/se05x_$file.o source=$sources/se05x_$file.c
	if [ ! -e "$source" ]; then
		say "se05x_$file.c is in the order and nowhere else"
	elif [ ! -e "$object" ] || [ "$source" -nt "$object" ]; then
		say "se05x_$file.o is missing or old: build it first"
		exit 1
	else
		built+=("$file")
		[ ! -e "$sources/se05x_$file.h" ] || owner[se05x_$file.h]=$file
		while read -r symbol; do
			defines[$symbol]=$file
		done < <(nm --defined-only -g -j "$object")
	fi
done
for file in "${built[@]}"; do
	includes "$file" "$sources/se05x_$file.c"
	while read -r symbol; do
		[ -z "${defines[$symbol]:-}" ] || judge "$file" "${defines[$symbol]}" "uses $symbol"
	done < <(nm --undefined-only -j "$objects/se05x_$file.o")
done
for header in "${!owner[@]}"; do
	includes "${owner[$header]}" "$sources/$header"
done

# A definition's line begins with static and does not end like a declaration or an
# initialiser. The name stands before the first parenthesis that is no attribute's.
twice=$(cd "$sources" && awk '
	/^static [^=;]*\(.*[^;]$/ {
		sub(/__[a-z]+\([^)]*\)/, "")
		sub(/\(.*/, "")
		sub(/.*[ *]/, "")
		if (/^[a-z0-9_]+$/ && !seen[FILENAME, $0]++) {
			files[$0] = files[$0] " " FILENAME
			n[$0]++
		}
	}
	END { for (f in n) if (n[f] > 1) print f "() is static in" files[f] }' se05x_*.c)
[ -z "$twice" ] || say "$twice"
exit $bad
