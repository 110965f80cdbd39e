"""English prose for unconditional generation: windows of a text file, at random places.

Any plain text serves; the project's models of prose, once there are any, learn from books in the public domain.
"""

import lzma
import random
from pathlib import Path

import torch

from chat import Chat

PIECE = 100_000  # characters encoded at once


def read(file: Path) -> str:
    """A text file's content; a name in .xz is unpacked."""
    return lzma.open(file, "rt").read() if file.suffix == ".xz" else file.read_text()


class Prose:
    """A text file as one row of tokens."""

    def __init__(self, file: Path, chat: Chat):
        text = read(file)
        pieces = [text[i:i + PIECE] for i in range(0, len(text), PIECE)]
        self.tokens = torch.tensor([i for e in chat.tokenizer.encode_batch(pieces) for i in e.ids])

    def windows(self, rng: random.Random, count: int, length: int) -> torch.Tensor:
        """Token ids [count, length]."""
        begins = [rng.randrange(len(self.tokens) - length + 1) for _ in range(count)]
        return torch.stack([self.tokens[b:b + length] for b in begins])
