"""Runs a grid of evaluations and writes its page of results.

    python3 examples/evaluation/grid.py --unmask build/release/cli/unmask --minutes 60

The grid is a table, grid.toml: models, tasks, and the strategies and caches that are combined. Every cell is one
`unmask eval` whose results lie in a file, so that the same command takes a grid up again where its time ended. Cells
of a section take turns, a few items each: what is unfinished is so evenly, and a machine that slows down slows all.

Writes RESULTS.md, a CSV and a plot for every section. Needs nothing but Python 3.11 and the program.
"""

import argparse
import csv
import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
TURN = 4  # items that a cell runs before the next one has its turn, where the table names no number


@dataclass(frozen=True)
class Cell:
    name: str
    flags: list[str]  # beside the section's
    file: Path


@dataclass(frozen=True)
class Section:
    title: str
    count: int
    turn: int
    command: list[str]  # of all cells, without --count and --out
    cells: list[Cell]
    plot: Path  # of its plot and its table, without an ending
    notes: str


def names_and_flags(section: dict) -> list[tuple[str, list[str]]]:
    """Every combination of the section's tables, but those that it skips."""
    combined = []
    for entries in itertools.product(*(table.items() for table in section["tables"].values())):
        name = " ".join(name for name, _ in entries if name)
        if name not in section.get("skip", []):
            combined.append((name, [flag for _, flags in entries for flag in flags]))
    return combined


def data_flags(section: dict, folder: Path) -> list[str]:
    """The section's data, made by the generators where it names a task; none where its flags name one."""
    if "data" in section:
        return ["--data", section["data"]]
    if "task" not in section:
        return []
    training, task = REPOSITORY / "examples" / "training", section["task"]
    problems, pool, path = folder / "problems.jsonl", folder / "pool.jsonl", folder / "task.jsonl"

    def generate(into: Path, flags: list[str]):
        text = subprocess.run([sys.executable, str(training / "tasks.py"), *flags], check=True,
                              capture_output=True, text=True).stdout
        into.write_text(text)

    generate(problems, task["problems"])
    generate(pool, task.get("pool", task["problems"]))
    with path.open("w") as out:
        subprocess.run([sys.executable, str(HERE / "with_examples.py"), str(problems), str(pool), "--examples",
                        str(task["examples"])], check=True, stdout=out)
    return ["--data", os.path.relpath(path, REPOSITORY)]


