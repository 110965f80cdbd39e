"""Share of held-out word problems that a model solves, decoded here in torch: the reference for the engine's figure.

    python evaluate.py run/verifier/model --count 200
    python evaluate.py run/verifier/model --count 200 --examples 4

Vanilla LLaDA decoding: one block of 32 rows, 32 steps, so one token per step, the most probable one first. The problems
are those of `word_problems.py --held-out --count N --seed S`.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from llada import Llada, load
from train_llada import ANSWER_REGION
from word_problems import Problem, problem


class Solver:
    def __init__(self, model: Llada, tokenizer: Tokenizer):
        self.model, self.tokenizer = model, tokenizer
        self.user, self.assistant, self.eot, self.end = (
            tokenizer.token_to_id(t) for t in ("<|user|>", "<|assistant|>", "<|eot|>", "<|endoftext|>"))

    def turn(self, p: Problem, worked: bool) -> list[int]:
        """A question, and its worked answer if it is an example."""
        ids = [self.user, *self.tokenizer.encode(p.question).ids, self.eot, self.assistant]
        return ids + [*self.tokenizer.encode(p.worked).ids, self.eot] if worked else ids

    @torch.no_grad()
    def complete(self, prompt: list[int]) -> list[int]:
        """The answer region's tokens. Ties go to the lower position and the lower token, MASK is never chosen."""
        mask = self.model.config.mask_token
        tokens = torch.tensor([prompt + [mask] * ANSWER_REGION])
        for _ in range(ANSWER_REGION):
            masked = tokens == mask
            logits = self.model(tokens, masked)
            logits[:, mask] = -torch.inf
            best = logits.softmax(-1).max(-1)
            row = int(best.values.argmax())
            tokens[0, masked[0].nonzero()[row]] = best.indices[row]
        return tokens[0, len(prompt):].tolist()

    def answer(self, p: Problem, examples: list[Problem]) -> str:
        """The text of the answer, up to its end token."""
        prompt = [i for e in examples for i in self.turn(e, worked=True)] + self.turn(p, worked=False)
        ids = self.complete(prompt)
        end = min((ids.index(t) for t in (self.eot, self.end) if t in ids), default=len(ids))
        return self.tokenizer.decode(ids[:end])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder with config.json, model.safetensors and tokenizer.json")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=0, help="worked examples before each question")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the problems that were not solved")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    solver = Solver(load(arguments.model), Tokenizer.from_file(str(arguments.model / "tokenizer.json")))
    questions, example_rng = random.Random(arguments.seed), random.Random(arguments.seed + 1)
    solved, started = 0, time.monotonic()
    for _ in range(arguments.count):
        p = problem(questions, held_out=True)
        text = solver.answer(p, [problem(example_rng, held_out=False) for _ in range(arguments.examples)])
        solved += p.solved_by(text)
        if arguments.show and not p.solved_by(text):
            print(f"{p.question}\n  said:  {text}\n  right: {p.worked}")
    print(f"{solved} of {arguments.count} solved ({100 * solved / arguments.count:.1f}%) "
          f"with {arguments.examples} examples, {time.monotonic() - started:.0f} seconds")


if __name__ == "__main__":
    main()
