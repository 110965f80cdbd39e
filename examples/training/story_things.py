"""Shapes of the wider grammar about having things: gaining, losing, packing, sharing and comparing them.

Each shape says its sentences and works its steps; the last sentence is the question.
"""

from story_writer import Writer, combinations

HOLDERS = ("boxes", "bags", "packs", "baskets", "jars", "crates")
SUMS = (
    "What number of {things} do they have together?",
    "What is the sum of what they have?",
    "How many {things} do they own between them?",
    "What is the sum of all their {things}?",
    "What is the sum of their {things}?",
)
MULTIPLES = {2: "twice", 3: "three times", 4: "four times"}


def has(w: Writer, n: int) -> None:
    w.say(
        "{name} has {n} {things}.",
        "{name} starts with {n} {things}.",
        "There are {n} {things} in {name}'s room.",
        "{name}'s collection is {n} {things}.",
        "At first {name} owns {n} of the {things}.",
        "{n} {things} are {name}'s.",
        "{name} owns {n} {things}.",
        n=n,
    )


def gains(w: Writer, n: int) -> None:
    w.say(
        "A friend gives {name} {n} more.",
        "Another {n} are brought to {name}.",
        "{other} gives {name} {n} {things}.",
        "{He} receives {n} from a friend.",
        *combinations(
            ["{He} buys", "{He} finds", "{He} gets", "{He} wins", "{He} picks up", "{He} receives"],
            ["{n} more.", "{n} new ones.", "{n} more {things}.", "another {n}."],
        ),
        n=n,
    )


def loses(w: Writer, n: int) -> None:
    w.say(
        "{n} of them are lost.",
        "{other} takes {n} of them.",
        "{n} of the {things} go to {other}.",
        *combinations(
            ["{He} loses", "{He} sells", "{He} breaks", "{He} uses", "{He} gives away", "{He} hands out"],
            ["{n}.", "{n} of them.", "{n} of the {things}."],
        ),
        *combinations(["{He} sells", "{He} gives", "{He} hands"], ["{n} {things} to {other}.", "{n} of them to {other}."]),
        n=n,
    )


def asks_now(w: Writer) -> None:
    w.say(
        "How many {things} are left in the end?",
        "What number of {things} is left?",
        "What is the number of {things} that {name} has now?",
        *combinations(
            ["How many {things}", "What number of {things}"],
            ["has {name} now?", "does {name} have now?", "has {name} at the end?", "does {name} have at the end?"],
        ),
    )


def asks_total(w: Writer) -> None:
    w.say(
        "How many {things} does {name} have in total?",
        "How many {things} are there in all?",
        "What number of {things} is that in total?",
        "What is the total of all {things}?",
        "How many {things} is that?",
        "What is the number of all {things}?",
        "What is the total number of {things}?",
    )


def asks_together(w: Writer) -> None:
    w.say("How many {things} do they have together?", "How many {things} do they have in all?", *SUMS)


def gain(w: Writer) -> None:
    a, b = w.between(2, 40), w.between(2, 10)
    has(w, a)
    gains(w, b)
    asks_now(w)
    w.work(a, "+", b)


def loss(w: Writer) -> None:
    a = w.between(5, 50)
    b = w.between(1, min(a - 2, 10))
    has(w, a)
    loses(w, b)
    asks_now(w)
    w.work(a, "-", b)


def gain_and_loss(w: Writer) -> None:
    a, b, c = w.between(5, 30), w.between(2, 10), w.between(1, 10)
    c = min(c, a + b - 1)
    has(w, a)
    gains(w, b)
    loses(w, c)
    asks_now(w)
    w.work(w.work(a, "+", b), "-", c)


def loss_and_gain(w: Writer) -> None:
    a = w.between(5, 40)
    b, c = w.between(1, min(a - 2, 10)), w.between(2, 10)
    has(w, a)
    loses(w, b)
    gains(w, c)
    asks_now(w)
    w.work(w.work(a, "-", b), "+", c)


def three_changes(w: Writer) -> None:
    a, b, c, d = w.between(8, 30), w.between(2, 10), w.between(2, 7), w.between(2, 10)
    has(w, a)
    gains(w, b)
    loses(w, c)
    gains(w, d)
    asks_now(w)
    w.work(w.work(w.work(a, "+", b), "-", c), "+", d)


def four_changes(w: Writer) -> None:
    a, b, c, d, e = w.between(12, 30), w.between(2, 10), w.between(2, 6), w.between(2, 10), w.between(2, 6)
    has(w, a)
    gains(w, b)
    loses(w, c)
    gains(w, d)
    loses(w, e)
    asks_now(w)
    w.work(w.work(w.work(w.work(a, "+", b), "-", c), "+", d), "-", e)


