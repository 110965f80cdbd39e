"""The model class for the LM Evaluation Harness, on word problems."""

import json
import os
from pathlib import Path

import lm_eval_stand_in
import numpy as np
import pytest
from conftest import MODELS
from lm_eval_stand_in import Instance

lm_eval_stand_in.install()
from unmask.lm_eval import UnmaskLM  # noqa: E402

QUESTION = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"
ANSWER = "3 + 4 = 7. The answer is 7."


@pytest.fixture(scope="module")
def verifier():
    return UnmaskLM(pretrained=str(MODELS / "verifier"), block="32", mc_num="16")


def as_chat(verifier, question):
    return verifier.apply_chat_template([{"role": "user", "content": question}])


def test_worked_examples_may_be_turns(verifier):
    turns = [{"role": "user", "content": "1 + 1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "2 + 2"}]
    assert verifier.apply_chat_template(turns) == "<|user|>1 + 1<|eot|><|assistant|>2<|eot|><|user|>2 + 2<|eot|><|assistant|>"
    with pytest.raises(NotImplementedError, match="gen_prefix"):
        verifier.apply_chat_template(turns, add_generation_prompt=False)


def test_it_generates_until_a_stop(verifier):
    request = as_chat(verifier, QUESTION)
    settings = [{"until": until, "max_gen_toks": 32, "do_sample": False} for until in ([".", "\n"], "The", [], None)]
    texts = verifier.generate_until([Instance((request, given)) for given in settings])
    assert texts == ["3 + 4 = 7", "3 + 4 = 7. ", ANSWER, ANSWER]


def test_right_answers_are_likelier_than_wrong_ones(verifier):
    context = as_chat(verifier, QUESTION)
    scores = verifier.loglikelihood([Instance((context, ANSWER)), Instance((context, ANSWER.replace("7", "9")))])
    assert scores[0][0] > scores[1][0] and scores[0][0] <= 0
    assert (scores[0][1], scores[1][1]) == (True, False)


def test_the_likelihood_of_one_token_is_its_probability(verifier):
    context = as_chat(verifier, QUESTION)
    model = verifier.model
    prompt = model.tokenize(context)
    row = model.logits([*prompt, model.info.mask_token])[-1].astype(np.float64)
    expected = row - row.max() - np.log(np.exp(row - row.max()).sum())
    score, _ = verifier.loglikelihood([Instance((context, "3"))])[0]
    assert len(model.tokenize(context + "3")) == len(prompt) + 1
    assert score == pytest.approx(expected[model.tokenize(context + "3")[-1]], abs=1e-4)


@pytest.fixture
def block_causal(tmp_path):
    """SDAR's small golden model with the bundled tokenizer, whose ids its vocabulary holds."""
    golden = Path(os.environ["UNMASK_REPOSITORY"]) / "tests/shared/golden/sdar"
    for source in golden.iterdir():
        (tmp_path / source.name).symlink_to(source)
    tokenizer = json.loads((MODELS / "verifier/tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = json.loads((golden / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    tokenizer["model"]["vocab"] = {t: i for t, i in tokenizer["model"]["vocab"].items() if i < vocabulary - 2}
    tokenizer["model"]["merges"], tokenizer["added_tokens"] = [], []
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return str(tmp_path)


def test_block_causal_models_are_scored_block_by_block(block_causal):
    sdar = UnmaskLM(pretrained=block_causal, strategy="sdar", mc_num=4)
    assert sdar._parts(5, 14) == [(5, 8), (8, 12), (12, 14)]
    (score, greedy), = sdar.loglikelihood([Instance(("abc", "defgh"))])
    assert -200 < score < 0 and greedy in (True, False)
    assert sdar.generate_until([Instance(("abc", {"until": [], "max_gen_toks": 8}))])[0] is not None
