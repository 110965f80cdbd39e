"""Multiple choice on a passage: who lives where, does what, has which animal, and so on, told in 150 to 400 tokens; a
question on one of these facts, or on two in a row; four options. The answer is a letter.

The target says what is looked up before the letter, one thing after the other, and several questions can be asked on
one passage, so that there is more to learn from than one token per passage.
"""

import random
from dataclasses import dataclass, replace
from enum import Enum

from items import Item, is_held_out
from word_problems import PEOPLE

LETTERS = "ABCD"
FORMULA = ("About", "we read", ".")  # what an answer says beside names and values
SHORTEST, LONGEST = 110, 290  # words of a passage, for about 150 to 400 tokens


Table = dict[str, dict[int, str]]  # of every person the values by topic, those that the passage tells


@dataclass(frozen=True)
class Topic:
    """A kind of fact: its values, and its sentences with {name} and {value}; the last is for held-out items, in words
    that the others have too."""

    values: list[str]
    statements: list[str]
    question: str
    reverse: str  # asks for the name


TOPICS = [
    Topic(
        ["Rome", "Oslo", "Cairo", "Lima", "Delhi", "Paris", "Tokyo", "Quebec"],
        [
            "{name} lives in {value}.",
            "The home of {name} is in {value}.",
            "There is a small flat in {value} where {name} lives.",
            "{name} has a small flat in {value}.",
            "The small flat of {name} is in {value}.",
        ],
        "Where does {name} live?",
        "Who lives in {value}?",
    ),
    Topic(
        ["baker", "pilot", "nurse", "farmer", "teacher", "painter", "lawyer", "sailor"],
        [
            "{name} works as a {value}.",
            "By trade {name} is a {value}.",
            "The {value} in the family is {name}.",
            "The work of {name} is that of a {value}.",
            "By trade the work of {name} is that of a {value}.",
        ],
        "What is the work of {name}?",
        "Who is a {value}?",
    ),
    Topic(
        ["cat", "dog", "horse", "parrot", "rabbit", "goat", "turtle", "snake"],
        [
            "{name} keeps a {value}.",
            "The animal of {name} is a {value}.",
            "The {value} in the yard is kept by {name}.",
            "At home {name} has a {value}.",
            "In the yard {name} keeps a {value}.",
        ],
        "Which animal does {name} keep?",
        "Who keeps a {value}?",
    ),
    Topic(
        ["violin", "piano", "drum", "flute", "harp", "guitar", "trumpet", "organ"],
        [
            "{name} plays the {value}.",
            "In the band {name} has the {value}.",
            "The {value} in the band is played by {name}.",
            "{name} is learning the {value}.",
            "At home {name} plays the {value}.",
        ],
        "What does {name} play?",
        "Who plays the {value}?",
    ),
    Topic(
        ["red", "blue", "green", "yellow", "black", "white", "brown", "purple"],
        [
            "{name} drives a {value} car.",
            "The car of {name} is {value}.",
            "The {value} car is the one that {name} drives.",
            "{name} has a car that is {value}.",
            "The car that {name} drives is {value}.",
        ],
        "What colour is the car of {name}?",
        "Who drives a {value} car?",
    ),
    Topic(
        ["soup", "rice", "bread", "cheese", "fish", "salad", "pasta", "cake"],
        [
            "{name} likes {value} best.",
            "The favourite dish of {name} is {value}.",
            "There is {value} whenever {name} is hungry.",
            "To {name} the best dish is {value}.",
            "The dish that {name} likes best is {value}.",
        ],
        "What does {name} like best?",
        "Who likes {value} best?",
    ),
]
FILLERS = [
    "The weather was fine that week.",
    "Nobody remembers how it began.",
    "They had all met at a fair long ago.",
    "It is a story that is often told in the village.",
    "The old clock on the wall struck nine.",
    "There was music in the street until late.",
    "Some of them write letters to each other.",
    "The train was late, as it is on most days.",
    "In spring the river is high and cold.",
    "A neighbour brought apples from the garden.",
    "They say that the winter will be long.",
]


def passage(facts: list[str], words: int, rng: random.Random) -> str:
    """The facts in random order, with fillers between them up to so many words."""
    sentences = facts.copy()
    rng.shuffle(sentences)
    while sum(len(s.split()) for s in sentences) < words:
        sentences.insert(rng.randint(0, len(sentences)), rng.choice(FILLERS))
    return " ".join(sentences)


@dataclass(frozen=True)
class Question:
    text: str
    looked_up: list[tuple[str, str]]  # what is known, and what the passage says about it; the last is the answer
    others: list[str]  # that could be options

    @property
    def answer(self) -> str:
        return self.looked_up[-1][1]

    def worked(self) -> str:
        """What is looked up stands as far behind what is known as in most sentences of the passage, and neither comes
        first, so that they are the same tokens there and here."""
        about, read, stop = FORMULA
        return " ".join(f"{about} {known} {read} {said}{stop}" for known, said in self.looked_up)


