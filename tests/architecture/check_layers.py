#!/usr/bin/env python3
"""Holds the tree against its architecture (lib/README.md).

1. Every source file under lib/reidbench/ belongs to the target of its folder, and every #include "reidbench/..." in it names a
   module in the DEPS of that target. DEPS name existing modules and have no cycle.
2. Every #include of a command (tools/*.cc) and of a benchmark names a module that its target reaches through its DEPS.
3. A free function in an anonymous namespace has a name of its own in its folder, and none that a header declares: unity builds
   compile a folder in a few units, where it would hide or overload the other one, silently.
4. Every #include of the Python package's module (lib/python) names a module that its target reaches through python_deps.
5. Every tests/<module>/<name>_test.cc stands for lib/reidbench/<module>/<name>.h or .cc, and every module has a test.
usage: check_layers.py REPOSITORY_ROOT
"""
import pathlib
import re
import sys

FUNCTION = re.compile(
    r"^(?!\s|struct |class |enum |using |return |namespace |extern |#|//|})(?:\[\[\w+\]\] )?[\w:<>,*&\[\] ]+?[ *&](\w+)\(", re.M)
ANONYMOUS = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.S | re.M)
CONDITIONAL = re.compile(r"^#if.*?^#endif", re.S | re.M)
DECLARATION = re.compile(r"reidbench_(module|job|command)\s*\(\s*([\w-]+)([^)]*)\)", re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# Folders of tests/ that are not about one module.
NOT_MODULES = {"architecture", "cli_programs", "faults", "fuzz", "golden", "install", "jobs", "python", "report_page", "support"}
# What every command links (cmake/ReidbenchTargets.cmake).
COMMAND_DEPS = {"cli"}


def listed(rest, keywords):
    names, taking = [], False
    for word in rest.split():
        if word.isupper():
            taking = word in keywords
        elif taking:
            names.append(word)
    return names


def read_modules(lib):
    """folder relative to lib/reidbench -> (target name, set of DEPS)"""
    modules = {}
    for path in sorted(lib.rglob("CMakeLists.txt")):
        folder = path.parent.relative_to(lib).as_posix()
        for kind, name, rest in DECLARATION.findall(path.read_text()):
            target = f"job_{name}" if kind == "job" else name
            modules[folder] = (target, set(listed(rest, ("DEPS",))))
    return modules


def reachable(deps, name, seen=()):
    if name in seen:
        raise SystemExit("dependency cycle: " + " -> ".join([*seen, name]))
    found = set()
    for dep in deps.get(name, set()):
        found |= {dep} | reachable(deps, dep, (*seen, name))
    return found


def folder_of_include(include, modules):
    """The module folder that an include names, or None for a header that is not the library's."""
    if not include.startswith("reidbench/"):
        return None
    folder = pathlib.PurePosixPath(include[len("reidbench/"):]).parent.as_posix()
    return folder if folder in modules else ""


def sources(folder):
    return sorted(p for p in folder.iterdir() if p.suffix in (".h", ".cc"))


def check_includes(root, errors):
    lib = root / "lib" / "reidbench"
    modules = read_modules(lib)
    deps = {target: wanted for target, wanted in modules.values()}
    folder_of = {target: folder for folder, (target, _) in modules.items()}
    for folder, (target, wanted) in modules.items():
        for dep in sorted(wanted - set(deps)):
            errors.append(f"lib/reidbench/{folder}/CMakeLists.txt: {target} depends on unknown '{dep}'")
        reachable(deps, target)
    for path in sorted(lib.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        folder = path.parent.relative_to(lib).as_posix()
        if folder not in modules:
            errors.append(f"{path.relative_to(root)}: its folder declares no module, so that no target compiles it")
            continue
        target, wanted = modules[folder]
        allowed = {folder} | {folder_of[d] for d in wanted if d in folder_of}
        for include in INCLUDE.findall(path.read_text()):
            named = folder_of_include(include, modules)
            if named == "":
                errors.append(f"{path.relative_to(root)}: includes {include}, which is in no module")
            elif named is not None and named not in allowed:
                errors.append(f"{path.relative_to(root)}: includes {include}, whose module is not in the DEPS of {target}")
            elif named is None and "/" in include and include.split("/")[0] in modules:
                errors.append(f"{path.relative_to(root)}: includes {include} without the prefix reidbench/")
    return modules, deps, folder_of


def check_names(root, errors):
    lib = root / "lib/reidbench"
    declared = {}
    for header in sorted([*lib.rglob("*.h"), *(root / "lib/python").glob("*.h")]):
        for name in FUNCTION.findall(header.read_text()):
            declared.setdefault(name, header.relative_to(root))
    defined = {}
    for source in sorted([*lib.rglob("*.cc"), *(root / "lib/python").glob("*.cc")]):
        for body in ANONYMOUS.findall(source.read_text()):
            for name in sorted(set(FUNCTION.findall(CONDITIONAL.sub("", body)))):
                first = defined.setdefault((source.parent, name), source.relative_to(root))
                other = first if first != source.relative_to(root) else declared.get(name)
                if other is not None:
                    errors.append(f"{source.relative_to(root)}: '{name}' in its anonymous namespace is also in {other}; rename one")


def check_tools(root, modules, deps, folder_of, errors):
    tools = root / "tools"
    commands = {}  # name of its source -> everything in its DEPS
    for kind, name, rest in DECLARATION.findall((tools / "CMakeLists.txt").read_text()):
        if kind != "command":
            continue
        wanted = set(listed(rest, ("DEPS",))) | COMMAND_DEPS
        for dep in sorted(wanted - set(deps)):
            errors.append(f"tools/CMakeLists.txt: command {name} depends on unknown '{dep}'")
        commands[name.replace("-", "_")] = set().union(*(({d} | reachable(deps, d)) for d in wanted if d in deps))
    for path in sources(tools):
        includes = [i for i in INCLUDE.findall(path.read_text()) if i.startswith("reidbench/")]
        if path.suffix == ".h":
            users = [p.stem for p in sources(tools) if p.suffix == ".cc" and f'"{path.name}"' in p.read_text()]
        else:
            users = [path.stem]
        for user in users:
            reached = commands.get(user, {"core"})  # the front links core alone
            for include in includes:
                folder = folder_of_include(include, modules)
                if not folder or modules[folder][0] not in reached:
                    errors.append(f"{path.relative_to(root)}: includes {include}, which command {user} does not link")
    for path in sources(tools / "bench"):
        for include in INCLUDE.findall(path.read_text()):
            if folder_of_include(include, modules) == "":
                errors.append(f"{path.relative_to(root)}: includes {include}, which is in no module")


def check_python(root, modules, deps, folder_of, errors):
    python = root / "lib" / "python"
    wanted = set(re.search(r"set\(python_deps ([^)]*)\)", (python / "CMakeLists.txt").read_text())[1].split())
    for dep in sorted(wanted - set(deps)):
        errors.append(f"lib/python/CMakeLists.txt: python_deps names unknown '{dep}'")
    reached = set().union(*(({d} | reachable(deps, d)) for d in wanted if d in deps))
    for path in sources(python):
        for include in INCLUDE.findall(path.read_text()):
            if include.startswith("reidbench/"):
                folder = folder_of_include(include, modules)
                if not folder or modules[folder][0] not in reached:
                    errors.append(f"{path.relative_to(root)}: includes {include}, which is in no module of python_deps")


def check_tests(root, modules, errors):
    lib, tests = root / "lib" / "reidbench", root / "tests"
    known = set(modules)
    for test in sorted(tests.rglob("*_test.cc")):
        folder = test.parent.relative_to(tests).as_posix()
        if folder.split("/")[0] in NOT_MODULES - {"jobs"}:
            continue
        if folder not in known:
            errors.append(f"{test.relative_to(root)}: no module lib/reidbench/{folder}")
            continue
        stem = test.name[: -len("_test.cc")]
        if not any((lib / folder / (stem + s)).exists() for s in (".h", ".cc")):
            errors.append(f"{test.relative_to(root)}: no lib/reidbench/{folder}/{stem}.h or .cc")
    for folder in sorted(known):
        if any((lib / folder).glob("*.cc")) and not any((tests / folder).glob("*_test.cc")):
            errors.append(f"lib/reidbench/{folder}: no test in tests/{folder}/")


def main():
    root = pathlib.Path(sys.argv[1])
    errors = []
    modules, deps, folder_of = check_includes(root, errors)
    check_names(root, errors)
    check_tools(root, modules, deps, folder_of, errors)
    check_python(root, modules, deps, folder_of, errors)
    check_tests(root, modules, errors)
    print("\n".join(errors) if errors else "layers, commands and tests are in order")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
