#!/usr/bin/env python3
"""The C ABI as text: every function's signature, every struct's layout, every enumerator's value.

    python3 tests/capi/abi.py check LIBRARY    capi/abi.txt, capi/unmask.map and the library agree with capi/unmask.h, and
                                               the tests beside this file call every function
    python3 tests/capi/abi.py update           writes capi/abi.txt and capi/unmask.map anew

Sizes and offsets are measured with the C compiler ($CC, or cc); the library is read with readelf.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CAPI = Path(__file__).resolve().parents[2] / "capi"
HEADER, SNAPSHOT, MAP = CAPI / "unmask.h", CAPI / "abi.txt", CAPI / "unmask.map"
UPDATE = "python3 tests/capi/abi.py update"


def declarations() -> str:
    """The header without comments and preprocessor lines, every run of white space one blank."""
    text = re.sub(r"/\*.*?\*/", " ", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"^[ \t]*#(\\\n|[^\n])*", "", text, flags=re.MULTILINE)
    return re.sub(r"\s+", " ", text)


def functions(text: str) -> dict[str, str]:
    """Name to signature."""
    found = re.findall(r"UNMASK_API ([^;]+);", text)
    return {re.search(r"(unmask_\w+)\(", f)[1]: f.strip() for f in found}


def structs(text: str) -> dict[str, list[tuple[str, str]]]:
    """Name to (type, field)s. Fields are plain: no arrays, no pointers but const char*."""
    result = {}
    for name, body in re.findall(r"typedef struct (unmask_\w+) \{([^}]*)\}", text):
        fields = []
        for line in filter(None, map(str.strip, body.split(";"))):
            kind, names = re.fullmatch(r"((?:const )?\w+\*?) (.*)", line).groups()
            fields += [(kind, field.strip()) for field in names.split(",")]
        result[name] = fields
    return result


def enumerators(text: str) -> list[str]:
    return [name for body in re.findall(r"enum[ \w]*\{([^}]*)\}", text) for name in re.findall(r"UNMASK_\w+", body)]


def measuring_program(layouts, constants) -> str:
    lines = ["#include <stdio.h>", f'#include "{HEADER}"', "int main(void) {"]
    for name, fields in layouts.items():
        lines.append(f'  printf("\\n%s, %zu bytes\\n", "{name}", sizeof({name}));')
        for kind, field in fields:
            lines.append(f'  printf("  %3zu  %s %s\\n", offsetof({name}, {field}), "{kind}", "{field}");')
    lines.append('  printf("\\n");')
    lines += [f'  printf("%s = %d\\n", "{name}", (int){name});' for name in constants]
    return "\n".join(lines + ["  return 0;", "}", ""])


def measure(program: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "layout.c"), Path(folder, "layout")
        source.write_text(program)
        subprocess.run([os.environ.get("CC", "cc"), "-std=c99", str(source), "-o", str(binary)], check=True)
        return subprocess.run([str(binary)], check=True, capture_output=True, text=True).stdout


def snapshot(text: str) -> str:
    title = "Unmask's C ABI on 64-bit systems, made from unmask.h by tests/capi/abi.py. Do not edit.\n\n"
    signatures = "".join(f"{signature}\n" for signature in functions(text).values())
    return title + signatures + measure(measuring_program(structs(text), enumerators(text)))


def symbol_map(text: str) -> str:
    names = "".join(f"    {name};\n" for name in functions(text))
    return ("# What libunmask.so exports, made from unmask.h by tests/capi/abi.py. Do not edit.\n"
            f"UNMASK_0 {{\n  global:\n{names}  local:\n    *;\n}};\n")


def readelf(library: str, *options: str) -> str:
    return subprocess.run(["readelf", "--wide", *options, library], check=True, capture_output=True, text=True).stdout


def exported_functions(library: str) -> set[str]:
    """Symbols that the library defines for others, of any type but its version names."""
    rows = [line.split() for line in readelf(library, "--dyn-syms").splitlines()]
    return {row[7].split("@")[0] for row in rows
            if len(row) >= 8 and row[4] in ("GLOBAL", "WEAK") and row[6] not in ("UND", "ABS")}


def file_breaches(path: Path, wanted: str):
    current = path.read_text(encoding="utf-8") if path.exists() else ""
    if current != wanted:
        yield from difflib.unified_diff(current.splitlines(), wanted.splitlines(), str(path), "unmask.h", lineterm="")
        yield f"{path.name} does not match unmask.h. If the change of the ABI is meant, run: {UPDATE}"


def test_breaches(text: str):
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.cpp"))
    for name in functions(text):
        if not re.search(rf"\b{name}\(", tests):
            yield f"No test in tests/capi calls {name}; at least call it with NULL."


def library_breaches(library: str, text: str):
    exported, declared = exported_functions(library), set(functions(text))
    yield from (f"{library} exports {name}, which unmask.h does not declare." for name in sorted(exported - declared))
    yield from (f"{library} does not export {name} of unmask.h." for name in sorted(declared - exported))
    dynamic = readelf(library, "--dynamic")
    major = re.search(r"#define UNMASK_VERSION_MAJOR (\d+)", HEADER.read_text(encoding="utf-8"))[1]
    if f"[libunmask.so.{major}]" not in "".join(line for line in dynamic.splitlines() if "SONAME" in line):
        yield f"{library}'s SONAME is not libunmask.so.{major}."
    if re.search(r"NEEDED.*vulkan", dynamic):
        yield f"{library} needs the Vulkan loader to be loaded; it must look for it at run time."


def main(arguments: list[str]) -> int:
    text = declarations()
    if arguments == ["update"]:
        SNAPSHOT.write_text(snapshot(text), encoding="utf-8")
        MAP.write_text(symbol_map(text), encoding="utf-8")
        return 0
    if len(arguments) != 2 or arguments[0] != "check":
        print(__doc__)
        return 2
    breaches = [*file_breaches(SNAPSHOT, snapshot(text)), *file_breaches(MAP, symbol_map(text)),
                *test_breaches(text), *library_breaches(arguments[1], text)]
    print("\n".join(breaches) or "The header, the snapshot, the symbol map and the library agree.")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
