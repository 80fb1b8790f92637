#!/usr/bin/env python3
"""Prints the tests that a run skipped with the reason, and fails on one that tests/expected_skips.txt does not list.

usage: check_skips.py RESULTS.xml        as `ctest --output-junit RESULTS.xml` writes it

A reason that begins with `without ISA:` (avx2, avx512, avx512_bf16) holds only where the processor lacks it or REIDBENCH_ISA caps it.
"""
import fnmatch
import os
import pathlib
import re
import sys


# In the order of lib/reidbench/core/isa.h; of the flags of /proc/cpuinfo those that tell them apart.
ISAS = {"baseline": [], "avx2": ["avx2", "fma", "bmi2"], "avx512": ["avx512f", "avx512bw", "avx512dq", "avx512vl"],
        "avx512_bf16": ["avx512_bf16"]}


def active_isas():
    """Of ISAS those that this processor has, up to the cap."""
    try:
        flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)[1].split()
    except (OSError, TypeError):
        flags = []
    active = []
    for name, needed in ISAS.items():
        if not all(flag in flags for flag in needed):
            break
        active.append(name)
        if name == os.environ.get("REIDBENCH_ISA"):
            break
    return active


def main(path):
    listed = []
    isas = active_isas()
    for line in (pathlib.Path(__file__).parent / "expected_skips.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, reason = line.split(maxsplit=1)
            lacking = re.match(r"without (\w+):", reason)
            if lacking is None or lacking[1] not in isas:
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
