"""The chat layout of the trained models as token ids: <|user|> message <|eot|> <|assistant|> answer <|eot|>."""

from pathlib import Path

from tokenizers import Tokenizer

from items import Item

SPECIAL_TOKENS = ["<|endoftext|>", "<|mask|>", "<|user|>", "<|assistant|>", "<|eot|>"]


class Chat:
    """A tokenizer with the layout's special tokens by name."""

    def __init__(self, folder: Path):
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.end, self.mask, self.user, self.assistant, self.eot = (
            self.tokenizer.token_to_id(token) for token in SPECIAL_TOKENS)

    @property
    def padded_vocabulary(self) -> int:
        """Rows of a model's embedding: a multiple of 64."""
        return -(-self.tokenizer.get_vocab_size() // 64) * 64

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids

    def decode(self, ids: list[int], cut: bool = True) -> str:
        """The text of `ids` without special tokens; only up to the first end token, unless `cut` is off."""
        ends = (self.eot, self.end) if cut else ()
        return self.tokenizer.decode(ids[:min((ids.index(t) for t in ends if t in ids), default=len(ids))])

    def question(self, item: Item) -> list[int]:
        return [self.user, *self.encode(item.prompt), self.eot, self.assistant]

    def worked(self, item: Item) -> list[int]:
        """An item as a worked example in front of another question."""
        return [*self.question(item), *self.encode(item.target), self.eot]
