"""Share of a task's held-out items that a model solves, decoded here in torch: the reference for the engine's figure.

    python evaluate.py run/verifier/model --count 200
    python evaluate.py run/verifier/model --count 200 --examples 4
    python evaluate.py run/target/model --count 200 --block 8

One token per step, the most probable one first; LLaDA in one block of 32 rows, SDAR block by block until its end token.
The items are those of `tasks.py TASK --count N --seed S`.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from chat import Chat
from folder import load
from items import Item
from lessons import ANSWER_REGION
from sdar import Sdar
from tasks import TASKS, held_out_items

MOST_BLOCKS = 16  # of an SDAR model's answer


@torch.no_grad()
def fill(logits_of: Callable[[torch.Tensor], torch.Tensor], tokens: list[int], mask: int, device) -> list[int]:
    """The text with its masks filled. Ties go to the lower position and the lower token; MASK is never chosen."""
    canvas = torch.tensor([tokens], device=device)
    while (canvas == mask).any():
        logits = logits_of(canvas)[0]
        logits[:, mask] = -torch.inf
        best = logits.softmax(-1).max(-1)
        row = int(best.values.masked_fill(canvas[0] != mask, -1).argmax())
        canvas[0, row] = best.indices[row]
    return canvas[0].tolist()


def write_in_blocks(model: Sdar, prompt: list[int], chat: Chat, block: int) -> list[int]:
    """What an SDAR model writes after a prompt, up to the block with its end token."""
    device, tokens = next(model.parameters()).device, prompt
    end = len(prompt) // block * block
    for _ in range(MOST_BLOCKS):
        end += block
        tokens = fill(lambda t: model.logits(t, block), tokens + [chat.mask] * (end - len(tokens)), chat.mask, device)
        if chat.end in tokens[len(prompt):]:
            break
    return tokens[len(prompt):]


def write(model: nn.Module, prompt: list[int], chat: Chat, block: int | None, length: int) -> str:
    if isinstance(model, Sdar):
        return chat.decode(write_in_blocks(model, prompt, chat, block or model.config.block_length))
    canvas = prompt + [chat.mask] * length
    return chat.decode(fill(model, canvas, chat.mask, next(model.parameters()).device)[len(prompt):])


def solved_share(model: nn.Module, chat: Chat, items: list[Item], block: int | None = None,
                 length: int = ANSWER_REGION) -> float:
    solved = sum(item.solved_by(write(model, chat.question(item), chat, block, length)) for item in items)
    return round(solved / len(items), 4)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="LLaDA or SDAR folder")
    parser.add_argument("--task", choices=TASKS, default="word_problems")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=0, help="worked examples before each question")
    parser.add_argument("--block", type=int, help="SDAR: block length, if not the model's own")
    parser.add_argument("--length", type=int, default=ANSWER_REGION, help="LLaDA: rows of the answer")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the items that were not solved")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    model, chat, example_rng = load(a.model), Chat(a.model), random.Random(a.seed + 1)
    solved, started = 0, time.monotonic()
    for item in held_out_items(a.task, a.count, a.seed):
        examples = [TASKS[a.task](example_rng, False) for _ in range(a.examples)]
        prompt = [i for e in examples for i in chat.worked(e)] + chat.question(item)
        text = write(model, prompt, chat, a.block, a.length)
        solved += item.solved_by(text)
        if a.show and not item.solved_by(text):
            print(f"{item.prompt}\n  said:  {text}\n  right: {item.target}")
    print(f"{solved} of {a.count} solved ({100 * solved / a.count:.1f}%) with {a.examples} examples, "
          f"{time.monotonic() - started:.0f} seconds")


if __name__ == "__main__":
    main()
