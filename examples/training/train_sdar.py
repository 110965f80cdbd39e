"""Trains an SDAR-format model on a task with exact answers. Resumes from its last checkpoint, stops on a time budget.

    python train_sdar.py --out run/target --minutes 240 --processes 2 --start ../models/word-problems/verifier
    python train_sdar.py --out run/drafter --minutes 60 --layers 3 --start run/target/model \\
        --teacher run/target/model

Block diffusion (BD3-LM, Arriola et al. 2025, arXiv 2503.09573, as SDAR uses it): a pass holds the clean text, and
noisy copies of the answer whose blocks see themselves and all earlier clean blocks. Several copies share one clean
text: the clean rows, most of them prompt, are the larger part of the work. Every block of a copy has a mask ratio of
its own; the block length is drawn per batch, so that one model serves all of --block-lengths.
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
from sdar import Config, Sdar
from tasks import TASKS, held_out_items
from teaching import ask, load_teacher, masked_loss
from warm_start import sdar_from, spread

MOST_EXAMPLES = 8


class Batch:
    """Clean texts and noisy copies of their ends, one row of tokens each: [clean | copy | copy | ...].

    A text is a prompt, its answer, and end tokens up to a whole block after it."""

    def __init__(self, texts: list[list[int]], begins: list[int], block: int, copies: int, chat: Chat,
                 offset: float):
        ends = [-(-len(ids) // block) * block for ids in texts]
        starts = torch.tensor([begin // block * block for begin in begins])
        noisy = max(end - start for end, start in zip(ends, starts.tolist()))
        length = max(max(ends), int(starts.max()) + noisy)
        clean = torch.full((len(texts), length), chat.end)
        for row, ids in enumerate(texts):
            clean[row, :len(ids)] = torch.tensor(ids)
        at = (starts[:, None] + torch.arange(noisy)).repeat(1, copies)  # [texts, copies * noisy]
        copied = torch.arange(copies).repeat_interleave(noisy).expand_as(at)
        unknown = (at >= torch.tensor(begins)[:, None]) & (at < torch.tensor(ends)[:, None])
        masked = noise(copied * (length // block + 1) + at // block, offset) & unknown
        self.targets = torch.cat((clean, clean.gather(1, at)), 1)
        self.positions = torch.cat((torch.arange(length).expand_as(clean), at), 1)
        self.masked = torch.cat((torch.zeros_like(clean, dtype=torch.bool), masked), 1)
        self.tokens = self.targets.masked_fill(self.masked, chat.mask)
        copy = torch.cat((torch.full_like(clean, -1), copied), 1)  # -1: clean
        self.visible = visible(self.positions // block, copy)


def noise(blocks: torch.Tensor, offset: float) -> torch.Tensor:
    """Which rows to mask, for the number of each row's block [texts, rows]: every block has a ratio of its own, and
    these are spread evenly over the batch; at least one row of each is masked."""
    texts = torch.arange(blocks.shape[0])[:, None]
    ratio = (offset + blocks * 0.618034 + texts * 0.414214) % 1.0
    draw = torch.rand(blocks.shape)
    lowest = torch.full((blocks.shape[0], int(blocks.max()) + 1), 2.0).scatter_reduce(1, blocks, draw, "amin")
    return (draw < ratio) | (draw == lowest.gather(1, blocks))


def visible(block: torch.Tensor, copy: torch.Tensor) -> torch.Tensor:
    """Which keys a query sees, [texts, rows, rows]: clean rows see clean blocks up to their own; noisy rows see clean
    blocks before their own, and their own block in their own copy."""
    query, key = block[:, :, None], block[:, None, :]
    clean_query, clean_key = copy[:, :, None] < 0, copy[:, None, :] < 0
    same_copy = copy[:, :, None] == copy[:, None, :]
    return torch.where(clean_key, torch.where(clean_query, key <= query, key < query), same_copy & (key == query))


class BlockDiffusion:
    def __init__(self, a: argparse.Namespace, seed: int, schedule: int):
        self.a, self.chat, self.draw = a, Chat(a.tokenizer), TASKS[a.task]
        self.items, self.schedule = random.Random(seed), random.Random(schedule)
        self.teacher = load_teacher(a.teacher)

    def text(self, examples: int) -> tuple[list[int], int]:
        """Token ids of a prompt and its answer, the end token included, and where the answer begins."""
        shown = [self.draw(self.items, False) for _ in range(examples)]
        item = self.draw(self.items, False)
        prompt = [i for e in shown for i in self.chat.worked(e)] + self.chat.question(item)
        return [*prompt, *self.chat.encode(item.target), self.chat.end], len(prompt)

    def batch(self) -> Batch:
        with_examples = self.schedule.random() < self.a.examples_share
        examples = self.schedule.randint(1, MOST_EXAMPLES) if with_examples else 0
        drawn = [self.text(examples) for _ in range(max(2, self.a.batch // (1 + examples)))]
        return Batch([ids for ids, _ in drawn], [begin for _, begin in drawn],
                     self.schedule.choice(self.a.block_lengths), self.a.copies, self.chat, self.items.random())

    def loss(self, model: Sdar, progress: float) -> tuple[torch.Tensor, int]:
        device, b = trainer.device_of(model), self.batch()
        inputs = [t.to(device) for t in (b.tokens, b.positions, b.visible, b.masked)]
        loss = masked_loss(model(*inputs), b.targets[b.masked].to(device), ask(self.teacher, *inputs))
        return loss, b.tokens.numel()

    def judge(self, model: Sdar) -> dict[str, float]:
        items = held_out_items(self.a.task, self.a.judge_count, seed=1)
        return {f"solved_block_{block}": solved_share(model, self.chat, items, block) for block in self.a.block_lengths}


def start(a: argparse.Namespace) -> nn.Module:
    if a.start is None:
        chat = Chat(a.tokenizer)
        return Sdar(Config(a.hidden, a.layers, a.heads, a.ffn, vocabulary=chat.padded_vocabulary, end_token=chat.end,
                           mask_token=chat.mask, positions=a.positions, tied=a.tied))
    other = load(a.start)
    return sdar_from(other, spread(other.config.layers, a.layers), a.tied, Chat(a.tokenizer), TASKS[a.task])


def main():
    parser = trainer.argument_parser(__doc__, layers=8, positions=1024)
    parser.add_argument("--ffn", type=int, default=384)
    parser.add_argument("--tied", action="store_true", help="one matrix for the embedding and the output")
    parser.add_argument("--start", type=Path, help="LLaDA or SDAR folder of the same width to start with")
    parser.add_argument("--teacher", type=Path, help="SDAR folder with the same tokenizer to learn from as well")
    parser.add_argument("--batch", type=int, default=16, help="texts without examples in a batch, per process")
    parser.add_argument("--copies", type=int, default=4, help="noisy copies of each text")
    parser.add_argument("--block-lengths", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--examples-share", type=float, default=0.15, help="share of batches with worked examples")
    trainer.train(parser.parse_args(), start, BlockDiffusion)


if __name__ == "__main__":
    main()
