"""Arithmetic word problems with worked answers, from a seeded grammar.

Every problem is a question, a worked answer whose every step is exact, and a number. Twelve shapes of one or two
steps each, and bare facts of arithmetic, so that training can meet them more often. Numbers are kept small (products
of 2 to 6 and 2 to 9; in every sum one part, and in every difference what is taken or what is left, is at most 10) so
that a model of two million parameters learns the facts within a few hours on a CPU.

The split is by content, not by seed (`items.is_held_out`), so a held-out problem cannot have been seen however long
training runs.

    python word_problems.py --held-out --count 200 > problems.jsonl
"""

import argparse
import random
import re
from dataclasses import dataclass, field

from items import Item, is_held_out

PEOPLE = [("Tom", "he"), ("Mia", "she"), ("Sam", "he"), ("Lena", "she"), ("Omar", "he"), ("Ana", "she"),
          ("Kai", "he"), ("Ruth", "she"), ("Ivan", "he"), ("Zoe", "she"), ("Ben", "he"), ("Nora", "she"),
          ("Leo", "he"), ("Eva", "she"), ("Raj", "he"), ("Yuki", "she")]
OBJECTS = ["apples", "marbles", "stickers", "books", "pencils", "coins", "shells", "cards", "stamps", "cookies",
           "balloons", "flowers", "toys", "eggs", "oranges", "buttons", "beads", "stones"]
CONTAINERS = ["boxes", "bags", "packs", "baskets", "jars", "crates"]
GAINS = ["buys {} more", "finds {} more", "gets {} more from a friend", "is given {} more", "wins {} more",
         "picks {} more"]
LOSSES = ["gives away {}", "loses {}", "sells {}", "breaks {}", "gives {} to a friend", "uses {}"]
ITEMS = ["pen", "ball", "hat", "cup", "kite", "lamp", "mug", "toy car", "puzzle", "notebook"]
PLACES = ["", " at the market", " at school", " in the park", " on Monday", " in the morning", " after lunch"]
MULTIPLES = {2: "twice", 3: "three times", 4: "four times"}


