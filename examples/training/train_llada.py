"""Trains a LLaDA-format word-problem solver. Resumes from its last checkpoint and stops on a time budget.

    python train_llada.py --out run/verifier --minutes 120
    python train_llada.py --out run/drafter --minutes 20 --layers 3 --start run/verifier/model

Objective: only answers are masked, each with its own ratio, spread evenly over the batch; the loss is the cross
entropy of the masked tokens. Hidden matrices learn with Muon, the rest with AdamW; the rate falls to zero over the
last part of the budget. Progress is measured in seconds, so an interrupted run ends as an uninterrupted one would.

On a CPU, `--processes N` trains with N single-threaded processes that average their gradients: for a model this small
that is far faster than one process with N threads.
"""

import argparse
import random
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from tokenizers import Tokenizer

from llada import Config, Llada, export, load
from muon import Muon
from word_problems import fact, problem

ANSWER_REGION = 32  # rows of the answer, padded with <|endoftext|> as LLaDA pads
FACTS = 6  # facts of arithmetic in a row of them
MOST_EXAMPLES = 8


class Sequences:
    """Draws training sequences: worked examples (0 to 8), a question, and an answer to be masked."""

    def __init__(self, tokenizer: Tokenizer, seed: int):
        self.tokenizer, self.rng = tokenizer, random.Random(seed)
        self.user, self.assistant, self.eot, self.end = (
            tokenizer.token_to_id(t) for t in ("<|user|>", "<|assistant|>", "<|eot|>", "<|endoftext|>"))

    def facts(self) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids of worked steps, and the [begin, end) of every result in them; the last one with its full stop.

        The steps are unrelated ones, or after a question, so that the facts are known there too, unrelated ones or the
        first of its own."""
        p, kind = problem(self.rng, held_out=False), self.rng.random()
        question = [self.user, *self.tokenizer.encode(p.question).ids, self.eot]
        ids, results = [*(question if kind < 0.75 else []), self.assistant], []
        own = [f"{step}." for step in p.worked.split(". ")[:-1]]
        steps = own[:self.rng.randint(1, len(own))] if kind < 0.5 else [
            fact(self.rng) for _ in range(self.rng.randint(1, FACTS))]
        for index, step_and_result in enumerate(steps):
            step, result = step_and_result.split(" = ")
            ids += self.tokenizer.encode(f"{' ' if index else ''}{step} = ").ids
            begin = len(ids)
            ids += self.tokenizer.encode(result).ids
            results.append((begin, len(ids) - 1))  # without the full stop
        results[-1] = (begin, len(ids))
        return ids, results

    def story(self, examples: int) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids, and the [begin, end) of every answer in them; the last one is the answer region."""
        ids, answers = [], []
        for index in range(examples + 1):
            p = problem(self.rng, held_out=False)
            ids += [self.user, *self.tokenizer.encode(p.question).ids, self.eot, self.assistant]
            begin = len(ids)
            ids += [*self.tokenizer.encode(p.worked).ids, self.eot]
            answers.append((begin, len(ids)))
        ids.pop()
        ids += [self.end] * (begin + ANSWER_REGION - len(ids))
        answers[-1] = (begin, len(ids))
        return ids, answers

    def mask(self, length: int, ratio: float, from_left: bool) -> torch.Tensor:
        """Which rows of an answer to mask: each with probability `ratio`, or the last share of them, as when an
        answer is written from left to right; at least one."""
        hits = torch.arange(length) >= length - ratio * length if from_left else torch.rand(length) < ratio
        if not from_left or not hits.any():
            hits[self.rng.randrange(length)] = True
        return hits

    def batch(self, size: int, examples: int, bare: bool, mask_token: int):
        """Inputs, targets and the mask of rows to learn, each [size, length].

        What comes after the last of bare facts is masked and not learned: while an answer is decoded, nothing after
        the step that is being worked is known, its end neither."""
        drawn = [self.facts() if bare else self.story(examples) for _ in range(size)]
        length = max(len(ids) for ids, _ in drawn) + (self.rng.randint(0, ANSWER_REGION // 2) if bare else 0)
        targets = torch.full((size, length), self.end)
        masked = torch.zeros((size, length), dtype=torch.bool)
        unknown = torch.zeros((size, length), dtype=torch.bool)
        offset = self.rng.random()
        for row, (ids, answers) in enumerate(drawn):
            targets[row, :len(ids)] = torch.tensor(ids)
            everywhere = bare or self.rng.random() < 0.5  # also mask the examples' answers: more to learn per row
            if bare:
                unknown[row, len(ids):] = True
            else:
                answers[-1] = (answers[-1][0], length)
            for index, (begin, end) in enumerate(answers if everywhere else answers[-1:]):
                masked[row, begin:end] = self.mask(end - begin, ((row + offset) / size + index * 0.618) % 1.0,
                                                   from_left=not bare and row % 3 == 0)
            if bare:
                masked[row, begin:end] = True
        return targets.masked_fill(masked | unknown, mask_token), targets, masked


def phase(progress: float, rng: random.Random) -> tuple[int, bool]:
    """(examples in the prompt, bare arithmetic?) of a batch: stories first, for they teach to copy numbers; then
    mostly the facts of arithmetic; then everything, prompts with worked examples included."""
    draw = rng.random()
    if progress < 0.55:
        return 0, draw < (0.2 if progress < 0.2 else 0.5)
    if draw < 0.15:
        return rng.randint(1, MOST_EXAMPLES), False
    return 0, draw < 0.5


def rate(progress: float, step: int) -> float:
    """Share of the peak learning rate: a short warm-up, a plateau, a linear fall over the last 45% of the budget."""
    return min(1.0, (step + 1) / 100) * min(1.0, (1.0 - progress) / 0.45)


class Run:
    def __init__(self, a: argparse.Namespace, rank: int = 0):
        torch.manual_seed(a.seed)
        self.a, self.rank, self.device = a, rank, "cuda" if torch.cuda.is_available() else "cpu"
        self.model = Llada(Config(a.hidden, a.layers, a.heads, a.ffn)).to(self.device)
        matrices = [p for n, p in self.model.named_parameters() if p.dim() == 2 and n.startswith("blocks.")]
        others = [p for n, p in self.model.named_parameters() if p.dim() != 2 or not n.startswith("blocks.")]
        self.optimizers = [Muon(matrices, lr=a.muon_rate),
                           torch.optim.AdamW(others, lr=a.adam_rate, betas=(0.9, 0.95), weight_decay=0.0)]
        self.peaks = [a.muon_rate, a.adam_rate]
        self.step, self.seconds, self.tokens = 0, 0.0, 0
        self.checkpoint = a.out / "checkpoint.pt"
        if self.checkpoint.exists():
            self._resume()
        elif a.start:
            self._start(load(a.start))

    def _start(self, other: Llada):
        """The weights of a model of the same width; of its layers, as many as fit, evenly spread, first and last
        included."""
        last, mine = other.config.layers - 1, self.model.config.layers - 1
        chosen = [round(i * last / max(mine, 1)) for i in range(mine + 1)]
        weights = {name: p for name, p in other.state_dict().items() if not name.startswith("blocks.")}
        for i, layer in enumerate(chosen):
            weights |= {f"blocks.{i}.{name}": p for name, p in other.blocks[layer].state_dict().items()}
        self.model.load_state_dict(weights)
        print(f"started with layers {chosen} of {self.a.start}", flush=True)

    def _resume(self):
        state = torch.load(self.checkpoint, map_location=self.device)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.step, self.seconds, self.tokens = state["step"], state["seconds"], state["tokens"]
        print(f"resumed at step {self.step}, {self.seconds / 60:.1f} minutes in", flush=True)

    def save(self):
        state = {"model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers],
                 "step": self.step, "seconds": self.seconds, "tokens": self.tokens}
        self.a.out.mkdir(parents=True, exist_ok=True)
        torch.save(state, self.checkpoint.with_suffix(".new"))
        self.checkpoint.with_suffix(".new").replace(self.checkpoint)
        export(self.model, self.a.out / "model", self.a.tokenizer)

    def average_gradients(self):
        gradients = [p.grad for p in self.model.parameters()]
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

    def train(self):
        seed = (self.a.seed + self.step) * self.a.processes + self.rank
        torch.manual_seed(seed)
        sequences = Sequences(Tokenizer.from_file(str(self.a.tokenizer / "tokenizer.json")), seed)
        schedule = random.Random(self.a.seed + self.step)  # the same in every process: equal work per step
        budget, last, saved, recent, facts = self.a.minutes * 60, time.monotonic(), time.monotonic(), [], []
        while self.seconds < budget:
            progress = self.seconds / budget
            examples, bare = phase(progress, schedule)
            size = 2 * self.a.batch if bare else max(4, self.a.batch // (1 + examples))
            inputs, targets, masked = (t.to(self.device) for t in
                                       sequences.batch(size, examples, bare, self.model.config.mask_token))
            loss = F.cross_entropy(self.model(inputs, masked), targets[masked])
            loss.backward()
            if self.a.processes > 1:
                self.average_gradients()
            for optimizer, peak in zip(self.optimizers, self.peaks):
                for group in optimizer.param_groups:
                    group["lr"] = peak * rate(progress, self.step)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            self.step += 1
            self.tokens += inputs.numel() * self.a.processes
            recent = (recent + [loss.item()] * (not bare))[-100:]
            facts = (facts + [loss.item()] * bare)[-100:]
            now = time.monotonic()
            self.seconds, last = self.agreed(self.seconds + now - last), now
            if self.step % 100 == 0 and self.rank == 0:
                print(f"step {self.step} minutes {self.seconds / 60:.1f} tokens {self.tokens / 1e6:.2f}M "
                      f"loss {sum(recent) / max(len(recent), 1):.4f} of facts {sum(facts) / max(len(facts), 1):.4f}", flush=True)
            if now - saved > 240 and self.rank == 0:
                self.save()
                saved = now
        if self.rank == 0:
            self.save()


def worker(rank: int, a: argparse.Namespace):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{a.out.resolve()}/rendezvous", rank=rank,
                            world_size=a.processes)
    Run(a, rank).train()
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--ffn", type=int, default=384)
    parser.add_argument("--start", type=Path, help="folder of a model of the same width to start with, not from scratch")
    parser.add_argument("--batch", type=int, default=48, help="sequences without examples in a batch, per process")
    parser.add_argument("--muon-rate", type=float, default=0.012)
    parser.add_argument("--adam-rate", type=float, default=2e-3)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokenizer", type=Path,
                        default=Path(__file__).parent.parent / "models" / "word-problems" / "verifier",
                        help="folder with tokenizer.json and tokenizer_config.json")
    arguments = parser.parse_args()
    if arguments.processes == 1:
        Run(arguments).train()
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "rendezvous").unlink(missing_ok=True)
    mp.spawn(worker, (arguments,), arguments.processes)


if __name__ == "__main__":
    main()
