"""How the problems of the wider grammar are written: sentences in several phrasings, and worked steps."""

import random
from dataclasses import dataclass, field

from items import Item
from word_problems import OBJECTS, PEOPLE

DISTRACTION = 0.3  # probability of a sentence that has nothing to do with the question
DISTRACTIONS = [
    "{third} is {n} years old.", "The walk to school takes {n} minutes.", "Lunch is at {n}.",
    "{name} lives at number {n}.", "{third} has a dog.", "The shop is near the river.", "It rains all day.",
    "{name} has {n} cousins.", "The bus leaves at {n}.", "{third} wears a red coat.",
]


def combinations(begins: list[str], ends: list[str]) -> list[str]:
    """Sentences of every beginning with every ending; that of the last two comes last, so that `phrase` holds it out."""
    return [f"{begin} {end}" for begin in begins for end in ends]


@dataclass
class Writer:
    """A problem in the making: its sentences, and the steps worked so far."""

    rng: random.Random
    new_phrasings: bool
    sentences: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    result: int = 0

    def __post_init__(self):
        (name, pronoun), (other, _), (third, _) = self.rng.sample(PEOPLE, 3)
        things, others = self.rng.sample(OBJECTS, 2)
        self.words = {"name": name, "he": pronoun, "his": {"he": "his", "she": "her"}[pronoun], "other": other,
                      "third": third, "things": things, "others": others}

    def between(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def one_of(self, *choices):
        return self.rng.choice(choices)

    def phrase(self, *phrasings: str) -> str:
        """One of the phrasings; the last of three or more is never seen in training."""
        known, new = (phrasings[:-1], phrasings[-1:]) if len(phrasings) >= 3 else (phrasings, phrasings)
        return self.rng.choice(new if self.new_phrasings else known)

    def say(self, *phrasings: str, **values) -> None:
        """Appends one of the phrasings. {He} says in one of several ways who did it, and when."""
        name, he = self.words["name"], self.words["he"]
        who = self.one_of(name, he, f"then {he}", f"then {name}", f"later {he}", f"after that {he}")
        text = self.phrase(*phrasings).format(**self.words, He=who, **values)
        self.sentences.append(text[0].upper() + text[1:])

    def work(self, left: int, operator: str, right: int) -> int:
        """Appends the step `left operator right = result.` and returns the result."""
        self.result = {"+": left + right, "-": left - right, "*": left * right, "/": left // right}[operator]
        self.steps.append(f"{left} {operator} {right} = {self.result}.")
        return self.result

    def distract(self) -> None:
        """Puts a sentence that has nothing to do with the question somewhere before it, but not first."""
        text = self.rng.choice(DISTRACTIONS).format(**self.words, n=self.between(2, 12))
        self.sentences.insert(self.between(1, len(self.sentences) - 1), text)

    def finish(self) -> Item:
        if len(self.sentences) > 1 and self.rng.random() < DISTRACTION:
            self.distract()
        return Item(" ".join(self.sentences), f"{' '.join(self.steps)} The answer is {self.result}.",
                    str(self.result), "last_number")
