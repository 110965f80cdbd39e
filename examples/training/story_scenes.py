"""Shapes of the wider grammar about money, distance, time and other scenes; they are written as in story_things.py."""

from story_things import asks_now, gains, has
from story_writer import Writer, combinations

ITEMS = ("pen", "ball", "hat", "cup", "kite", "lamp", "mug", "puzzle", "notebook")


def cost(w: Writer) -> None:
    a, b = w.between(2, 6), w.between(2, 9)
    buys(w, a, b)
    w.say(
        "How many dollars does {he} pay?",
        "How much does it cost in dollars?",
        "What does {he} pay in dollars?",
        "What is the price in all?",
        "How many dollars do all of them cost?",
        "What is the price of all of them?",
        "What is the price of all of them in dollars?",
    )
    w.work(a, "*", b)


def buys(w: Writer, price: int, count: int) -> None:
    w.say(
        "A {item} costs {a} dollars, and {name} buys {b} of them.",
        "{name} buys {b} {item}s for {a} dollars each.",
        "{item}s are {a} dollars each, and {name} takes {b}.",
        "{name} takes {b} {item}s at {a} dollars each.",
        "At a price of {a} dollars a {item}, {name} buys {b}.",
        "At {a} dollars each, {name} takes {b} {item}s.",
        "At {a} dollars a {item}, {name} buys {b} of them.",
        "At {a} dollars a {item}, {name} takes {b}.",
        item=w.one_of(*ITEMS),
        a=price,
        b=count,
    )


def asks_change(w: Writer) -> None:
    w.say(
        "How many dollars does {he} get back?",
        "How many dollars are the change?",
        "What is the change?",
        "How many dollars are {his} change?",
        "What is the change in dollars?",
        "What is {his} change in dollars?",
    )


