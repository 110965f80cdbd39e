"""Share of a task's items that were solved, from what `unmask generate --json` printed.

    python tasks.py word_problems --count 200 > problems.jsonl
    unmask generate --model DIR --chat --length 32 --block 32 --steps 32 --prompts problems.jsonl --json \\
        | python score.py problems.jsonl
"""

import argparse
import json
import sys

from items import Item


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("items", type=argparse.FileType(), help="what tasks.py printed")
    arguments = parser.parse_args()
    items = [Item.from_json(line) for line in arguments.items]
    reports = [json.loads(line) for line in sys.stdin]
    if len(items) != len(reports):
        sys.exit(f"score.py: {len(items)} items, but {len(reports)} texts on stdin.")
    solved = sum(item.solved_by(r["text"]) for item, r in zip(items, reports))
    passes = sum(r["forward_passes"] for r in reports)
    print(f"{solved} of {len(items)} solved ({100 * solved / len(items):.1f}%), "
          f"{passes / len(items):.1f} passes each")


if __name__ == "__main__":
    main()
