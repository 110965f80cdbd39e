"""An independent NumPy implementation of Fast-dLLM (Wu et al. 2025, arXiv 2505.22618), and the maker of its fixtures.

    python fast_dllm_reference.py            writes ../shared/sampler/fast_dllm.json

Each block begins with a pass over all rows, whose keys and values are kept; it fills masks like any other step. The
block's further passes compute the rows from the block on (prefix) or those of the block (dual), and put their keys and
values over the kept ones. A block that is complete after its first pass gets no second one. With shifted logits (Dream)
the row before the block is computed too while the block's first token is masked, for it predicts that token.

A step fills by threshold all masks whose token is at least that probable and the best one in any case; by factor f the n
best, where n is the place before the first of the sorted confidences with c_n < 1 - f / (n + 1), n >= 2, or all if that
is the very last one; otherwise by the schedule of sampler_reference.py, whose other rules hold as well.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import qwen_sampler_reference
import sampler_reference
from sampler_reference import (MARGIN, TooClose, choose_token, decide, one_case_per_line, rotate, softmax,
                               transfer_schedule)


@dataclass(frozen=True)
class Options:
    length: int
    block: int
    steps: int
    cache: str
    threshold: float = 0.0
    factor: float = 0.0
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    stop_at_end: bool = False
    seed: int = 0


class Cached:
    """Mixed into a Network: `logits_of(ids, rows)` computes some rows, against kept keys and values for the others."""

    def begin(self):
        self.rows, self.kept = None, {}

    def prove(self, plain):
        """With all rows computed, nothing kept matters."""
        self.begin()
        ids = list(range(11))
        rows = self.logits_of(ids, ids)
        assert np.allclose([rows[i] for i in ids], plain.logits(ids))

    def heads(self, *arguments, **named):
        positions, theta = self.rows, self.theta
        plain = self.unrotated(*arguments, **named)
        return plain if self.is_value(*arguments, **named) else rotate(plain, positions, theta)

    def attend(self, q, k, v, layer):
        """All [heads, rows, head_dim]. The new keys and values replace the kept ones of their rows."""
        keys, values = self.kept.setdefault(layer, (np.zeros((k.shape[0], self.length, k.shape[2])),
                                                    np.zeros((v.shape[0], self.length, v.shape[2]))))
        keys[:, self.rows], values[:, self.rows] = k, v
        scores = np.exp(q @ keys.transpose(0, 2, 1) / np.sqrt(q.shape[-1]))
        return (scores / scores.sum(-1, keepdims=True)) @ values

    def logits_of(self, ids, rows):
        self.rows, self.length = np.asarray(rows), len(ids)
        return dict(zip(rows, self.logits([ids[r] for r in rows])))


class CachedLlada(Cached, sampler_reference.Network):
    shifted = False

    def __init__(self, folder):
        plain = sampler_reference.Network(folder)
        self.config, self.w, self.theta = plain.config, plain.w, plain.config["rope_theta"]
        self.mask, self.eos = self.config["mask_token_id"], self.config["eos_token_id"]
        self.prove(plain)

    def unrotated(self, x, count, rotated):
        return sampler_reference.Network.heads(self, x, count, rotated=False)

    @staticmethod
    def is_value(x, count, rotated):
        return not rotated

    def attention(self, n, block):
        queries, groups = self.config["n_heads"], self.config["n_kv_heads"]
        q = self.heads(n @ self.w[block + "q_proj"].T, queries, rotated=True)
        k = self.heads(n @ self.w[block + "k_proj"].T, groups, rotated=True).repeat(queries // groups, axis=0)
        v = self.heads(n @ self.w[block + "v_proj"].T, groups, rotated=False).repeat(queries // groups, axis=0)
        mixed = self.attend(q, k, v, block)
        return mixed.transpose(1, 0, 2).reshape(len(n), -1) @ self.w[block + "attn_out"].T


class CachedDream(Cached, qwen_sampler_reference.Network):
    def __init__(self, folder):
        plain = qwen_sampler_reference.Network(folder)
        self.c, self.w, self.block, self.shifted, self.theta = (plain.c, plain.w, plain.block, plain.shifted,
                                                                plain.c["rope_theta"])
        self.mask, self.eos = self.c["mask_token_id"], self.c["eos_token_id"]
        self.prove(plain)

    def unrotated(self, n, layer, kind, count):
        x = n @ self.w[f"{layer}self_attn.{kind}_proj.weight"].T + self.w[f"{layer}self_attn.{kind}_proj.bias"]
        return x.reshape(len(n), count, -1).transpose(1, 0, 2)

    @staticmethod
    def is_value(n, layer, kind, count):
        return kind == "v"

    def attention(self, n, layer):
        queries, groups = self.c["num_attention_heads"], self.c["num_key_value_heads"]
        q = self.heads(n, layer, "q", queries)
        k, v = (self.heads(n, layer, kind, groups).repeat(queries // groups, axis=0) for kind in "kv")
        mixed = self.attend(q, k, v, layer)
        return mixed.transpose(1, 0, 2).reshape(len(n), -1) @ self.w[f"{layer}self_attn.o_proj.weight"].T


class Sampler:
    def __init__(self, network):
        self.network, self.rows = network, []

    def predicting(self, position):
        return position - 1 if self.network.shifted and position > 0 else position

    def asked(self, x, masked, share, o):
        """The masks of the block that are looked at."""
        return masked

    def active(self, x, block, asked, first, o):
        """The rows to compute."""
        if first:
            return range(len(x))
        begin = min(block.start, self.predicting(asked[0]))
        return range(begin, len(x) if o.cache == "prefix" else block.stop)

    def confidence(self, z, token, o, masks_left, position):
        return float(softmax(z)[token])

    def accepted(self, confidences, share, o):
        """How many of the sorted confidences."""
        if o.threshold > 0:
            for c in confidences:
                far(c, o.threshold)
            return max(1, sum(c >= o.threshold for c in confidences))
        if o.factor > 0:
            limits = [1.0 - o.factor / (n + 1) for n in range(2, len(confidences) + 1)]
            for c, limit in zip(confidences[1:], limits):
                far(c, limit)
            failing = [n for n, (c, limit) in enumerate(zip(confidences[1:], limits), start=1) if c < limit]
            first = failing[0] if failing else len(confidences)
            return len(confidences) if first == len(confidences) - 1 else first
        return share

    def step(self, x, block, first, share, o):
        masks_left, masked = x.count(self.network.mask), [p for p in block if x[p] == self.network.mask]
        asked = self.asked(x, masked, share, o)
        active = self.active(x, block, asked, first, o)
        self.rows.append(len(active))
        z, candidates = self.network.logits_of(x, list(active)), []
        for position in asked:
            row = z[self.predicting(position)].copy()
            row[self.network.mask] = -np.inf
            token = choose_token(row, o, masks_left, position)
            candidates.append((-self.confidence(row, token, o, masks_left, position), position, token))
        candidates.sort()
        count = self.accepted([-c for c, *_ in candidates], share, o)
        for (a, *_), (b, *_) in zip(candidates, candidates[1:count + 1]):
            decide(-a, -b, -a)
        for _, position, token in candidates[:count]:
            x[position] = token
        return [(position, token) for _, position, token in candidates[:count]]

    def generate(self, prompt, o):
        self.network.begin()
        self.rows = []
        x, steps, blocks = prompt + [self.network.mask] * o.length, [], o.length // o.block
        for b, block_steps in enumerate(transfer_schedule(o.steps, blocks)):
            block = range(len(prompt) + b * o.block, len(prompt) + (b + 1) * o.block)
            shares, first = [s for s in transfer_schedule(o.block, block_steps) if s], True
            while any(x[p] == self.network.mask for p in block):
                steps.append(self.step(x, block, first, shares.pop(0) if shares else 0, o))
                first = False
        return x, steps


def far(value, limit):
    if abs(value - limit) <= MARGIN:
        raise TooClose


CASES = [
    Options(length=16, block=8, steps=16, cache="prefix"),
    Options(length=16, block=8, steps=16, cache="dual"),
    Options(length=24, block=8, steps=10, cache="dual"),
    Options(length=24, block=8, steps=24, cache="prefix", threshold=0.25),
    Options(length=24, block=8, steps=24, cache="dual", threshold=0.15),
    Options(length=24, block=12, steps=24, cache="dual", factor=1.6),
    Options(length=24, block=8, steps=24, cache="none", factor=1.9),
    Options(length=16, block=8, steps=16, cache="dual", temperature=0.8, top_p=0.9),
    Options(length=16, block=16, steps=16, cache="prefix", threshold=0.1, temperature=1.0),
]
PROMPT_LENGTHS = [5, 13]


class Uncached(Sampler):
    def active(self, x, block, asked, first, o):
        return range(len(x))


def find_case(sampler, o, length, rng) -> dict:
    """Draws prompts of ordinary tokens, and seeds, until no decision is close."""
    network = sampler.network
    for attempt in range(1, 1001):
        prompt = [int(t) for t in rng.integers(network.eos - 1, size=length)]
        seeded = replace(o, seed=int(rng.integers(2**63)))
        try:
            ids, steps = sampler.generate(prompt, seeded)
        except TooClose:
            continue
        print(f"  {attempt} draws for {o}", flush=True)
        return {"options": asdict(seeded), "prompt": prompt, "ids": ids, "rows": sum(sampler.rows),
                "steps": [[list(commit) for commit in step] for step in steps]}
    raise SystemExit(f"no prompt found for {o}")


def write_fixture(name, maker, models, make_sampler, cases, prompt_lengths):
    """models: by the name of a golden model, the class of its network."""
    shared, written = Path(__file__).parent.parent / "shared", []
    for model, kind in models.items():
        network, rng = kind(shared / "golden" / model), np.random.default_rng(2027)
        written.append({"model": model, "cases": [find_case(make_sampler(network, o), o, length, rng)
                                                  for o in cases(model) for length in prompt_lengths]})
    content = {"about": f"Made by tests/tools/{Path(maker).name}, which states the rules. rows: computed in all. steps: "
                        "per forward pass, the [position, token] committed, most confident first. Every decision has a "
                        f"relative margin above {MARGIN}.", "models": written}
    (shared / "sampler" / f"{name}.json").write_text(one_case_per_line(content) + "\n")


def main():
    write_fixture("fast_dllm", __file__, {"llada_odd": CachedLlada, "llada_grouped": CachedLlada, "dream": CachedDream},
                  lambda network, o: (Uncached if o.cache == "none" else Sampler)(network), lambda model: CASES,
                  PROMPT_LENGTHS)


if __name__ == "__main__":
    main()
