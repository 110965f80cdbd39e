#!/usr/bin/env python3
"""Every function of the C interface is called by the classes of bindings/, and is there in a language under the name that
the naming rule gives it.

    python3 reachable.py classes                      the classes call every function of capi/abi.txt
    python3 reachable.py python|java|csharp FOLDER... folders with the language's generated and hand-written sources

unmask_<type>_<verb> is <Type>.<verb>, in the language's spelling. Functions whose name in the classes is another are in
ELSEWHERE.
"""

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CLASSES = {"device": "Device", "model": "Model", "loader": "Loader", "converter": "Converter", "messages": "Messages",
           "options": "Options", "session": "Session", "decoder": "Decoder"}

# Function (a pattern): (class or "" for a free function, member).
ELSEWHERE = {
    r"unmask_last_(status|error)": ("error", ""),
    r"unmask_log_set_sink": ("", "capture_log"),
    r"unmask_device_list_(create|destroy|size)": ("", "devices"),
    r"unmask_device_list_feature_count": ("DeviceInfo", "features"),
    r"unmask_device_list_feature_(\w+)": ("DeviceFeature", r"\1"),
    r"unmask_device_list_(\w+)": ("DeviceInfo", r"\1"),
    r"unmask_option_count": ("", "option_table"),
    r"unmask_option_(get_)?(\w+)": ("OptionInfo", r"\2"),
    r"unmask_strategy_drafter_use": ("", "strategy_drafter_use"),
    r"unmask_strategy_\w+": ("", "strategies"),
    r"unmask_weight_type_\w+": ("", "weight_types"),
    r"unmask_converter_note(_count)?": ("Converter", "notes"),
    r"unmask_(\w+)_init": ("struct", r"\1"),
    r"unmask_(\w+)_destroy": (r"\1", "close"),
    r"unmask_(device|model)_open": (r"\1", "new"),
    r"unmask_(\w+?)_create(_with_drafters)?": (r"\1", "new"),
    r"unmask_options_set_\w+": ("Options", "set"),
    r"unmask_decoder_profile_count": ("Decoder", "get_profile"),
    r"unmask_(version|status_name)": ("", r"\1"),
}
RENAMED = {("OptionInfo", "default"): "default_number"}
STRUCTS = {"model_info": "ModelInfo", "profile_entry": "ProfileEntry"}


def functions() -> list[str]:
    return re.findall(r"\b(unmask_\w+)\(", (REPOSITORY / "capi/abi.txt").read_text(encoding="utf-8"))


def place(function: str) -> tuple[str, str]:
    """Class and member by the naming rule; the class "" is the library itself."""
    for pattern, (owner, member) in ELSEWHERE.items():
        if match := re.fullmatch(pattern, function):
            owner = match.expand(owner) if "\\" in owner else owner
            member = match.expand(member) if "\\" in member else member
            owner = CLASSES.get(owner, owner)
            return owner, RENAMED.get((owner, member), member)
    kind, verb = re.fullmatch(r"unmask_([a-z]+)_(\w+)", function).groups()
    return CLASSES[kind], verb


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class Python:
    def __init__(self, folders: list[Path]):
        sys.path.insert(0, str(folders[0]))
        import unmask
        self.unmask = unmask

    def has(self, owner: str, member: str) -> bool:
        if owner == "error":
            return issubclass(self.unmask.UnmaskError, Exception)
        if owner == "struct":
            return hasattr(self.unmask, STRUCTS.get(member, pascal(member)))
        if member == "new":
            return callable(getattr(self.unmask, owner))
        parent = getattr(self.unmask, owner) if owner else self.unmask
        return hasattr(parent, member) or hasattr(parent, member.removeprefix("get_"))


class Sources:
    """Languages whose public members are read from their sources."""

    def __init__(self, folders: list[Path], suffix: str):
        self.text = {}
        for path in (path for folder in folders for path in folder.rglob(f"*{suffix}")):
            for match in re.finditer(r"public (?:\w+ )*class (\w+)", source := path.read_text(encoding="utf-8")):
                self.text[match[1]] = self.text.get(match[1], "") + source[match.start():]

    def declares(self, owner: str, names: list[str]) -> bool:
        pattern = rf"public [\w.:<>,\[\] ]*?\b({'|'.join(names)})\s*(\(|\{{|=>)"
        return re.search(pattern, self.text.get(owner, "")) is not None


class Java(Sources):
    def __init__(self, folders: list[Path]):
        super().__init__(folders, ".java")

    def has(self, owner: str, member: str) -> bool:
        if owner == "error":
            return self.declares("UnmaskException", ["getStatus"])
        if owner == "struct":
            return STRUCTS.get(member, pascal(member)) in self.text
        if member == "new":
            return self.declares(owner, [owner])
        return self.declares(owner or "Unmask", [camel(member), camel("get_" + member)])


class CSharp(Sources):
    def __init__(self, folders: list[Path]):
        super().__init__(folders, ".cs")

    def has(self, owner: str, member: str) -> bool:
        if owner == "error":
            return self.declares("UnmaskException", ["Status"])
        if owner == "struct":
            return STRUCTS.get(member, pascal(member)) in self.text
        if member in ("new", "close"):
            return self.declares(owner, [{"new": owner, "close": "Dispose"}[member]])
        return self.declares(owner or "Library", [pascal(member), pascal(member.removeprefix("get_"))])


def breaches(arguments: list[str]):
    if arguments == ["classes"]:
        folder = REPOSITORY / "bindings"
        text = "".join((folder / name).read_text(encoding="utf-8")
                       for name in ("classes.h", "classes.cpp", "handle.h", "unmask.i"))
        yield from (f"No class of bindings/ calls {f}." for f in functions() if not re.search(rf"\b{f}\b", text))
        return
    language = {"python": Python, "java": Java, "csharp": CSharp}[arguments[0]]([Path(folder) for folder in arguments[1:]])
    for function in functions():
        owner, member = place(function)
        if not language.has(owner, member):
            yield f"{function} is not reachable in {arguments[0]}: there is no {owner}.{member}."


def main() -> int:
    found = list(breaches(sys.argv[1:]))
    print("\n".join(found) or f"All {len(functions())} functions are reachable.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
