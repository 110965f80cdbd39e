"""An independent NumPy implementation of strategy dual, and the maker of its fixture.

    python dual_reference.py            writes ../shared/sampler/dual.json

DualDiffusion (Goyal et al. 2026, arXiv 2604.05250) with a verification that does not see what it judges (WINO, Hong et al.
2025, arXiv 2507.18578), without sampling. Nothing is cached: every pass computes the whole canvas anew. The rule about
close decisions is that of sampler_reference.py. A round works on the first block that has masks:

- Draft: `draft_length` passes at most, each of which fills the block's masks whose token has at least probability
  tau_draft, and the best one in any case. The drafter is the model with its first `layers` layers.
- Verify: one pass of the model over the canvas and, beside it, masks that stand at drafted positions. `own`: each sees the
  canvas but for its position, and itself. `block`: every position of the block has one, and they see each other too.
  The canvas does not see them. The pass fills masks as drafting does, by tau_verify.
- Judge: a draft stays if q, the distribution at its mask, has it at tau_keep (prob), as its best (argmax), at alpha of its
  best (ratio), or if KL(draft || q) is at most eps_kl. Otherwise it is masked again, unless q's best token has at least
  tau_fix or the position was masked max_reject_per_pos times: then q's best token stands there.
- At least one mask is gone after a round: of the tokens to be masked again, those with the best scores (log q; log q less
  that of the best token; minus the divergence) stay where needed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from judging_reference import find_case
from qwen_sampler_reference import far, ranked
from sampler_reference import Network, arg_max, decide, one_case_per_line, rotate, softmax


@dataclass(frozen=True)
class Dual:
    length: int
    block: int
    draft_length: int
    layers: int = 3  # of the drafter
    keep_rule: str = "ratio"
    alpha: float = 0.5
    tau_keep: float = 0.5
    eps_kl: float = 0.5
    tau_draft: float = 0.8
    tau_verify: float = 0.9
    tau_fix: float = 0.95
    max_reject_per_pos: int = 2
    shadows: str = "own"
    stop_at_end: bool = False


class Rows(Network):
    """The forward pass over rows at any positions, row i seeing what seen[i] says."""

    def rotated(self, x):
        return rotate(x, self.positions, self.config["rope_theta"])

    def visible(self, rows):
        return self.seen

    def logits(self, ids):
        self.positions, self.seen = np.arange(len(ids)), np.ones((len(ids), len(ids)), dtype=bool)
        return super().logits(ids)

    def with_shadows(self, ids, positions, mask, see_each_other):
        """Logits of the canvas [length, vocabulary], and of masks beside it [positions, vocabulary]."""
        n, extra = len(ids), len(positions)
        self.positions = np.array([*range(n), *positions])
        self.seen = np.zeros((n + extra, n + extra), dtype=bool)
        self.seen[:, :n] = True
        for i, position in enumerate(positions):
            self.seen[n + i, position] = False
            self.seen[n + i, n + i] = True
        if see_each_other:
            self.seen[n:, n:] = True
        z = super().logits([*ids, *[mask] * extra])
        return z[:n], z[n:]


def log_softmax(z):
    return z - z.max() - np.log(np.exp(z - z.max()).sum())


def divergence(p, log_q):
    """Kullback-Leibler of a distribution to another one, in nats."""
    held = p > 0
    return float((p[held] * (np.log(p[held]) - log_q[held])).sum())


class Judge:
    def __init__(self, folder):
        self.network, self.drafter = Rows(folder), Rows(folder)
        self.mask, self.eos = (self.network.config[f"{name}_token_id"] for name in ("mask", "eos"))

    def fill(self, x, z, positions, threshold):
        """Fills masks at `positions` of x whose token has the probability `threshold`, one at least; what it filled."""
        candidates = [(float(softmax(z[p])[arg_max(z[p])]), p, arg_max(z[p])) for p in positions]
        count = max(sum(far(p, threshold) >= threshold for p, *_ in candidates), min(1, len(candidates)))
        filled = [p for _, p, token in ranked(candidates, count)]
        for _, p, token in candidates:
            if p in filled:
                x[p] = token
        return filled

    def plain(self, z):
        z[:, self.mask] = -np.inf
        return z

    def draft(self, x, block, o):
        """What it drafts in x: by position, the distribution that the token is of."""
        drafts = {}
        self.drafter.config = self.network.config | {"n_layers": o.layers}
        for _ in range(o.draft_length):
            if masked := [p for p in block if x[p] == self.mask]:
                z = self.plain(self.drafter.logits(x))
                drafts |= {p: softmax(z[p]) for p in self.fill(x, z, masked, o.tau_draft)}
        return drafts

    def verify(self, x, block, drafts, o):
        """Fills masks of x; gives the distributions, as logarithms, at the drafts' masks."""
        positions = list(block) if o.shadows == "block" else list(drafts)
        z, beside = map(self.plain, self.network.with_shadows(x, positions, self.mask, o.shadows == "block"))
        self.fill(x, z, [p for p in block if x[p] == self.mask], o.tau_verify)
        return {p: log_softmax(beside[positions.index(p)]) for p in drafts}

    def keeps(self, token, draft, log_q, o):
        """Whether a draft stays, and its score."""
        q, best = np.exp(log_q), arg_max(log_q)
        if o.keep_rule == "prob":
            return far(q[token], o.tau_keep) >= o.tau_keep, log_q[token]
        if o.keep_rule == "argmax":
            return token == best, log_q[token] - log_q[best]
        if o.keep_rule == "kl":
            apart = divergence(draft, log_q)
            return far(apart, o.eps_kl) <= o.eps_kl, -apart
        return far(q[token] / q[best], o.alpha) >= o.alpha, log_q[token] - log_q[best]

    def judge(self, x, drafts, log_qs, o):
        """Replaces in x what is clear; the positions to be masked again, worst first."""
        again = []
        for p in drafts:
            stays, score = self.keeps(x[p], drafts[p], log_qs[p], o)
            if stays:
                continue
            best = arg_max(log_qs[p])
            if far(np.exp(log_qs[p][best]), o.tau_fix) < o.tau_fix and self.remasked.get(p, 0) < o.max_reject_per_pos:
                again.append((score, p))
            else:
                x[p] = best
        again.sort()
        for (a, _), (b, _) in zip(again, again[1:]):
            decide(b, a, max(abs(a), 1e-3))
        return [p for _, p in again]

    def round(self, x, block, o):
        masks = sum(x[p] == self.mask for p in block)
        drafts = self.draft(x, block, o)
        log_qs = self.verify(x, block, drafts, o)
        filled = masks - sum(x[p] == self.mask for p in block)
        drafted = {p: x[p] for p in drafts}
        for p in self.judge(x, drafts, log_qs, o)[:filled - 1]:
            x[p] = self.mask
            self.remasked[p] = self.remasked.get(p, 0) + 1
        return len(drafts), sum(x[p] == token for p, token in drafted.items())

    def ended(self, x, prompt):
        rest = x[prompt:]
        return self.eos in rest and self.mask not in rest[:rest.index(self.eos)]

    def generate(self, prompt, o):
        """All ids; per round how many were drafted, how many stayed, and the answer after it."""
        x, rounds, self.remasked = prompt + [self.mask] * o.length, [], {}
        while self.mask in x:
            begin = (x.index(self.mask) - len(prompt)) // o.block * o.block + len(prompt)
            block = range(begin, min(begin + o.block, len(x)))
            drafted, accepted = self.round(x, block, o)
            if o.stop_at_end and self.mask not in [x[p] for p in block] and self.ended(x, len(prompt)):
                x = [self.eos if token == self.mask else token for token in x]
            rounds.append({"drafted": drafted, "accepted": accepted, "answer": x[len(prompt):]})
        return x, rounds


