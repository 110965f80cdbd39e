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
SHORTEST, LONGEST = 110, 290  # words of a passage, for about 150 to 400 tokens


Table = dict[str, dict[int, str]]  # of every person the values by topic, those that the passage tells


@dataclass(frozen=True)
class Topic:
    """A kind of fact: what an answer calls it, its values, and its sentences with {name} and {value}, two or three words
    apart, as far as new models look (`induction.py`). The last is for held-out items, in words that the others have."""

    noun: str
    values: list[str]
    statements: list[str]
    question: str
    reverse: str  # asks for the name


TOPICS = [
    Topic(
        "home",
        ["Rome", "Oslo", "Cairo", "Lima", "Delhi", "Paris", "Tokyo", "Quebec"],
        [
            "{name} lives in {value}.",
            "The home of {name} is in {value}.",
            "In {value} there lives {name}.",
            "There is a flat in {value} for {name}.",
            "The flat of {name} is in {value}.",
        ],
        "Where does {name} live?",
        "Who lives in {value}?",
    ),
    Topic(
        "work",
        ["baker", "pilot", "nurse", "farmer", "teacher", "painter", "lawyer", "sailor"],
        [
            "{name} is a {value}.",
            "By trade {name} is the {value}.",
            "The {value} here is {name}.",
            "The one they chose as {value} is {name}.",
            "{name} is the {value} they chose.",
        ],
        "What is the work of {name}?",
        "Who is a {value}?",
    ),
    Topic(
        "animal",
        ["cat", "dog", "horse", "parrot", "rabbit", "goat", "turtle", "snake"],
        [
            "{name} keeps a {value}.",
            "The animal of {name} is a {value}.",
            "The {value} belongs to {name}.",
            "In the yard {name} has a {value}.",
            "In the yard {name} keeps a {value}.",
        ],
        "Which animal does {name} keep?",
        "Who keeps a {value}?",
    ),
    Topic(
        "instrument",
        ["violin", "piano", "drum", "flute", "harp", "guitar", "trumpet", "organ"],
        [
            "{name} plays the {value}.",
            "In the band {name} has the {value}.",
            "On the {value} we hear {name}.",
            "{name} learns the {value}.",
            "In the band {name} plays the {value}.",
        ],
        "What does {name} play?",
        "Who plays the {value}?",
    ),
    Topic(
        "car",
        ["red", "blue", "green", "yellow", "black", "white", "brown", "purple"],
        [
            "{name} drives a {value} car.",
            "The car of {name} is {value}.",
            "In the {value} car comes {name}.",
            "{name} has a {value} car.",
            "The car {name} drives is {value}.",
        ],
        "What colour is the car of {name}?",
        "Who drives a {value} car?",
    ),
    Topic(
        "dish",
        ["soup", "rice", "bread", "cheese", "fish", "salad", "pasta", "cake"],
        [
            "{name} likes {value} best.",
            "The favourite dish of {name} is {value}.",
            "There is {value} whenever {name} is hungry.",
            "To {name} nothing beats {value}.",
            "The best dish of {name} is {value}.",
        ],
        "What does {name} like best?",
        "Who likes {value} best?",
    ),
]
FORMULA = ("For", "is", ".", *(t.noun for t in TOPICS))  # what an answer says beside names, values and the letter
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
    looked_up: list[tuple[str, Topic, str]]  # names and values, as the passage tells them; the last has the answer
    answer: str
    others: list[str]  # that could be options

    def worked(self) -> str:
        """A value stands behind its name, as far as in most sentences of the passage, and neither comes first, so that
        they are the same tokens there and here."""
        return " ".join(f"For {name} {topic.noun} is {value}." for name, topic, value in self.looked_up)


class Kind(Enum):
    """What is asked for."""

    PERSON = 1
    VALUE = 2
    VALUE_OF_ANOTHER = 3  # value's person


def ask(rng: random.Random, table: Table, kinds: list[Kind]) -> Question:
    name = rng.choice(list(table))
    t, value = rng.choice(list(table[name].items()))
    topic, kind = TOPICS[t], rng.choice(kinds)
    if kind == Kind.PERSON:
        others = [n for n in table if n != name]
        return Question(topic.reverse.format(value=value), [(name, topic, value)], name, others)
    asked, looked_up = name, [(name, topic, value)]
    if kind == Kind.VALUE_OF_ANOTHER:
        u, known = rng.choice([other for other in table[name].items() if other[0] != t])
        who = TOPICS[u].reverse.format(value=known)
        asked = f"the one who {who.removesuffix('?').removeprefix('Who ')}"
        looked_up.insert(0, (name, TOPICS[u], known))
    others = [v for v in topic.values if v != value]
    return Question(topic.question.format(name=asked), looked_up, value, others)


def on_passage(text: str, asked: Item) -> Item:
    return replace(asked, prompt=f"Passage: {text}\n{asked.prompt}")


def with_options(q: Question, rng: random.Random) -> Item:
    """The question without the passage; its answer is what is looked up, and an option in the words of their list."""
    options = rng.sample(q.others, len(LETTERS) - 1)
    place = rng.randrange(len(LETTERS))
    options.insert(place, q.answer)
    listed = [f"{option} is {letter}" for letter, option in zip(LETTERS, options)]
    return Item(f"{q.text}\nOptions: {', '.join(listed)}.", f"{q.worked()} {listed[place]}", LETTERS[place], "letter")


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
    return draw(rng, [t.statements[:-1] for t in TOPICS], topics=max(2, round(grown * len(TOPICS))),
                words=round(grown * rng.randint(SHORTEST, LONGEST)))


def posed(rng: random.Random, table: Table, grown: float) -> Item:
    """A question without the passage, every other one with options; from `grown` = 0.5 on also about another value's
    person."""
    q = ask(rng, table, list(Kind) if grown >= 0.5 else [Kind.PERSON, Kind.VALUE])
    return with_options(q, rng) if rng.random() < 0.5 else Item(q.text, q.worked(), q.worked(), "exact")


def conversation(rng: random.Random, questions: int, grown: float = 1.0) -> list[Item]:
    """Items of the training side on one passage, which only the first one tells; no two are the same question."""
    while True:
        text, table = growing(rng, grown)
        items = [posed(rng, table, grown) for _ in range(questions)]
        held_out = any(is_held_out(on_passage(text, item)) for item in items)
        if not held_out and len({(item.prompt, item.target) for item in items}) == questions:
            return [on_passage(text, items[0]), *items[1:]]
