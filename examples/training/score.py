"""Share of word problems that were solved, from what `unmask generate --json` printed.

    python word_problems.py --held-out --count 200 > problems.jsonl
    unmask generate --model DIR --chat --length 32 --block 32 --steps 32 --prompts problems.jsonl --json \\
        | python score.py problems.jsonl
"""

import argparse
import json
import sys

from word_problems import states_answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", type=argparse.FileType(), help="what word_problems.py printed")
    arguments = parser.parse_args()
    problems = [json.loads(line) for line in arguments.problems]
    reports = [json.loads(line) for line in sys.stdin]
    if len(problems) != len(reports):
        sys.exit(f"score.py: {len(problems)} problems, but {len(reports)} texts on stdin.")
    solved = sum(states_answer(r["text"], int(p["answer"])) for p, r in zip(problems, reports))
    passes = sum(r["forward_passes"] for r in reports)
    print(f"{solved} of {len(problems)} solved ({100 * solved / len(problems):.1f}%), "
          f"{passes / len(problems):.1f} passes each")


if __name__ == "__main__":
    main()
