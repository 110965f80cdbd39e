"""The tasks that models are trained and judged on, by name.

    python tasks.py word_problems --count 200 > problems.jsonl      held-out items
    python tasks.py word_problems --count 40 --examples 8           each after eight worked examples
    python tasks.py stories --train --seed 7                        what training sees
"""

import argparse
import random
from collections.abc import Callable

import choice
import scan
import stories
import word_problems
from items import Item

# A task draws an item from one of its sides: `draw(rng, held_out)`.
Draw = Callable[[random.Random, bool], Item]


TASKS: dict[str, Draw] = {"word_problems": word_problems.problem, "small_problems": word_problems.small_problem,
                          "stories": stories.story, "scan": scan.command, "choice": choice.question}
# Where one passage serves several questions: draws that many items of the training side, of which only the first tells
# the passage, which has grown to a share of its full length.
CONVERSATIONS: dict[str, Callable[[random.Random, int, float], list[Item]]] = {"choice": choice.conversation}
# Tasks whose answers are worked in steps, with what draws a bare step as they need it.
ARITHMETIC: dict[str, Callable[[random.Random], str]] = {
    "word_problems": word_problems.fact, "small_problems": word_problems.small_fact, "stories": word_problems.fact}


def conversation(task: str, rng: random.Random, count: int, grown: float) -> list[Item]:
    """Items of the training side to be asked one after another."""
    if task in CONVERSATIONS:
        return CONVERSATIONS[task](rng, count, grown)
    return [TASKS[task](rng, False) for _ in range(count)]


def held_out_items(task: str, count: int, seed: int) -> list[Item]:
    rng = random.Random(seed)
    return [TASKS[task](rng, True) for _ in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", action="store_true", help="items of the training side")
    parser.add_argument("--examples", type=int, default=0, help="worked examples, of the training side, with each item")
    arguments = parser.parse_args()
    draw, rng, example_rng = TASKS[arguments.task], random.Random(arguments.seed), random.Random(arguments.seed + 1)
    for _ in range(arguments.count):
        examples = [draw(example_rng, False) for _ in range(arguments.examples)]
        print(draw(rng, not arguments.train).to_json(examples))


if __name__ == "__main__":
    main()
