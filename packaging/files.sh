#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Put a staged tree where it belongs and remember what was put there, so that it
# can be taken away again to the last file and folder. An upgrade takes away what
# the older version had and the newer one has not.
#
#   files.sh install NAME STAGE
#   files.sh uninstall NAME...
#
# The lists are in $RECORDS, NAME.files and the folders that were made in
# "folders". $DESTDIR stands before every path.
set -eu

command=$1
shift
root=${DESTDIR:-}
records=$root${RECORDS:?}

die() { echo "files.sh: $*" >&2; exit 1; }

# the folders that lead to a file and are not there yet, the innermost first
missing() {
	local d
	d=$(dirname "$1")
	while [ "$d" != / ] && [ ! -d "$root$d" ]; do
		echo "$d"
		d=$(dirname "$d")
	done
}

install() {
	local name=$1 stage=$2 new=$records/$1.files f
	(cd "$stage" && find . ! -type d) | sed 's,^\.,,' | sort > "$stage.files"
	{
		[ ! -e "$records/folders" ] || cat "$records/folders"
		missing "$RECORDS/folders"
		while read -r f; do missing "$f"; done < "$stage.files"
	} | sort -u > "$stage.folders"

	# the records first: what is cut short here can still be uninstalled
	mkdir -p "$records" || die "no permission? Try sudo"
	cp "$stage.folders" "$records/folders"
	[ ! -e "$new" ] || sort "$new" | comm -23 - "$stage.files" |
		while read -r f; do rm -f "$root$f"; done
	cp "$stage.files" "$new"
	while read -r f; do
		mkdir -p "$(dirname "$root$f")"
		cp -d --preserve=mode --remove-destination "$stage$f" "$root$f"
	done < "$stage.files"
	rm "$stage.files" "$stage.folders"
	prune
}

# of the folders that were made, remove those that are empty; forget them
prune() {
	local d made
	[ -e "$records/folders" ] || return 0
	made=$(sort -r "$records/folders")
	[ -n "$(find "$records" -name '*.files')" ] || rm "$records/folders"
	echo "$made" | while read -r d; do
		[ ! -d "$root$d" ] || rmdir --ignore-fail-on-non-empty "$root$d"
	done
	if [ -e "$records/folders" ]; then
		echo "$made" | while read -r d; do
			[ ! -d "$root$d" ] || echo "$d"
		done | sort > "$records/folders"
	fi
}

uninstall() {
	local name f
	for name in "$@"; do
		[ -e "$records/$name.files" ] || continue
		while read -r f; do rm -f "$root$f"; done < "$records/$name.files"
		rm "$records/$name.files"
	done
	prune
}

case $command in
install | uninstall) "$command" "$@" ;;
*) echo "usage: files.sh install NAME STAGE | uninstall NAME..." >&2; exit 2 ;;
esac
