#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines and branches of the link layer no host test reaches. Each must be
# named in docs/reliability.md, in the list under "Not covered", as `function: source
# line`: a hole without a name fails, and so does a name without a hole.
#
#   coverage.sh FOLDER	for what is built
set -euo pipefail

out=${1:?usage: coverage.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
link=../../kernel/se05x_t1.c

cd "$here"
rm -rf "$out"
mkdir -p "$out"
for f in "$link" ../../kernel/se05x_poll.c ../card/card.c bus.c; do
	coverage=
	[ "$f" != "$link" ] || coverage=--coverage
	gcc -I../../lib/host -I../../include/uapi -std=gnu11 -O0 -g $coverage -c \
		-o "$out/$(basename "$f" .c).o" "$f"
done
for t in t1_test noise_test corner_test field_test faults; do
	gcc -I../../lib/host -I../../include/uapi -std=gnu11 -O1 --coverage -fno-profile-arcs \
		-fno-test-coverage -o "$out/$t" "$t.c" "$out"/*.o -lcmocka
	"$out/$t" > "$out/$t.log" 2>&1 || { cat "$out/$t.log" >&2; exit 1; }
done
gcov -b -c -o "$out" "$link" > "$out/summary" 2> /dev/null
mv se05x_t1.c.gcov "$out/"
rm -f ./*.gcov
sed -n "/^File.*se05x_t1.c/,/^Calls/s/^\(Lines\|Taken\)/# &/p" "$out/summary"

# each hole once: a line that never ran, or a condition that never went a way
awk -F : '
	/^function / { split($0, word, " "); name = word[2]; next }
	/^ *[-0-9#=*]+: *[0-9]+:/ {
		text = $0
		sub(/^[^:]*:[^:]*:[ \t]*/, "", text)
		if ($1 ~ /#####/) hole(text)
		next
	}
	/^branch.*(taken 0|never executed)/ { hole(text) }
	function hole(t) { t = name ": " t; if (!seen[t]++) print t }
' "$out/se05x_t1.c.gcov" | sort > "$out/holes"
# shellcheck disable=SC2016 # no command, but what Markdown calls code
sed -n '/^### Not covered/,/^##* [^N]/s/^- `\(.*\)`:.*/\1/p' "$top/docs/reliability.md" |
	sort > "$out/named"
bad=0
comm -23 "$out/holes" "$out/named" > "$out/unnamed"
comm -13 "$out/holes" "$out/named" > "$out/stale"
if [ -s "$out/unnamed" ]; then
	echo "coverage: not reached, and not named in docs/reliability.md:"
	sed 's/^/	/' "$out/unnamed"
	bad=1
fi
if [ -s "$out/stale" ]; then
	echo "coverage: named in docs/reliability.md, but reached:"
	sed 's/^/	/' "$out/stale"
	bad=1
fi
exit $bad