@dataclass
class Story:
    """One problem in the making: who and what it is about, the sentences, and the steps worked so far."""

    rng: random.Random
    steps: list = field(default_factory=list)
    result: int = 0

    def __post_init__(self):
        (self.name, self.pronoun), (self.other, _) = self.rng.sample(PEOPLE, 2)
        self.things = self.rng.choice(OBJECTS)
        self.place = self.rng.choice(PLACES)

    @property
    def Pronoun(self) -> str:
        return self.pronoun.capitalize()

    def between(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def gain(self, count: int) -> str:
        return self.rng.choice(GAINS).format(count)

    def loss(self, count: int) -> str:
        return self.rng.choice(LOSSES).format(count)

    def work(self, left: int, operator: str, right: int) -> int:
        """Appends the step `left operator right = result.` and returns the result."""
        self.result = {"+": left + right, "-": left - right, "*": left * right, "/": left // right}[operator]
        self.steps.append(f"{left} {operator} {right} = {self.result}.")
        return self.result

    def finish(self, question: str) -> Item:
        return Item(question, f"{' '.join(self.steps)} The answer is {self.result}.", str(self.result), "last_number")


def gain_then_maybe_lose(s: Story) -> Item:
    a, b = s.between(2, 30), s.between(2, 10)
    total = s.work(a, "+", b)
    text = f"{s.name} has {a} {s.things}. {s.Pronoun} {s.gain(b)}{s.place}."
    if s.chance(0.6):
        c = s.between(1, min(total - 1, 10))
        s.work(total, "-", c)
        text += f" Then {s.pronoun} {s.loss(c)}."
    return s.finish(f"{text} How many {s.things} does {s.name} have now?")


def lose_then_maybe_gain(s: Story) -> Item:
    a = s.between(5, 40)
    b = s.between(1, min(a - 2, 10))
    left = s.work(a, "-", b)
    text = f"{s.name} has {a} {s.things}. {s.Pronoun} {s.loss(b)}{s.place}."
    if s.chance(0.6):
        c = s.between(2, 10)
        s.work(left, "+", c)
        text += f" Later {s.pronoun} {s.gain(c)}."
    return s.finish(f"{text} How many {s.things} does {s.name} have now?")


def containers(s: Story) -> Item:
    a, b = s.between(2, 6), s.between(2, 9)
    kind = s.rng.choice(CONTAINERS)
    total = s.work(a, "*", b)
    text = f"{s.name} has {a} {kind} of {s.things}. Each of the {kind} holds {b} {s.things}."
    if s.chance(0.5):
        c = s.between(2, 10)
        s.work(total, "+", c)
        text += f" {s.Pronoun} also has {c} loose {s.things}."
    return s.finish(f"{text} How many {s.things} does {s.name} have in total?")


def equal_shares(s: Story) -> Item:
    friends, each = s.between(2, 6), s.between(2, 9)
    s.work(friends * each, "/", friends)
    return s.finish(f"{s.name} shares {friends * each} {s.things} equally among {friends} friends{s.place}. "
                    f"How many {s.things} does each friend get?")


def more_than(s: Story) -> Item:
    a, b = s.between(2, 10), s.between(2, 10)
    s.work(a, "+", s.work(a, "+", b))
    return s.finish(f"{s.name} has {a} {s.things}. {s.other} has {b} more {s.things} than {s.name}. "
                    f"How many {s.things} do they have together?")


def fewer_than(s: Story) -> Item:
    a = s.between(4, 10)
    b = s.between(1, a - 2)
    s.work(a, "+", s.work(a, "-", b))
    return s.finish(f"{s.name} has {a} {s.things}. {s.other} has {b} fewer {s.things} than {s.name}. "
                    f"How many {s.things} do they have together?")


def times_as_many(s: Story) -> Item:
    a, k = s.between(2, 9), s.rng.choice(list(MULTIPLES))
    other = s.work(a, "*", k)
    text = f"{s.name} has {a} {s.things}. {s.other} has {MULTIPLES[k]} as many {s.things} as {s.name}."
    if s.chance(0.5):
        s.work(a, "+", other)
        return s.finish(f"{text} How many {s.things} do they have together?")
    return s.finish(f"{text} How many {s.things} does {s.other} have?")


def change_back(s: Story) -> Item:
    price, count = s.between(2, 6), s.between(2, 9)
    cost = s.work(price, "*", count)
    paid = cost + s.between(1, 10)
    s.work(paid, "-", cost)
    return s.finish(f"A {s.rng.choice(ITEMS)} costs {price} dollars. {s.name} buys {count} of them and pays with "
                    f"{paid} dollars. How many dollars does {s.pronoun} get back?")


def miles_walked(s: Story) -> Item:
    a, days = s.between(2, 6), s.between(2, 9)
    total = s.work(a, "*", days)
    text = f"{s.name} walks {a} miles every day for {days} days."
    if s.chance(0.6):
        c = s.between(2, 10)
        s.work(total, "+", c)
        text += f" Then {s.pronoun} walks {c} miles more."
    return s.finish(f"{text} How many miles does {s.name} walk in all?")


def pages_left(s: Story) -> Item:
    a, days = s.between(2, 6), s.between(2, 9)
    read = s.work(a, "*", days)
    pages = read + s.between(1, 10)
    s.work(pages, "-", read)
    return s.finish(f"A book has {pages} pages. {s.name} reads {a} pages a day for {days} days. "
                    f"How many pages are left?")


def ages(s: Story) -> Item:
    summed = s.chance(0.5)
    a = s.between(5, 10) if summed else s.between(12, 30)
    b = s.between(2, min(a - 2, 10))
    younger = s.work(a, "-", b)
    text = f"{s.name} is {a} years old. {s.other} is {b} years younger."
    if summed:
        s.work(a, "+", younger)
        return s.finish(f"{text} What is the sum of their ages?")
    c = s.between(2, 10)
    s.work(younger, "+", c)
    return s.finish(f"{text} How old will {s.other} be in {c} years?")


def three_days(s: Story) -> Item:
    a, b, c = s.between(2, 20), s.between(2, 10), s.between(2, 10)
    s.work(s.work(a, "+", b), "+", c)
    return s.finish(f"{s.name} sells {a} {s.things} on Monday, {b} on Tuesday and {c} on Wednesday. "
                    f"How many {s.things} does {s.pronoun} sell in total?")


def fact(rng: random.Random) -> str:
    """One step of arithmetic, `a operator b = result.`, as the problems need them."""
    operator = rng.choice("++--*/")
    small = rng.randint(2, 6) if operator in "*/" else rng.randint(1, 10)
    other = rng.randint(2, 9) if operator in "*/" else rng.randint(2, 54)
    left, right = (small, other) if rng.random() < 0.5 else (other, small)
    left = {"-": left + right, "/": left * right}.get(operator, left)
    story = Story(rng)
    story.work(left, operator, right)
    return story.steps[0]


SMALL = 10  # the largest number in a small problem
SHAPES = [gain_then_maybe_lose, lose_then_maybe_gain, containers, equal_shares, more_than, fewer_than, times_as_many,
          change_back, miles_walked, pages_left, ages, three_days]


def problem(rng: random.Random, held_out: bool) -> Item:
    """A random problem from one side of the split."""
    while True:
        candidate = rng.choice(SHAPES)(Story(rng))
        if is_held_out(candidate) == held_out:
            return candidate


def is_small(text: str) -> bool:
    return all(int(n) <= SMALL for n in re.findall(r"\d+", text))


def small_problem(rng: random.Random, held_out: bool) -> Item:
    """A random problem whose numbers are at most 10, for models that are to write whole problems."""
    while True:
        candidate = problem(rng, held_out)
        if is_small(f"{candidate.prompt} {candidate.target}"):
            return candidate


def small_fact(rng: random.Random) -> str:
    while True:
        candidate = fact(rng)
        if is_small(candidate):
            return candidate


def main():
    parser = argparse.ArgumentParser(description="Prints word problems as JSON Lines; see items.py.")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="only problems that training never sees")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    for _ in range(arguments.count):
        print(problem(rng, arguments.held_out).to_json())


if __name__ == "__main__":
    main()
