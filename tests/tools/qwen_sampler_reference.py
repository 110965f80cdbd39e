"""Independent NumPy implementations of the samplers of Dream, SDAR and Fast-dLLM v2, and the maker of their fixtures.

    python qwen_sampler_reference.py            writes ../shared/sampler/dream.json and sdar.json

Noise, filters and the rule about close decisions are those of sampler_reference.py. Further points settled:

- Dream (Ye et al. 2025): the schedule of times is float32, as torch.linspace makes it. Confidence is of the tempered and
  filtered distribution, with temperature 1 in place of 0. With alg_temp, positions rank by confidence / alg_temp +
  G of counter (masks left, position, 0xFFFFFFFE, 0). `origin` reveals a position if the uniform of counter (step,
  position, 0xFFFFFFFD, 0) is below 1 - s / t. Steps that reveal nothing are left out.
- SDAR (Cheng et al. 2025): blocks lie on the grid of position 0; the share of a step is the ceiling of the block's masks
  over its steps left; confidence is of the plain distribution. low_confidence_dynamic reveals what is above the
  threshold, at least the share; entropy_bounded the longest prefix in order of entropy whose sum is below the bound, at
  least one; sequential the leftmost.
- Fast-dLLM v2 (Wu et al. 2025): the same with logits shifted by one and sub-blocks. The first token of a block is
  revealed from the last row of the finished block before it, in a pass of its own.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from make_llada_golden import read_weights
from sampler_reference import (MARGIN, WORD, TooClose, choose_token, decide, gumbel, kept_counts, one_case_per_line, philox,
                               rotate, softmax, transfer_schedule, uniform, words)

# Where a filter cuts moves every confidence, so nearly all cases would be close by MARGIN; sums of float32 err far less.
FILTER_MARGIN = 2e-5
RANK_NOISE, ORIGIN_NOISE = 0xFFFFFFFE, 0xFFFFFFFD


@dataclass(frozen=True)
class Options:
    length: int
    steps: int
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    stop_at_end: bool = False


@dataclass(frozen=True)
class DreamOptions(Options):
    alg: str = "entropy"
    alg_temp: float = 0.0
    eps: float = 1e-3


@dataclass(frozen=True)
class SdarOptions(Options):
    remasking_strategy: str = "low_confidence_dynamic"
    confidence_threshold: float = 0.85
    entropy_bound: float = 0.35
    sub_block: int = 0


class Network:
    """The forward pass of a model made from Qwen on one sequence, in double precision. Weights are [outputs, inputs]."""

    def __init__(self, folder: Path):
        self.c = json.loads((folder / "config.json").read_text())
        self.w = {name: w.double().numpy() for name, w in read_weights(folder).items()}
        self.take_names()
        self.block = self.c.get("block_size", self.c.get("bd_size", 0))
        self.shifted = self.c["model_type"] in ("Dream", "Fast_dLLM_Qwen")
        golden = load_file(folder / "golden.safetensors")
        for ids, expected in zip(golden["input_ids"], golden["logits"]):
            error = np.linalg.norm(self.logits(ids) - expected) / np.linalg.norm(expected)
            assert error < 1e-5, f"{folder.name}: relative error {error} to the golden logits"

    def take_names(self):
        """Gives configuration and weights the names of Qwen, if they have others."""

    def rotated(self, x):
        return rotate(x, np.arange(x.shape[1]), self.c["rope_theta"])

    def visible(self, rows):
        """Which rows each row sees: [rows, rows]."""
        of = np.arange(rows) // (self.block or rows)
        return of[None, :] <= of[:, None]

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.c["rms_norm_eps"]) * self.w[name]

    def heads(self, n, layer, kind, count):
        """[rows, hidden] -> [count, rows, head_dim], normed and rotated where the family does."""
        x = n @ self.w[f"{layer}self_attn.{kind}_proj.weight"].T + self.w.get(f"{layer}self_attn.{kind}_proj.bias", 0.0)
        x = x.reshape(len(n), count, -1)
        if f"{layer}self_attn.{kind}_norm.weight" in self.w:
            x = self.norm(x, f"{layer}self_attn.{kind}_norm.weight")
        x = x.transpose(1, 0, 2)
        return x if kind == "v" else self.rotated(x)

    def attention(self, n, layer):
        queries, groups = self.c["num_attention_heads"], self.c["num_key_value_heads"]
        q = self.heads(n, layer, "q", queries)
        k, v = (self.heads(n, layer, kind, groups).repeat(queries // groups, axis=0) for kind in "kv")
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])) * self.visible(len(n))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        return mixed.transpose(1, 0, 2).reshape(len(n), -1) @ self.w[f"{layer}self_attn.o_proj.weight"].T

    def gated(self, n, prefix):
        gate = n @ self.w[f"{prefix}.gate_proj.weight"].T
        up = n @ self.w[f"{prefix}.up_proj.weight"].T
        return (gate / (1.0 + np.exp(-gate)) * up) @ self.w[f"{prefix}.down_proj.weight"].T

    def mlp(self, n, layer):
        return self.gated(n, layer + "mlp")

    def logits(self, ids):
        """[length] ids -> [length, vocabulary]: the rows as the network gives them."""
        x = self.w["model.embed_tokens.weight"][np.asarray(ids)]
        for i in range(self.c["num_hidden_layers"]):
            layer = f"model.layers.{i}."
            x = x + self.attention(self.norm(x, layer + "input_layernorm.weight"), layer)
            x = x + self.mlp(self.norm(x, layer + "post_attention_layernorm.weight"), layer)
        head = self.w.get("lm_head.weight", self.w["model.embed_tokens.weight"])
        return self.norm(x, "model.norm.weight") @ head.T


class Sampler:
    def __init__(self, network: Network):
        self.network, self.mask, self.eos = network, network.c["mask_token_id"], network.c["eos_token_id"]

    def predictions(self, x):
        """[length, vocabulary]: row j is about token j. MASK is never one."""
        z = self.network.logits(x)
        if self.network.shifted:
            z = np.concatenate([z[:1], z[:-1]])
        z[:, self.mask] = -np.inf
        return z

    def ended(self, x, prompt):
        rest = x[prompt:]
        return self.eos in rest and self.mask not in rest[:rest.index(self.eos)]


def ranked(candidates, count):
    """The `count` best of (value, position, token): the decisions that matter must not be close."""
    candidates = sorted(candidates, key=lambda c: (-c[0], c[1]))
    for (a, *_), (b, *_) in zip(candidates, candidates[1:count + 1]):
        decide(a, b, max(abs(a), 1e-3))
    return candidates[:count]


def far(value, limit):
    if abs(value - limit) <= MARGIN * max(abs(limit), 1e-3):
        raise TooClose
    return value


class Dream(Sampler):
    @staticmethod
    def times(o):
        f = np.float32
        stride = (f(o.eps) - f(1)) / f(o.steps)
        return [f(1) + stride * f(i) if i < (o.steps + 1) // 2 else f(o.eps) - stride * f(o.steps - i)
                for i in range(o.steps + 1)]

    def measure(self, z, token, o):
        scaled = z / (o.temperature or 1.0)
        order = np.argsort(-z, kind="stable")
        counts = kept_counts(scaled, order, o, FILTER_MARGIN)
        if len(counts) > 1:
            raise TooClose
        p = softmax(np.where(np.isin(np.arange(len(z)), order[:counts[0]]), scaled, -np.inf))
        if o.alg == "topk_margin":
            best = np.sort(p)[::-1]
            return float(best[0] - best[1])
        if o.alg == "entropy":
            return float((p[p > 0] * np.log(p[p > 0])).sum())
        return float(p[token])

    def value(self, z, token, o, masks_left, position):
        value = self.measure(z, token, o)
        if o.alg_temp > 0 and o.alg != "origin":
            value = value / o.alg_temp + float(gumbel(words(o.seed, masks_left, position, RANK_NOISE)))
        return value

    def chosen(self, masked, i, t, s, o):
        """The positions a step looks at, and how many of them it reveals."""
        last = i == o.steps - 1
        if o.alg != "origin":
            return masked, len(masked) if last else int(np.float32(len(masked)) * (np.float32(1) - s / t))
        drawn = [p for p in masked if last or far(
            float(uniform(philox((i, p, ORIGIN_NOISE, 0), (o.seed & WORD, o.seed >> 32))[0])), float(1 - s / t))
            < float(1 - s / t)]
        return drawn, len(drawn)

    def generate(self, prompt, o):
        x, steps, times = prompt + [self.mask] * o.length, [], self.times(o)
        for i in range(o.steps):
            masked = [p for p in range(len(x)) if x[p] == self.mask]
            positions, count = self.chosen(masked, i, times[i], times[i + 1], o)
            if count == 0:
                continue
            z, candidates = self.predictions(x), []
            for p in positions:
                token = choose_token(z[p], o, len(masked), p)
                candidates.append((self.value(z[p], token, o, len(masked), p), p, token))
            committed = [(p, token) for _, p, token in ranked(candidates, count)]
            for p, token in committed:
                x[p] = token
            steps.append(committed)
            if o.stop_at_end and self.ended(x, len(prompt)):
                return [self.eos if t == self.mask else t for t in x], steps
        return x, steps


class Sdar(Sampler):
    def window(self, block, x, o):
        size = o.sub_block or len(block)
        parts = [block[i:i + size] for i in range(0, len(block), size)]
        return next(part for part in parts if any(x[p] == self.mask for p in part))

    def reveal(self, candidates, share, o):
        """candidates: (probability, entropy, position, token)."""
        if o.remasking_strategy == "entropy_bounded":
            order, total, count = ranked([(-e, p, t) for _, e, p, t in candidates], len(candidates)), 0.0, 0
            for negative, _, _ in order:
                total += -negative
                if far(total, o.entropy_bound) >= o.entropy_bound:
                    break
                count += 1
            return order[:max(count, 1)]
        count = share
        if o.remasking_strategy == "low_confidence_dynamic":
            count = max(share, sum(far(c, o.confidence_threshold) > o.confidence_threshold for c, *_ in candidates))
        return ranked([(c, p, t) for c, _, p, t in candidates], count)

    def step(self, x, positions, share, o):
        masks_left, z, candidates = x.count(self.mask), self.predictions(x), []
        for p in positions:
            token, q = choose_token(z[p], o, masks_left, p), softmax(z[p])
            candidates.append((float(q[token]), float(-(q[q > 0] * np.log(q[q > 0])).sum()), p, token))
        committed = [(p, t) for _, p, t in self.reveal(candidates, share, o)]
        for p, t in committed:
            x[p] = t
        return committed

    def generate(self, prompt, o):
        size = self.network.block
        x = prompt + [self.mask] * o.length
        x += [self.mask] * (-len(x) % size)
        blocks = [[p for p in range(b, b + size) if p >= len(prompt)] for b in range(len(prompt) // size * size, len(x), size)]
        blocks = [b for b in blocks if b]
        steps = []
        for block, block_steps in zip(blocks, transfer_schedule(o.steps, len(blocks))):
            taken = 0
            while any(x[p] == self.mask for p in block):
                masked = [p for p in block if x[p] == self.mask]
                if self.network.shifted and block[0] % size == 0 and block[0] > 0 and x[block[0]] == self.mask:
                    # Nothing of the new block is in the pass that predicts its first token.
                    steps.append(self.step_before(x, block[0], o))
                else:
                    share = -(-len(masked) // (block_steps - min(taken, block_steps - 1)))
                    positions = [p for p in self.window(block, x, o) if x[p] == self.mask]
                    taken, share = taken + 1, min(share, len(positions))
                    if o.remasking_strategy == "sequential":
                        positions = positions[:share]
                    steps.append(self.step(x, positions, share, o))
                if o.stop_at_end and self.ended(x, len(prompt)):
                    return [self.eos if t == self.mask else t for t in x], steps
        return x, steps

    def step_before(self, x, position, o):
        z = self.network.logits(x[:position])[-1]
        z[self.mask] = -np.inf
        token = choose_token(z, o, x.count(self.mask), position)
        x[position] = token
        return [(position, token)]


CASES = {
    "dream": ("dream", Dream, [
        DreamOptions(length=16, steps=16),
        DreamOptions(length=16, steps=9, alg="maskgit_plus"),
        DreamOptions(length=20, steps=40, alg="topk_margin"),
        DreamOptions(length=16, steps=8, alg="origin"),
        DreamOptions(length=16, steps=12, temperature=0.6, top_p=0.95),
        DreamOptions(length=16, steps=16, temperature=1.2, top_k=7, alg="maskgit_plus"),
        DreamOptions(length=14, steps=14, top_p=0.8, alg="topk_margin"),
        DreamOptions(length=16, steps=11, alg_temp=0.5, alg="maskgit_plus"),
        DreamOptions(length=12, steps=12, temperature=0.9, alg="origin", eps=0.01),
        DreamOptions(length=12, steps=12, temperature=2.5, stop_at_end=True),
    ]),
    "sdar": ("sdar", Sdar, [
        SdarOptions(length=18, steps=18, confidence_threshold=0.3),
        SdarOptions(length=18, steps=9, remasking_strategy="low_confidence_static"),
        SdarOptions(length=15, steps=15, remasking_strategy="sequential"),
        SdarOptions(length=18, steps=18, remasking_strategy="entropy_bounded", entropy_bound=4.0),
        SdarOptions(length=18, steps=18, temperature=1.0, confidence_threshold=0.1),
        SdarOptions(length=12, steps=12, temperature=0.8, top_k=5, top_p=0.9, confidence_threshold=0.2),
        SdarOptions(length=16, steps=16, temperature=2.5, stop_at_end=True),
    ]),
    "fast_dllm_v2": ("sdar", Sdar, [
        SdarOptions(length=22, steps=22, confidence_threshold=0.4, sub_block=4),
        SdarOptions(length=22, steps=22, confidence_threshold=0.2),
        SdarOptions(length=17, steps=17, temperature=0.7, top_p=0.95, sub_block=3, confidence_threshold=0.3),
    ]),
}
PROMPT_LENGTHS = [5, 16, 11]  # 16: a prompt that ends with its block


def find_case(sampler, o, length, rng) -> dict:
    """Draws prompts of ordinary tokens, and seeds, until no decision is close."""
    for attempt in range(1, 2001):
        prompt = [int(t) for t in rng.integers(sampler.eos - 1, size=length)]
        seeded = replace(o, seed=int(rng.integers(2**63)))
        try:
            ids, steps = sampler.generate(prompt, seeded)
        except TooClose:
            continue
        if o.stop_at_end and sum(len(s) for s in steps) == len(ids) - length:
            continue  # it did not stop early
        print(f"  {attempt} draws for {o}", flush=True)
        return {"options": asdict(seeded), "prompt": prompt, "ids": ids,
                "steps": [[list(commit) for commit in step] for step in steps]}
    raise SystemExit(f"no prompt found for {o}")


def make(shared: Path, names) -> dict:
    models = []
    for name in names:
        strategy, kind, cases = CASES[name]
        sampler, rng = kind(Network(shared / "golden" / name)), np.random.default_rng(2026)
        models.append({"model": name, "strategy": strategy,
                       "cases": [find_case(sampler, o, length, rng) for o in cases for length in PROMPT_LENGTHS]})
    return {"about": "Made by tests/tools/qwen_sampler_reference.py, which states the rules. steps: per forward pass, the "
                     "[position, token] committed, most confident first. Every decision has a relative margin above "
                     f"{MARGIN}.", "models": models}


def main():
    shared = Path(__file__).parent.parent / "shared"
    for file, names in {"dream": ["dream"], "sdar": ["sdar", "fast_dllm_v2"]}.items():
        (shared / "sampler" / f"{file}.json").write_text(one_case_per_line(make(shared, names)) + "\n")


if __name__ == "__main__":
    main()