# The models are random, so that thresholds that decide something are small.
COMMON = {"tau_draft": 0.02, "tau_verify": 0.03, "tau_fix": 0.06}
CASES = {
    "llada_odd": [
        Dual(length=15, block=15, draft_length=2),
        Dual(length=15, block=5, draft_length=2, **COMMON),
        Dual(length=14, block=7, draft_length=3, layers=2, **COMMON),
        Dual(length=14, block=7, draft_length=3, layers=1, keep_rule="prob", tau_keep=0.03, **COMMON),
        Dual(length=14, block=7, draft_length=4, layers=2, keep_rule="argmax", **COMMON),
        Dual(length=14, block=7, draft_length=3, layers=2, keep_rule="argmax", tau_draft=0.02, tau_verify=0.03),
        Dual(length=14, block=7, draft_length=2, layers=2, keep_rule="kl", eps_kl=0.02, **COMMON),
        Dual(length=14, block=7, draft_length=2, layers=1, shadows="block", max_reject_per_pos=0, **COMMON),
        Dual(length=15, block=15, draft_length=4, layers=2, keep_rule="argmax", shadows="block", max_reject_per_pos=1),
    ],
    "llada_grouped": [
        Dual(length=12, block=6, draft_length=2, layers=2, keep_rule="argmax"),
        Dual(length=12, block=6, draft_length=3, layers=1, **COMMON),
        Dual(length=12, block=12, draft_length=2, layers=2, keep_rule="prob", tau_keep=0.02, shadows="block", **COMMON),
    ],
}
PROMPT_LENGTHS = [5, 13, 9]


def main():
    shared, models = Path(__file__).parent.parent / "shared", []
    for name, cases in CASES.items():
        judge, rng = Judge(shared / "golden" / name), np.random.default_rng(2027)
        models.append({"model": name, "cases": [find_case(judge, o, length, rng) for o in cases for length in PROMPT_LENGTHS]})
    about = ("Made by tests/tools/dual_reference.py, which states the rules. rounds: how many tokens were drafted, how many of "
             "them stayed, and the answer after the round.")
    (shared / "sampler" / "dual.json").write_text(one_case_per_line({"about": about, "models": models}) + "\n")


if __name__ == "__main__":
    main()
