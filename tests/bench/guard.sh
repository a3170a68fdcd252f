#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Hold the virtual figures against those that are recorded:
#
#   guard.sh PROGRAM EXPECTED
#
# They are exact, so any difference is the work of a change. One that is worse,
# or missing, fails; one that is better wants to be recorded.
#
# First the rule that holds whatever is recorded: a command costs at most 0.01 more than
# by a look at each MPOT, unless at least half of these looks are saved.
set -eu

new=$(mktemp)
trap 'rm -f "$new"' EXIT
"$1" > "$new"
awk '
	$1 == "cell" { ours[$2 " " $3] = $4; looks[$2 " " $3] = $5 }
	$1 == "plain" {
		key = $2 " " $3
		n++
		if (!(key in ours) || (ours[key] > $4 + 0.01 && looks[key] > $5 / 2)) {
			print "bench: slower than by a look at each MPOT: cell " key
			bad = 1
		}
	}
	END { exit bad || !n }' "$new" >&2
cmp -s "$new" "$2" && exit 0
awk '
	# how many words of a line are its name
	BEGIN {
		name["cell"] = name["steady"] = name["bytes"] = name["best"] = 3
		name["first"] = name["plain"] = name["callers"] = name["channel"] = 3
		name["mixed"] = 2
	}
	{
		key = $1
		for (i = 2; i <= name[$1]; i++)
			key = key " " $i
	}
	NR == FNR { was[key] = $0; next }
	!(key in was) {
		print "bench: not recorded: " $0
		next
	}
	{
		n = split(was[key], old)
		worse = better = NF < n
		for (i = name[$1] + 1; i <= NF; i++) {
			worse = worse || $i > old[i] + 0
			better = better || $i < old[i] + 0
		}
		# what the limit is worth is no merit of ours
		if (worse && $1 != "best" && $1 != "plain") {
			print "bench: worse: " $0 ", was: " was[key]
			bad = 1
		} else if (worse || better) {
			print "bench: differs: " $0 ", was: " was[key]
		}
		delete was[key]
	}
	END {
		for (key in was) {
			print "bench: missing: " was[key]
			bad = 1
		}
		if (!bad)
			print "bench: no worse than before: record it by make -C tests/bench record"
		exit bad
	}' "$2" "$new" >&2
