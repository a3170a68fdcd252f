# SPDX-License-Identifier: GPL-2.0-only
#
# A man page for each function that has a kernel-doc comment
#
#   awk -v out=FOLDER -v version=VERSION -f mantext.awk -f mkman3.awk HEADER
#
# or one above that begins with a sentence. Functions without a blank line between
# them share a page. Fails for one without any comment. @name becomes italic,
# name() bold.

function begin_comment() {
	brief = ""
	nnames = nparams = nbody = nret = 0
	section = "start"
}

# "name() - brief", or text whose first sentence is the brief one
function first_line(s,    n) {
	sub(/^[a-z_0-9]+\(\) - /, "", s)
	brief = s
	section = "params"
	if (match(s, /[.;] /)) {
		brief = substr(s, 1, RSTART - 1)
		n = substr(s, RSTART + 2)
		body[++nbody] = toupper(substr(n, 1, 1)) substr(n, 2)
	}
	sub(/\.$/, "", brief)
}

function comment_line(s,    n) {
	sub(/[ \t]*\*\/$/, "", s)
	sub(/^[ \t]*\*[ ]?/, "", s)
	if (section == "start") {
		if (s != "")
			first_line(s)
	} else if (section == "params" && s ~ /^@[a-z_0-9]+:/) {
		n = s
		sub(/:.*/, "", n)
		pname[++nparams] = substr(n, 2)
		sub(/^[^:]*:[ \t]*/, "", s)
		ptext[nparams] = s
	} else if (section == "params" && nparams && s ~ /^[ \t]+[^ \t]/) {
		sub(/^[ \t]+/, "", s)
		ptext[nparams] = ptext[nparams] "\n" s
	} else if (s ~ /^Return:/) {
		section = "return"
		sub(/^Return:[ \t]*/, "", s)
		ret[++nret] = s
	} else if (section == "return") {
		ret[++nret] = s
	} else {
		section = "body"
		body[++nbody] = s
	}
}

function page(    f, i, k, lines, all) {
	f = out "/" names[1] ".3"
	all = names[1]
	for (i = 2; i <= nnames; i++) {
		all = all ", " names[i]
		print ".so man3/" names[1] ".3" > (out "/" names[i] ".3")
		close(out "/" names[i] ".3")
	}
	printf ".TH %s 3 \"\" \"%s %s\" \"%s\"\n", toupper(names[1]), library, version, library > f
	printf ".SH NAME\n%s \\- %s\n", all, text(brief) > f
	printf ".SH SYNOPSIS\n.nf\n.B #include <%s>\n", header > f
	for (i = 1; i <= nnames; i++) {
		gsub(/\\/, "\\e", prototypes[i])
		gsub(/-/, "\\-", prototypes[i])
		gsub(/\n[ \t]+/, "\n      ", prototypes[i])
		printf ".PP\n\\fB%s\\fP\n", prototypes[i] > f
	}
	print ".fi" > f
	if (nbody || nparams)
		print ".SH DESCRIPTION" > f
	paragraphs(body, nbody, f)
	for (i = 1; i <= nparams; i++) {
		printf ".TP\n.I %s\n", pname[i] > f
		k = split(ptext[i], lines, "\n")
		paragraphs(lines, k, f)
	}
	if (!nret && prototypes[1] ~ /^int/)
		ret[++nret] = "0, or a negative errno; see " library "(3)."
	if (nret) {
		print ".SH RETURN VALUE" > f
		paragraphs(ret, nret, f)
	}
	printf ".SH SEE ALSO\n.BR %s (3),\n.BR %s-types (3),\n.BR se05x (4)\n", library, library > f
	close(f)
	nnames = 0
}

function flush_page() {
	if (nnames)
		page()
	section = ""
}

FNR == 1 {
	header = library = FILENAME
	sub(/^.*\//, "", header)
	library = "lib" substr(header, 1, length(header) - 2)
}

# comments at the margin; those inside of structs are indented
/^\/\*/ {
	flush_page()
	begin_comment()
	inside = 1
	sub(/^\/\*\*?[ ]?/, "")
}
inside {
	last = /\*\//
	comment_line($0)
	if (last)
		inside = 0
	next
}

# a prototype: from a line with a name and a parenthesis up to the semicolon
!proto && /^[a-z].*[ *]se05x_[a-z0-9_]+\(/ && !/^(static|typedef)/ { proto = $0; fresh = 1 }
proto {
	if (!fresh)
		proto = proto "\n" $0
	fresh = 0
	if ($0 !~ /;[ \t]*$/)
		next
	match(proto, /se05x_[a-z0-9_]+\(/)
	if (section == "") {
		print FILENAME ": no comment above " substr(proto, RSTART, RLENGTH - 1) > "/dev/stderr"
		failed = 1
	} else {
		names[++nnames] = substr(proto, RSTART, RLENGTH - 1)
		prototypes[nnames] = proto
	}
	proto = ""
	next
}
/^[ \t]*$/ { if (nnames) flush_page() }
/^[#}a-z]/ { flush_page() }	# something else than a function was meant

END {
	flush_page()
	exit failed
}
