#!/usr/bin/env python3
"""Checks the sources for what neither the compiler nor swift-format looks at.

usage: swift package dump-package | etc/setup/lint.py

1. Each import is of a module that the target itself depends on. The compiler's own check
   (--explicit-target-dependency-import-check) lets through what a dependency depends on.
2. Comments keep to the columns of the code.
3. Documentation of the programs states facts: no comment begins with "What", "Who", "Whose", "Whom" or "Where".
4. Each test that docs/threats.md names as a proof exists.
5. SQL with more than one argument names them: in a row of question marks a value that is added shifts all
   behind it, which neither the compiler nor SQLite notices.
"""

import json
import pathlib
import re
import sys

# Toolchain and system: nobody declares them.
OPEN_TO_ALL = {
    "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "PackageDescription",
    "Swift", "Synchronization", "Testing",
}
COLUMNS = json.loads(pathlib.Path(".swift-format").read_text())["lineLength"]
IMPORT = re.compile(
    r"^(?:@\w+(?:\([^)]*\))? )*(?:public |package |internal |fileprivate |private )?import "
    r"(?:struct |class |enum |protocol |func |var |typealias |actor )?(\w+)")
RIDDLE = re.compile(r"^\s*///? (What|Who|Whose|Whom|Where)\b")
# String literals, of many lines and of one; the interpolations in them may have literals of their own.
INTERPOLATION = re.compile(r"\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
LITERAL = re.compile(r'"""(.*?)"""|"((?:' + INTERPOLATION.pattern + r'|\\.|[^"\\\n])*)"', re.DOTALL)
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|SET)\b")
UNNAMED = re.compile(r"\?\d*")
NAMED = re.compile(r"(?<![\w:]):[a-z]\w*")
# A line that is one long word, such as an address, cannot be broken.
UNBREAKABLE = re.compile(r"^\s*//+ *(- )?\S+$")


def declared(target):
    """The names of the modules that a target depends on directly."""
    names = set()
    for dependency in target["dependencies"]:
        [[name, *_]] = dependency.values()
        names.add(name.replace("-", "_"))
    return names


def check_line(line, allowed):
    """Yields a sentence for each fault of a line of Swift."""
    imported = IMPORT.match(line)
    if imported and imported[1] not in allowed:
        yield f"imports {imported[1]}, which Package.swift does not name as its target's dependency"
    text = line.strip()
    if text.startswith("//"):
        if len(line) > COLUMNS and not UNBREAKABLE.match(line):
            yield f"comment of {len(line)} columns, more than {COLUMNS}"
        if RIDDLE.match(line):
            yield "comment begins like a question; state the fact"


def check_statements(text):
    """Yields line number and sentence for each SQL literal of a Swift file whose arguments lack names."""
    for literal in LITERAL.finditer(text):
        sql = re.sub("'[^']*'", "''", INTERPOLATION.sub("", literal[1] or literal[2] or ""))
        unnamed = len(UNNAMED.findall(sql)) if SQL.search(sql) else 0
        if unnamed > 1 or (unnamed and NAMED.search(sql)):
            number = text.count("\n", 0, literal.start()) + 1
            yield number, "SQL with more than one argument, not all of them named (:recording instead of ?)"


def missing_proofs():
    """Yields each test that docs/threats.md names, by file and function, and that is not there."""
    # Two targets may each have a file of the same name.
    files = {}
    for file in pathlib.Path("Tests").rglob("*Tests.swift"):
        files[file.stem] = files.get(file.stem, "") + file.read_text()
    for file, function in re.findall(r"`(\w+Tests)\.(\w+)`", pathlib.Path("docs/threats.md").read_text()):
        if f"func {function}(" not in files.get(file, ""):
            yield f"docs/threats.md: no test {file}.{function}"


def main():
    faults = 0
    for fault in missing_proofs():
        print(fault, file=sys.stderr)
        faults += 1
    for target in json.load(sys.stdin)["targets"]:
        folder = pathlib.Path(target.get("path") or f"Tests/{target['name']}")
        allowed = OPEN_TO_ALL | declared(target) | {target["name"]}
        for file in sorted(folder.rglob("*.swift")):
            previous = ""
            text = file.read_text()
            for number, fault in check_statements(text):
                print(f"{file}:{number}: {fault}", file=sys.stderr)
                faults += 1
            for number, line in enumerate(text.split("\n"), 1):
                for fault in check_line(line, allowed):
                    # Only the first line of a paragraph can begin it.
                    goes_on = re.match(r"\s*/{2,3} +\S", previous)
                    if "question" in fault and (goes_on or folder.parts[0] == "Tests"):
                        continue
                    print(f"{file}:{number}: {fault}", file=sys.stderr)
                    faults += 1
                previous = line
    sys.exit(1 if faults else 0)


main()
