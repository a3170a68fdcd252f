# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# blocks FILE LANGUAGE HEADING: of a page in Markdown the blocks of that language, below
# headings that match
blocks() {
	awk -v language="$2" -v heading="$3" '/^```/ && on { on = 0; next }
		!on && /^## / { there = $0 ~ heading }
		there && $0 == "```" language { on = 1; next }
		on' "$1"
}