def read_sections(tables: list[dict], unmask: str, work: Path, plots: Path) -> list[Section]:
    sections = []
    for section in tables:
        folder = work / section["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        common = [unmask, "eval", "--model", section["model"], *data_flags(section, folder), *section.get("flags", [])]
        cells = [Cell(name, flags, folder / f"{name.replace(' ', '-')}.jsonl")
                 for name, flags in names_and_flags(section)]
        sections.append(Section(section["title"], section["count"], section.get("turn", TURN), common, cells,
                                plots / section["folder"], section.get("notes", "").strip()))
    return sections


def finished(cell: Cell) -> int:
    """Whole lines of the file, but its first."""
    return max(cell.file.read_bytes().count(b"\n") - 1, 0) if cell.file.exists() else 0


def run(section: Section, cell: Cell, count: int, seconds: float) -> str:
    """Runs the cell up to `count` items, and ends it with Ctrl-C when its time is over. Returns a refusal, if any."""
    command = [*section.command, *cell.flags, "--count", str(count), "--out", str(cell.file)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, errors = process.communicate(timeout=max(seconds, 1))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.communicate()
        return ""
    return errors.strip().splitlines()[-1] if process.returncode != 0 else ""


def run_grid(sections: list[Section], minutes: float, only: list[str] | None) -> dict[str, str]:
    """Runs the cells named `only`, or all. Returns refusals by the cell's file."""
    end, refusals = time.monotonic() + 60 * minutes, {}
    for section in sections:
        for count in range(section.turn, section.count + section.turn, section.turn):
            for cell in (c for c in section.cells if only is None or c.name in only):
                due = min(count, section.count)
                if finished(cell) >= due or str(cell.file) in refusals or time.monotonic() >= end:
                    continue
                if refusal := run(section, cell, due, end - time.monotonic()):
                    refusals[str(cell.file)] = refusal
            print(f"{section.title}: {[finished(c) for c in section.cells]} of {section.count}", file=sys.stderr)
            if time.monotonic() >= end:
                return refusals
    return refusals


def compare(unmask: str, section: Section) -> dict[str, dict]:
    """The program's own comparison of what has finished: rows by the file's name; writes the CSV and the plot."""
    files = [str(cell.file) for cell in section.cells if finished(cell)]
    if not files:
        return {}
    section.plot.parent.mkdir(parents=True, exist_ok=True)
    table, plot = f"{section.plot}.csv", f"{section.plot}.svg"
    subprocess.run([unmask, "compare", *files, "--csv", table, "--plot", plot, "--title", section.title], check=True,
                   cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    with open(table, newline="") as rows:
        return {row["run"]: row for row in csv.DictReader(rows)}


def percent(share: str) -> str:
    return f"{100 * float(share):.1f}"


def row_of(cell: Cell, row: dict | None, count: int, refusal: str) -> str:
    flags = f"`{shlex.join(cell.flags)}`" if cell.flags else ""
    if row is None:
        return f"| {cell.name} | {flags} | 0 of {count} | {refusal or 'unfinished'} | | | | | | | |"
    n = f"{row['n']}" if int(row["n"]) >= count else f"{row['n']} of {count}, unfinished"
    accuracy = f"{percent(row['accuracy'])} ({percent(row['accuracy_low'])} to {percent(row['accuracy_high'])})"
    difference = (f"{100 * float(row['difference']):+.1f} ({100 * float(row['difference_low']):+.1f} to "
                  f"{100 * float(row['difference_high']):+.1f})") if row["difference"] else ""
    drafter = f"{float(row['drafter_passes']):.1f}" if float(row["drafter_passes"]) else ""
    accepted = percent(row["acceptance"]) if row["acceptance"] else ""
    return (f"| {cell.name} | {flags} | {n} | {accuracy} | {difference} | {float(row['passes']):.1f} | {drafter} | {accepted} "
            f"| {float(row['flops_per_token']) / 1e6:.0f} | {row['flops_ratio']} | {row['seconds_ratio']} |")


def machine_of(cell: Cell) -> str:
    settings = json.loads(cell.file.read_text().split("\n", 1)[0])["settings"]
    return f"{settings['device']}, driver {settings['driver']}, {os.environ.get('LP_NUM_THREADS', os.cpu_count())} CPU threads"


def write_section(unmask: str, section: Section, refusals: dict[str, str]) -> str:
    rows = compare(unmask, section)
    lines = [f"## {section.title}", ""]
    if section.notes:
        lines += [section.notes, ""]
    if rows:
        done = next(cell for cell in section.cells if finished(cell))
        lines += [f"On {machine_of(done)}.", "", f"![accuracy against passes, FLOPs and seconds](plots/{section.plot.name}.svg)", ""]
    lines += ["| cell | flags | n | accuracy, % (95%) | points more, paired (95%) | passes | drafter's | drafts accepted, % "
              "| MFLOPs per token | FLOPs: times fewer | seconds: times fewer |", "|---" * 11 + "|"]
    lines += [row_of(c, rows.get(c.file.stem), section.count, refusals.get(str(c.file), "")) for c in section.cells]
    lines += ["", "Every cell is this, with its flags, `--count` and `--out`:", "",
              "    " + shlex.join(["unmask", *section.command[1:]])]
    return "\n".join(lines) + "\n"


def sections_of(page: Path) -> dict[str, str]:
    """The texts of a page's sections by their titles."""
    texts = page.read_text().split("\n## ")[1:] if page.exists() else []
    return {text.split("\n", 1)[0]: f"## {text.rstrip()}\n" for text in texts}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unmask", default=str(REPOSITORY / "build" / "release" / "cli" / "unmask"), help="the program")
    parser.add_argument("--table", type=Path, default=HERE / "grid.toml", help="what is measured")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "evaluation", help="where results lie")
    parser.add_argument("--minutes", type=float, default=60, help="when to stop; 0 only writes the page")
    parser.add_argument("--only", action="append", help="names of cells to run now; the page has all")
    parser.add_argument("--section", action="append", help="folders of sections to run and to rewrite now; of the others "
                        "the page keeps what it says")
    parser.add_argument("--page", type=Path, default=HERE / "RESULTS.md", help="the page to write")
    arguments = parser.parse_args()
    tables = tomllib.loads(arguments.table.read_text())["sections"]
    folders = [table["folder"] for table in tables]
    if unknown := set(arguments.section or []).difference(folders):
        parser.error(f"no section has the folder {min(unknown)}; there are {', '.join(folders)}")
    chosen = [table for table in tables if arguments.section is None or table["folder"] in arguments.section]
    plots = arguments.page.resolve().parent / "plots"
    sections = read_sections(chosen, arguments.unmask, arguments.work.resolve(), plots)
    refusals = run_grid(sections, arguments.minutes, arguments.only)
    intro = ("# Results\n\nWritten by `examples/evaluation/grid.py` from `grid.toml`. The first cell of a section is what the "
             "others are compared with, over the items that both have. Passes are of the model\nthat answers, FLOPs of both "
             "models, both per item but where they say otherwise. Seconds are those of the clock, with cells in turn; on a "
             "machine with other work\nthey say little.\n\n")
    texts = sections_of(arguments.page) | {s.title: write_section(arguments.unmask, s, refusals) for s in sections}
    arguments.page.write_text(intro + "\n".join(texts[table["title"]] for table in tables if table["title"] in texts))


if __name__ == "__main__":
    main()
