"""Trains a LLaDA-format model on a task with exact answers. Resumes from its last checkpoint, stops on a time budget.

    python train_llada.py --out run/verifier --minutes 240 --processes 2
    python train_llada.py --out run/drafter --minutes 60 --layers 4 --start run/verifier/model \\
        --teacher run/verifier/model

Objective (Nie et al. 2025, arXiv 2502.09992): only answers are masked, each with a ratio of its own, spread evenly over
the batch; the loss is the mean cross entropy of the masked tokens. With a teacher, half of it is the cross entropy to
the teacher's distribution.
"""

import argparse
import random
from pathlib import Path

import torch
from torch import nn

import trainer
from chat import Chat
from evaluate import solved_share
from folder import load
from lessons import ANSWER_REGION, Sequences
from llada import Config, Llada
from tasks import ARITHMETIC, CONVERSATIONS, held_out_items
from teaching import ask, load_teacher, masked_loss
from warm_start import llada_from, relabelled

MOST_EXAMPLES = 8
GROWN_UP = 0.5  # share of the budget after which passages are as long as they get


class MaskedAnswers:
    def __init__(self, a: argparse.Namespace, seed: int, schedule: int):
        self.a, self.chat, self.schedule = a, Chat(a.tokenizer), random.Random(schedule)
        self.sequences = Sequences(self.chat, a.task, a.region, seed)
        self.teacher = load_teacher(a.teacher)

    def phase(self, progress: float) -> tuple[int, bool]:
        """(examples in the prompt, bare?) of a batch: stories first, for they teach to copy numbers; then
        mostly the facts of arithmetic; then everything, prompts with worked examples included. On passages, first only
        blanks, then whole answers too."""
        if self.a.task in CONVERSATIONS:
            bare = progress < GROWN_UP or self.schedule.random() < self.a.bare_share
            return self.schedule.randint(0, MOST_EXAMPLES), bare
        draw, bare_share = self.schedule.random(), self.a.bare_share if self.a.task in ARITHMETIC else 0
        if progress < 0.55:
            return 0, draw < (0.4 * bare_share if progress < 0.2 else bare_share)
        if draw < self.a.examples_share:
            return self.schedule.randint(1, MOST_EXAMPLES), False
        return 0, draw < bare_share

    def size(self, examples: int, bare: bool) -> int:
        """Sequences in a batch: of about as many tokens whatever is in them."""
        if self.a.task in CONVERSATIONS:  # passages, which are longer than their questions
            return self.a.batch
        return 2 * self.a.batch if bare else max(4, self.a.batch // (1 + examples))

    def loss(self, model: Llada, progress: float) -> tuple[torch.Tensor, int]:
        if self.a.task in CONVERSATIONS:
            self.sequences.grown = min(progress / GROWN_UP, 1.0)
        examples, bare = self.phase(progress)
        size = self.size(examples, bare)
        inputs, targets, masked = (t.to(trainer.device_of(model)) for t in self.sequences.batch(size, examples, bare))
        loss = masked_loss(model(inputs, masked), targets[masked], ask(self.teacher, inputs, masked))
        return loss, inputs.numel()

    def judge(self, model: Llada) -> dict[str, float]:
        items = held_out_items(self.a.task, self.a.judge_count, seed=1)
        return {"solved": solved_share(model, self.chat, items, length=self.a.region)}


def start(a: argparse.Namespace) -> nn.Module:
    if a.start is None:
        chat = Chat(a.tokenizer)
        return Llada(Config(a.hidden, a.layers, a.heads, a.ffn, vocabulary=chat.padded_vocabulary, end_token=chat.end,
                            mask_token=chat.mask, positions=a.positions, tied=a.tied))
    other = llada_from(load(a.start), a.layers, a.ffn, a.tied)
    theirs, mine = Chat(a.start), Chat(a.tokenizer)
    return other if theirs.tokenizer.get_vocab() == mine.tokenizer.get_vocab() else relabelled(other, theirs, mine)


def main():
    parser = trainer.argument_parser(__doc__, layers=8, positions=1024)
    parser.add_argument("--ffn", type=int, default=384)
    parser.add_argument("--tied", action="store_true", help="one matrix for the embedding and the output")
    parser.add_argument("--start", type=Path, help="LLaDA folder of the same width to start with")
    parser.add_argument("--teacher", type=Path, help="LLaDA folder with the same tokenizer to learn from")
    parser.add_argument("--batch", type=int, default=32, help="sequences without examples in a batch, per process")
    parser.add_argument("--region", type=int, default=ANSWER_REGION, help="rows of an answer: what decoding will use")
    parser.add_argument("--bare-share", type=float, default=0.5, help="share of batches of bare arithmetic, or of blanks")
    parser.add_argument("--examples-share", type=float, default=0.15, help="share of batches with worked examples")
    trainer.train(parser.parse_args(), start, MaskedAnswers)


if __name__ == "__main__":
    main()
