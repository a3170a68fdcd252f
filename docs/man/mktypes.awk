# SPDX-License-Identifier: GPL-2.0-only
#
# A man page of all structs, enums and constants of a header, with what their comments say
#
#   awk -v library=NAME -v header=NAME -v version=VERSION -v skip=REGEX \
#	-f mantext.awk -f mktypes.awk HEADER... > PAGE
#
# skip: of structs that are not for programs

BEGIN {
	printf ".TH %s-TYPES 3 \"\" \"%s %s\" \"%s\"\n", toupper(library), library, version, library
	printf ".SH NAME\n%s-types \\- structs, enums and constants of %s\n", library, library
	printf ".SH SYNOPSIS\n.nf\n.B #include <%s>\n.fi\n.SH DESCRIPTION\n", header
	f = "/dev/stdout"
}

# tabs as they are shown
function untab(s,    n, r) {
	r = ""
	while ((n = index(s, "\t"))) {
		r = r substr(s, 1, n - 1)
		r = r sprintf("%*s", 8 - length(r) % 8, "")
		s = substr(s, n + 1)
	}
	r = r s
	gsub(/\\/, "\\e", r)
	sub(/^[.']/, "\\\\\\&&", r)
	return r
}

# what the last comment says: text, then members
function say_comment(    i, lines, n, s, member) {
	n = 0
	for (i = 1; i <= ncomment; i++) {
		s = comment[i]
		sub(/^(struct|enum) [a-z0-9_]+ - /, "", s)
		if (s ~ /^@[a-z0-9_A-Z]+:/) {
			paragraphs(lines, n, f)
			n = 0
			member = s
			sub(/:.*/, "", member)
			sub(/^[^:]*:[ \t]*/, "", s)
			printf ".TP\n.I %s\n", substr(member, 2)
		} else if (s ~ /^[ \t]*$/ && member != "") {
			paragraphs(lines, n, f)
			n = 0
			member = ""
			print ".PP"
			continue
		}
		sub(/^[ \t]+/, "", s)
		lines[++n] = s
	}
	paragraphs(lines, n, f)
	ncomment = 0
}

function verbatim_begin() { print ".PP\n.EX" }
function verbatim_end() { print ".EE" }

FNR == 1 { ncomment = 0; group = 0 }

function end_group() {
	if (group)
		verbatim_end()
	group = 0
}

# inside of a struct or enum: as it stands
body {
	print untab($0)
	if (/^};/) {
		verbatim_end()
		body = 0
	}
	next
}
dropping { if (/^};/) dropping = 0; next }

/^\/\*/ {
	end_group()
	ncomment = 0
	inside = 1
	sub(/^\/\*\*?[ ]?/, "")
}
inside {
	last = /\*\//
	if (/^---- /) {	# a heading of the header's
		inside = !last
		next
	}
	sub(/[ \t]*\*\/.*$/, "")
	sub(/^[ \t]*\*[ ]?/, "")
	if ($0 != "" || ncomment)
		comment[++ncomment] = $0
	if (last)
		inside = 0
	next
}

/^(struct|enum) [a-z0-9_]+ {$/ {
	end_group()
	if (skip != "" && $2 ~ skip) {
		dropping = 1
		ncomment = 0
		next
	}
	printf ".SS %s %s\n", $1, $2
	say_comment()
	verbatim_begin()
	print untab($0)
	body = 1
	next
}
/^struct [a-z0-9_]+;/ {
	end_group()
	printf ".SS struct %s\n", substr($2, 1, length($2) - 1)
	print "Opaque: the library allocates it."
	ncomment = 0
	next
}
/^#define SE05X_/ && !/_H$/ && !/_IO(WR)?\(/ && !/IOC_MAGIC/ {
	if (!group) {
		name = $2
		sub(/\(.*/, "", name)
		printf ".SS %s\n", name
		say_comment()
		verbatim_begin()
	}
	group = 1
	print untab($0)
	next
}
{ end_group(); if (!/^[ \t]*$/) ncomment = 0 }

END {
	end_group()
	printf ".SH SEE ALSO\n.BR %s (3),\n.BR se05x (4)\n", library
}
