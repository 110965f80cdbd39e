"""Trains an MDLM-format model to write word problems with their worked answers, or prose, from nothing.

Resumes from its last checkpoint, stops on a time budget.

    python train_mdlm.py --out run/heavy --minutes 240 --start ../models/word-problems/verifier
    python train_mdlm.py --out run/light --minutes 60 --layers 4 --start run/heavy/model --teacher run/heavy/model
    python train_mdlm.py --out run/prose --text train.txt --valid-text valid.txt --tokenizer run/prose-tokenizer \\
        --positions 256 --hidden 256

Objective (Sahoo et al. 2024, arXiv 2406.07524): each text is masked with a ratio of its own, spread evenly over the
batch; the loss is the mean cross entropy of the masked tokens, without the bound's weight 1 / ratio, which a small
batch makes noisy. With a teacher, half of it is the cross entropy to the teacher's distribution. At first, of every
other problem only the worked answer is masked, and some batches are bare facts of arithmetic, of which only the results
are masked: arithmetic takes longest to learn. Then all is whole texts, for every token of a text that a model writes
must fit all the others.
"""

import argparse
import random
from pathlib import Path

import torch
from torch import nn

import trainer
from chat import Chat
from folder import load
from items import Item
from lessons import encoded_step
from llada import Llada
from mdlm import Config, Mdlm
from prose import Prose
from tasks import ARITHMETIC, TASKS
from teaching import ask, load_teacher, masked_loss
from tokenizer import with_mask_last
from validity import is_valid
from warm_start import mdlm_from, spread

FIT_STEPS = 200  # of each MLP, when started from another family


def layout(item: Item) -> str:
    """An item as plain text: MDLM's texts have no turns."""
    return f"{item.prompt}\n{item.target}"


