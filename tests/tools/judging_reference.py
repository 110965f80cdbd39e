"""Independent NumPy implementations of SimSD and S2D2 without sampling, and the maker of their fixture.

    python judging_reference.py            writes ../shared/sampler/judging.json

Nothing is cached: every pass computes the finished text anew. The rule about close decisions is that of
sampler_reference.py. Further points settled:

- SimSD (Cui et al. 2026): the drafter is the model with fewer layers. It denoises the block as sdar does, one step per
  token at most; the verifier judges all drafted tokens in one pass of known, data and mask rows (the mask stands in
  `temporal_mask`). Tokens are accepted from left to right while they are the verifier's best ones; the first that is not is
  replaced. What follows in the block depends on partial_block_fill. Known tokens of a block need not come first in it.
- redraft: the rest is drafted and judged again, and becomes the verifier's best tokens.
- S2D2 (2026, arXiv 2603.25702): a pass drafts all masks of the block; if the first run of masks is long enough, a second pass
  judges it with the same model, as if its blocks had one token: row i sees the tokens before it, and itself as a mask.
  Then every other mask whose draft is more probable than confidence_threshold is filled, and more by the sampler's own
  rule if the step has not filled its share.
- Texts end with the first end token that has no mask before it, looked for after each round.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from qwen_sampler_reference import Network, far, ranked
from sampler_reference import TooClose, arg_max, decide, one_case_per_line, rotate, softmax


@dataclass(frozen=True)
class SimSD:
    length: int
    layers: int  # of the drafter
    partial_block_fill: str = "truncate"
    remasking_strategy: str = "low_confidence_static"
    confidence_threshold: float = 0.85
    stop_at_end: bool = False


@dataclass(frozen=True)
class S2D2:
    length: int
    remasking_strategy: str = "low_confidence_static"
    confidence_threshold: float = 0.85
    min_span_length: int = 1
    stop_at_end: bool = False


class Rows(Network):
    """The forward pass over rows at any positions, row i seeing what seen[i] says."""

    def rotated(self, x):
        return rotate(x, self.positions, self.c["rope_theta"])

    def visible(self, rows):
        return self.seen

    def logits(self, ids):
        of = np.arange(len(ids)) // self.block
        return self.logits_of(ids, np.arange(len(ids)), of[None, :] <= of[:, None])

    def logits_of(self, ids, positions, seen):
        self.positions, self.seen = positions, seen
        return super().logits(ids)

    def beside(self, text, ids, positions, seen):
        """Logits of rows that see all of `text`, whole blocks, and each other as `seen` says."""
        n, rows = len(text), len(ids)
        of = np.arange(n) // self.block
        every = np.zeros((n + rows, n + rows), dtype=bool)
        every[:n, :n] = of[None, :] <= of[:, None]
        every[n:, :n] = True
        every[n:, n:] = seen
        return self.logits_of(list(text) + list(ids), np.concatenate([np.arange(n), positions]).astype(int), every)[n:]


def temporal_mask(known, steps):
    n = len(steps)
    seen = np.zeros((known + 2 * n, known + 2 * n), dtype=bool)
    seen[:, :known] = True
    for i in range(n):
        for j in range(n):
            data, mask = known + i, known + n + i
            seen[data, known + (j if steps[j] <= steps[i] else n + j)] = True
            seen[mask, known + (j if steps[j] < steps[i] else n + j)] = True
    return seen


def best(z):
    """The arg-max, which must not be close."""
    order = np.argsort(-z, kind="stable")
    decide(float(z[order[0]]), float(z[order[1]]), max(abs(float(z[order[0]])), 1e-3))
    return arg_max(z)


class Judge:
    def __init__(self, folder):
        self.network, self.drafter = Rows(folder), Rows(folder)
        self.c = self.network.c
        self.mask, self.eos, self.block = self.c["mask_token_id"], self.c["eos_token_id"], self.c["block_size"]

    def plain(self, network, x, end):
        z = network.logits(x[:end])
        z[:, self.mask] = -np.inf
        return z

    def reveal(self, candidates, share, o):
        """candidates: (probability, position, token) -> those that sdar's rule takes, at least `share`."""
        count = min(share, len(candidates))
        if o.remasking_strategy == "low_confidence_dynamic":
            count = max(count, sum(far(p, o.confidence_threshold) > o.confidence_threshold for p, *_ in candidates))
        return [(p, token) for _, p, token in ranked(candidates, count)]

    def candidates(self, z, positions):
        return [(float(softmax(z[p])[best(z[p])]), p, best(z[p])) for p in positions]

    def ended(self, x, prompt):
        rest = x[prompt:]
        return self.eos in rest and self.mask not in rest[:rest.index(self.eos)]

    def generate(self, prompt, o):
        x = prompt + [self.mask] * o.length
        x += [self.mask] * (-len(x) % self.block)
        rounds = []
        self.redrafted, self.at = False, None
        while self.mask in x:
            begin = x.index(self.mask) // self.block * self.block
            if begin != self.at:
                self.at, self.redrafted = begin, False
            rounds += self.round(x, range(begin, begin + self.block), o)
            if o.stop_at_end and self.ended(x, len(prompt)):
                x = [self.eos if t == self.mask else t for t in x]
        return x, rounds


