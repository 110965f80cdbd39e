"""Whether a generated word problem makes sense: share of texts whose worked answer checks.

    unmask generate --model DIR --strategy first_hitting --prompt "" --length 68 --json --seed 1 | python validity.py

A text is a question, which ends with its last question mark, a new line, and a worked answer: steps `a + b = c.` (or
-, *, /) and then `The answer is N.`. It is valid if every step is right, every step's numbers stand in the question or
are an earlier step's result, and the answer is the last step's result.
"""

import json
import re
import sys

STEP = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)\. ?")
WORKED = re.compile(rf"(?:{STEP.pattern})+The answer is (\d+)\.")
SPECIAL = re.compile(r"<\|\w+\|>")
WORDS = {"twice": 2, "double": 2, "half": 2, "two": 2, "three": 3, "four": 4, "five": 5, "dozen": 12}


def is_right(left: int, operator: str, right: int, result: int) -> bool:
    if operator == "/":
        return left == right * result
    return result == {"+": left + right, "-": left - right, "*": left * right}[operator]


def numbers_of(question: str) -> set[int]:
    """The numbers that a question gives, in digits or words."""
    return {int(n) for n in re.findall(r"\d+", question)} | {
        WORDS[w] for w in re.findall(r"[a-z]+", question.lower()) if w in WORDS}


def is_valid(text: str) -> bool:
    question, mark, worked = SPECIAL.sub("", text).rpartition("?")
    worked = worked.strip()
    if not mark or not WORKED.fullmatch(worked):
        return False
    known = numbers_of(question)
    for left, operator, right, result in STEP.findall(worked):
        left, right, result = int(left), int(right), int(result)
        if not {left, right} <= known or not is_right(left, operator, right, result):
            return False
        known.add(result)
    return worked.endswith(f"The answer is {result}.")


def main():
    texts = [json.loads(line)["text"] for line in sys.stdin]
    valid = sum(map(is_valid, texts))
    print(f"{valid} of {len(texts)} valid ({100 * valid / max(len(texts), 1):.1f}%)")


if __name__ == "__main__":
    main()
