"""Editing the canvas: seeds, gaps, pins, and predictions that commit nothing."""

import numpy as np
import pytest

import unmask

TEXT = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"


@pytest.fixture
def session(model):
    with model.session(chat=TEXT, length=32) as made:
        yield made


def test_gaps_are_filled_and_the_rest_is_kept(model, session):
    session.decode().run()
    text = session.tokens
    begin = session.prompt_length
    gap = slice(begin + 6, begin + 10)  # "7. The answer"
    canvas = text.copy()
    canvas[gap] = model.info.mask_token
    with unmask.Session(model) as again:
        again.set_canvas(canvas, prompt_length=begin)
        assert again.masks_left == 4
        again.decode().run()
        assert (again.tokens == text).all()  # the sum before it says what is missing


def test_a_region_is_masked_and_written_anew(session):
    session.decode().run()
    before = session.tokens
    session.mask(session.prompt_length + 6, 2)
    assert session.masks_left == 2
    session.decode().run()
    assert (session.tokens == before).all()


def test_seeds_and_pins_stay(model, session):
    begin = session.prompt_length
    seed = model.tokenize("The answer is 9.")
    session.write(begin + 10, seed)
    session.pin(begin + 10, len(seed))
    assert session.pinned(begin + 10) and not session.pinned(begin + 9)
    with pytest.raises(unmask.InvalidArgumentError, match="pinned"):
        session.mask(begin + 10, 1)
    session.decode().run()
    assert (session.tokens[begin + 10:begin + 10 + len(seed)] == seed).all()


def test_predictions_are_probable_tokens_and_commit_nothing(model):
    session = model.session(prompt="Tom has", length=32)  # too little to be nearly certain of several tokens
    before = session.tokens
    positions = np.flatnonzero(before == session.model.info.mask_token)
    with session.decode() as decoder:
        predicted = session.predict(positions, top=3)
        first = next(iter(decoder))
    assert predicted.tokens.shape == predicted.probabilities.shape == (32, 3)
    assert (np.diff(predicted.probabilities, axis=1) <= 0).all()
    best = predicted.probabilities[:, 0].argmax()
    assert (first.position, first.token) == (positions[best], predicted.tokens[best, 0])


def test_the_canvas_is_the_decoders_while_it_has_the_session(session):
    with session.decode():
        with pytest.raises(unmask.WrongStateError, match="decoder"):
            session.mask(session.prompt_length, 1)
