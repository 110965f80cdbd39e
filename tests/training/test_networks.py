"""The networks of examples/training, their formats and batches, in small and in torch."""

import json
import random
import re
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import torch
    from safetensors import safe_open
except ImportError:
    sys.exit("torch is not installed: the networks of examples/training are not tested.")

import folder
import induction
import llada
import mdlm
import sdar
import train_mdlm
import train_sdar
from chat import Chat
from lessons import Sequences
from rotary import rotate
from tokenizer import learn, task_texts, with_mask_last
from warm_start import as_sdar, llada_from, mdlm_from, relabelled

TOKENIZER = Path(__file__).parents[2] / "examples/models/word-problems/verifier"
MODELS = {
    "llada": lambda: llada.Llada(llada.Config(16, 3, 2, 24)),
    "sdar": lambda: sdar.Sdar(sdar.Config(16, 3, 2, 24)),
    "llada, tied": lambda: llada.Llada(llada.Config(16, 3, 2, 24, tied=True)),
    "sdar, tied": lambda: sdar.Sdar(sdar.Config(16, 3, 2, 24, tied=True)),
    "mdlm": lambda: mdlm.Mdlm(mdlm.Config(16, 3, 2, positions=32)),
}


def logits(model: torch.nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model.logits(tokens) if isinstance(model, sdar.Sdar) else model(tokens)


class BeginningTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.model = llada.Llada(llada.Config(128, 5, 4, 24))

    def most_seen(self, layer: int, x: torch.Tensor) -> torch.Tensor:
        """The row that every head looks at most, from each row [heads, rows]."""
        block, rows = self.model.blocks[layer], x.shape[1]
        cos, sin = self.model.cos[:rows], self.model.sin[:rows]
        q, k = (rotate(p(block.attn_norm(x)).view(1, rows, 4, -1).transpose(1, 2), cos, sin)
                for p in (block.q_proj, block.k_proj))
        return (q @ k.transpose(-1, -2))[0].argmax(-1)

    def test_the_heads_of_the_first_layer_look_at_neighbours(self):
        rows = 100
        seen = self.most_seen(0, self.model.wte(torch.randint(0, 600, (1, rows))))
        for places, offset in zip(seen, induction.NEIGHBOURS):
            self.assertEqual(places[3:-3].tolist(), [row + offset for row in range(3, rows - 3)])

    def test_the_next_layer_looks_for_what_stands_behind_the_same(self):
        found = 0
        for begin in range(5, 85, 5):
            tokens = torch.randperm(600)[:100]
            tokens[-4], tokens[-1] = tokens[begin], self.model.config.mask_token
            x = self.model.blocks[0](self.model.wte(tokens[None]), self.model.cos[:100], self.model.sin[:100])
            found += int((self.most_seen(1, x)[:, -1] == begin + 3).sum())
        self.assertGreater(found, 16 * 4 // 2)

    def test_one_matrix_begins_as_the_embedding_and_says_no_more_than_an_output(self):
        torch.manual_seed(1)
        tied = llada.Llada(llada.Config(128, 5, 4, 24, tied=True))
        tokens = torch.randint(0, 600, (1, 100))
        torch.testing.assert_close(tied.wte.weight, self.model.wte.weight)
        self.assertAlmostEqual(float(logits(tied, tokens).std() / logits(self.model, tokens).std()), 1, delta=0.2)


class FolderTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.tokens = torch.randint(0, 600, (2, 20))

    def test_every_family_comes_back_as_it_was_written(self):
        for make in MODELS.values():
            model = make()
            with tempfile.TemporaryDirectory() as name:
                folder.export(model, Path(name), TOKENIZER, torch.float32)
                torch.testing.assert_close(logits(folder.load(Path(name)), self.tokens), logits(model, self.tokens))

    def test_large_models_are_split(self):
        model, most = MODELS["sdar"](), folder.MOST_BYTES
        folder.MOST_BYTES = 20_000
        try:
            with tempfile.TemporaryDirectory() as name:
                folder.export(model, Path(name), TOKENIZER, torch.float32)
                index = json.loads((Path(name) / "model.safetensors.index.json").read_text())["weight_map"]
                self.assertGreater(len(set(index.values())), 2)
                for tensor, file in index.items():
                    with safe_open(Path(name) / file, "pt") as shard:
                        self.assertIn(tensor, shard.keys())
                torch.testing.assert_close(logits(folder.load(Path(name)), self.tokens), logits(model, self.tokens))
        finally:
            folder.MOST_BYTES = most


class BlockDiffusionTest(unittest.TestCase):
    """A noisy copy gets the logits that decoding its block after the clean text gets."""

    def batch(self, block: int) -> train_sdar.Batch:
        rng = random.Random(3)
        texts = [[rng.randrange(600) for _ in range(length)] for length in (17, 23, 30)]
        return train_sdar.Batch(texts, [9, 14, 16], block, copies=2, chat=Chat(TOKENIZER), offset=0.3)

    def test_noisy_copies_see_what_decoding_sees(self):
        torch.manual_seed(1)
        model = MODELS["sdar"]()
        for block in (4, 8):
            b = self.batch(block)
            with torch.no_grad():
                learned = model(b.tokens, b.positions, b.visible)
            clean = int((b.positions[0].diff() <= 0).nonzero()[0]) + 1
            for text in range(3):
                for begin in range(clean, b.tokens.shape[1], block):
                    place = int(b.positions[text, begin])
                    canvas = torch.cat((b.targets[text, :place], b.tokens[text, begin:begin + block]))[None]
                    with torch.no_grad():
                        decoded = model.logits(canvas, block)[0, place:]
                    torch.testing.assert_close(learned[text, begin:begin + block], decoded, rtol=1e-4, atol=1e-4)

    def test_only_answers_are_masked(self):
        b = self.batch(4)
        self.assertTrue(b.masked.any(1).all())
        for text, begin in enumerate([9, 14, 16]):
            self.assertGreaterEqual(int(b.positions[text][b.masked[text]].min()), begin)


class SequencesTest(unittest.TestCase):
    """Batches of LLaDA's lessons."""

    def test_only_answers_are_masked(self):
        chat = Chat(TOKENIZER)
        for task, examples in (("word_problems", 0), ("word_problems", 3), ("choice", 3)):
            inputs, targets, masked = Sequences(chat, task, 16, seed=1).batch(6, examples, bare=False)
            self.assertTrue(torch.equal(inputs, targets.masked_fill(masked, chat.mask)))
            self.assertTrue(masked.any(1).all())
            for ids, hits in zip(targets.tolist(), masked.tolist()):
                speaker = None
                for token, hit in zip(ids, hits):
                    self.assertFalse(hit and speaker != chat.assistant)
                    speaker = token if token in (chat.user, chat.assistant) else speaker

    def test_all_answers_on_a_passage_are_learned(self):
        chat = Chat(TOKENIZER)
        _, targets, masked = Sequences(chat, "choice", 16, seed=2).batch(6, 5, bare=False)
        for ids, hits in zip(targets, masked):
            begins = (ids == chat.assistant).nonzero()[:, 0].tolist()
            self.assertEqual(len(begins), 6)
            ends = [*begins[1:], len(ids)]
            self.assertTrue(all(hits[begin:end].any() for begin, end in zip(begins, ends)))

    def test_of_every_answer_on_a_passage_one_word_is_a_blank_wherever_it_stands(self):
        with tempfile.TemporaryDirectory() as name:
            learn(task_texts("choice", 300), 500).save(str(Path(name) / "tokenizer.json"))
            chat = Chat(Path(name))
        inputs, targets, masked = Sequences(chat, "choice", 16, seed=2).batch(6, 0, bare=True)
        for row, (ids, hits) in enumerate(zip(targets, masked)):
            begins = (ids == chat.assistant).nonzero()[:, 0].tolist()
            self.assertEqual(len(begins), 4)
            for begin in begins:
                end = begin + (ids[begin:] == chat.eot).nonzero()[0, 0]
                blank = set(ids[begin:end][hits[begin:end]].tolist())
                words = {chat.decode([token]).strip() for token in blank}
                self.assertLessEqual(len(words - set("ABCD")), 1)
                self.assertTrue(words)
                self.assertFalse(blank & set(inputs[row, begin:end].tolist()))


class MdlmTest(unittest.TestCase):
    def test_answers_begin_behind_the_question(self):
        chat = Chat(TOKENIZER)
        tokens, begins = train_mdlm.texts(chat, "word_problems", random.Random(2), 8, 68)
        for ids, begin in zip(tokens.tolist(), begins.tolist()):
            self.assertTrue(chat.decode(ids[:begin], cut=False).endswith("?\n"))
            self.assertRegex(chat.decode(ids[begin:], cut=False), r"^\d+ . \d+ = .*The answer is \d+\.$")

    def test_of_bare_facts_the_results_are_masked(self):
        chat = Chat(TOKENIZER)
        tokens, results = train_mdlm.facts(chat, "word_problems", random.Random(2), 8, 68)
        for ids, hits in zip(tokens, results):
            text = chat.decode(ids.tolist())
            steps = re.findall(r"(\d+) (.) (\d+) = (\d+)\.", text)
            self.assertGreater(len(steps), 4)
            self.assertEqual(chat.decode(ids[hits].tolist(), cut=False), "".join(step[-1] for step in steps))

    def test_every_other_question_is_never_masked(self):
        torch.manual_seed(1)
        begins = train_mdlm.every_other(torch.full((64,), 7))
        masked = train_mdlm.noise(begins, 12, 0.3)
        self.assertTrue(masked.any(1).all())
        self.assertFalse(masked[1::2, :7].any())
        self.assertTrue(masked[::2, :7].any())
        self.assertAlmostEqual(masked[1::2, 7:].double().mean().item(), 0.5, delta=0.1)


class WarmStartTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        self.tokens = torch.randint(0, 600, (2, 20))

    def test_all_layers_of_a_model_are_the_model(self):
        model = MODELS["llada"]()
        torch.testing.assert_close(logits(llada_from(model, 3, 24), self.tokens), logits(model, self.tokens))

    def test_fewer_layers_include_the_first_and_the_last(self):
        model = MODELS["llada"]()
        fewer = llada_from(model, 2, 24)
        for mine, theirs in ((0, 0), (1, 2)):
            torch.testing.assert_close(fewer.blocks[mine].ff_out.weight, model.blocks[theirs].ff_out.weight)

    def test_tokens_of_both_tokenizers_keep_what_they_are(self):
        theirs, model = Chat(TOKENIZER), MODELS["llada"]()
        with tempfile.TemporaryDirectory() as name:
            mine = Chat(with_mask_last(TOKENIZER, Path(name)))
            other = relabelled(model, theirs, mine)
        ids = theirs.encode("Tom has 12 apples.")
        moved = torch.tensor([[*ids, mine.mask, mine.eot]])
        torch.testing.assert_close(logits(other, moved)[..., :len(ids)],
                                   logits(model, torch.tensor([[*ids, theirs.mask, theirs.eot]]))[..., :len(ids)])

    def test_added_layers_begin_as_the_identity(self):
        model = MODELS["llada"]()
        torch.testing.assert_close(logits(llada_from(model, 5, 24), self.tokens), logits(model, self.tokens))

    def test_added_neurons_begin_without_effect(self):
        model = MODELS["llada"]()
        torch.testing.assert_close(logits(llada_from(model, 5, 40), self.tokens), logits(model, self.tokens))

    def test_added_blocks_begin_as_the_identity(self):
        model = MODELS["mdlm"]()
        deeper = mdlm_from(model, [0, 1, 2], 5, 32, list(range(642)), self.tokens, steps=0)
        torch.testing.assert_close(logits(deeper, self.tokens), logits(model, self.tokens))

    def test_scores_keep_their_size(self):
        model = MODELS["llada"]()
        block, layer = model.blocks[0], as_sdar(model, self.tokens).model.layers[0]
        with torch.no_grad():
            n = block.attn_norm(model.wte(self.tokens))
            before = block.q_proj(n)
            after = layer.self_attn.q_norm(before.unflatten(-1, (2, -1)))
        torch.testing.assert_close(after.square().mean(), before.square().mean(), rtol=1e-2, atol=1e-4)


class TokenizerTest(unittest.TestCase):
    def test_the_mask_goes_last(self):
        with tempfile.TemporaryDirectory() as name:
            chat, bundled = Chat(with_mask_last(TOKENIZER, Path(name))), Chat(TOKENIZER)
            self.assertEqual(chat.mask, chat.tokenizer.get_vocab_size() - 1)
            self.assertEqual(chat.encode("Tom has 12 apples."), bundled.encode("Tom has 12 apples."))
            self.assertEqual(chat.decode([chat.user, *chat.encode("a?"), chat.eot], cut=False), "a?")


if __name__ == "__main__":
    unittest.main()
