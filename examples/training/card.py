"""The model card: a README.md beside the weights that says what a model is and what it learned from, by how much."""

import argparse
import json
from pathlib import Path

from torch import nn

UNINTERESTING = {"out", "tokenizer", "judge_minutes", "judge_count"}  # arguments that change no weight


def write_card(model: nn.Module, a: argparse.Namespace, script: str, log: Path, folder: Path) -> None:
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    losses = [e for e in entries if "loss" in e]
    figures = [e for e in entries if "loss" not in e]
    settings = {k: v for k, v in sorted(vars(a).items()) if k not in UNINTERESTING and v is not None}
    last = entries[-1]
    lines = [
        f"# {type(model).__name__}, {sum(p.numel() for p in model.parameters()):,} parameters", "",
        f"Trained by `examples/training/{script}` on "
        f"{'prose' if settings.get('text') else 'the task `' + a.task + '`'} (see `examples/training/README.md`), "
        f"for {last['minutes']:.0f} minutes: {last['step']:,} steps, {last['tokens'] / 1e6:.1f} M tokens.", "",
        "| | |", "|---|---|",
        *(f"| {name.replace('_', ' ')} | {shown(value)} |" for name, value in settings.items()), "",
        *curve("Loss, the mean of the steps since the line before", losses[::max(1, len(losses) // 10)]),
        *curve(f"On {a.judge_count} held-out items or texts of its own, in torch", figures),
    ]
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def shown(value) -> str:
    """A setting without the folders of the machine it was trained on."""
    return "/".join(value.parts[-2:]) if isinstance(value, Path) else str(value)


def curve(title: str, entries: list[dict]) -> list[str]:
    if not entries:
        return []
    names = [n for n in entries[-1] if n not in ("step", "minutes")]
    return [f"{title}:", "", f"| step | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|",
            *(f"| {e['step']:,} | {' | '.join(str(e.get(n, '')) for n in names)} |" for e in entries), ""]