class Kind(Enum):
    """What is asked for."""

    PERSON = 1
    VALUE = 2
    VALUE_OF_ANOTHER = 3  # value's person


def ask(rng: random.Random, table: Table, kinds: list[Kind]) -> Question:
    name = rng.choice(list(table))
    topic, value = rng.choice(list(table[name].items()))
    kind = rng.choice(kinds)
    if kind == Kind.PERSON:
        others = [n for n in table if n != name]
        return Question(TOPICS[topic].reverse.format(value=value), [(value, name)], others)
    asked, looked_up = name, [(name, value)]
    if kind == Kind.VALUE_OF_ANOTHER and len(table[name]) > 1:
        other = rng.choice([t for t in table[name] if t != topic])
        known = table[name][other]
        who = TOPICS[other].reverse.format(value=known)
        asked = f"the one who {who.removesuffix('?').removeprefix('Who ')}"
        looked_up.insert(0, (known, name))
    others = [v for v in TOPICS[topic].values if v != value]
    return Question(TOPICS[topic].question.format(name=asked), looked_up, others)


def on_passage(text: str, asked: Item) -> Item:
    return replace(asked, prompt=f"Passage: {text}\n{asked.prompt}")


def with_options(q: Question, rng: random.Random) -> Item:
    """The question without the passage; its answer is what is looked up, and a letter."""
    options = rng.sample(q.others, len(LETTERS) - 1)
    place = rng.randrange(len(LETTERS))
    options.insert(place, q.answer)
    listed = ", ".join(f"{option} is {letter}" for letter, option in zip(LETTERS, options))
    return Item(f"{q.text}\nOptions: {listed}.", f"{q.worked()} {LETTERS[place]}", LETTERS[place], "letter")


def draw(rng: random.Random, statements: list[list[str]], topics: int, words: int) -> tuple[str, Table]:
    """A passage and what it tells: so many topics, each in some of its statements, in at least so many words."""
    names = [name for name, _ in rng.sample(PEOPLE, rng.randint(4, 6))]
    table: Table = {name: {} for name in names}
    told: dict[str, list[str]] = {name: [] for name in names}
    for t in rng.sample(range(len(TOPICS)), topics):
        for name, value in zip(names, rng.sample(TOPICS[t].values, len(names))):
            table[name][t] = value
            told[name].append(rng.choice(statements[t]).format(name=name, value=value))
    return passage([fact for facts in told.values() for fact in facts], words, rng), table


def question(rng: random.Random, held_out: bool) -> Item:
    """A random item from one side of the split; half of the held-out ones are told in phrasings never seen in
    training."""
    while True:
        new = held_out and rng.random() < 0.5
        statements = [t.statements[-1:] if new else t.statements[:-1] for t in TOPICS]
        text, table = draw(rng, statements, len(TOPICS), rng.randint(SHORTEST, LONGEST))
        item = on_passage(text, with_options(ask(rng, table, list(Kind)), rng))
        if is_held_out(item) == held_out:
            return item


def growing(rng: random.Random, grown: float) -> tuple[str, Table]:
    """A passage of the training side; from `grown` = 0 to 1, about more topics, and longer."""
    statements = [t.statements[:-1] if grown > 0 else t.statements[:2] for t in TOPICS]
    return draw(rng, statements, topics=1 if grown == 0 else max(2, round(grown * len(TOPICS))),
                words=round(grown * rng.randint(SHORTEST, LONGEST)))


def posed(rng: random.Random, table: Table, grown: float) -> Item:
    """A question without the passage. At `grown` = 0, only values are asked for; up to 0.5, values and persons; then
    anything, every other time with options. Options from the beginning would be all that is learned for long."""
    kinds = [Kind.VALUE] if grown == 0 else [Kind.VALUE, Kind.PERSON] if grown < 0.5 else list(Kind)
    q = ask(rng, table, kinds)
    if grown >= 0.5 and rng.random() < 0.5:
        return with_options(q, rng)
    return Item(q.text, q.worked(), q.worked(), "exact")


def conversation(rng: random.Random, questions: int, grown: float = 1.0) -> list[Item]:
    """Items of the training side on one passage, which only the first one tells; no two are the same question."""
    while True:
        text, table = growing(rng, grown)
        items = [posed(rng, table, grown) for _ in range(questions)]
        held_out = any(is_held_out(on_passage(text, item)) for item in items)
        if not held_out and len({(item.prompt, item.target) for item in items}) == questions:
            return [on_passage(text, items[0]), *items[1:]]