def texts(chat: Chat, task: str, rng: random.Random, count: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids [count, length] of items with their answers, filled up with end tokens, and where their answers begin
    [count]; longer items are drawn anew."""
    filled, begins = torch.full((count, length), chat.end), torch.zeros(count, dtype=torch.long)
    row = 0
    while row < count:
        item = TASKS[task](rng, False)
        ids = chat.encode(layout(item))
        if len(ids) <= length:
            filled[row, :len(ids)] = torch.tensor(ids)
            begins[row] = len(chat.encode(f"{item.prompt}\n"))
            row += 1
    return filled, begins


def facts(chat: Chat, task: str, rng: random.Random, count: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids of unrelated worked steps [count, length], as many as there is room for, and which are of results."""
    filled, results = torch.full((count, length), chat.end), torch.zeros(count, length, dtype=torch.bool)
    for row in range(count):
        end = 0
        while True:
            known, result = encoded_step(chat, ARITHMETIC[task](rng), first=end == 0)
            begin, ids = end + len(known), known + result
            if end + len(ids) > length:
                break
            filled[row, end:end + len(ids)] = torch.tensor(ids)
            end += len(ids)
            results[row, begin:end - 1] = True  # without the full stop
    return filled, results


def noise(begins: torch.Tensor, length: int, offset: float) -> torch.Tensor:
    """Which tokens [texts, length] to mask: each text's from its beginning on [texts], with a ratio of its own; at
    least one of each text."""
    ratio = (offset + torch.arange(len(begins))[:, None] / len(begins)) % 1.0
    draw = torch.rand(len(begins), length) + (torch.arange(length) < begins[:, None])
    return (draw < ratio) | (draw == draw.amin(1, keepdim=True))


def every_other(begins: torch.Tensor) -> torch.Tensor:
    """The beginnings of every other answer, and otherwise of the text."""
    return begins * (torch.arange(len(begins)) % 2)


class Problems:
    """Texts of a task's items; a model is judged by the share of its own texts that are valid."""

    def __init__(self, a: argparse.Namespace):
        self.a, self.chat = a, Chat(a.tokenizer)

    def draw(self, rng: random.Random, progress: float) -> tuple[torch.Tensor, torch.Tensor]:
        first = self.a.task in ARITHMETIC and progress < self.a.arithmetic_until
        if first and rng.random() < self.a.bare_share:
            return facts(self.chat, self.a.task, rng, self.a.batch, self.a.positions)
        tokens, begins = texts(self.chat, self.a.task, rng, self.a.batch, self.a.positions)
        return tokens, noise(every_other(begins) if first else 0 * begins, self.a.positions, rng.random())

    def judge(self, model: Mdlm) -> dict[str, float]:
        written = [self.chat.decode(ids, cut=False) for ids in sample(model, self.a.judge_count).tolist()]
        print(written[0], flush=True)
        return {"valid": round(sum(map(is_valid, written)) / len(written), 4)}


class Windows:
    """Windows of a book; a model is judged by its loss on another one."""

    def __init__(self, a: argparse.Namespace):
        chat = Chat(a.tokenizer)
        self.a, self.train, self.valid = a, Prose(a.text, chat), Prose(a.valid_text, chat)

    def draw(self, rng: random.Random, progress: float) -> tuple[torch.Tensor, torch.Tensor]:
        begins = torch.zeros(self.a.batch, dtype=torch.long)
        return self.train.windows(rng, self.a.batch, self.a.positions), noise(begins, self.a.positions, rng.random())

    def judge(self, model: Mdlm) -> dict[str, float]:
        targets = self.valid.windows(random.Random(0), self.a.judge_count, self.a.positions)
        masked = noise(torch.zeros(len(targets), dtype=torch.long), self.a.positions, 0.0)
        return {"valid_loss": round(loss_of(model, targets, masked).item(), 4)}


def loss_of(model: Mdlm, targets: torch.Tensor, masked: torch.Tensor, teacher: Mdlm | None = None) -> torch.Tensor:
    targets, masked = targets.to(trainer.device_of(model)), masked.to(trainer.device_of(model))
    inputs = targets.masked_fill(masked, model.config.mask_token)
    return masked_loss(model(inputs, masked), targets[masked], ask(teacher, inputs, masked))


class MaskedDiffusion:
    def __init__(self, a: argparse.Namespace, seed: int, schedule: int):
        self.source, self.rng = (Windows if a.text else Problems)(a), random.Random(seed)
        self.teacher = load_teacher(a.teacher)

    def loss(self, model: Mdlm, progress: float) -> tuple[torch.Tensor, int]:
        targets, masked = self.source.draw(self.rng, progress)
        return loss_of(model, targets, masked, self.teacher), targets.numel()

    def judge(self, model: Mdlm) -> dict[str, float]:
        return self.source.judge(model)


def sample(model: Mdlm, count: int) -> torch.Tensor:
    """Texts [count, positions] by the first-hitting sampler (Zheng et al. 2024, arXiv 2409.02908): one token per pass,
    at random positions, drawn from the model's distribution."""
    mask, device = model.config.mask_token, trainer.device_of(model)
    tokens = torch.full((count, model.config.positions), mask, device=device)
    order = torch.rand(tokens.shape).argsort(1).to(device)
    for step in range(tokens.shape[1]):
        chosen = torch.zeros_like(tokens, dtype=torch.bool).scatter(1, order[:, step:step + 1], True)
        logits = model(tokens, chosen)
        logits[:, mask] = -torch.inf
        tokens[chosen] = torch.multinomial(logits.double().softmax(-1), 1)[:, 0]
    return tokens


def start(a: argparse.Namespace) -> nn.Module:
    if a.start is None:
        vocabulary = Chat(a.tokenizer).mask + 1
        return Mdlm(Config(a.hidden, a.layers, a.heads, vocabulary=vocabulary, positions=a.positions))
    other = load(a.start)
    theirs, mine = Chat(a.start), Chat(a.tokenizer)
    ids = [theirs.tokenizer.token_to_id(mine.tokenizer.id_to_token(i)) for i in range(mine.mask + 1)]
    seen, begins = texts(theirs, a.task, random.Random(0), 256, a.positions)
    seen = seen.masked_fill(noise(0 * begins, a.positions, 0.0), theirs.mask)
    layers = spread(other.config.layers, min(a.layers, other.config.layers))
    return mdlm_from(other, layers, a.layers, a.positions, ids, seen, FIT_STEPS if isinstance(other, Llada) else 0)


def main():
    parser = trainer.argument_parser(__doc__, layers=12, positions=68)
    parser.add_argument("--text", type=Path, help="learn prose: a text file, instead of a task")
    parser.add_argument("--valid-text", type=Path, help="with --text: the text that the model is judged by")
    parser.add_argument("--start", type=Path, help="LLaDA or MDLM folder of the same width to start with")
    parser.add_argument("--teacher", type=Path, help="MDLM folder with the same tokenizer to learn from")
    parser.add_argument("--batch", type=int, default=32, help="texts in a batch, per process")
    parser.add_argument("--bare-share", type=float, default=0.4, help="share of batches of bare arithmetic, at first")
    parser.add_argument("--arithmetic-until", type=float, default=0.5,
                        help="share of the budget after which all is whole texts")
    arguments = parser.parse_args()
    if (arguments.text is None) != (arguments.valid_text is None):
        parser.error("--text and --valid-text go together.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    arguments.tokenizer = with_mask_last(arguments.tokenizer, arguments.out / "tokenizer")
    trainer.train(arguments, start, MaskedDiffusion)


if __name__ == "__main__":
    main()
