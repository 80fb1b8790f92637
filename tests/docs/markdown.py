"""What the checks of this folder share: Markdown files as lines and fenced blocks. Debian's python3-minimal is enough."""
import re


class Block:
    """A fenced block: its language, first line (from 1), lines, and the `<!-- mark -->`s right above it."""

    def __init__(self, language, number, marks):
        self.language, self.number, self.marks, self.lines = language, number, marks, []


def read(path):
    """The text lines (line number -> text) outside of fenced blocks, and the blocks."""
    text, blocks, block, marks = {}, [], None, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if block is None:
                block, marks = Block(line[3:].strip(), number, marks), []
                blocks.append(block)
            else:
                block = None
        elif block is not None:
            block.lines.append(line)
        else:
            text[number] = line
            mark = re.fullmatch(r"<!--\s*(.*?)\s*-->", line)
            if mark:
                marks.append(mark.group(1))
            elif line.strip():
                marks = []
    return text, blocks, block is not None
