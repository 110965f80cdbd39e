"""The end-to-end test that Java and C# have as well: one test per property, in the same order."""

import statistics
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import MODELS

import unmask

QUESTION = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"
ANSWER = "3 + 4 = 7. The answer is 7."


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_both_bundled_models_load_and_the_verifier_answers(device, model):
    with unmask.Model(device, str(MODELS / "drafter")) as drafter:
        assert drafter.info.layers < model.info.layers
        assert drafter.info.vocabulary == model.info.vocabulary
    assert model.generate(chat=QUESTION, length=32) == ANSWER


def test_events_say_what_the_canvas_became(session):
    canvas = session.tokens
    with session.decode() as decoder:
        for event in decoder:
            assert event.kind == unmask.EventKind.COMMITTED
            assert canvas[event.position] == event.previous
            canvas[event.position] = event.token
    assert session.masks_left == 0
    named = canvas != session.model.info.mask_token  # the rest was filled because the text had ended
    assert (session.tokens[named] == canvas[named]).all()


def test_a_drafted_decode_writes_what_the_verifier_writes_alone(device, model, session):
    session.decode().run()
    with (unmask.Model(device, str(MODELS / "drafter")) as drafter,
          model.session(chat=QUESTION, length=32, steps=16, draft_length=3) as verified,
          drafter.session(chat=QUESTION, length=32, steps=16) as drafting,
          verified.decode("exact", drafting) as decoder):
        events = list(decoder)
        assert (verified.tokens == session.tokens).all()
        cost = verified.statistics
    kinds = Counter(event.kind for event in events)
    assert kinds[unmask.EventKind.DRAFTED] == cost.drafted
    assert 0 < kinds[unmask.EventKind.ACCEPTED] == cost.accepted <= cost.drafted
    assert all((e.reason != unmask.Reason.NONE) == (e.kind == unmask.EventKind.REJECTED) for e in events)
    assert cost.forward_passes < session.statistics.forward_passes


def test_a_cancelled_decoder_refuses_further_steps_and_keeps_what_was_committed(session):
    with session.decode() as decoder:
        left = decoder.step().masks_left
        decoder.cancel()
        with pytest.raises(unmask.CancelledError, match="cancelled"):
            decoder.step()
    assert session.masks_left == left > 0


def test_closed_objects_raise(session):
    decoder = session.decode()
    decoder.close()
    decoder.close()
    with pytest.raises(unmask.WrongStateError, match="The decoder is closed."):
        decoder.step()
    session.close()
    with pytest.raises(unmask.WrongStateError, match="The session is closed."):
        session.decode()


def test_a_bad_model_path_raises_with_the_sentence_of_the_c_interface(device):
    with pytest.raises(unmask.NotFoundError, match="^There is no file /nowhere/config.json.$") as raised:
        unmask.Model(device, "/nowhere")
    assert raised.value.status == unmask.Status.NOT_FOUND


def test_200_create_and_close_cycles_do_not_grow_memory(model):
    def cycle():
        with model.session(tokens=[1, 2, 3], length=2) as session, session.decode() as decoder:
            decoder.step()

    for _ in range(40):
        cycle()
    before = resident_bytes()
    for _ in range(200):
        cycle()
    assert resident_bytes() - before < 4 << 20


def test_two_decoders_on_two_threads_write_what_they_write_alone(model):
    prompts = {seed: [seed, 5, 9] for seed in (1, 2)}

    def write(seed):
        with model.session(tokens=prompts[seed], length=12, temperature=1, seed=seed) as session:
            session.decode().run()
            return session.tokens.tolist()

    alone = {seed: write(seed) for seed in prompts}
    together = {}
    threads = [threading.Thread(target=lambda s=seed: together.update({s: write(s)})) for seed in prompts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_a_call_adds_less_than_5_percent_to_a_step(session):
    overheads, steps, inside = [], [], 0.0
    with session.decode() as decoder:
        finished = False
        while not finished:
            start = time.perf_counter()
            progress = decoder.step()
            around = time.perf_counter() - start
            steps.append(progress.seconds - inside)  # what the C interface took
            overheads.append(around - steps[-1])
            inside, finished = progress.seconds, progress.finished
    print(f"{statistics.median(overheads) * 1e6:.0f} us of {statistics.median(steps) * 1e3:.1f} ms")
    assert statistics.median(overheads) < 0.05 * statistics.median(steps)