def holds(w: Writer, a: int, b: int) -> None:
    w.say(
        "{name} has {a} {holders} with {b} {things} each.",
        "There are {a} {holders}, and each holds {b} {things}.",
        "{name} fills {a} {holders} with {b} {things} each.",
        "{name} owns {a} {holders}; {b} {things} are in each of them.",
        "In each of {a} {holders} {name} puts {b} {things}.",
        "{a} {holders} contain {b} {things} each.",
        "Each of {name}'s {a} {holders} holds {b} {things}.",
        "Each of {a} {holders} contains {b} {things}.",
        "Each of {name}'s {a} {holders} contains {b} {things}.",
        a=a,
        b=b,
        holders=w.one_of(*HOLDERS),
    )


def containers(w: Writer) -> None:
    a, b = w.between(2, 6), w.between(2, 9)
    holds(w, a, b)
    asks_total(w)
    w.work(a, "*", b)


def containers_and_loose(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(2, 10)
    holds(w, a, b)
    w.say(
        "{He} also has {c} loose {things}.",
        "Beside them lie {c} more {things}.",
        "{c} {things} more lie on the table.",
        "On the floor there are another {c}.",
        "{He} has another {c} in a drawer.",
        "Another {c} are on the table.",
        "Another {c} {things} are on the table.",
        c=c,
    )
    asks_total(w)
    w.work(w.work(a, "*", b), "+", c)


def containers_less(w: Writer) -> None:
    a, b = w.between(2, 6), w.between(3, 9)
    c = w.between(1, min(10, a * b - 1))
    holds(w, a, b)
    loses(w, c)
    asks_now(w)
    w.work(w.work(a, "*", b), "-", c)


def containers_of_two_sizes(w: Writer) -> None:
    a, b, c, d = w.between(2, 6), w.between(2, 9), 2, w.between(2, 5)
    w.say(
        "{name} has {a} large boxes with {b} {things} each and {c} small ones with {d} {things} each.",
        "There are {a} large boxes of {b} {things}, and {c} small boxes of {d} {things}.",
        "{name} has {a} large boxes that hold {b} {things} each, and {c} small ones with {d} each.",
        "In each of {a} large boxes are {b} {things}, in each of {c} small ones {d}.",
        "{a} large boxes hold {b} {things} each, and {c} small boxes {d} each.",
        "{a} large boxes hold {b} {things} each, and {c} small ones hold {d} each.",
        a=a,
        b=b,
        c=c,
        d=d,
    )
    asks_total(w)
    w.work(w.work(a, "*", b), "+", w.work(c, "*", d))


def asks_share(w: Writer) -> None:
    w.say(
        "How many {things} does each friend get?",
        "How many {things} are there for each friend?",
        "What number of {things} does each friend have then?",
        "How large is each friend's share?",
        "What does each friend get?",
        "What is each friend's share?",
        "What is each friend's share of {things}?",
    )


def equal_shares(w: Writer) -> None:
    a, b = w.between(2, 6), w.between(2, 9)
    w.say(
        "{name} shares {n} {things} equally among {a} friends.",
        "{name} divides {n} {things} between {a} friends.",
        "{a} friends share {n} {things}, and each gets as many as the others.",
        "{n} {things} are split into {a} equal parts for {a} friends.",
        "{name} splits {n} {things} evenly between {a} friends.",
        "{a} friends divide {n} {things} evenly.",
        "{a} friends split {n} {things} evenly.",
        n=a * b,
        a=a,
    )
    asks_share(w)
    w.work(a * b, "/", a)


def shares_of_the_rest(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(1, 10)
    has(w, a * b + c)
    w.say(
        "{He} keeps {c} and shares the rest equally among {a} friends.",
        "{He} puts {c} aside and divides the others between {a} friends.",
        "{c} are for {name}, and what is left is split evenly among {a} friends.",
        "{He} loses {c} and splits the rest between {a} friends.",
        "After {he} has taken {c} away, {a} friends share what is left equally.",
        "After keeping {c}, {he} shares what is left equally among {a} friends.",
        "After keeping {c}, {he} splits what is left evenly among {a} friends.",
        a=a,
        c=c,
    )
    asks_share(w)
    w.work(w.work(a * b + c, "-", c), "/", a)


def share_and_own(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(2, 10)
    w.say(
        "{name} and {his} friends share {n} {things} equally; they are {a} people.",
        "{a} people, {name} among them, share {n} {things} equally.",
        "{name} is one of {a} people who split {n} {things} evenly.",
        "{n} {things} are shared equally by {a} people, and {name} is one of them.",
        "{n} {things} are shared equally among {a} people, one of them {name}.",
        "{n} {things} are split evenly between {a} people, one of them {name}.",
        n=a * b,
        a=a,
    )
    w.say(
        "{name} already had {c} {things}.",
        "Before that {name} had {c} {things}.",
        "At home {name} has {c} more.",
        "{name} has another {c} {things} at home.",
        "{name} had {c} at home.",
        "{name} had {c} {things} at home.",
        c=c,
    )
    w.say(
        "How many {things} does {name} have now?",
        "How many {things} has {name} in the end?",
        "What number of {things} has {name} then?",
        "With how many {things} does {name} end?",
        "How many {things} does {name} end up with?",
        "What number of {things} does {name} end up with?",
    )
    w.work(c, "+", w.work(a * b, "/", a))


def is_compared(w: Writer, a: int) -> None:
    w.say(
        "{name} has {a} {things}.",
        "{name} owns {a} {things}.",
        "{name} is the owner of {a} {things}.",
        "There are {a} {things} that belong to {name}.",
        "{a} {things} are {name}'s.",
        "{a} of the {things} belong to {name}.",
        "{a} {things} belong to {name}.",
        a=a,
    )


def compares(w: Writer, a: int, b: int, how: str) -> None:
    is_compared(w, a)
    w.say(
        "{other} has {b} {how} {things} than {name}.",
        "{other} has {b} {how} than {name}.",
        "{other} owns {b} {how} than {name}.",
        "{other}, compared with {name}, has {b} {how} {things}.",
        "Compared with {name}, {other} owns {b} {how} {things}.",
        "Compared to {name}, {other} has {b} {how}.",
        "Compared with {name}, {other} has {b} {how}.",
        b=b,
        how=how,
    )


def asks_other(w: Writer) -> None:
    w.say(
        "How many {things} does {other} have?",
        "How many {things} are {other}'s?",
        "What is the number of {other}'s {things}?",
        "How many {things} has {other}?",
        "What number of {things} belongs to {other}?",
        "What number of {things} does {other} have?",
        "What number of {things} has {other}?",
    )


def more_than(w: Writer) -> None:
    a, b = w.between(2, 30), w.between(2, 10)
    compares(w, a, b, "more")
    asks_other(w)
    w.work(a, "+", b)


def fewer_than(w: Writer) -> None:
    a = w.between(4, 30)
    b = w.between(1, min(a - 2, 10))
    compares(w, a, b, "fewer")
    asks_other(w)
    w.work(a, "-", b)


def more_together(w: Writer) -> None:
    a, b = w.between(2, 10), w.between(2, 10)
    compares(w, a, b, "more")
    asks_together(w)
    w.work(a, "+", w.work(a, "+", b))


def fewer_together(w: Writer) -> None:
    a = w.between(4, 10)
    b = w.between(1, a - 2)
    compares(w, a, b, "fewer")
    asks_together(w)
    w.work(a, "+", w.work(a, "-", b))


def multiplies(w: Writer, a: int, k: int) -> None:
    is_compared(w, a)
    w.say(
        "{other} has {k} as many.",
        "{other} has {k} as many {things} as {name}.",
        "{other} owns {k} as many as {name}.",
        "{other} has {k} {name}'s number of {things}.",
        "There are {k} as many of {other}'s as of {name}'s.",
        "{other}'s {things} are {k} as many.",
        "{other}'s are {k} as many as {name}'s.",
        "{other}'s {things} are {k} as many as {name}'s.",
        k=MULTIPLES[k],
    )


def times_as_many(w: Writer) -> None:
    a, k = w.between(2, 9), w.one_of(*MULTIPLES)
    multiplies(w, a, k)
    asks_other(w)
    w.work(a, "*", k)


def times_together(w: Writer) -> None:
    a, k = w.between(2, 9), w.one_of(*MULTIPLES)
    multiplies(w, a, k)
    asks_together(w)
    w.work(a, "+", w.work(a, "*", k))


def times_less(w: Writer) -> None:
    a, k = w.between(2, 9), w.one_of(*MULTIPLES)
    c = w.between(1, min(10, a * k - 1))
    multiplies(w, a, k)
    w.say(
        "Then {other} loses {c} of them.",
        "{other} gives {c} away.",
        "Then {other} sells {c} of the {things}.",
        "Later {c} of them are lost.",
        "{c} of {other}'s are sold.",
        "Later {other} loses {c}.",
        "Later {other} sells {c}.",
        c=c,
    )
    w.say(
        "How many {things} does {other} have now?",
        "How many {things} are left for {other}?",
        "What number of {things} has {other} left?",
        "How many does {other} keep?",
        "How many {things} does {other} keep?",
        "What number of {things} does {other} keep?",
    )
    w.work(w.work(a, "*", k), "-", c)


def three_people(w: Writer) -> None:
    a, b, k = w.between(2, 5), w.between(2, 5), w.one_of(2, 3)
    compares(w, a, b, "more")
    w.say(
        "{third} has {k} as many as {name}.",
        "{third} owns {k} as many {things} as {name}.",
        "{third}, too, has some: {k} as many as {name}.",
        "{third} has {k} {name}'s number of {things}.",
        "{third}'s are {k} as many as {name}'s.",
        "{third}'s {things} are {k} as many as {name}'s.",
        k=MULTIPLES[k],
    )
    w.say("How many {things} do the three have together?", "How many {things} are there in all?", *SUMS)
    second, third = w.work(a, "+", b), w.work(a, "*", k)
    w.work(w.work(a, "+", second), "+", third)


SHAPES = [
    gain, loss, gain_and_loss, loss_and_gain, three_changes, four_changes, containers, containers_and_loose,
    containers_less, containers_of_two_sizes, equal_shares, shares_of_the_rest, share_and_own, more_than,
    fewer_than, more_together, fewer_together, times_as_many, times_together, times_less, three_people,
]
