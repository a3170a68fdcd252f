# SPDX-License-Identifier: GPL-2.0-only
# From comments to troff: for mkman3.awk and mktypes.awk

function text(s) {
	gsub(/\\/, "\\e", s)
	gsub(/[%\t]/, "", s)
	gsub(/&(struct )?se05x/, "se05x", s)
	s = in_font(s, "@[a-z_0-9]+", "\\fI", 1)
	s = in_font(s, "[a-z_0-9]+\\(\\)", "\\fB", 0)
	s = in_font(s, "[a-z][-a-z0-9]*\\([1-8]\\)", "\\fB", 0)
	gsub(/-/, "\\-", s)
	sub(/^[.']/, "\\\\\\&&", s)
	return s
}

# each match in that font, without its first "drop" characters
function in_font(s, re, font, drop,    r) {
	r = ""
	while (match(s, re)) {
		r = r substr(s, 1, RSTART - 1) font substr(s, RSTART + drop, RLENGTH - drop) "\\fP"
		s = substr(s, RSTART + RLENGTH)
	}
	return r s
}

function paragraphs(lines, n, f,    i, gap, begun) {
	gap = begun = 0
	for (i = 1; i <= n; i++) {
		if (lines[i] ~ /^[ \t]*$/) {
			gap = 1
			continue
		}
		if (gap && begun)
			print ".PP" > f
		gap = 0
		begun = 1
		print text(lines[i]) > f
	}
}
