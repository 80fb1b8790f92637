#!/usr/bin/env python3
"""Holds the tree against its architecture (lib/README.md).

1. Every #include "module/..." in lib/ names a module in the DEPS of the including target, and DEPS have no cycle.
2. Every tests/<module>/<name>_test.cc stands for lib/<module>/<name>.h or .cc, and every module has a test.
usage: check_layers.py REPOSITORY_ROOT
"""
import pathlib
import re
import sys

DECLARATION = re.compile(r"reidbench_(module|stage)\s*\(\s*(\w+)([^)]*)\)", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s*"([a-z_0-9]+)/', re.M)
# Folders of tests/ that are not about one module.
NOT_MODULES = {"architecture", "cli_programs", "fuzz", "golden", "report_page", "support"}


def read_targets(lib):
    """module or stage name -> (folder, file stem or None, set of DEPS)"""
    targets = {}
    for path in sorted(lib.glob("*/CMakeLists.txt")):
        for kind, name, rest in DECLARATION.findall(path.read_text()):
            words = rest.split()
            deps, taking = set(), False
            for word in words:
                if word.isupper():
                    taking = word in ("DEPS", "HEADERS")
                elif taking:
                    deps.add(word)
            targets[name if kind == "module" else "stage_" + name] = (
                path.parent.name, None if kind == "module" else name, deps)
    return targets


def reachable(targets, name, seen=()):
    if name in seen:
        raise SystemExit("dependency cycle: " + " -> ".join([*seen, name]))
    found = set()
    for dep in targets.get(name, (None, None, set()))[2]:
        found |= {dep} | reachable(targets, dep, (*seen, name))
    return found


def check_includes(root, errors):
    lib = root / "lib"
    targets = read_targets(lib)
    folders = {p.parent.name for p in lib.glob("*/CMakeLists.txt")}
    for name, (folder, stem, deps) in targets.items():
        for dep in deps - set(targets):
            errors.append(f"lib/{folder}/CMakeLists.txt: {name} depends on unknown '{dep}'")
        reachable(targets, name)
        pattern = "*" if stem is None else stem
        allowed = {folder} | {targets[d][0] for d in deps if d in targets}
        for path in sorted((lib / folder).glob(f"{pattern}.*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for module in INCLUDE.findall(path.read_text()):
                if module in folders and module not in allowed:
                    errors.append(f"{path.relative_to(root)}: includes {module}/, which is not in the DEPS of {name}")


def check_tests(root, errors):
    for folder in sorted(p for p in (root / "tests").iterdir() if p.is_dir() and p.name not in NOT_MODULES):
        if not (root / "lib" / folder.name).is_dir():
            errors.append(f"tests/{folder.name}: no such module in lib/")
            continue
        for test in sorted(folder.glob("*_test.cc")):
            stem = test.name[: -len("_test.cc")]
            if not any((root / "lib" / folder.name / (stem + s)).exists() for s in (".h", ".cc")):
                errors.append(f"{test.relative_to(root)}: no lib/{folder.name}/{stem}.h or .cc")
    for module in sorted(p.parent for p in (root / "lib").glob("*/CMakeLists.txt")):
        if any(module.glob("*.cc")) and not any((root / "tests" / module.name).glob("*_test.cc")):
            errors.append(f"lib/{module.name}: no test in tests/{module.name}/")


def main():
    root = pathlib.Path(sys.argv[1])
    errors = []
    check_includes(root, errors)
    check_tests(root, errors)
    print("\n".join(errors) if errors else "layers and tests are in order")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
