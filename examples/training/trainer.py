"""The training loop that all families share: resumes from its last checkpoint, stops on a time budget, and writes what
happened to `log.jsonl` beside the checkpoint.

Hidden matrices learn with Muon, the rest with AdamW; the rate falls to zero over the last part of the budget. Progress
is measured in seconds of training, on a CPU in seconds that the process had it, so that a run that was interrupted or
shared its machine ends as any other would.

On a CPU, `--processes N` trains with N single-threaded processes that average their gradients: for models this small
that is far faster than one process with N threads.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from card import write_card
from folder import export
from muon import Muon
from tasks import TASKS

BUNDLED = Path(__file__).parent.parent / "models" / "word-problems" / "verifier"


class Lessons(Protocol):
    """What a family's script adds: its batches and its loss, and how it is judged."""

    def loss(self, model: nn.Module, progress: float) -> tuple[torch.Tensor, int]:
        """The mean loss of a new batch, and how many tokens the model saw. Progress runs from 0 to 1."""

    def judge(self, model: nn.Module) -> dict[str, float]:
        """Figures of quality on held-out items."""


def argument_parser(description: str, layers: int, positions: int) -> argparse.ArgumentParser:
    """What every family's script takes; the last two are defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint, log.jsonl, and the model")
    parser.add_argument("--minutes", type=float, default=120, help="of training, resumptions included")
    parser.add_argument("--muon-rate", type=float, default=0.012)
    parser.add_argument("--adam-rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.45, help="share of the budget over which the rate falls to 0")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--judge-minutes", type=float, default=15, help="between figures of quality")
    parser.add_argument("--judge-count", type=int, default=40, help="held-out items, or texts to write, of each judging")
    parser.add_argument("--tokenizer", type=Path, default=BUNDLED,
                        help="folder with tokenizer.json and tokenizer_config.json")
    parser.add_argument("--task", choices=TASKS, default="word_problems")
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=layers)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--positions", type=int, default=positions, help="tokens of the longest text")
    return parser


def device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


class Run:
    def __init__(self, a: argparse.Namespace, model: nn.Module, rank: int):
        self.a, self.rank = a, rank
        self.model = model.train().to("cuda" if torch.cuda.is_available() else "cpu")
        trained = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        hidden = [p for n, p in trained if self._is_hidden_matrix(n, p)]
        others = [p for n, p in trained if not self._is_hidden_matrix(n, p)]
        self.optimizers = [Muon(hidden, lr=a.muon_rate),
                           torch.optim.AdamW(others, lr=a.adam_rate, betas=(0.9, 0.95), weight_decay=0.0)]
        self.clock = time.process_time if device_of(self.model).type == "cpu" else time.monotonic
        self.peaks = [a.muon_rate, a.adam_rate]
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        self.checkpoint, self.log = a.out / "checkpoint.pt", a.out / "log.jsonl"
        if self.checkpoint.exists():
            self._resume()

    @staticmethod
    def _is_hidden_matrix(name: str, p: nn.Parameter) -> bool:
        return p.dim() == 2 and ("layers." in name or "blocks." in name) and "adaLN" not in name

    def _resume(self):
        state = torch.load(self.checkpoint, map_location=device_of(self.model))
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.step, self.seconds, self.tokens = state["step"], state["seconds"], state["tokens"]
        print(f"resumed at step {self.step}, {self.seconds / 60:.1f} minutes in", flush=True)

    def save(self):
        state = {"model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers],
                 "step": self.step, "seconds": self.seconds, "tokens": self.tokens}
        torch.save(state, self.checkpoint.with_suffix(".new"))
        self.checkpoint.with_suffix(".new").replace(self.checkpoint)
        export(self.model, self.a.out / "model", self.a.tokenizer)

    def record(self, **figures):
        entry = {"step": self.step, "minutes": round(self.seconds / 60, 2), "tokens": self.tokens, **figures}
        with self.log.open("a") as log:
            log.write(json.dumps(entry) + "\n")
        print(entry, flush=True)

    def rate(self) -> float:
        """Share of the peak learning rate: a short warm-up, a plateau, and a linear fall."""
        left = 1.0 - self.seconds / (60 * self.a.minutes)
        return max(0.0, min(1.0, (self.step + 1) / 100, left / self.a.decay))

    def average_gradients(self):
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        for g, part in zip(gradients, flat.div_(self.a.processes).split([g.numel() for g in gradients])):
            g.copy_(part.view_as(g))

    def agreed(self, seconds: float) -> float:
        """The first process's clock, so that all leave the loop after the same step."""
        if self.a.processes == 1:
            return seconds
        clock = torch.tensor([seconds], dtype=torch.float64)
        dist.broadcast(clock, 0)
        return clock.item()

    def learn(self, lessons: Lessons) -> float:
        """One step; its loss."""
        loss, tokens = lessons.loss(self.model, self.seconds / (60 * self.a.minutes))
        loss.backward()
        if self.a.processes > 1:
            self.average_gradients()
        for optimizer, peak in zip(self.optimizers, self.peaks):
            for group in optimizer.param_groups:
                group["lr"] = peak * self.rate()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += tokens * self.a.processes
        return loss.item()

    def judge(self, lessons: Lessons):
        self.model.eval()
        with torch.no_grad():
            self.record(**lessons.judge(self.model))
        self.model.train()

    def train(self, lessons: Lessons):
        """Until the budget is spent. Judging and saving do not count."""
        judged = saved = self.seconds
        losses: list[float] = []
        while self.seconds < 60 * self.a.minutes:
            started = self.clock()
            losses.append(self.learn(lessons))
            self.seconds += self.agreed(self.clock() - started)
            if self.rank > 0:
                continue
            if self.step % 100 == 0:
                self.record(loss=round(sum(losses) / len(losses), 4))
                losses.clear()
            if self.seconds - saved > 180:
                self.save()
                saved = self.seconds
            if self.seconds - judged > 60 * self.a.judge_minutes:
                self.judge(lessons)
                judged = self.seconds
        if self.rank == 0:
            self.save()
            self.judge(lessons)
            write_card(self.model, self.a, Path(sys.argv[0]).name, self.log, self.a.out / "model")


# What a family's script gives: the model to start with, and its lessons for a seed (one of each process and
# resumption) and a schedule seed (equal in all processes, so that their steps are of equal work).
Start = Callable[[argparse.Namespace], nn.Module]
MakeLessons = Callable[[argparse.Namespace, int, int], Lessons]


def work(rank: int, a: argparse.Namespace, start: Start, make_lessons: MakeLessons):
    torch.set_num_threads(1)
    if a.processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{a.out.resolve()}/rendezvous", rank=rank,
                                world_size=a.processes)
    torch.manual_seed(a.seed)
    run = Run(a, start(a), rank)
    schedule = a.seed + run.step
    seed = schedule * a.processes + rank
    torch.manual_seed(seed)
    run.train(make_lessons(a, seed, schedule))
    if a.processes > 1:
        dist.destroy_process_group()


def train(a: argparse.Namespace, start: Start, make_lessons: MakeLessons) -> None:
    a.out.mkdir(parents=True, exist_ok=True)
    (a.out / "rendezvous").unlink(missing_ok=True)
    if a.processes == 1:
        work(0, a, start, make_lessons)
    else:
        mp.spawn(work, (a, start, make_lessons), a.processes)
