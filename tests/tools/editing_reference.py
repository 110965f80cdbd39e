"""An independent NumPy implementation of token editing (LLaDA2.1, Bie et al. 2026), and the maker of its fixture.

    python editing_reference.py            writes ../shared/sampler/editing.json

Noise and the rule about close decisions are those of sampler_reference.py, blocks and shares those of it (vanilla) and of
qwen_sampler_reference.py (sdar). Besides:

- A step fills the masks of the block whose token is more probable than the threshold, and no fewer than its share. In the
  same step each token of the block that is no mask and not the prompt's becomes the model's best token, where that is
  another one with a probability above edit_threshold. Both see the tokens as they were before the step.
- Once the block has no masks, steps only edit. The first of these that changes nothing is the last, or the one that is
  number max_post_steps.
- Edits take the best token, whatever the temperature: noise would edit for ever.
- A text ends only with a finished block.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import sampler_reference
from qwen_sampler_reference import Network, far, ranked
from sampler_reference import TooClose, arg_max, choose_token, one_case_per_line, rotate, softmax, transfer_schedule


@dataclass(frozen=True)
class Vanilla:
    length: int
    steps: int
    block: int
    edit_threshold: float
    max_post_steps: int = 16
    threshold: float = 0.0  # 0: as many as the steps say
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    stop_at_end: bool = False

    def blocks(self, prompt, length):
        return [range(b, min(b + self.block, length)) for b in range(prompt, length, self.block)]

    def count(self, confidences, masks_at_first, step, steps):
        if self.threshold:
            return max(1, sum(far(c, self.threshold) >= self.threshold for c in confidences))
        return [n for n in transfer_schedule(masks_at_first, steps) if n][step]


@dataclass(frozen=True)
class Sdar:
    length: int
    steps: int
    edit_threshold: float
    max_post_steps: int = 16
    confidence_threshold: float = 0.85
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    stop_at_end: bool = False
    size = 0  # of the model's blocks

    def blocks(self, prompt, length):
        begins = range(prompt // self.size * self.size, length, self.size)
        return [range(max(b, prompt), b + self.size) for b in begins]

    def count(self, confidences, masks_at_first, step, steps):
        share = -(-len(confidences) // (steps - min(step, steps - 1)))
        return max(share, sum(far(c, self.confidence_threshold) > self.confidence_threshold for c in confidences))


class Llada2(Network):
    """LLaDA2's forward pass: a mixture of experts beside a shared one, partial rotation."""

    NAMES = {"word_embeddings": "embed_tokens", "attention.dense": "self_attn.o_proj",
             "attention.query_layernorm": "self_attn.q_norm", "attention.key_layernorm": "self_attn.k_norm"}

    def take_names(self):
        self.c |= {"block_size": self.c["block_length"], "eos_token_id": self.c["pad_token_id"]}
        for name in list(self.w):
            w, new = self.w.pop(name), name
            for theirs, ours in self.NAMES.items():
                new = new.replace(theirs, ours)
            if "query_key_value" in name:
                q, kv = (self.c[n] * self.c["head_dim"] for n in ("num_attention_heads", "num_key_value_heads"))
                for kind, rows in zip("qkv", np.split(w, [q, q + kv])):
                    self.w[name.replace("attention.query_key_value", f"self_attn.{kind}_proj")] = rows
            else:
                self.w[new] = w

    def rotated(self, x):
        part = int(self.c["partial_rotary_factor"] * self.c["head_dim"])
        return np.concatenate([super().rotated(x[..., :part]), x[..., part:]], -1)

    def route(self, row, layer):
        """The experts of a row [hidden], and their weights."""
        c, scores = self.c, 1.0 / (1.0 + np.exp(-self.w[layer + "mlp.gate.weight"] @ row))
        choice = (scores + self.w[layer + "mlp.gate.expert_bias"]).reshape(c["n_group"], -1)
        groups = np.sort(choice, -1)[:, -2:].sum(-1)
        choice[np.argsort(-groups)[c["topk_group"]:]] = -np.inf
        chosen = np.argsort(-choice.ravel())[:c["num_experts_per_tok"]]
        return chosen, scores[chosen] / scores[chosen].sum() * c["routed_scaling_factor"]

    def mlp(self, n, layer):
        if layer + "mlp.gate.weight" not in self.w:
            return super().mlp(n, layer)
        routed = [sum(weight * self.gated(row, f"{layer}mlp.experts.{e}") for e, weight in zip(*self.route(row, layer)))
                  for row in n]
        return self.gated(n, layer + "mlp.shared_experts") + np.array(routed)


