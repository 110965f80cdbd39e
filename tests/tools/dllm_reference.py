"""An independent NumPy implementation of dLLM-Cache (Liu et al. 2025, arXiv 2506.06295), and the maker of its fixtures.

    python dllm_reference.py            writes ../shared/sampler/dllm.json

All positions run through all layers. Per layer and position, K, V, and what attention and the feed-forward network added
are kept. With steps counted from 0 over the whole text, prompt and answer each are computed in full where the step is a
multiple of their interval, and always in the first layer. Otherwise the prompt adds what was kept; and of the answer, V is
computed for all its positions and compared with the kept V, which it replaces; the floor(transfer_ratio * answer) positions
whose V turned most, by half the squared distance of the normalised vectors, get new Q, K, attention and feed-forward; the
others add what was kept. With a transfer_ratio of 0 the answer is left alone as the prompt is.

Guidance has a second network of the same kind, with features and a count of its own, whose prompt is masked. It runs in the
first five steps and then where the step is a multiple of cfg_interval_steps; the difference of the two networks' logits is
kept for all positions. Every step's logits are (z - difference) + (guidance + 1) difference.

Rounding must not change which positions are chosen, so their last must be 1e-4 ahead of the first that is not, relatively;
steps that are closer count as too close, and another prompt is drawn.
"""

import copy
from dataclasses import dataclass

import numpy as np

import fast_dllm_reference
import qwen_sampler_reference
import sampler_reference
from fast_dllm_reference import Sampler, write_fixture
from sampler_reference import TooClose, rotate

SELECTION_MARGIN = 1e-4


@dataclass(frozen=True)
class Options(fast_dllm_reference.Options):
    prompt_interval_steps: int = 100
    gen_interval_steps: int = 7
    transfer_ratio: float = 0.25
    guidance: float = 0.0
    cfg_interval_steps: int = 1


