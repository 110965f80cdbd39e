"""Training sequences for LLaDA: prompts whose answers are masked, bare facts of arithmetic, and blanks in answers."""

import random

import torch

import choice
from chat import Chat
from tasks import ARITHMETIC, CONVERSATIONS, TASKS, conversation

ANSWER_REGION = 32  # rows of a short answer, padded with <|endoftext|> as LLaDA pads
QUESTIONS = 4  # on a passage whose answers have blanks
FACTS = 6  # facts of arithmetic in a row of them
SURPLUS = 4  # sequences drawn for each that is learned, so that those of a batch are of like length

Span = tuple[int, int]  # [begin, end)


def encoded_step(chat: Chat, step: str, first: bool) -> tuple[list[int], list[int]]:
    """Token ids of a worked step, `a operator b = result.`, up to its result, and of the result with its full stop."""
    known, result = step.split(" = ")
    return chat.encode(f"{'' if first else ' '}{known} = "), chat.encode(result)


class Sequences:
    """Draws items and lays them out as tokens, answers in a region of at least `region` rows."""

    def __init__(self, chat: Chat, task: str, region: int, seed: int):
        self.chat, self.task, self.region, self.rng = chat, task, region, random.Random(seed)
        self.formula = set(self.chat.encode(" ".join(2 * choice.FORMULA)))
        self.grown = 1.0  # share of their full length that the passages of conversations have

    def facts(self) -> tuple[list[int], list[Span]]:
        """Token ids of worked steps, and where every result in them stands; the last one with its full stop.

        The steps are unrelated ones, or after a question, so that the facts are known there too, unrelated ones or the
        first of its own."""
        item, kind = TASKS[self.task](self.rng, False), self.rng.random()
        ids, results = [*(self.chat.question(item)[:-1] if kind < 0.75 else []), self.chat.assistant], []
        own = [f"{step}." for step in item.target.split(". ")[:-1]]
        steps = own[:self.rng.randint(1, len(own))] if kind < 0.5 else [
            ARITHMETIC[self.task](self.rng) for _ in range(self.rng.randint(1, FACTS))]
        for index, step in enumerate(steps):
            known, result = encoded_step(self.chat, step, first=index == 0)
            begin = len(ids) + len(known)
            ids += known + result
            results.append((begin, len(ids) - 1))  # without the full stop
        results[-1] = (begin, len(ids))
        return ids, results

    def texts(self, examples: int) -> tuple[list[int], list[Span]]:
        """Token ids of worked examples, a question and its answer, and where every answer in them stands; the last one
        is the answer region."""
        ids, answers = [], []
        for item in conversation(self.task, self.rng, examples + 1, self.grown):
            ids += self.chat.question(item)
            begin = len(ids)
            ids += [*self.chat.encode(item.target), self.chat.eot]
            answers.append((begin, len(ids)))
        ids.pop()
        ids += [self.chat.end] * max(1, begin + self.region - len(ids))
        answers[-1] = (begin, len(ids))
        return ids, answers

    def blanks(self) -> tuple[list[int], list[int]]:
        """Token ids of a passage with questions and answers, and where to fill in every answer: a name or a value
        wherever it stands, and the letter, for that would tell it; or only the letter. To look it up is all there is to
        learn."""
        ids, blanks = [], []
        for item in conversation(self.task, self.rng, QUESTIONS, self.grown):
            ids += self.chat.question(item)
            answer = self.chat.encode(item.target)
            words = [token for token in answer if token not in self.formula]
            asked = {self.rng.choice(words), *(words[-1:] if item.matcher == "letter" else ())}
            blanks += [len(ids) + i for i, token in enumerate(answer) if token in asked]
            ids += [*answer, self.chat.eot]
        return ids, blanks

    def mask(self, length: int, ratio: float, from_left: bool) -> torch.Tensor:
        """Which rows of an answer to mask: each with probability `ratio`, or the last share of them, as when an
        answer is written from left to right; at least one."""
        hits = torch.arange(length) >= length - ratio * length if from_left else torch.rand(length) < ratio
        if not from_left or not hits.any():
            hits[self.rng.randrange(length)] = True
        return hits

    def alike(self, size: int, examples: int) -> list[tuple[list[int], list[Span]]]:
        """Texts of neighbouring lengths, so that little of a batch is filling."""
        drawn = sorted((self.texts(examples) for _ in range(SURPLUS * size)), key=lambda text: len(text[0]))
        begin = self.rng.randint(0, len(drawn) - size)
        return drawn[begin:begin + size]

    def batch(self, size: int, examples: int, bare: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Inputs, targets and the mask of rows to learn, each [size, length]; if `bare`, of bare facts, or of blanks in
        answers on a passage.

        What comes after the last of these is masked and not learned: while an answer is decoded, nothing after
        the step that is being worked is known, its end neither."""
        on_passages = self.task in CONVERSATIONS
        if bare and on_passages:
            return self.batch_of_blanks(size)
        drawn = [self.facts() for _ in range(size)] if bare else self.alike(size, examples)
        length = max(len(ids) for ids, _ in drawn) + (self.rng.randint(0, self.region // 2) if bare else 0)
        targets = torch.full((size, length), self.chat.end)
        masked = torch.zeros((size, length), dtype=torch.bool)
        unknown = torch.zeros((size, length), dtype=torch.bool)
        offset = self.rng.random()
        for row, (ids, answers) in enumerate(drawn):
            targets[row, :len(ids)] = torch.tensor(ids)
            # Also mask the examples' answers: more to learn per row, and all that a passage was read for.
            everywhere = bare or on_passages or self.rng.random() < 0.5
            if bare:
                unknown[row, len(ids):] = True
            else:
                answers[-1] = (answers[-1][0], length)
            for index, (begin, end) in enumerate(answers if everywhere else answers[-1:]):
                ratio = ((row + offset) / size + index * 0.618) % 1.0
                masked[row, begin:end] = self.mask(end - begin, ratio, from_left=not bare and row % 3 == 0)
            if bare:
                masked[row, begin:end] = True
        return targets.masked_fill(masked | unknown, self.chat.mask), targets, masked

    def batch_of_blanks(self, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        drawn = [self.blanks() for _ in range(size)]
        length = max(len(ids) for ids, _ in drawn)
        inputs = torch.full((size, length), self.chat.mask)
        targets = torch.full((size, length), self.chat.end)
        masked = torch.zeros((size, length), dtype=torch.bool)
        for row, (ids, blanks) in enumerate(drawn):
            inputs[row, :len(ids)] = targets[row, :len(ids)] = torch.tensor(ids)
            masked[row, blanks] = True
        return inputs.masked_fill(masked, self.chat.mask), targets, masked