class Editor:
    """logits: a function from ids [length] to [length, vocabulary]. size: the model's blocks, 0: none."""

    def __init__(self, logits, mask, eos, size):
        self.logits, self.mask, self.eos, self.size = logits, mask, eos, size

    def fills(self, x, z, masked, count, o):
        candidates = []
        for p in masked:
            token = choose_token(z[p], o, x.count(self.mask), p)
            candidates.append((float(softmax(z[p])[token]), p, token))
        return [[p, token] for _, p, token in ranked(candidates, count([c for c, *_ in candidates]))]

    def edits(self, x, z, known, o):
        best = [(p, arg_max(z[p])) for p in known]
        return [[p, token] for p, token in best
                if token != x[p] and far(float(softmax(z[p])[token]), o.edit_threshold) > o.edit_threshold]

    def finish(self, x, block, steps, o):
        """Steps until the block is finished; yields what each wrote."""
        masks, step, post_steps = sum(x[p] == self.mask for p in block), 0, 0
        while post_steps < o.max_post_steps or any(x[p] == self.mask for p in block):
            z = self.logits(x)
            z[:, self.mask] = -np.inf
            masked = [p for p in block if x[p] == self.mask]
            fills = self.fills(x, z, masked, lambda c: o.count(c, masks, step, steps), o) if masked else []
            edits = self.edits(x, z, [p for p in block if p not in masked], o)
            for p, token in fills + edits:
                x[p] = token
            step, post_steps = step + 1, post_steps + (not masked)
            yield fills + edits
            if not masked and not edits:
                break

    def generate(self, prompt, o):
        x, steps = prompt + [self.mask] * o.length, []
        if self.size:
            x += [self.mask] * (-len(x) % self.size)
        blocks = o.blocks(len(prompt), len(x))
        for block, block_steps in zip(blocks, transfer_schedule(o.steps, len(blocks))):
            steps += self.finish(x, block, block_steps, o)
            if o.stop_at_end and self.eos in x[len(prompt):block.stop]:
                x[block.stop:] = [self.eos] * (len(x) - block.stop)
                break
        return x, steps


CASES = {
    "llada_odd": ("vanilla", [
        Vanilla(length=18, steps=18, block=6, edit_threshold=0.0),
        Vanilla(length=18, steps=9, block=9, edit_threshold=0.3),
        Vanilla(length=16, steps=16, block=8, edit_threshold=0.2, threshold=0.25),
        Vanilla(length=12, steps=12, block=4, edit_threshold=0.1, temperature=1.0, max_post_steps=2),
        Vanilla(length=16, steps=8, block=4, edit_threshold=0.1, temperature=3.0, stop_at_end=True),
    ]),
    "sdar": ("sdar", [
        Sdar(length=18, steps=18, edit_threshold=0.2, confidence_threshold=0.3),
        Sdar(length=14, steps=7, edit_threshold=0.0, max_post_steps=3),
        Sdar(length=16, steps=16, edit_threshold=0.1, confidence_threshold=0.1, temperature=1.0, top_k=9),
    ]),
    "llada2": ("sdar", [
        Sdar(length=20, steps=20, edit_threshold=0.0, confidence_threshold=0.1),
        Sdar(length=22, steps=9, edit_threshold=0.05, max_post_steps=0),
        Sdar(length=13, steps=13, edit_threshold=0.1, confidence_threshold=0.2, temperature=0.7),
    ]),
}
PROMPT_LENGTHS = [5, 16, 11]  # 16: a prompt that ends with its block


def editor(folder):
    if folder.name.startswith("llada_"):
        network = sampler_reference.Network(folder)
        return Editor(network.logits, network.config["mask_token_id"], network.config["eos_token_id"], 0)
    network = (Llada2 if folder.name == "llada2" else Network)(folder)
    return Editor(network.logits, network.c["mask_token_id"], network.c["eos_token_id"], network.block)


def find_case(e, o, length, rng):
    """Draws prompts of ordinary tokens, and seeds, until no decision is close, something is edited, and the text ends
    early where it may."""
    for attempt in range(1, 5001):
        prompt = [int(t) for t in rng.integers(e.eos - 1, size=length)]
        seeded = replace(o, seed=int(rng.integers(2**63)))
        object.__setattr__(seeded, "size", e.size)
        try:
            ids, steps = e.generate(prompt, seeded)
        except TooClose:
            continue
        written = [p for step in steps for p, _ in step]
        if len(written) == len(set(written)) or o.stop_at_end and len(set(written)) == len(ids) - length:
            continue
        print(f"  {attempt} draws, {len(steps)} passes, {len(written) - len(set(written))} edits for {o}", flush=True)
        return {"options": asdict(seeded), "prompt": prompt, "ids": ids, "steps": steps, "passes": len(steps)}
    raise SystemExit(f"no prompt found for {o}")


def main():
    shared, models = Path(__file__).parent.parent / "shared", []
    for name, (strategy, cases) in CASES.items():
        e, rng = editor(shared / "golden" / name), np.random.default_rng(2026)
        models.append({"model": name, "strategy": strategy,
                       "cases": [find_case(e, o, length, rng) for o in cases for length in PROMPT_LENGTHS]})
    about = ("Made by tests/tools/editing_reference.py, which states the rules. steps: per forward pass, the [position, "
             "token] written: first what was masked, most confident first, then what was edited, from left to right.")
    (shared / "sampler" / "editing.json").write_text(one_case_per_line({"about": about, "models": models}) + "\n")


if __name__ == "__main__":
    main()
