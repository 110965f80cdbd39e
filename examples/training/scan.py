"""SCAN (Lake and Baroni 2018, arXiv 1711.00350): commands to sequences of actions, in the published simple split.

The grammar makes all 20,910 commands; `scan_simple_split.txt` has one bit for each, in the grammar's order, which is 1
where the published split puts the command into its test side. The split is from github.com/brendenlake/SCAN, under the
BSD license, copyright (c) 2016-present, Facebook, Inc.
"""

import base64
import random
from functools import cache
from itertools import product
from pathlib import Path

from items import Item

ACTIONS = {"walk": ["I_WALK"], "look": ["I_LOOK"], "run": ["I_RUN"], "jump": ["I_JUMP"]}
DIRECTIONS = {"left": "I_TURN_LEFT", "right": "I_TURN_RIGHT"}
TIMES = {"": 1, " twice": 2, " thrice": 3}

Command = tuple[str, list[str]]  # words, actions


def verb_phrases() -> list[Command]:
    """`jump`, `jump left`, `jump opposite left`, `turn around left`, ..."""
    phrases = list(ACTIONS.items())
    for (verb, action), (direction, turn) in product([*ACTIONS.items(), ("turn", [])], DIRECTIONS.items()):
        phrases += [(f"{verb} {direction}", [turn, *action]),
                    (f"{verb} opposite {direction}", [turn, turn, *action]),
                    (f"{verb} around {direction}", [turn, *action] * 4)]
    return phrases


@cache
def commands() -> list[Command]:
    """All commands with their actions, in a fixed order."""
    single = [(words + times, actions * count)
              for (words, actions), (times, count) in product(verb_phrases(), TIMES.items())]
    both = [(f"{a} and {b}", x + y) for (a, x), (b, y) in product(single, single)]
    after = [(f"{a} after {b}", y + x) for (a, x), (b, y) in product(single, single)]
    return single + both + after


@cache
def side(held_out: bool) -> list[Item]:
    bits = base64.b64decode((Path(__file__).parent / "scan_simple_split.txt").read_text())
    chosen = [c for i, c in enumerate(commands()) if bits[i // 8] >> i % 8 & 1 == held_out]
    return [Item(words, " ".join(actions), " ".join(actions), "exact") for words, actions in chosen]


def command(rng: random.Random, held_out: bool) -> Item:
    return rng.choice(side(held_out))
