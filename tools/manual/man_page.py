#!/usr/bin/env python3
"""Turns a page of the manual into a man page: man_page.py PAGE.md VERSION OUTPUT.1

Knows the Markdown that the manual is written in: headings, paragraphs, lists, tables, fenced blocks, `code`, **bold**, *italic*,
links. Pictures and comments are left out. An item `- ``--option``: text` becomes a tagged paragraph.
"""
import pathlib
import re
import sys

LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|(?<![\\\w])\*([^*\s][^*]*)\*")


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    return text.replace("~", "\\(ti")


def plain(text):
    return escape(re.sub(r"\\([*_<>|`\[\]])", r"\1", text))


def link(match):
    text, target = match.groups()
    page = re.fullmatch(r"([\w-]+)\.md(?:#.*)?", target)
    if page:
        return "**reidbench(1)**" if page.group(1) == "reidbench" else f"**reidbench-{page.group(1)}(1)**"
    return text + (f" ({target})" if target.startswith("http") else "")


def inline(text):
    text = LINK.sub(link, text)
    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts.append(plain(text[end:match.start()]))
        code, bold, italic = match.groups()
        parts.append(f"\\fB{escape(code)}\\fR" if code else f"\\fB{plain(bold)}\\fR" if bold else f"\\fI{plain(italic)}\\fR")
        end = match.end()
    return "".join(parts) + plain(text[end:])


def line_of(text):
    """A line that roff does not take for a request."""
    return "\\&" + text if text[:1] in (".", "'") else text


def cells_of(row):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows):
    rows = [cells_of(row) for row in rows if not re.fullmatch(r"[|\s:-]+", row)]
    columns = len(rows[0])
    widths = [max(len(row[c]) if c < len(row) else 0 for row in rows) for c in range(columns)]
    layout = " ".join("lx" if width > 24 else "l" for width in widths)
    head = " ".join(cell.replace("x", "") + "b" + ("x" if "x" in cell else "") for cell in layout.split())
    out = [".TS", "tab(\t);", head, layout + "."]
    for row in rows:
        row = (row + [""] * columns)[:columns]
        out.append("\t".join(f"T{{\n{line_of(inline(cell))}\nT}}" if cell else "" for cell in row))
    return out + [".TE"]


def body(lines):
    out, i = [], 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
        elif line.startswith("<!--"):
            while "-->" not in lines[i]:
                i += 1
            i += 1
        elif line.startswith("```"):
            out += [".PP", ".in +4n", ".nf"]
            i += 1
            while not lines[i].startswith("```"):
                out.append(line_of(escape(lines[i])))
                i += 1
            out += [".fi", ".in"]
            i += 1
        elif line.startswith("#"):
            level, text = re.match(r"(#+)\s*(.*)", line).groups()
            out.append(f".SH {inline(text).upper()}" if level == "##" else f".SS {inline(text)}")
            i += 1
        elif line.startswith("|"):
            rows = []
            while i < len(lines) and lines[i].startswith("|"):
                rows.append(lines[i])
                i += 1
            out += [".PP"] + table(rows)
        elif re.match(r"(-|\d+\.) ", line):
            mark, text = line.split(" ", 1)
            i += 1
            while i < len(lines) and re.match(r"\s+\S", lines[i]):
                text += " " + lines[i].strip()
                i += 1
            tagged = re.match(r"`([^`]+)`: (.*)", text)
            if tagged:
                out += [".TP", f"\\fB{escape(tagged.group(1))}\\fR", line_of(inline(tagged.group(2)))]
            else:
                out += [f".IP {chr(92)}(bu 3" if mark == "-" else f".IP {mark} 4", line_of(inline(text))]
        else:
            text = []
            while i < len(lines) and lines[i].strip() and not re.match(r"```|#|\||<!--|(-|\d+\.) ", lines[i]):
                text.append(lines[i])
                i += 1
            paragraph = " ".join(text)
            if not paragraph.startswith("!["):
                out += [".PP", line_of(inline(paragraph))]
    return out


def main():
    page, version, output = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    lines = page.read_text(encoding="utf-8").splitlines()
    title = re.fullmatch(r"# (reidbench(?: [\w-]+)?): (.+)", lines[0])
    if not title:
        sys.exit(f"{page}: the first line must be '# reidbench COMMAND: what it does'")
    name = title.group(1).replace(" ", "-")
    out = ["'\\\" t", f".TH {name.upper()} 1 \"\" \"reidbench {version}\" \"reidbench manual\"", ".nh", ".ad l",
           ".SH NAME", f"{name} \\- {plain(title.group(2))}", ".SH DESCRIPTION"]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(out + body(lines[1:])) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