class SimSDJudge(Judge):
    def draft(self, x, block, o):
        x, steps = list(x), {}
        self.drafter.c = self.c | {"num_hidden_layers": o.layers}
        while masked := [p for p in block if x[p] == self.mask]:
            z = self.plain(self.drafter, x, block.stop)
            step = max(steps.values(), default=-1) + 1
            for p, token in self.reveal(self.candidates(z, masked), 1, o):
                x[p], steps[p] = token, step
        return {p: x[p] for p in sorted(steps)}, steps

    def round(self, x, block, o):
        tokens, steps = self.draft(x, block, o)
        known, drafted = [p for p in block if x[p] != self.mask], list(tokens)
        ids = [x[p] for p in known] + list(tokens.values()) + [self.mask] * len(drafted)
        z = self.network.beside(x[:block.start], ids, np.array(known + drafted + drafted),
                                temporal_mask(len(known), [steps[p] for p in drafted]))[-len(drafted):]
        z[:, self.mask] = -np.inf
        accepted = 0
        while accepted < len(drafted) and best(z[accepted]) == tokens[drafted[accepted]]:
            accepted += 1
        written = [tokens[p] for p in drafted[:accepted]] + [best(row) for row in z[accepted:accepted + 1]]
        self.fill(written, [tokens[p] for p in drafted], accepted, z, o)
        for p, token in zip(drafted, written):
            x[p] = token
        return [{"drafted": len(drafted), "accepted": accepted, "tokens": list(map(list, zip(drafted, written)))}]

    def fill(self, written, drafted, accepted, z, o):
        mode = o.partial_block_fill
        if mode == "redraft" and self.redrafted:
            self.redrafted, mode = False, "target_argmax_all"
        elif len(written) < len(drafted):
            self.redrafted = mode == "redraft"
        else:
            return
        if mode == "truncate_no_bonus" and accepted > 0:
            del written[accepted:]
        if mode == "target_argmax_all":
            written.clear()
        if mode.startswith("target_argmax"):
            written += [best(row) for row in z[len(written):]]
        if mode == "draft_argmax":
            written += drafted[len(written):]


