#!/usr/bin/env python3
"""Checks the rules of the tree that no compiler knows. Prints one sentence per breach; exits with 1 if there is any.

    python3 tests/tidy/tidy.py [REPOSITORY]

A rule is a function from the tree to sentences; RULES at the end lists them all. Each one has a test that breaks it
on purpose in test_tidy.py.
"""

import re
import sys
from pathlib import Path

# What each layer may include: itself and what stands to its left.
MAY_INCLUDE = {
    "base": {"base"},
    "graph": {"base", "graph"},
    "vulkan": {"base", "graph", "vulkan"},
    "tensor": {"base", "graph", "tensor"},
    "model": {"base", "graph", "tensor", "model"},
    "cache": {"base", "graph", "tensor", "model", "cache"},
    "decode": {"base", "graph", "tensor", "model", "cache", "decode"},
}
GENERATED = {"kernels": "tensor"}  # folders of generated headers, and the layer they count as
INDEXES = ["runtime/model/arch/architectures.inc", "runtime/cache/policy/policies.inc",
           "runtime/decode/strategy/strategies.inc"]
SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__", "shared"}
CODE = {".h", ".c", ".cpp", ".inc", ".comp", ".glsl", ".py", ".cmake"}
TEXT = CODE | {".md", ".txt", ".map", ".json", ".i"}
LONGEST_FILE = 500  # lines; beyond that a file has two topics
FORBIDDEN_WORDS = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]


class Tree:
    """The repository's own files, as paths relative to its root with forward slashes."""

    def __init__(self, root: Path):
        self.root = root
        self.files = sorted(self._walk(root))

    def _walk(self, folder: Path):
        for entry in folder.iterdir():
            if entry.is_dir():
                if entry.name not in SKIPPED_FOLDERS:
                    yield from self._walk(entry)
            else:
                yield entry.relative_to(self.root).as_posix()

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def exists(self, path: str) -> bool:
        return (self.root / path).is_file()

    def code(self, *suffixes: str, under: str = ""):
        return [f for f in self.files if f.startswith(under) and Path(f).suffix in (suffixes or CODE)]


def includes(text: str):
    """(line number, header, quoted?) of every #include."""
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 1, match[2], match[1] == '"'


def layer_of(header: str) -> str | None:
    first = header.split("/")[0] if "/" in header else ""
    return GENERATED.get(first, first if first in MAY_INCLUDE else None)


def check_layers_include_leftwards(tree: Tree):
    for path in tree.code(".h", ".cpp", ".inc", under="runtime/"):
        layer = path.split("/")[1]
        for line, header, quoted in includes(tree.read(path)):
            target = layer_of(header) if quoted else None
            if quoted and target is None:
                yield f"{path}:{line}: include \"{header}\" from the root of runtime/, as in \"base/error.h\"."
            elif quoted and target not in MAY_INCLUDE.get(layer, set()):
                yield f"{path}:{line}: the layer {layer} may not include \"{header}\" of the layer {target}."


def check_layers_link_leftwards(tree: Tree):
    for layer, allowed in MAY_INCLUDE.items():
        path = f"runtime/{layer}/CMakeLists.txt"
        if not tree.exists(path):
            continue
        for target in re.findall(r"\bunmask_(\w+)\b", tree.read(path)):
            if target in MAY_INCLUDE and target not in allowed:
                yield f"{path}: the layer {layer} may not link to the layer {target}."


def check_only_vulkan_names_vulkan(tree: Tree):
    for path in tree.code(".h", ".c", ".cpp"):
        if path.startswith(("runtime/vulkan/", "tests/vulkan/")):
            continue
        for line, header, _ in includes(tree.read(path)):
            if re.match(r"(vulkan/vulkan|vulkan/vk_|vk_video/|volk)", header):
                yield f"{path}:{line}: only runtime/vulkan may include the Vulkan header {header}."


