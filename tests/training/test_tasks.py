"""The tasks of examples/training: their two sides, their worked answers, and how answers are judged."""

import hashlib
import random
import re
import unittest

import choice
import scan
import stories
from items import Item, is_held_out
from story_writer import Writer
from tasks import ARITHMETIC, TASKS, held_out_items
from validity import is_valid

COUNT = 300


class SidesTest(unittest.TestCase):
    def items(self, task: str, held_out: bool) -> list[Item]:
        rng = random.Random(7)
        return [TASKS[task](rng, held_out) for _ in range(COUNT)]

    def test_the_sides_share_no_item(self):
        for task in TASKS:
            trained = {i.prompt for i in self.items(task, False)}
            self.assertTrue(trained.isdisjoint(i.prompt for i in self.items(task, True)), task)

    def test_generated_tasks_keep_to_the_checksum(self):
        for task in TASKS.keys() - {"scan"}:
            for held_out in (False, True):
                self.assertTrue(all(is_held_out(i) == held_out for i in self.items(task, held_out)), task)

    def test_targets_solve_their_items(self):
        for task in TASKS:
            for item in self.items(task, True):
                self.assertTrue(item.solved_by(item.target), item)

    def test_worked_answers_check(self):
        for task in ARITHMETIC:
            for item in self.items(task, False) + self.items(task, True):
                self.assertTrue(is_valid(f"{item.prompt}\n{item.target}"), item)

    def test_the_bundled_models_are_judged_on_the_same_problems_as_ever(self):
        text = "\n".join(i.prompt for i in held_out_items("word_problems", 200, seed=1)) + "\n"
        self.assertEqual(hashlib.md5(text.encode()).hexdigest(), "d40396d42b69879a8f10615959aa095a")


class StoriesTest(unittest.TestCase):
    def test_every_shape_has_one_to_four_steps(self):
        steps = set()
        for shape in stories.SHAPES:
            writer = Writer(random.Random(1), new_phrasings=False)
            shape(writer)
            steps.add(len(writer.steps))
        self.assertGreaterEqual(len(stories.SHAPES), 25)
        self.assertEqual(steps, {1, 2, 3, 4})

    def test_the_last_phrasing_is_held_out(self):
        known, new = (Writer(random.Random(1), new_phrasings) for new_phrasings in (False, True))
        self.assertEqual({known.phrase("a", "b", "c") for _ in range(50)}, {"a", "b"})
        self.assertEqual({new.phrase("a", "b", "c") for _ in range(50)}, {"c"})


class ScanTest(unittest.TestCase):
    def test_the_simple_split_has_its_published_size(self):
        self.assertEqual((len(scan.side(False)), len(scan.side(True))), (16728, 4182))

    def test_actions_of_known_commands(self):
        actions = {words: " ".join(a) for words, a in scan.commands()}
        self.assertEqual(actions["jump thrice"], "I_JUMP I_JUMP I_JUMP")
        self.assertEqual(actions["run opposite left after walk right"],
                         "I_TURN_RIGHT I_WALK I_TURN_LEFT I_TURN_LEFT I_RUN")
        self.assertEqual(actions["turn around left"], " ".join(["I_TURN_LEFT"] * 4))


class ChoiceTest(unittest.TestCase):
    def passage(self, item: Item) -> str:
        return item.prompt.split("\n")[0].removeprefix("Passage: ")

    def test_a_passage_answers_every_question_of_a_conversation(self):
        for seed in range(20):
            first, *others = choice.conversation(random.Random(seed), 6)
            sentences = [set(re.findall(r"\w+", s)) for s in self.passage(first).split(". ")]
            for item in (first, *others):
                self.assertTrue(item.solved_by(item.target), item)
                looked_up = re.findall(r"For (\w+) \w+ is (\w+)\.", item.target)
                self.assertTrue(set(looked_up[0]) & set(re.findall(r"\w+", item.prompt)), item)
                for name, value in looked_up:
                    self.assertEqual(len([s for s in sentences if {name, value} <= s]), 1, item)
                if option := re.search(r"\. ((\w+) is [A-D])$", item.target):
                    self.assertIn(f" {option[1]}", item.prompt.split("Options:")[1])
                    self.assertIn(option[2], looked_up[-1])
            self.assertFalse(any("Passage" in o.prompt for o in others))

    def test_a_question_about_another_value_is_looked_up_in_two_steps(self):
        item = next(i for seed in range(100) for i in [choice.question(random.Random(seed), False)]
                    if "the one who" in i.prompt)
        (name, known), (other, answer) = re.findall(r"For (\w+) \w+ is (\w+)\.", item.target)
        self.assertEqual(name, other)
        self.assertIn(known, item.prompt.split("\n")[1])
        self.assertIn(f" {answer} is {item.answer}", item.prompt)

    def test_a_conversation_has_no_held_out_question(self):
        for seed in range(40):
            first, *others = choice.conversation(random.Random(seed), 6)
            for item in (first, *(choice.on_passage(self.passage(first), o) for o in others)):
                self.assertFalse(is_held_out(item), item)

    def test_passages_grow(self):
        sizes = []
        for grown in (0.0, 0.6, 1.0):
            first, *_ = choice.conversation(random.Random(1), 4, grown)
            sizes.append(len(self.passage(first).split()))
        self.assertEqual(sizes, sorted(set(sizes)))

    def test_held_out_phrasings_say_nothing_in_new_words(self):
        said = {w for t in choice.TOPICS for s in t.statements[:-1] for w in re.findall(r"\w+", s)}
        for topic in choice.TOPICS:
            self.assertNotIn(topic.statements[-1], topic.statements[:-1])
            self.assertLessEqual(set(re.findall(r"\w+", topic.statements[-1])), said)


class MatcherTest(unittest.TestCase):
    def solved(self, matcher: str, answer: str, text: str) -> bool:
        return Item("", "", answer, matcher).solved_by(text)

    def test_last_number(self):
        self.assertTrue(self.solved("last_number", "12", "3 * 4 = 12. The answer is 12."))
        self.assertFalse(self.solved("last_number", "12", "The answer is 12. Or 13."))
        self.assertFalse(self.solved("last_number", "5", "The answer is -5."))
        self.assertFalse(self.solved("last_number", "5", "none"))

    def test_letter(self):
        self.assertTrue(self.solved("letter", "B", "Mia: Rome. B"))
        self.assertFalse(self.solved("letter", "B", "Mia: Rome. C or B"))

    def test_exact(self):
        self.assertTrue(self.solved("exact", "I_JUMP I_RUN", " I_JUMP I_RUN\n"))
        self.assertFalse(self.solved("exact", "I_JUMP I_RUN", "I_JUMP I_RUN I_RUN"))


class ValidityTest(unittest.TestCase):
    QUESTION = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?\n"

    def test_what_is_wrong_with_a_worked_answer(self):
        self.assertTrue(is_valid(self.QUESTION + "3 + 4 = 7. The answer is 7."))
        for worked in ("3 + 4 = 8. The answer is 8.", "3 + 4 = 7. The answer is 8.", "3 + 5 = 8. The answer is 8.",
                       "The answer is 7.", "3 + 4 = 7. The answer is 7. 3"):
            self.assertFalse(is_valid(self.QUESTION + worked), worked)

    def test_division_by_zero_is_wrong(self):
        self.assertFalse(is_valid("Tom has 0 and 3?\n3 / 0 = 0. The answer is 0."))


if __name__ == "__main__":
    unittest.main()
