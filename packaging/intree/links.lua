-- SPDX-License-Identifier: GPL-2.0-only
-- For pandoc: links between pages of docs/ as a kernel tree has them. $PAGES are those
-- that go along; of any other only the text is left.
function Link(link)
	local text = pandoc.utils.stringify(link.content)
	local page = link.target:match("^([a-z-]+)%.md$")

	if page and (" " .. os.getenv("PAGES") .. " "):find(" " .. page .. " ", 1, true) then
		return pandoc.RawInline("rst", ":doc:`" .. text:gsub("%.md$", "") .. " <" .. page .. ">`")
	elseif link.target:match("^ABI/") then
		return pandoc.RawInline("rst", "Documentation/" .. link.target)
	elseif link.target:match("^netlink/") then
		return pandoc.RawInline("rst", (link.target:gsub("^netlink", "Documentation/netlink/specs")))
	elseif link.target:match("include/uapi/") then
		return pandoc.RawInline("rst", (link.target:gsub("^%.%./", "")))
	end
	return link.content
end
