#!/usr/bin/env python3
"""Holds the Markdown of the repository against the tree: check_markdown.py REPOSITORY_ROOT

1. No page went through a formatter of C++; fences are closed.
2. Links, their anchors, and the files, folders and schemas of JSON written as `code` exist.
3. README.md has at most 200 lines; every module of lib/reidbench and every top folder has a README, a module's of at most a page.
4. Every command has a page in tools/manual with the sections below, and the overview names it.
5. No path of somebody's machine.
"""
import pathlib
import re
import sys

import markdown

MAX_README = 200
MAX_MODULE_README = 85
SECTIONS = ["## Options", "## Exit codes", "## See also"]
GARBLED = [
    (re.compile(r"^\s*#+[A-Za-z]"), "a heading without a space"),
    (re.compile(r"(^|\s)\* \*\S"), "a torn **"),
    (re.compile(r"^\s*\*\S+ \* "), "a torn *"),
    (re.compile(r"[a-z][a-z)]\.[A-Z][a-z]+ [a-z]"), "sentences without a space between"),
    (re.compile(r"[a-z] :\s|^\s*:\s"), "a space before a colon"),
]
TOP_FOLDERS = ("lib", "tools", "tests", "configs", "datasets", "experiments", "reports", "cmake", ".ci")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
SCHEMA = re.compile(r"\breidbench\.[a-z_.]+/\d+")
# Written by commands, or examples of names that a reader would choose.
NOT_IN_TREE = re.compile(r"^(reports/out|configs/mine)\b")


def anchors_of(path):
    text, _, _ = markdown.read(path)
    slugs = set()
    for line in text.values():
        if line.startswith("#"):
            words = re.sub(r"[^\w\s-]", "", line.lstrip("#").strip().lower().replace("`", ""))
            slugs.add(words.replace(" ", "-"))
    return slugs


class Checker:
    def __init__(self, root):
        self.root = root
        self.errors = []
        self.schemas = {s for p in (root / "lib").rglob("*.[hc]*") for s in SCHEMA.findall(p.read_text(encoding="utf-8"))}
        self.files = {p.name for folder in TOP_FOLDERS for p in (root / folder).rglob("*") if p.is_file()}

    def error(self, path, number, message):
        self.errors.append(f"{path.relative_to(self.root)}:{number}: {message}")

    def exists(self, base, name):
        pattern = re.sub(r"<[^>]*>|\b[A-Z][A-Z_]+\b", "*", name).rstrip("/")
        pattern = re.sub(r"\{[^}]*\}", "*", pattern)
        return any((b / pattern).exists() or ("*" in pattern and any(b.glob(pattern))) for b in base)

    def code_span(self, path, number, span):
        if SCHEMA.fullmatch(span) and span not in self.schemas:
            self.error(path, number, f"`{span}` is the schema of no document")
        name = span.split(":")[0] if re.match(r"[\w./]+:\d", span) else span
        if not re.fullmatch(r"[\w./*<>{},-]+", name) or NOT_IN_TREE.match(name):
            return
        first = name.split("/")[0]
        bases = [self.root, path.parent, self.root / "lib", self.root / "lib/reidbench", self.root / "tests"]
        if "/" in name and first in TOP_FOLDERS:
            if not self.exists(bases, name):
                self.error(path, number, f"`{span}` does not exist")
        elif re.fullmatch(r"[\w/*<>{},]+\.(h|cc)", name):
            if not (self.exists(bases, name) or ("/" not in name and name in self.files)):
                self.error(path, number, f"`{span}` does not exist")

    def link(self, path, number, target):
        if re.match(r"[a-z]+:", target):
            return
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            self.error(path, number, f"the link {target} leads nowhere")
        elif anchor and file.suffix == ".md" and anchor not in anchors_of(file):
            self.error(path, number, f"the link {target}: there is no such heading")

    def page(self, path):
        text, blocks, open_fence = markdown.read(path)
        if open_fence:
            self.error(path, blocks[-1].number, "the fence is never closed")
        for number, line in text.items():
            bare = LINK.sub("", CODE.sub("`", line))
            for pattern, what in GARBLED:
                if pattern.search(bare):
                    self.error(path, number, f"{what}: was it formatted as C++?")
            for target in LINK.findall(CODE.sub("", line)) + re.findall(r"\[`[^`]*`\]\(([^)\s]+)\)", line):
                self.link(path, number, target)
            for span in CODE.findall(line):
                self.code_span(path, number, span)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"(?<![\w.])/(work|root|home|Users)/", line):
                self.error(path, number, "a path of somebody's machine")

    def at_most(self, path, limit):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > limit:
            self.error(path, lines, f"{lines} lines, at most {limit}")

    def readmes(self):
        self.at_most(self.root / "README.md", MAX_README)
        lib = self.root / "lib/reidbench"
        modules = [p for p in sorted(lib.iterdir()) if (p / "CMakeLists.txt").exists()]
        for folder in modules + [self.root / f for f in TOP_FOLDERS if not f.startswith(".")]:
            readme = folder / "README.md"
            if not readme.exists():
                self.error(readme, 1, "is missing: every module and top folder says what it is")
            elif folder in modules:
                self.at_most(readme, MAX_MODULE_README)

    def manual(self):
        manual = self.root / "tools/manual"
        overview = manual / "reidbench.md"
        commands = re.findall(r'^\s*\{"([\w-]+)", "', (self.root / "tools/reidbench.cc").read_text(), re.M)
        if not commands:
            self.error(self.root / "tools/reidbench.cc", 1, "no list of commands found")
        for command in commands:
            page = manual / f"{command}.md"
            if not page.exists():
                self.error(page, 1, "is missing: every command has a page")
                continue
            text = page.read_text(encoding="utf-8")
            if not re.match(rf"# reidbench {command}: \S", text):
                self.error(page, 1, f"must begin '# reidbench {command}: what it does'")
            if "```" not in text.split("\n## ")[0]:
                self.error(page, 1, "an example comes before the first section")
            for section in SECTIONS:
                if f"\n{section}\n" not in text:
                    self.error(page, 1, f"the section '{section}' is missing")
            if f"({command}.md)" not in overview.read_text(encoding="utf-8"):
                self.error(overview, 1, f"does not name {command}.md")
        for page in manual.glob("*.md"):
            if page.stem not in commands + ["reidbench"]:
                self.error(page, 1, "is the page of no command")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    checker = Checker(root)
    # Not what users keep here: results in reports/out, data sets in datasets/NAME.
    pages = sorted(root.glob("*.md")) + sorted(
        page for folder in TOP_FOLDERS for page in (root / folder).rglob("*.md")
        if page.relative_to(root).parts[:2] != ("reports", "out") and (folder != "datasets" or page.parent == root / folder))
    for page in pages:
        checker.page(page)
    checker.readmes()
    checker.manual()
    print("\n".join(checker.errors) if checker.errors else f"{len(pages)} Markdown files are in order")
    return 1 if checker.errors else 0


if __name__ == "__main__":
    sys.exit(main())
