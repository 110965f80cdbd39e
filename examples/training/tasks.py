"""The tasks that models are trained and judged on, by name.

    python tasks.py word_problems --count 200 > problems.jsonl      held-out items
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


TASKS: dict[str, Draw] = {"word_problems": word_problems.problem, "stories": stories.story, "scan": scan.command,
                          "choice": choice.question}
ARITHMETIC = {"word_problems", "stories"}  # tasks whose answers are worked in steps


def held_out_items(task: str, count: int, seed: int) -> list[Item]:
    rng = random.Random(seed)
    return [TASKS[task](rng, True) for _ in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--train", action="store_true", help="items of the training side")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    for _ in range(arguments.count):
        print(TASKS[arguments.task](rng, not arguments.train).to_json())


if __name__ == "__main__":
    main()
