#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An apt of another suite or architecture, from the mirror that this machine
# itself uses. Lists and packages are kept in the cache folder; the machine's own
# sources, lists and packages are left alone, and nothing is installed.
#
#   suite.sh mirror				the mirror
#   suite.sh depends SUITE[:ARCH] PACKAGE REGEX	what PACKAGE depends on, the
#						names that begin with REGEX
#   suite.sh version SUITE[:ARCH] PACKAGE	its version
#   suite.sh unpack SUITE[:ARCH] FOLDER PACKAGE...	these packages alone
#   suite.sh root SUITE[:ARCH] FOLDER PACKAGE...	these, the essential ones, and
#						all that they depend on
set -euo pipefail

cache=${SE05X_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/se05x}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mirror() {
	{ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2> /dev/null || true; } |
		sed -n -e 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' -e 's/^URIs: *\([^ ]*\).*/\1/p' |
		sed -e '/security/d' | sed -n 1p
}

# apt's own folders for this suite; its lists are a day old at most
open_suite() {	# SUITE[:ARCH]
	local suite=${1%:*} arch=${1#*:}
	[ "$arch" != "$1" ] || arch=$(dpkg --print-architecture)
	apt=$cache/apt/$suite-$arch
	options=(-q -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status"
		-o "Dir::Cache=$apt/cache" -o "Dir::Etc::sourcelist=$apt/sources.list"
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null
		-o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
		-o APT::Sandbox::User=root -o Dir::Log=/dev/null
		-o Acquire::Languages=none -o Debug::NoLocking=1)
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	exec 7> "$apt/lock"
	flock 7
	: >> "$apt/status"
	echo "deb [signed-by=$keyring] $(mirror) $suite main" > "$apt/sources.list"
	if [ -z "$(find "$apt/updated" -mtime -1 2> /dev/null)" ]; then
		apt-get "${options[@]}" update > "$apt/log" 2>&1 ||
			{ cat "$apt/log" >&2; return 1; }
		touch "$apt/updated"
	fi
}

show() { apt-cache "${options[@]}" show --no-all-versions "$1" | sed -n "s/^$2: //p"; }

unpack() {	# FOLDER DEB...
	local root=$1 deb
	shift
	mkdir -p "$root"
	for deb in "$@"; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$root"
	done
}

command=${1:-}
case $command in
mirror) mirror; exit ;;
depends | version | unpack | root) ;;
*) echo "usage: suite.sh mirror|depends|version|unpack|root ..." >&2; exit 2 ;;
esac
open_suite "$2"
case $command in
depends) show "$3" Depends | tr -d ' ' | tr ',|' '\n' | sed 's/(.*//' | grep -E "^($4)" || true ;;
version) show "$3" Version ;;
unpack | root)
	root=$3
	shift 3
	archives=$apt/cache/archives
	rm -f "$archives"/*.deb
	if [ "$command" = unpack ]; then
		(cd "$archives" && apt-get "${options[@]}" download "$@") > "$apt/log" 2>&1
	else
		apt-get "${options[@]}" -y --download-only --no-install-recommends install \
			'?essential' "$@" > "$apt/log" 2>&1
	fi || { cat "$apt/log" >&2; exit 1; }
	# base-files first: in newer suites it says that /lib is /usr/lib
	# shellcheck disable=SC2046 # names of packages have no spaces
	unpack "$root" $(ls "$archives"/base-files_*.deb 2> /dev/null) "$archives"/*.deb
	rm -f "$archives"/*.deb
	;;
esac
