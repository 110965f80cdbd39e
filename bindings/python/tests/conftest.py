"""What the tests share: the bundled models on one device, and a question that the verifier can answer."""

import os
from pathlib import Path

import pytest

import unmask

MODELS = Path(os.environ["UNMASK_REPOSITORY"]) / "examples/models/word-problems"


@pytest.fixture(scope="session")
def device():
    with unmask.Device() as opened:
        yield opened


@pytest.fixture(scope="session")
def model(device):
    """The verifier."""
    with unmask.Model(device, str(MODELS / "verifier")) as opened:
        yield opened


@pytest.fixture
def session(model):
    """An unanswered question with 32 masks."""
    question = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"
    with model.session(chat=question, length=32, steps=16) as made:
        yield made
