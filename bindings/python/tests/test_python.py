"""What only Python has: arrays, keyword arguments, asynchronous streams, progress bars, displays."""

import asyncio
import gc
import sys
import threading
import time

import numpy as np
import pytest
from conftest import MODELS

import unmask


def test_tokens_may_be_lists_and_arrays_of_any_integers(model):
    expected = model.tokenize("Tom has 3 apples.")
    assert expected.dtype == np.int32 and expected.ndim == 1
    for given in (expected, expected.astype(np.int64), expected.tolist(), tuple(expected), expected[::-1][::-1]):
        assert model.detokenize(given) == "Tom has 3 apples."
    assert model.detokenize([]) == ""


@pytest.mark.parametrize("bad, error", [([1.5], TypeError), ([[1]], ValueError), ([1 << 40], OverflowError),
                                        (["a"], TypeError), (None, ValueError)])
def test_what_is_no_list_of_token_ids_is_refused(model, bad, error):
    with pytest.raises(error):
        model.detokenize(bad)


def test_text_outside_the_basic_plane_survives(model):
    text = "naïve 🙂 日本"
    assert model.detokenize(model.tokenize(text)) == text


def test_a_nul_in_a_text_is_refused(model):
    with pytest.raises(unmask.InvalidArgumentError, match="NUL"):
        model.tokenize("a\0b")


