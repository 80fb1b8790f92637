#!/usr/bin/env python3
"""Runs the command blocks of Markdown pages and holds what they print against what the pages show:
run_examples.py REPOSITORY_ROOT PROGRAM_FOLDER WORK_FOLDER [PAGE ...]

All pages are run in one empty folder, in the order of PAGES, because they build on each other: `synth` makes the world that the
others use. A block in the language `sh` or `console` is run, unless a comment above it says why not:

    <!-- needs: market1501 -->       data that may not be shipped
    <!-- not run: takes minutes -->
    <!-- exit: 1 -->                 the exit code of the block's commands, 0 unless said
    <!-- figures vary -->            numbers are times or depend on the machine: any number will do

In `console` a line `$ command` (with `\\` at its end it goes on) is a command and the lines below it are its output. Each must
appear in that order in what the command printed, to stdout or to stderr; a line `...` stands for any lines, `...` in a line for
anything. Blocks in `pycon` are doctests, run where the Python package lies beside the programs. How many blanks stand between words does not matter. Numbers may be off by 2 %, or by 1 (0.1 where they have
decimals): processors and libraries differ in the last bits, and the library's own tests hold numbers exactly.
"""
import os
import pathlib
import re
import subprocess
import sys
import time

import markdown

PAGES = ["README.md"] + [f"tools/manual/{name}.md" for name in
                         ("reidbench", "synth", "check", "extract", "rank", "track", "score", "score-detections", "relink", "link", "flow", "compare", "convert",
                          "render", "train", "run", "profile")] + ["lib/python/README.md"]
# What commands given in the repository's root may name.
LINKED = ("configs", "datasets", "experiments", "tests", "tools")
NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[+-]?\d+)?")


DOCTEST = """if True:
    import doctest, sys
    test = doctest.DocTestParser().get_doctest(sys.stdin.read(), {}, "block", None, 0)
    sys.exit(doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed > 0)
"""


def commands_of(block):
    """List of (command, lines of output shown)."""
    if block.language == "sh":
        return [("\n".join(block.lines), [])]
    commands, goes_on = [], False
    for line in block.lines:
        if goes_on:
            commands[-1][0] += "\n" + line
        elif line.startswith("$ "):
            commands.append([line[2:], []])
        elif commands:
            commands[-1][1].append(line)
        else:
            raise ValueError(f"line {block.number}: a console block begins with '$ command'")
        goes_on = line.endswith("\\") and (goes_on or line.startswith("$ "))
    return commands


def pattern_of(line):
    """A shown line as a regular expression whose groups are its numbers, and the numbers."""
    parts, numbers = [], []
    for part in " ".join(line.split()).split("..."):
        pieces = NUMBER.split(part)
        numbers += NUMBER.findall(part)
        parts.append(f"({NUMBER.pattern})".join(re.escape(piece) for piece in pieces))
    return re.compile(".*".join(parts)), numbers


def is_near(shown, printed):
    wanted, found = (float(text.replace(",", "")) for text in (shown, printed))
    return abs(wanted - found) <= max(0.1 if "." in shown else 1, 0.02 * abs(wanted))


def missing_line(shown, printed, figures_vary):
    """The first shown line that is not printed, or None. Each stream is gone through from top to bottom."""
    streams = [[" ".join(line.split()) for line in re.split(r"[\r\n]", text)] for text in printed]
    at = [0] * len(streams)
    for line in shown:
        if line.strip() in ("", "..."):
            continue
        pattern, numbers = pattern_of(line)

        def fits(text):
            match = pattern.fullmatch(text)
            return match and (figures_vary or all(map(is_near, numbers, match.groups())))

        for s, stream in enumerate(streams):
            found = next((i for i in range(at[s], len(stream)) if fits(stream[i])), None)
            if found is not None:
                at[s] = found + 1
                break
        else:
            return line
    return None


def run_block(block, work, environment):
    """None, or what is wrong."""
    if block.language == "pycon":
        done = subprocess.run([sys.executable, "-c", DOCTEST], cwd=work, env=environment, capture_output=True, text=True,
                              input="\n".join(block.lines) + "\n")
        return f"\n{done.stdout[-3000:]}{done.stderr[-3000:]}" if done.returncode else None
    marks = dict(m.partition(":")[::2] for m in block.marks)
    wanted = int(marks.get("exit", "0"))
    for command, shown in commands_of(block):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=work, env=environment, capture_output=True,
                              text=True, errors="replace")
        context = f"$ {command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        if done.returncode != wanted:
            return f"exit code {done.returncode}, expected {wanted}:\n{context}"
        line = missing_line(shown, (done.stdout, done.stderr), "figures vary" in marks)
        if line is not None:
            return f"does not print\n  {line}\nbut\n{context}"
    return None


def clear(folder):
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files + [f for f in folders if os.path.islink(os.path.join(parent, f))]:
            os.unlink(os.path.join(parent, name))
        if parent != str(folder):
            os.rmdir(parent)
    folder.mkdir(parents=True, exist_ok=True)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    root, programs, work = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
    pages = sys.argv[4:] or PAGES
    clear(work)
    for name in LINKED:
        (work / name).symlink_to(root / name)
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
    package = programs.parent / "python"
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
    ran, left, failed = 0, 0, []
    for page in pages:
        program = programs / f"reidbench-{pathlib.Path(page).stem}"
        if page.startswith("tools/manual/") and page != "tools/manual/reidbench.md" and not program.exists():
            print(f"{page}: {program.name} is not built")
            continue
        begin = time.monotonic()
        _, blocks, _ = markdown.read(root / page)
        for block in blocks:
            if block.language not in ("sh", "console", "pycon"):
                continue
            if block.language == "pycon" and not (package / "reidbench").exists() or any(m.startswith(("needs:", "not run:")) for m in block.marks):
                left += 1
                continue
            wrong = run_block(block, work, environment)
            ran += 1
            if wrong:
                failed.append(f"{page}:{block.number}: {wrong}")
        print(f"{page}: {time.monotonic() - begin:.1f} s", flush=True)
    print("\n\n".join(failed) if failed else f"{ran} blocks ran and print what is shown; {left} need data or are not run")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