def check_programs_use_only_the_abi(tree: Tree):
    for folder in ("cli", "examples"):
        for path in tree.code(".h", ".c", ".cpp", under=folder + "/"):
            for line, header, quoted in includes(tree.read(path)):
                own = tree.exists(f"{folder}/{header}") or tree.exists(f"{Path(path).parent.as_posix()}/{header}")
                if layer_of(header) or (quoted and header != "unmask.h" and not own):
                    yield f"{path}:{line}: {folder} may include only unmask.h and its own headers, not {header}."


def check_every_kernel_has_a_twin(tree: Tree):
    for path in tree.code(".comp", under="shaders/"):
        twin = f"tests/kernels/{Path(path).stem}.cpp"
        if not tree.exists(twin):
            yield f"{path}: no twin {twin} checks this kernel."


def check_indexes_match_their_folders(tree: Tree):
    for index in INDEXES:
        folder = Path(index).parent.as_posix()
        files = {Path(f).stem for f in tree.code(".cpp", under=folder + "/")}
        if not tree.exists(index):
            if files:
                yield f"{folder}: files but no index {index}."
            continue
        names = re.findall(r"^X\((\w+)[,)]", tree.read(index), re.MULTILINE)
        for name in sorted(set(names) - files):
            yield f"{index}: X({name}) has no file {folder}/{name}.cpp."
        for name in sorted(files - set(names)):
            yield f"{index}: {folder}/{name}.cpp has no line X({name})."


def check_files_are_short(tree: Tree):
    for path in tree.code():
        lines = tree.read(path).count("\n")
        if lines > LONGEST_FILE:
            yield f"{path}: {lines} lines, more than {LONGEST_FILE}; split it by topic."


def check_whitespace(tree: Tree):
    for path in tree.files:
        if Path(path).suffix not in TEXT or path.startswith("examples/models/"):  # those are written by tools
            continue
        text = tree.read(path)
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                yield f"{path}:{number}: a tab; indent with spaces."
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end of the line."
        if text and not text.endswith("\n"):
            yield f"{path}: no new line at the end of the file."


def check_headers_guard_themselves(tree: Tree):
    for path in tree.code(".h"):
        guard = "#ifndef UNMASK_H" if path == "capi/unmask.h" else "#pragma once"  # C99 knows no #pragma once
        if guard not in tree.read(path):
            yield f"{path}: no {guard}."


def without_comments_and_macros(text: str) -> str:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#(\\\n|[^\n])*", "", text, flags=re.MULTILINE)


def check_abi_files_agree(tree: Tree):
    header, symbol_map, snapshot = "capi/unmask.h", "capi/unmask.map", "capi/abi.txt"
    if not tree.exists(header):
        return
    declared = set(re.findall(r"\b(unmask_\w+)\s*\(", without_comments_and_macros(tree.read(header))))
    lists = {symbol_map: r"\b(unmask_\w+)\s*;", snapshot: r"\b(unmask_\w+)\s*\("}
    for path, pattern in lists.items():
        if not tree.exists(path):
            yield f"{path}: missing, but {header} declares functions."
            continue
        listed = set(re.findall(pattern, without_comments_and_macros(tree.read(path))))
        for name in sorted(declared - listed):
            yield f"{path}: {name} is declared in {header} but not listed here."
        for name in sorted(listed - declared):
            yield f"{path}: {name} is listed here but not declared in {header}."


def check_no_unfinished_work(tree: Tree):
    pattern = re.compile(r"\b(" + "|".join(FORBIDDEN_WORDS) + r")\b")
    for path in tree.code():
        for number, line in enumerate(tree.read(path).split("\n"), 1):
            if match := pattern.search(line):
                yield f"{path}:{number}: {match[1]}; finish it, or open an issue and say nothing here."


RULES = [check_layers_include_leftwards, check_layers_link_leftwards, check_only_vulkan_names_vulkan,
         check_programs_use_only_the_abi, check_every_kernel_has_a_twin, check_indexes_match_their_folders,
         check_files_are_short, check_whitespace, check_headers_guard_themselves, check_abi_files_agree,
         check_no_unfinished_work]


def breaches(root: Path) -> list[str]:
    tree = Tree(root)
    return [sentence for rule in RULES for sentence in rule(tree)]


def main() -> int:
    found = breaches(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(found) or "The tree is tidy.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