class Featured:
    """A network whose layers keep what they added. `step(ids)` gives logits of all positions."""

    def __init__(self, folder):
        super().__init__(folder)
        self.begin(4, Options(length=7, block=7, steps=7, cache="dllm", prompt_interval_steps=1, gen_interval_steps=1))
        ids = list(range(11))
        assert np.allclose(self.step(ids), self.logits(ids)) and np.allclose(self.step(ids), self.logits(ids))

    def begin(self, prompt, options):
        self.prompt, self.options, self.count, self.kept = prompt, options, 0, {}

    def kept_of(self, layer, what, like):
        return self.kept.setdefault((layer, what), np.zeros_like(like))

    def changed(self, new, old):
        """Positions of the answer, of those whose values are given."""
        count = int(self.options.transfer_ratio * len(new))
        lengths = [np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-8) for v in (new, old)]
        distance = ((new / lengths[0] - old / lengths[1]) ** 2).sum(-1) / 2
        order = np.argsort(-distance, kind="stable")
        if 0 < count < len(new) and distance[order[count - 1]] <= (1 + SELECTION_MARGIN) * distance[order[count]]:
            raise TooClose
        return self.prompt + np.sort(order[:count])

    def computed(self, n, layer, first):
        """The positions that the layer computes; those of the answer have their values in the cache then."""
        length = len(n)
        fresh = lambda interval: first or self.count % interval == 0
        rows = list(range(self.prompt)) if fresh(self.options.prompt_interval_steps) else []
        if fresh(self.options.gen_interval_steps):
            return np.array(rows + list(range(self.prompt, length)), dtype=int)
        if self.options.transfer_ratio == 0.0:
            return np.array(rows, dtype=int)
        new, old = self.project(n[self.prompt:], layer, "v"), self.kept[layer, "v"][self.prompt:]
        changed = self.changed(new, old)
        self.kept[layer, "v"][self.prompt:] = new
        return np.array(rows + list(changed), dtype=int)

    def attention_of(self, n, layer, rows):
        q, k, v = (self.project(n[rows], layer, kind) for kind in "qkv")
        everything = self.project(n, layer, "k")
        self.kept_of(layer, "k", everything)[rows] = k
        self.kept_of(layer, "v", everything)[rows] = v
        positions, (queries, groups) = np.arange(len(n)), self.head_counts()
        heads = lambda x, count: x.reshape(len(x), count, -1).transpose(1, 0, 2)
        q = rotate(heads(q, queries), rows, self.theta)
        k = rotate(heads(self.kept[layer, "k"], groups), positions, self.theta).repeat(queries // groups, axis=0)
        v = heads(self.kept[layer, "v"], groups).repeat(queries // groups, axis=0)
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        return self.attention_output(mixed.transpose(1, 0, 2).reshape(len(rows), -1), layer)

    def step(self, ids):
        x = self.embedding()[np.asarray(ids)]
        for i, layer in enumerate(self.layers()):
            n = self.attention_norm(x, layer)
            rows = self.computed(n, layer, i == 0)
            if len(rows):
                self.kept_of(layer, "attention", x)[rows] = self.attention_of(n, layer, rows)
            x = x + self.kept[layer, "attention"]
            if len(rows):
                self.kept_of(layer, "mlp", x)[rows] = self.mlp(self.mlp_norm(x[rows], layer), layer)
            x = x + self.kept[layer, "mlp"]
        self.count += 1
        return self.head(x)


class FeaturedLlada(Featured, sampler_reference.Network):
    shifted = False

    def __init__(self, folder):
        super().__init__(folder)
        self.mask, self.eos = self.config["mask_token_id"], self.config["eos_token_id"]

    theta = property(lambda self: self.config["rope_theta"])

    def head_counts(self):
        return self.config["n_heads"], self.config["n_kv_heads"]

    def layers(self):
        return [f"blocks.{i}." for i in range(self.config["n_layers"])]

    def embedding(self):
        return self.w["wte"]

    def attention_norm(self, x, layer):
        return self.norm(x, layer + "attn_norm")

    def mlp_norm(self, x, layer):
        return self.norm(x, layer + "ff_norm")

    def project(self, n, layer, kind):
        return n @ self.w[f"{layer}{kind}_proj"].T

    def attention_output(self, mixed, layer):
        return mixed @ self.w[layer + "attn_out"].T

    def head(self, x):
        return self.norm(x, "ln_f") @ self.w["ff_out"].T


class FeaturedDream(Featured, qwen_sampler_reference.Network):
    def __init__(self, folder):
        super().__init__(folder)
        self.mask, self.eos = self.c["mask_token_id"], self.c["eos_token_id"]

    theta = property(lambda self: self.c["rope_theta"])

    def head_counts(self):
        return self.c["num_attention_heads"], self.c["num_key_value_heads"]

    def layers(self):
        return [f"model.layers.{i}." for i in range(self.c["num_hidden_layers"])]

    def embedding(self):
        return self.w["model.embed_tokens.weight"]

    def attention_norm(self, x, layer):
        return self.norm(x, layer + "input_layernorm.weight")

    def mlp_norm(self, x, layer):
        return self.norm(x, layer + "post_attention_layernorm.weight")

    def project(self, n, layer, kind):
        return n @ self.w[f"{layer}self_attn.{kind}_proj.weight"].T + self.w[f"{layer}self_attn.{kind}_proj.bias"]

    def attention_output(self, mixed, layer):
        return mixed @ self.w[layer + "self_attn.o_proj.weight"].T

    def head(self, x):
        return self.norm(x, "model.norm.weight") @ self.w.get("lm_head.weight", self.embedding()).T


class Adaptive(Sampler):
    """Rows of the prompt that are not computed count only where they are asked for: nothing else reads them."""

    def generate(self, prompt, o):
        self.prompt, self.passes = len(prompt), 0
        self.network.arguments = len(prompt), o
        return super().generate(prompt, o)

    def active(self, x, block, asked, first, o):
        self.passes += 1
        return self.rows_of_pass(self.passes - 1, x, asked, o)

    def rows_of_pass(self, number, x, asked, o):
        whole = o.cache == "none" or number % o.prompt_interval_steps == 0
        return range(0 if whole else min(self.prompt, self.predicting(asked[0])), len(x))

    def step(self, x, block, first, share, o):
        second, asked = self.network.second_passes, [p for p in block if x[p] == self.network.mask]
        committed = super().step(x, block, first, share, o)
        if self.network.second_passes > second:
            self.rows[-1] += len(self.rows_of_pass(second, x, asked, o))
        return committed


class Network:
    """What Sampler wants of a network, around one whose layers keep features; with guidance, around two."""

    def __init__(self, network):
        self.network, self.shifted, self.mask, self.eos = network, network.shifted, network.mask, network.eos
        self.second = copy.copy(network)

    def begin(self):
        self.prompt, self.options = self.arguments
        self.network.begin(*self.arguments)
        self.second.begin(*self.arguments)
        self.passes = self.second_passes = 0

    def logits_of(self, ids, rows):
        z = self.network.step(ids)
        if self.options.guidance > 0:
            if self.passes < 5 or self.passes % self.options.cfg_interval_steps == 0:
                self.difference = z - self.second.step([self.mask] * self.prompt + ids[self.prompt:])
                self.second_passes += 1
            z = (z - self.difference) + (self.options.guidance + 1) * self.difference
        self.passes += 1
        return dict(zip(rows, z[rows]))


CASES = [
    Options(length=24, block=24, steps=24, cache="dllm"),
    Options(length=24, block=8, steps=24, cache="dllm", prompt_interval_steps=10, gen_interval_steps=4),
    Options(length=24, block=24, steps=12, cache="dllm", gen_interval_steps=100, transfer_ratio=0.5, temperature=0.7),
    Options(length=24, block=12, steps=24, cache="dllm", prompt_interval_steps=3, gen_interval_steps=5, threshold=0.15),
    Options(length=16, block=16, steps=16, cache="dllm", prompt_interval_steps=4, gen_interval_steps=3, transfer_ratio=0.0),
    Options(length=16, block=16, steps=16, cache="dllm", prompt_interval_steps=2, gen_interval_steps=6, transfer_ratio=0.05),
    Options(length=16, block=16, steps=16, cache="dllm", prompt_interval_steps=5, gen_interval_steps=100, transfer_ratio=1.0),
    Options(length=16, block=8, steps=16, cache="dllm", guidance=1.5),
    Options(length=24, block=8, steps=24, cache="dllm", prompt_interval_steps=5, gen_interval_steps=3, guidance=0.8,
            cfg_interval_steps=4),
    Options(length=24, block=12, steps=12, cache="dllm", gen_interval_steps=4, guidance=1.2, cfg_interval_steps=100,
            temperature=0.5),
    Options(length=16, block=8, steps=16, cache="none", prompt_interval_steps=1, gen_interval_steps=1, guidance=1.5,
            cfg_interval_steps=6),
]


def main():
    write_fixture("dllm", __file__, {"llada_odd": FeaturedLlada, "llada_grouped": FeaturedLlada, "dream": FeaturedDream},
                  lambda network, o: Adaptive(Network(network)), lambda model: CASES, [5, 13])


if __name__ == "__main__":
    main()
