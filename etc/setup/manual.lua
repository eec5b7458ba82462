-- For manual-of-markdown: makes a manual page of a document whose first heading is its name and section.

local stringify = pandoc.utils.stringify

-- Manual pages have what is typed in bold, and headings in capitals.
function Code(code) return pandoc.Strong { pandoc.Str(code.text) } end

function Header(header)
    header.content = { pandoc.Str(pandoc.text.upper(stringify(header.content))) }
    return header
end

-- A table of two columns reads better as a list where a page is narrow.
function Table(block)
    local items = {}
    for _, row in ipairs(pandoc.utils.to_simple_table(block).rows) do
        items[#items + 1] = { pandoc.utils.blocks_to_inlines(row[1]), { row[2] } }
    end
    return pandoc.DefinitionList(items)
end

function Pandoc(document)
    document.blocks:insert(
        1, pandoc.RawBlock("man", ".\\\" Written by `make manual` out of the Markdown: change that."))
    return document
end