class S2D2Judge(Judge):
    def round(self, x, block, o):
        masked = [p for p in block if x[p] == self.mask]
        z = self.plain(self.network, x, block.stop)
        draft = {p: (probability, token) for probability, p, token in self.candidates(z, masked)}
        span = [p for i, p in enumerate(masked) if p == masked[0] + i]
        written, accepted, verified = {}, 0, len(span) >= o.min_span_length
        if verified:
            written, accepted = self.verify(x, block, span, {p: token for p, (_, token) in draft.items()})
        for p in masked:
            if p not in written and far(draft[p][0], o.confidence_threshold) > o.confidence_threshold:
                written[p] = draft[p][1]
        left = [(draft[p][0], p, draft[p][1]) for p in masked if p not in written]
        if not written:
            written |= dict(self.reveal(left, 1, o))
        for p, token in written.items():
            x[p] = token
        return [{"drafted": len(span) if verified else 0, "accepted": accepted,
                 "tokens": sorted(map(list, written.items()))}]

    def verify(self, x, block, span, draft):
        size = len(block)
        ids = [draft.get(p, x[p]) for p in block] + [self.mask] * size
        seen = np.zeros((2 * size, 2 * size), dtype=bool)
        for i in range(size):
            seen[i, :i + 1] = seen[size + i, :i] = seen[size + i, size + i] = True
        z = self.network.beside(x[:block.start], ids, np.array(list(block) * 2), seen)[size:]
        z[:, self.mask] = -np.inf
        written = {}
        for p in span:
            written[p] = best(z[p - block.start])
            if written[p] != draft[p]:
                return written, len(written) - 1
        return written, len(span)


CASES = {
    "sdar": [
        ("simsd", SimSDJudge, [
            SimSD(length=18, layers=2),
            SimSD(length=15, layers=3),
            SimSD(length=18, layers=1, remasking_strategy="low_confidence_dynamic", confidence_threshold=0.3),
            SimSD(length=18, layers=2, partial_block_fill="truncate_no_bonus"),
            SimSD(length=18, layers=2, partial_block_fill="target_argmax"),
            SimSD(length=18, layers=2, partial_block_fill="target_argmax_all"),
            SimSD(length=18, layers=2, partial_block_fill="draft_argmax"),
            SimSD(length=18, layers=2, partial_block_fill="redraft"),
        ]),
        ("s2d2", S2D2Judge, [
            S2D2(length=18),
            S2D2(length=18, confidence_threshold=0.3),
            S2D2(length=18, remasking_strategy="low_confidence_dynamic", confidence_threshold=0.4, min_span_length=3),
        ]),
    ],
    "sdar_tied": [
        ("simsd", SimSDJudge, [SimSD(length=17, layers=1), SimSD(length=17, layers=1, partial_block_fill="redraft")]),
        ("s2d2", S2D2Judge, [S2D2(length=17), S2D2(length=17, confidence_threshold=0.2, min_span_length=4)]),
    ],
}
PROMPT_LENGTHS = [5, 16, 11]


def find_case(judge, o, length, rng):
    """Draws prompts of ordinary tokens until no decision is close, and something was accepted and something not."""
    for attempt in range(1, 2001):
        prompt = [int(t) for t in rng.integers(judge.eos - 1, size=length)]
        try:
            ids, rounds = judge.generate(prompt, o)
        except TooClose:
            continue
        drafted, accepted = (sum(r[name] for r in rounds) for name in ("drafted", "accepted"))
        if not 0 < accepted < drafted:
            continue
        print(f"  {attempt} draws, {accepted} of {drafted} accepted for {o}", flush=True)
        return {"options": asdict(o), "prompt": prompt, "ids": ids, "rounds": rounds}
    raise SystemExit(f"no prompt found for {o}")


def main():
    shared, models = Path(__file__).parent.parent / "shared", []
    for name, strategies in CASES.items():
        for strategy, kind, cases in strategies:
            judge, rng = kind(shared / "golden" / name), np.random.default_rng(2026)
            models.append({"model": name, "strategy": strategy,
                           "cases": [find_case(judge, o, length, rng) for o in cases for length in PROMPT_LENGTHS]})
    about = ("Made by tests/tools/judging_reference.py, which states the rules. rounds: how many tokens were judged and "
             "accepted, and the [position, token] written.")
    (shared / "sampler" / "judging.json").write_text(one_case_per_line({"about": about, "models": models}) + "\n")


if __name__ == "__main__":
    main()
