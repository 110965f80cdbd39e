"""Puts worked examples in front of every problem of a task, for `unmask eval --chat`.

    python3 ../training/tasks.py word_problems --count 40 --seed 1 > problems.jsonl
    python3 ../training/tasks.py word_problems --train --count 320 --seed 2 > pool.jsonl
    python3 with_examples.py problems.jsonl pool.jsonl --examples 8 > task.jsonl

The pool's lines are used in order, from the top again when they run out. An example's answer is its whole text, `target`, or
without one its `answer`.
"""

import argparse
import itertools
import json


def example_of(item: dict) -> dict:
    return {"prompt": item["prompt"], "answer": item.get("target", item["answer"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=argparse.FileType(), help="JSON Lines: prompt, answer, matcher")
    parser.add_argument("pool", type=argparse.FileType(), help="JSON Lines of the same kind, to take examples from")
    parser.add_argument("--examples", type=int, default=8, help="before each problem")
    arguments = parser.parse_args()
    pool = itertools.cycle([example_of(json.loads(line)) for line in arguments.pool])
    for line in arguments.problems:
        item = json.loads(line)
        print(json.dumps(item | {"examples": list(itertools.islice(pool, arguments.examples))}))


if __name__ == "__main__":
    main()
