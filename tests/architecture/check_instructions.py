#!/usr/bin/env python3
"""Holds the compiled library to instructions that every x86-64 processor has, outside of what is chosen at run time.

1. A function with instructions beyond SSE2 says so in its name (...Avx2, ...Avx512): it is called only where core/isa.h found
   that the processor has them.
2. Such a function is not weak, unless the instruction set is a part of its name: the linker keeps one of several copies of an
   inline function, and one compiled for AVX-512 would then run on every processor.
3. Some functions of each of AVX2 and AVX-512 are there: else this looked at nothing.
usage: check_instructions.py FOLDER_OF_STATIC_LIBRARIES
"""
import pathlib
import re
import subprocess
import sys

# Units that are compiled for AVX2 or AVX-512 as a whole, below their includes.
WIDE_UNITS = {"osnet_kernels_avx2.cc.o", "osnet_kernels_avx512.cc.o"}
NAMED = re.compile(r"Avx2|Avx512")
MEMBER = re.compile(r"^(\S+\.o):\s+file format")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
# VEX and EVEX instructions begin with v; BMI, POPCNT, MOVBE and what came with SSE3 to SSE4.2 are listed.
BEYOND = re.compile(
    r"^\s+[0-9a-f]+:\s+(?:(?:lock|rep|repz|bnd|notrack) )?"
    r"(v(?!er[rw]|m(?:call|launch|resume|xoff|read|write))[a-z0-9]+|(?:shl|shr|sar|ror|mul)x|pdep|pext|bzhi|andn|bls(?:r|i|msk)|"
    r"bextr|lzcnt|popcnt|movbe|crc32[bwlq]?|round[sp][sd]|pmull[d]|pmuldq|p(?:min|max)(?:sd|ud|uw|sb)|pshufb|pblend(?:w|vb)|blendv?p[sd]|"
    r"ptest|pinsr[bdq]|pextr[bdq]|extractps|insertps|palignr|ph(?:add|sub)(?:d|w|sw)|pabs[bwd]|pmaddubsw|pmulhrsw|psign[bwd]|dpp[sd]|"
    r"h(?:add|sub)p[sd]|addsubp[sd]|mov(?:ddup|shdup|sldup)|lddqu|pcmp(?:eqq|gtq|[ei]str[im])|packusdw|pmov[sz]x[a-z]+)\b")


def symbols_of(archive):
    """(member, symbol) pairs that are weak."""
    weak, member = set(), ""
    for line in subprocess.run(["nm", "-C", archive], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.endswith(".o:"):
            member = line[:-1]
        parts = line.split(maxsplit=2)
        if len(parts) == 3 and parts[1] in "WVu":
            weak.add((member, parts[2]))
    return weak


def wide_functions(archive):
    """(member, function) -> first instruction beyond SSE2"""
    found, member, function = {}, "", ""
    process = subprocess.Popen(["objdump", "-dC", "--no-show-raw-insn", archive], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if match := FUNCTION.match(line):
            function = match.group(1)
        elif match := MEMBER.match(line):
            member = match.group(1)
        elif (member, function) not in found and (match := BEYOND.match(line)):
            found[member, function] = match.group(1)
    if process.wait() != 0:
        raise SystemExit(f"objdump failed on {archive}")
    return found


def main():
    archives = sorted(pathlib.Path(sys.argv[1]).rglob("*.a"))
    problems, names = [], []
    for archive in archives:
        wide = wide_functions(str(archive))
        weak = symbols_of(str(archive)) if wide else set()
        for (member, function), instruction in sorted(wide.items()):
            named = NAMED.search(function) is not None
            if named:
                names.append(function)
            elif member not in WIDE_UNITS:
                problems.append(f"{archive.name}({member}): {function} has {instruction}, and no Avx2 or Avx512 in its name")
            elif (member, function) in weak:
                problems.append(f"{archive.name}({member}): {function} is an inline function with {instruction}")
    for needed in ("Avx2", "Avx512"):
        if not any(needed in name for name in names):
            problems.append(f"no function for {needed} in {len(archives)} libraries of {sys.argv[1]}")
    print("\n".join(problems) if problems else f"{len(names)} functions beyond SSE2 in {len(archives)} libraries, all chosen at run time")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
