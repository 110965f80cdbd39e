"""The wider grammar of arithmetic word problems: worked answers of one to four steps, several phrasings of every
sentence, and sentences that have nothing to do with the question.

Numbers stay small, as in `word_problems.py`. Two things are held out: questions by their CRC-32, and of every sentence
with three or more phrasings the last one. Half of the held-out items use the phrasings of training, the others the new
ones wherever there is one.
"""

import random

import story_scenes
import story_things
from items import Item, is_held_out
from story_writer import Writer

SHAPES = story_things.SHAPES + story_scenes.SHAPES


def story(rng: random.Random, held_out: bool) -> Item:
    """A random problem from one side of the split."""
    new_phrasings = held_out and rng.random() < 0.5
    while True:
        writer = Writer(rng, new_phrasings)
        rng.choice(SHAPES)(writer)
        item = writer.finish()
        if is_held_out(item) == held_out:
            return item