def change_back(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(1, 10)
    buys(w, a, b)
    w.say(
        "{He} pays with {p} dollars.",
        "{He} hands over {p} dollars.",
        "{He} gives {p} dollars to the seller.",
        "The seller gets {p} dollars.",
        "{He} hands the seller {p} dollars.",
        "{He} gives the seller {p} dollars.",
        p=a * b + c,
    )
    asks_change(w)
    w.work(a * b + c, "-", w.work(a, "*", b))


def two_purchases(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(2, 10)
    buys(w, a, b)
    w.say(
        "{He} also buys a book for {c} dollars.",
        "A bag for {c} dollars comes on top.",
        "{He} adds a book that costs {c} dollars.",
        "A game costs another {c} dollars.",
        "{He} adds a bag for {c} dollars.",
        "{He} adds a game for {c} dollars.",
        c=c,
    )
    w.say(
        "How many dollars does {he} spend?",
        "How much does {he} pay in all?",
        "What sum does {he} pay?",
        "How many dollars is that in all?",
        "What is the sum {he} pays in dollars?",
        "What is the sum {he} spends in dollars?",
    )
    w.work(w.work(a, "*", b), "+", c)


def change_of_two_purchases(w: Writer) -> None:
    a, b, c, d = w.between(2, 6), w.between(2, 7), w.between(2, 8), w.between(1, 10)
    buys(w, a, b)
    w.say(
        "{He} also buys a book for {c} dollars and pays with {p} dollars.",
        "With a bag for {c} dollars on top, {he} hands over {p} dollars.",
        "{He} adds a book for {c} dollars; the seller gets {p} dollars.",
        "A game costs {c} dollars more, and {he} gives {p} dollars.",
        "{He} adds a bag for {c} dollars and gives the seller {p} dollars.",
        "{He} adds a game for {c} dollars and pays with {p} dollars.",
        "{He} adds a game for {c} dollars and gives the seller {p} dollars.",
        c=c,
        p=a * b + c + d,
    )
    asks_change(w)
    w.work(a * b + c + d, "-", w.work(w.work(a, "*", b), "+", c))


def distance(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(2, 10)
    w.say(
        "{name} walks {a} miles every day for {b} days.",
        "For {b} days {name} runs {a} miles a day.",
        "On each of {b} days {name} walks {a} miles.",
        "{name} rides {a} miles a day for {b} days.",
        "{name} walks {a} miles on each of {b} days.",
        "{name} rides {a} miles on each of {b} days.",
        a=a,
        b=b,
    )
    total = w.work(a, "*", b)
    if w.one_of(True, False):
        w.say(
            "Then {he} goes {c} miles more.",
            "After that {he} adds {c} miles.",
            "At last {he} does {c} miles more.",
            "Another {c} miles follow.",
            "On the last day {he} adds {c} miles.",
        "On the last day {he} does another {c} miles.",
            c=c,
        )
        w.work(total, "+", c)
    w.say(
        "How many miles is that in all?",
        "How many miles does {name} go?",
        "What number of miles is that?",
        "What is the distance in all?",
        "What is the whole distance?",
        "What is the whole distance in miles?",
    )


def pages_left(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(1, 10)
    w.say(
        "A book has {p} pages, and {name} reads {a} pages a day for {b} days.",
        "{name} reads {a} pages on each of {b} days in a book of {p} pages.",
        "{name} has a book of {p} pages, and for {b} days {he} reads {a} pages of it a day.",
        "Of a book that has {p} pages, {name} reads {a} on each of {b} days.",
        "For {b} days {name} reads {a} pages a day of a book that has {p}.",
        "For {b} days {name} reads {a} pages of a book that has {p}.",
        a=a,
        b=b,
        p=a * b + c,
    )
    w.say(
        "How many pages are left?",
        "How many pages has {he} still to read?",
        "How many pages remain?",
        "What number of pages is left?",
        "What number of pages remains?",
    )
    w.work(a * b + c, "-", w.work(a, "*", b))


def age_later(w: Writer) -> None:
    a = w.between(12, 30)
    b, c = w.between(2, 10), w.between(2, 10)
    w.say(
        "{name} is {a} years old, and {other} is {b} years younger.",
        "{other} is {b} years younger than {name}, who is {a}.",
        "{name}'s age is {a}, and {other} is {b} years younger.",
        "{other} was born {b} years after {name}, who is {a}.",
        "{name} is {a}; {other} was born {b} years later.",
        "{name}'s age is {a}; {other} was born {b} years later.",
        a=a,
        b=b,
    )
    w.say(
        "How old will {other} be in {c} years?",
        "What will {other}'s age be in {c} years?",
        "In {c} years from now, what is {other}'s age?",
        "How old is {other} in {c} years?",
        "{c} years from now, how old will {other} be?",
        "{c} years from now, how old is {other}?",
        c=c,
    )
    w.work(w.work(a, "-", b), "+", c)


def ages_together(w: Writer) -> None:
    a, b = w.between(2, 10), w.between(2, 10)
    w.say(
        "{name} is {a} years old, and {other} is {b} years older.",
        "{other} is {b} years older than {name}, who is {a}.",
        "{name}'s age is {a}, and {other} is {b} years older.",
        "{other} was born {b} years before {name}, who is {a}.",
        "{name} is {a}; {other} was born {b} years before.",
        "{name}'s age is {a}; {other} was born {b} years before.",
        a=a,
        b=b,
    )
    w.say(
        "What is the sum of their ages?",
        "How old are they together?",
        "What do they get if they add their ages?",
        "What is the sum of both ages?",
        "What number do their ages add up to?",
        "What do their ages add up to?",
    )
    w.work(a, "+", w.work(a, "+", b))


def three_days(w: Writer) -> None:
    a, b, c = w.between(2, 20), w.between(2, 10), w.between(2, 10)
    w.say(
        "{name} sells {a} {things} on Monday, {b} on Tuesday and {c} on Wednesday.",
        "On three days {name} finds {a}, {b} and {c} {things}.",
        "On Friday {name} collects {a} {things}, on Saturday {b} and on Sunday {c}.",
        "{name} finds {a} {things} on Sunday, {b} on Monday and {c} on Friday.",
        "{name} collects {a} {things} on Monday, {b} on Friday and {c} on Sunday.",
        "{name} collects {a} {things} on Friday, {b} on Saturday and {c} on Sunday.",
        a=a,
        b=b,
        c=c,
    )
    w.say(
        "How many {things} is that in total?",
        "How many {things} are there in all?",
        "What is the total number of {things}?",
    )
    w.work(w.work(a, "+", b), "+", c)


def empty_seats(w: Writer) -> None:
    a, b = w.between(3, 6), w.between(3, 9)
    c = w.between(1, min(10, a * b - 1))
    w.say(
        "A hall has {a} rows of {b} seats, and {c} seats are taken.",
        "In a hall with {a} rows of {b} seats, {c} people sit.",
        "{c} people sit in a hall of {a} rows, and each row has {b} seats.",
        "A room has {a} rows with {b} seats each; {c} people are in it.",
        "{c} people sit in a hall of {a} rows with {b} seats each.",
        "{c} people sit in a room of {a} rows with {b} seats each.",
        a=a,
        b=b,
        c=c,
    )
    w.say(
        "How many seats are free?",
        "How many seats are empty?",
        "How many seats are not taken?",
        "What number of seats is free?",
        "What number of seats is not taken?",
    )
    w.work(w.work(a, "*", b), "-", c)


def savings(w: Writer) -> None:
    a, b = w.between(2, 6), w.between(3, 9)
    c = w.between(1, min(10, a * b - 1))
    w.say(
        "{name} saves {a} dollars a week for {b} weeks.",
        "For {b} weeks {name} puts {a} dollars a week aside.",
        "Every week {name} saves {a} dollars, for {b} weeks.",
        "{name} earns {a} dollars a week for {b} weeks.",
        "Every week for {b} weeks, {name} saves {a} dollars.",
        "Every week for {b} weeks, {name} earns {a} dollars.",
        a=a,
        b=b,
    )
    w.say(
        "{He} spends {c} dollars.",
        "Then {he} buys something for {c} dollars.",
        "{other} gets {c} dollars of them.",
        "{He} gives away {c} dollars.",
        "{He} hands {c} dollars to {other}.",
        "{He} gives {c} dollars to {other}.",
        c=c,
    )
    w.say(
        "How many dollars are left?",
        "How many dollars does {name} have now?",
        "How many dollars remain?",
        "What sum is left?",
        "What sum remains?",
        "What sum in dollars remains?",
    )
    w.work(w.work(a, "*", b), "-", c)


def bus(w: Writer) -> None:
    a, b, c = w.between(8, 30), w.between(2, 7), w.between(2, 10)
    w.say(
        "A bus has {a} people on it.",
        "{a} people are on a bus.",
        "{a} people sit in a bus.",
        "A bus leaves with {a} people.",
        "A bus carries {a} people at first.",
        "A bus carries {a} people.",
        a=a,
    )
    w.say(
        "At a stop {b} get off and {c} get on.",
        "{b} people leave it and {c} come in.",
        "Then {b} get out, and {c} get in.",
        "{b} step off, then {c} step on.",
        "{b} step out, then {c} step in.",
        "Then {b} step out, and {c} step in.",
        b=b,
        c=c,
    )
    w.say(
        "How many people are on the bus now?",
        "How many people does the bus have then?",
        "What number of people is on the bus?",
        "How many people are on board now?",
        "What number of people is on board?",
    )
    w.work(w.work(a, "-", b), "+", c)


def temperature(w: Writer) -> None:
    a, b, c = w.between(5, 20), w.between(2, 10), w.between(1, 5)
    w.say(
        "In the morning it is {a} degrees.",
        "The day begins at {a} degrees.",
        "At first it is {a} degrees.",
        "It is {a} degrees warm in the morning.",
        "At dawn it is {a} degrees.",
        "At dawn it is {a} degrees warm.",
        a=a,
    )
    w.say(
        "By noon it gets {b} degrees warmer, and by night {c} degrees colder.",
        "It rises by {b} degrees and then falls by {c}.",
        "It climbs by {b} degrees, then it drops by {c}.",
        "It gets {b} degrees warmer before it gets {c} colder.",
        "It climbs {b} degrees before it drops by {c}.",
        "It climbs {b} degrees before it drops {c} again.",
        b=b,
        c=c,
    )
    w.say(
        "How many degrees is it then?",
        "How warm is it in the end?",
        "What is the temperature then?",
        "What temperature is it in the end?",
        "What is the temperature at last?",
        "What is the last temperature?",
    )
    w.work(w.work(a, "+", b), "-", c)


def legs(w: Writer) -> None:
    a, b = w.between(2, 9), w.between(2, 5)
    w.say(
        "{name} keeps {a} cows and {b} ducks.",
        "On a farm there are {a} cows and {b} ducks.",
        "{a} cows live with {b} ducks.",
        "{b} ducks and {a} cows live on a farm.",
        "{b} ducks live there with {a} cows.",
        "{b} ducks live with {a} cows.",
        a=a,
        b=b,
    )
    w.say("A cow has 4 legs and a duck has 2.", "Cows have 4 legs, ducks have 2.")
    w.say(
        "How many legs do they have in all?",
        "How many legs are there?",
        "How many legs do all of them have?",
        "What is the number of legs?",
        "What is the number of their legs?",
        "What is the number of all their legs?",
    )
    w.work(w.work(a, "*", 4), "+", w.work(b, "*", 2))


def difference(w: Writer) -> None:
    a, b, c = w.between(2, 10), w.between(2, 10), w.between(1, 9)
    w.say(
        "{name} has {a} {things} and finds {b} more.",
        "{name} buys {b} {things}, and had {a} before.",
        "{name} adds {b} {things} to {his} {a}.",
        "To the {a} {things} that {name} has, {b} more are added.",
        "To {his} {a} {things} {name} adds {b} new ones.",
        "To {his} {a} {things} {name} adds {b}.",
        a=a,
        b=b,
    )
    w.say(
        "{other} has {c} {things}.",
        "{c} {things} are {other}'s.",
        "{other} owns {c} {things}.",
        "{c} of them belong to {other}.",
        "{other} owns {c} of them.",
        c=min(c, a + b - 1),
    )
    w.say(
        "How many more {things} does {name} have than {other}?",
        "How many {things} does {other} have less than {name}?",
        "By how many {things} is {name} ahead of {other}?",
        "How many {things} more than {other} has {name}?",
        "By how many {things} does {name} lead?",
        "By how many {things} does {name} lead {other}?",
    )
    w.work(w.work(a, "+", b), "-", min(c, a + b - 1))


def half(w: Writer) -> None:
    a, b = w.between(2, 10), w.between(2, 10)
    has(w, 2 * a)
    w.say(
        "Half of them are lost.",
        "One half is given away.",
        "{He} gives half of them to {other}.",
        *combinations(
            ["{He} loses", "{He} gives away", "{He} uses", "{He} sells"],
            ["half of them.", "half of the {things}.", "one half."],
        ),
    )
    gains(w, b)
    asks_now(w)
    w.work(w.work(2 * a, "/", 2), "+", b)


def pieces(w: Writer) -> None:
    a, b, c = w.between(2, 6), w.between(2, 9), w.between(1, 10)
    w.say(
        "A rope is {p} feet long, and {c} feet are cut off.",
        "{name} cuts {c} feet off a rope of {p} feet.",
        "From a rope that is {p} feet long, {c} feet are taken away.",
        "{name} takes {c} feet off a rope of {p} feet.",
        "From a rope of {p} feet {name} cuts {c} feet off.",
        "From a rope of {p} feet {name} takes {c} feet away.",
        p=a * b + c,
        c=c,
    )
    w.say(
        "The rest is cut into pieces of {a} feet.",
        "What is left becomes pieces of {a} feet.",
        "From the rest {name} makes pieces of {a} feet.",
        "What remains is cut into pieces that are {a} feet long.",
        "{name} makes pieces of {a} feet from what remains.",
        a=a,
    )
    w.say(
        "How many pieces are there?",
        "How many pieces is that?",
        "What number of pieces is that?",
        "How many pieces does {name} have?",
        "What is the number of pieces?",
    )
    w.work(w.work(a * b + c, "-", c), "/", a)


def points(w: Writer) -> None:
    a, b, c = w.between(2, 9), w.between(2, 5), w.between(2, 10)
    w.say(
        "{name} scores {a} goals of 3 points and {b} goals of 2 points.",
        "In a game {name} makes {a} throws for 3 points and {b} for 2.",
        "{name} gets {a} times 3 points and {b} times 2 points.",
        "{a} goals of 3 points and {b} goals of 2 points go to {name}.",
        "{a} throws for 3 points and {b} for 2 points go to {name}.",
        "{a} times 3 points and {b} times 2 points go to {name}.",
        a=a,
        b=b,
    )
    w.say(
        "Then {he} loses {c} points.",
        "{c} points are taken away.",
        "A foul takes {c} points away.",
        "That costs {name} {c} points.",
        "A foul costs {name} {c} points.",
        "A foul costs {c} points.",
        c=c,
    )
    w.say(
        "How many points does {name} have?",
        "How many points are left?",
        "What is the score in the end?",
        "What number of points is {name}'s score?",
        "What is {name}'s score in the end?",
        "What is {name}'s score?",
    )
    w.work(w.work(w.work(a, "*", 3), "+", w.work(b, "*", 2)), "-", c)


SHAPES = [
    cost, change_back, two_purchases, change_of_two_purchases, distance, pages_left, age_later, ages_together,
    three_days, empty_seats, savings, bus, temperature, legs, difference, half, pieces, points,
]
