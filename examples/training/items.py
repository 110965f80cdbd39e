"""One exercise of a task: what a model is asked, what it should write, and how its answer is judged.

As JSON Lines, one object per line: `prompt` (the user's message), `target` (a whole right text), `answer`, `matcher`:

- `last_number`: the last number in the text is the answer.
- `exact`: the text is the answer, but for white space around it.
- `letter`: the first capital letter that stands alone is the answer.
"""

import json
import re
import zlib
from dataclasses import asdict, dataclass

HELD_OUT_MODULUS = 16
NUMBER = re.compile(r"-?\d+")
LETTER = re.compile(r"\b[A-Z]\b")


@dataclass(frozen=True)
class Item:
    prompt: str
    target: str
    answer: str
    matcher: str

    def solved_by(self, text: str) -> bool:
        """Whether `text`, written by a model, gives the answer."""
        if self.matcher == "last_number":
            return NUMBER.findall(text)[-1:] == [self.answer]
        if self.matcher == "letter":
            return LETTER.findall(text)[:1] == [self.answer]
        return text.strip() == self.answer

    def to_json(self, examples: list["Item"] | None = None) -> str:
        """One line; with `examples`, worked examples that a model is to be shown before the prompt."""
        shown = [{"prompt": e.prompt, "answer": e.target} for e in examples or []]
        return json.dumps(asdict(self) | ({"examples": shown} if shown else {}))

    @staticmethod
    def from_json(line: str) -> "Item":
        j = json.loads(line)
        return Item(j["prompt"], j["target"], j["answer"], j["matcher"])


def is_held_out(item: Item) -> bool:
    """The side of the split on which an item of a generated task is: a question whose CRC-32 is divisible by
    HELD_OUT_MODULUS is never trained on."""
    return zlib.crc32(item.prompt.encode()) % HELD_OUT_MODULUS == 0
