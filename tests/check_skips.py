#!/usr/bin/env python3
"""Prints the tests that a run skipped with the reason, and fails on one that tests/expected_skips.txt does not list.

usage: check_skips.py RESULTS.xml        as `ctest --output-junit RESULTS.xml` writes it
"""
import fnmatch
import pathlib
import re
import sys


def main(path):
    listed = []
    for line in (pathlib.Path(__file__).parent / "expected_skips.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, reason = line.split(maxsplit=1)
            listed.append((pattern, reason))
    # Python's XML reader is not in python3-minimal, which is all that tools/setup installs.
    skipped = re.findall(r'<testcase name="([^"]*)"[^>]*>\s*<skipped', pathlib.Path(path).read_text())
    by_reason, unlisted = {}, []
    for name in skipped:
        name = name.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        reason = next((why for pattern, why in listed if fnmatch.fnmatchcase(name, pattern)), None)
        if reason is None:
            unlisted.append(name)
        else:
            by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        print(f"skipped {len(names):3}: {reason}: {names[0]}{', ...' if len(names) > 1 else ''}")
    for name in unlisted:
        print(f"skipped without leave: {name}; make it run, or list it in tests/expected_skips.txt with the reason", file=sys.stderr)
    return 1 if unlisted else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