def test_conversations_are_messages_or_lists_of_them(model):
    turns = [{"role": "user", "content": "1 + 1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "2 + 2"}]
    expected = model.tokenize("<|user|>1 + 1<|eot|><|assistant|>2<|eot|><|user|>2 + 2<|eot|><|assistant|>")
    assert (model.tokenize_messages(turns) == expected).all()
    with unmask.Messages(turns[:1]).add("assistant", "2").add("user", "2 + 2") as messages:
        assert (model.tokenize_messages(messages) == expected).all()
    with model.session(messages=turns, length=4) as session:
        assert session.prompt_length == len(expected)
    with pytest.raises(unmask.InvalidArgumentError, match="system, user or assistant"):
        unmask.Messages([{"role": "tool", "content": "a"}])
    with pytest.raises(unmask.WrongStateError, match="closed"):
        model.tokenize_messages(messages)
    with pytest.raises(TypeError, match="one of"):
        model.session("a", messages=turns)


def test_logits_are_rows_by_vocabulary(model):
    logits = model.logits([1, 2, 3, 4, 5])
    assert logits.shape == (5, model.info.vocabulary) and logits.dtype == np.float32
    assert np.isfinite(logits).all() and logits.std() > 0


def test_errors_are_also_what_python_calls_them():
    with pytest.raises(ValueError, match="between"):
        unmask.Options(length=-5)
    with pytest.raises(LookupError, match="no option 'lenght'"):
        unmask.Options(lenght=5)
    assert [c.status for c in unmask.errors.CLASSES.values()] == list(unmask.Status)[1:]
    assert all(unmask.status_name(s) == s.name.lower() for s in unmask.Status)
    assert all(getattr(unmask.native, s.name) == s for s in unmask.Status)


def test_option_values_may_be_of_any_number_type(model):
    options = unmask.Options(length=np.int64(7), temperature=np.float32(0.5), stop_at_end=True, cache="none")
    with unmask.Session(model, options) as session:
        assert session.masks_left == 7


def test_the_option_table_describes_every_option():
    table = {option.name: option for option in unmask.option_table()}
    assert table["length"].kind == unmask.OptionKind.INTEGER and table["length"].minimum == 1
    assert "none" in table["cache"].choices and table["cache"].default_text == "none"
    assert all(option.description for option in table.values())
    for name, option in table.items():
        is_text = option.kind == unmask.OptionKind.TEXT
        unmask.Options(**{name: option.default_text if is_text else option.default_number})


def test_devices_explain_themselves():
    listed = unmask.devices()
    assert listed and all(d.name and len(d.uuid) == 32 for d in listed)
    assert all(feature.reason for d in listed for feature in d.features)


def test_a_random_model_has_the_shape_asked_for(device):
    shape = unmask.Shape()
    shape.hidden, shape.layers, shape.dtype = 64, 2, "f16"
    with unmask.Model.create_random(device, "llada", shape) as random:
        assert (random.info.hidden, random.info.layers, random.info.has_tokenizer) == (64, 2, 0)


def test_async_iteration_leaves_the_event_loop_free(session):
    async def decode():
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.001)

        counter = asyncio.ensure_future(count())
        with session.decode() as decoder:
            positions = [event.position async for event in decoder]
        counter.cancel()
        return positions, turns

    positions, turns = asyncio.run(decode())
    assert positions and turns > 20


def test_a_cancelled_task_cancels_its_decoder(session):
    async def decode():
        with session.decode() as decoder:
            async def all_events():
                return [event async for event in decoder]

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(all_events(), 0.05)
            with pytest.raises(unmask.CancelledError):
                decoder.step()

    asyncio.run(decode())
    assert session.masks_left > 0


def test_the_interpreters_lock_is_free_during_a_step(session):
    count, stop = 0, threading.Event()

    def work():
        nonlocal count
        while not stop.is_set():
            count += 1
            time.sleep(0.0005)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(60)  # no thread is made to yield: the other one runs only if the step lets it
    thread = threading.Thread(target=work)
    try:
        with session.decode() as decoder:
            thread.start()
            before = count
            decoder.step()
            assert count > before
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_decoders_take_drafters_by_name(model):
    def pair():
        return [model.session(tokens=[seed, 5, 9], length=8, seed=seed) for seed in (1, 2)]

    plain, verified, drafters = pair(), pair(), pair()
    unmask.Decoder(plain).run()
    with unmask.Decoder(verified, strategy="exact", drafters=iter(drafters)) as decoder:
        assert decoder.sessions == tuple(verified) and decoder.drafters == tuple(drafters)
        decoder.run()
        assert "draft" in decoder.explanation
    assert [s.tokens.tolist() for s in verified] == [s.tokens.tolist() for s in plain]
    with pytest.raises(unmask.InvalidArgumentError, match="a drafter of its own"):
        unmask.Decoder(verified, "exact", drafters[:1])
    with pytest.raises(unmask.InvalidArgumentError, match="needs a drafter"):
        unmask.Decoder(verified, "exact")
    with pytest.raises(TypeError, match="unmask.Session"):
        unmask.Decoder(verified, "exact", [model, model])


def test_generate_takes_a_drafter(device, model):
    question = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"
    with unmask.Model(device, str(MODELS / "drafter")) as drafter:
        text = model.generate(chat=question, length=32, strategy="exact", drafter=drafter)
    assert text == model.generate(chat=question, length=32)


def test_strategies_say_whether_they_take_drafters():
    assert unmask.strategy_drafter_use("exact") is unmask.DrafterUse.REQUIRED
    assert unmask.strategy_drafter_use("self-draft") is unmask.DrafterUse.UNUSED
    assert {unmask.strategy_drafter_use(name) for name in unmask.strategies()} <= set(unmask.DrafterUse)
    with pytest.raises(unmask.NotFoundError, match="'magic'"):
        unmask.strategy_drafter_use("magic")


def test_closing_during_a_step_waits_for_nobody_and_breaks_nothing(session):
    decoder = session.decode()
    steps = threading.Thread(target=lambda: pytest.raises(unmask.WrongStateError, decoder.run))
    steps.start()
    time.sleep(0.05)
    decoder.close()
    steps.join()
    assert decoder.closed


def test_objects_keep_what_they_were_made_from(device):
    with unmask.Model(device, str(MODELS / "drafter")) as own:
        session = own.session(tokens=[1, 2, 3], length=4)
    decoder = session.decode()
    del session
    gc.collect()
    assert decoder.run().finished


def test_the_canvas_displays_itself(session):
    page = session._repr_html_()
    assert page.count("░") == 32 and "apples" in page and page.count("<span") == len(session.tokens)
    session.decode().run()
    assert "░" not in session._repr_html_()


def test_progress_bars_count_masks(session, capsys):
    pytest.importorskip("tqdm")
    session.decode().run(progress=True)
    assert "32/32" in capsys.readouterr().err


def test_profiles_name_kernels(session):
    with session.decode() as decoder:
        decoder.set_profiling(True)
        decoder.step()
        assert any("matmul" in entry.label or entry.flops > 0 for entry in decoder.profile)


def test_log_messages_wait_in_a_queue():
    unmask.capture_log()
    while unmask.next_log_message() is not None:
        pass
    assert unmask.next_log_message() is None


def test_values_say_what_they_hold(model):
    assert repr(model.info).startswith("ModelInfo(hidden=128, ")
    assert repr(model) == "<unmask.Model>"


def test_a_converted_model_still_answers(device, tmp_path):
    target = str(tmp_path / "verifier.gguf")
    with unmask.Converter(str(MODELS / "verifier"), target, "q8_0") as converter:
        while not converter.step():
            pass
        assert converter.bytes_done == converter.bytes_total > 0
        assert all(isinstance(note, str) for note in converter.notes)
    with unmask.Model(device, target) as model:
        assert model.generate(chat="Tom has 3 apples. He buys 4 more. How many apples does Tom have now?", length=32,
                              threshold=0.9).endswith("The answer is 7.")
