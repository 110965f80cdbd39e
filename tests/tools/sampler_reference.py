"""An independent NumPy implementation of LLaDA's sampler, and the maker of its fixtures.

    python sampler_reference.py            writes ../shared/sampler/vanilla.json and noise.json

It follows the published sampler (Nie et al. 2025, `generate`) with these points settled:

- The logits of MASK are minus infinity everywhere. `suppress_end` does the same to EOS. Both also leave the softmax.
- Noise is counter-based, so a result does not depend on batching: Philox4x32-10 with the seed as key (low word, high
  word) and the counter (masks left in the sequence before the step, position, token, times the position was
  re-masked); word 0 is x. token = arg-max of z + T G(x) over the kept tokens; ties to the lower id.
- top-p and top-k look at z / T in descending order, ties to the lower id. top-p drops a token if the mass before it
  already exceeds p; top-k keeps the first k. Without temperature neither changes the arg-max.
- Confidence ("low_confidence") is the chosen token's probability under z: no noise, no temperature, no filter.
  "random": the uniform v of counter (masks left, position, 0xFFFFFFFF, times re-masked).
- `postpone_end` ranks positions whose token is EOS or EoT last; they still commit when nothing else is left.
- Positions commit by confidence, ties to the lower position.
- Steps that do not divide by the blocks are shared out like tokens to steps: the first blocks get one more.
- Early stop: after each block, if an EOS was committed, the blocks that follow are filled with EOS without a forward.

A device computes the logits in another order, so their last bits differ. A case is kept only if every decision in it
(arg-max, ranks, what a moved top-k or top-p boundary would choose) has a margin above MARGIN, relative to the size of
what is compared.
The logits are NumPy's too, in double precision, and checked against the golden ones before anything is drawn.
"""

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import mpmath
import numpy as np
from safetensors.numpy import load_file

from make_llada_golden import PREFIX, read_weights

MARGIN = 1e-3
ANY_TOKEN = 0xFFFFFFFF
WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class Options:
    length: int
    block: int
    steps: int
    remasking: str = "low_confidence"
    temperature: float = 0.0
    top_k: int = 0  # 0: off
    top_p: float = 1.0  # 1: off
    guidance: float = 0.0  # 0: off
    suppress_end: bool = False
    postpone_end: bool = False
    stop_at_end: bool = False
    seed: int = 0


# --- noise --------------------------------------------------------------------------------------------------------


def philox(counter, key) -> np.ndarray:
    """Philox4x32-10 (Salmon et al. 2011). counter: 4 arrays or numbers, key: 2 numbers. -> [4, ...] of 32-bit words."""
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(c, dtype=np.uint64) for c in counter))
    k0, k1 = (int(k) for k in key)
    for _ in range(10):
        first, second = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = ((second >> np.uint64(32)) ^ c1 ^ np.uint64(k0), second & np.uint64(WORD),
                          (first >> np.uint64(32)) ^ c3 ^ np.uint64(k1), first & np.uint64(WORD))
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return np.stack([c0, c1, c2, c3])


def words(seed: int, masks_left: int, position: int, token) -> np.ndarray:
    return philox((masks_left, position, token, 0), (seed & WORD, seed >> 32))[0]


def uniform(x):
    return (x.astype(np.float64) + 0.5) * 2.0**-32


def gumbel(x):
    """G = -log E, with E exponential. The series keeps a small v exact where log(1 - v) would cancel in fp32."""
    v = uniform(x)
    return -np.log(np.where(v < 2.0**-10, v + v * v / 2 + v**3 / 3, -np.log1p(-v)))


# --- the network --------------------------------------------------------------------------------------------------


def rotate(x: np.ndarray, positions, theta: float) -> np.ndarray:
    """Half-rotation RoPE of x [heads, rows, head_dim], each row by its position."""
    half = x.shape[-1] // 2
    angles = np.outer(positions, theta ** (-np.arange(half) / half))
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], -1)


class Network:
    """LLaDA's forward pass on one sequence, in double precision. Weights are [outputs, inputs]."""

    def __init__(self, folder: Path):
        self.config = json.loads((folder / "config.json").read_text())
        self.w = {name.removeprefix(PREFIX).removesuffix(".weight"): w.double().numpy()
                  for name, w in read_weights(folder).items()}
        golden = load_file(folder / "golden.safetensors")
        for ids, expected in zip(golden["input_ids"], golden["logits"]):
            error = np.linalg.norm(self.logits(ids) - expected) / np.linalg.norm(expected)
            assert error < 1e-5, f"{folder.name}: relative error {error} to the golden logits"

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.config["rms_norm_eps"]) * self.w[name]

    def heads(self, x: np.ndarray, count: int, rotated: bool) -> np.ndarray:
        """[rows, count * head_dim] -> [count, rows, head_dim], with RoPE if `rotated`."""
        x = x.reshape(len(x), count, -1).transpose(1, 0, 2)
        if not rotated:
            return x
        return self.rotated(x)

    def rotated(self, x: np.ndarray) -> np.ndarray:
        return rotate(x, np.arange(x.shape[1]), self.config["rope_theta"])

    def visible(self, rows: int) -> np.ndarray:
        """Which rows each row sees: [rows, rows]."""
        return np.ones((rows, rows), dtype=bool)

    def attention(self, n: np.ndarray, block: str) -> np.ndarray:
        queries, groups = self.config["n_heads"], self.config["n_kv_heads"]
        q = self.heads(n @ self.w[block + "q_proj"].T, queries, rotated=True)
        k = self.heads(n @ self.w[block + "k_proj"].T, groups, rotated=True).repeat(queries // groups, axis=0)
        v = self.heads(n @ self.w[block + "v_proj"].T, groups, rotated=False).repeat(queries // groups, axis=0)
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])) * self.visible(len(n))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        return mixed.transpose(1, 0, 2).reshape(len(n), -1) @ self.w[block + "attn_out"].T

    def mlp(self, n: np.ndarray, block: str) -> np.ndarray:
        gate = n @ self.w[block + "ff_proj"].T
        return (gate / (1.0 + np.exp(-gate)) * (n @ self.w[block + "up_proj"].T)) @ self.w[block + "ff_out"].T

    def logits(self, ids) -> np.ndarray:
        """[length] ids -> [length, vocabulary]."""
        x = self.w["wte"][np.asarray(ids)]
        for i in range(self.config["n_layers"]):
            block = f"blocks.{i}."
            x = x + self.attention(self.norm(x, block + "attn_norm"), block)
            x = x + self.mlp(self.norm(x, block + "ff_norm"), block)
        return self.norm(x, "ln_f") @ self.w["ff_out"].T


# --- the sampler --------------------------------------------------------------------------------------------------


class TooClose(Exception):
    """A decision that rounding could turn."""


def decide(larger: float, smaller: float, scale: float):
    if larger - smaller <= MARGIN * scale:
        raise TooClose


def arg_max(scores: np.ndarray) -> int:
    best = int(np.argmax(scores))  # the first of equals, so the lowest id
    rest = np.delete(scores, best)
    decide(scores[best], rest.max(), np.abs(scores[np.isfinite(scores)]).max())
    return best


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def kept_counts(scaled: np.ndarray, order: np.ndarray, o: Options, margin: float = MARGIN) -> range:
    """How many of the tokens in `order` top-p and top-k keep: all counts that rounding may lead to. scaled = z / T."""
    least = most = int(np.isfinite(scaled).sum())
    if o.top_p < 1.0:
        probabilities = softmax(scaled)[order]
        before = np.cumsum(probabilities) - probabilities
        least, most = (int((before <= o.top_p * share).sum()) for share in (1.0 - margin, 1.0 + margin))
    if 0 < o.top_k < most:
        ranked = scaled[order]
        close = ranked[o.top_k - 1] - ranked[o.top_k] <= margin * np.abs(ranked[0])
        least, most = min(least, o.top_k - close), o.top_k + close
    return range(max(least, 1), most + 1)


def choose_token(z: np.ndarray, o: Options, masks_left: int, position: int) -> int:
    if o.temperature == 0.0:
        return arg_max(z)
    noised = z + o.temperature * gumbel(words(o.seed, masks_left, position, np.arange(len(z))))
    order = np.argsort(-z, kind="stable")
    choices = {arg_max(np.where(np.isin(np.arange(len(z)), order[:count]), noised, -np.inf))
               for count in kept_counts(z / o.temperature, order, o)}
    if len(choices) > 1:
        raise TooClose
    return choices.pop()


def transfer_schedule(tokens: int, steps: int) -> list[int]:
    return [tokens // steps + (t < tokens % steps) for t in range(steps)]


class Sampler:
    """logits: a function from ids [length] to float64 [length, vocabulary]."""

    def __init__(self, logits, mask: int, eos: int, eot: int):
        self.logits, self.mask, self.eos, self.eot = logits, mask, eos, eot

    def guided_logits(self, x: list[int], prompt: int, o: Options) -> np.ndarray:
        z = self.logits(x)
        if o.guidance > 0.0:
            u = self.logits([self.mask] * prompt + x[prompt:])
            z = u + (o.guidance + 1.0) * (z - u)
        z[:, self.mask] = -np.inf
        if o.suppress_end:
            z[:, self.eos] = -np.inf
        return z

    def confidence(self, z: np.ndarray, token: int, o: Options, masks_left: int, position: int) -> float:
        if o.postpone_end and token in (self.eos, self.eot):
            return -np.inf
        if o.remasking == "random":
            return float(uniform(words(o.seed, masks_left, position, ANY_TOKEN)))
        return float(softmax(z)[token])

    def step(self, x: list[int], prompt: int, block: range, count: int, o: Options) -> list[tuple[int, int]]:
        """Commits `count` positions of the block to x; returns (position, token), most confident first."""
        z, masks_left = self.guided_logits(x, prompt, o), x.count(self.mask)
        candidates = []
        for position in (p for p in block if x[p] == self.mask):
            token = choose_token(z[position], o, masks_left, position)
            candidates.append((-self.confidence(z[position], token, o, masks_left, position), position, token))
        candidates.sort()
        for (a, _, _), (b, _, _) in zip(candidates, candidates[1:count + 1]):
            if np.isfinite(a):  # those ranked last are in order of position, which no rounding changes
                decide(-a, -b, -a)
        committed = [(position, token) for _, position, token in candidates[:count]]
        for position, token in committed:
            x[position] = token
        return committed

    def generate(self, prompt: list[int], o: Options) -> tuple[list[int], list]:
        """All ids, and per forward pass what it committed."""
        x, steps = prompt + [self.mask] * o.length, []
        blocks = o.length // o.block
        for b, block_steps in enumerate(transfer_schedule(blocks and o.steps, blocks)):
            block = range(len(prompt) + b * o.block, len(prompt) + (b + 1) * o.block)
            for count in transfer_schedule(o.block, block_steps):
                if count:
                    steps.append(self.step(x, len(prompt), block, count, o))
            if o.stop_at_end and self.eos in x[len(prompt):block.stop]:
                x[block.stop:] = [self.eos] * (len(x) - block.stop)
                break
        return x, steps


# --- fixtures -----------------------------------------------------------------------------------------------------

# Per model: options; "matters" asks for a prompt whose result differs without the rules about EOS and EoT. That is
# rare, so those have a high temperature and one prompt.
CASES = {
    "llada": [
        (Options(length=12, block=12, steps=12), ""),
        (Options(length=16, block=8, steps=8, temperature=0.4), ""),
        (Options(length=12, block=4, steps=6, remasking="random"), ""),
        (Options(length=12, block=6, steps=12, guidance=1.5), ""),
    ],
    "llada_odd": [
        (Options(length=24, block=24, steps=24), ""),
        (Options(length=24, block=8, steps=24), ""),
        (Options(length=24, block=8, steps=7), ""),  # three blocks of 3, 2 and 2 steps
        (Options(length=20, block=5, steps=33), ""),  # more steps than tokens
        (Options(length=18, block=9, steps=6, remasking="random"), ""),
        (Options(length=18, block=6, steps=18, remasking="random", temperature=0.7), ""),
        (Options(length=24, block=8, steps=12, temperature=1.0), ""),
        (Options(length=24, block=12, steps=24, temperature=0.8, top_k=5), ""),
        (Options(length=24, block=12, steps=24, temperature=1.3, top_p=0.85), ""),
        (Options(length=24, block=12, steps=12, temperature=1.1, top_k=9, top_p=0.9), ""),
        (Options(length=24, block=8, steps=24, guidance=0.5), ""),
        (Options(length=16, block=8, steps=8, guidance=2.0, temperature=0.6, top_p=0.95), ""),
        (Options(length=16, block=4, steps=8, suppress_end=True, temperature=3.0), "matters"),
        (Options(length=24, block=8, steps=24, postpone_end=True), ""),
        (Options(length=20, block=5, steps=12, postpone_end=True, temperature=3.0), "matters"),
        (Options(length=16, block=4, steps=8, stop_at_end=True, temperature=3.0), "matters"),
        (Options(length=20, block=4, steps=11, stop_at_end=True, temperature=4.0, top_p=0.98), "matters"),
        (Options(length=24, block=6, steps=16, stop_at_end=True, postpone_end=True, temperature=0.7,
                 top_k=20, guidance=0.3), ""),
    ],
    "llada_grouped": [
        (Options(length=24, block=8, steps=12), ""),
        (Options(length=20, block=10, steps=20, temperature=0.9, top_p=0.9), ""),
        (Options(length=18, block=9, steps=9, guidance=1.0, remasking="random"), ""),
    ],
}
PROMPT_LENGTHS = [5, 13, 9]  # one case per length


def end_rules_matter(sampler: Sampler, ids: list[int], prompt: list[int], o: Options) -> bool:
    plain = replace(o, suppress_end=False, postpone_end=False, stop_at_end=False)
    return sampler.generate(prompt, plain)[0] != ids


def find_case(sampler: Sampler, ordinary: int, o: Options, what: str, length: int, rng: np.random.Generator) -> dict:
    """Draws prompts of ordinary tokens, and seeds, until no decision is close and the case shows what it must."""
    for attempt in range(1, 1001):
        prompt = [int(t) for t in rng.integers(ordinary, size=length)]
        seed = int(rng.integers(2**63)) if o.temperature > 0.0 or o.remasking == "random" else 0
        seeded = replace(o, seed=seed)
        try:
            ids, steps = sampler.generate(prompt, seeded)
            if what == "matters" and not end_rules_matter(sampler, ids, prompt, seeded):
                continue
        except TooClose:
            continue
        print(f"  {attempt} draws for {o}", flush=True)
        return {"options": asdict(seeded), "prompt": prompt, "ids": ids,
                "steps": [[list(commit) for commit in step] for step in steps]}
    raise SystemExit(f"no prompt found for {o}")


def make_vanilla(golden: Path) -> dict:
    models = []
    for name, cases in CASES.items():
        print(name)
        network = Network(golden / name)
        mask, eos = network.config["mask_token_id"], network.config["eos_token_id"]
        eot = eos - 1
        sampler, rng = Sampler(network.logits, mask, eos, eot), np.random.default_rng(2025)
        models.append({"model": name, "mask_token": mask, "eos_token": eos, "eot_token": eot,
                       "cases": [find_case(sampler, eot, o, what, length, rng) for o, what in cases
                                 for length in (PROMPT_LENGTHS[:1] if what else PROMPT_LENGTHS)]})
    return {"about": "Made by tests/tools/sampler_reference.py, which states the rules. steps: per forward pass, the "
                     "[position, token] committed, most confident first. Prompts and seeds are drawn so that every "
                     f"decision has a relative margin above {MARGIN}.", "models": models}


def exact_gumbel(x: int) -> tuple[float, float]:
    """E and G of a word, to double precision by way of 50 digits."""
    mpmath.mp.dps = 50
    v = (mpmath.mpf(x) + mpmath.mpf(1) / 2) / mpmath.mpf(2) ** 32
    e = v + v**2 / 2 + v**3 / 3 if v < mpmath.mpf(2) ** -10 else -mpmath.log(1 - v)
    return float(e), float(-mpmath.log(e))


# Counter and key in, four words out: known answers of Random123's kat_vectors, philox4x32-10.
KNOWN_ANSWERS = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([WORD] * 4, [WORD] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0],
     [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]
SPECIAL_WORDS = [0, 1, 2, 3, 255, 65535, 2**22 - 2, 2**22 - 1, 2**22, 2**22 + 1, 2**24 - 1, 2**24, 2**24 + 1, 2**31 - 1,
                 2**31, 2**31 + 1, 2714937127, 4026531840, WORD - 256, WORD - 255, WORD - 128, WORD - 127, WORD - 2,
                 WORD - 1, WORD]


def make_noise() -> dict:
    for counter, key, expected in KNOWN_ANSWERS:
        assert philox(counter, key).tolist() == expected
    rng = np.random.default_rng(7)
    vectors = [(c, k, e, "Random123 kat_vectors") for c, k, e in KNOWN_ANSWERS]
    for _ in range(6):
        counter = [int(rng.integers(512)), int(rng.integers(4096)), int(rng.integers(152064)), int(rng.integers(4))]
        key = [int(k) for k in rng.integers(2**32, size=2)]
        vectors.append((counter, key, philox(counter, key).tolist(), "sampler_reference.py"))
    gumbels = [{"x": x, "exponential": e, "gumbel": g} for x in SPECIAL_WORDS for e, g in [exact_gumbel(x)]]
    assert np.allclose(gumbel(np.array(SPECIAL_WORDS, dtype=np.uint64)), [g["gumbel"] for g in gumbels], rtol=1e-12)
    return {"about": "Made by tests/tools/sampler_reference.py. gumbel: E and G of shaders/include/philox.glsl for the "
                     "word x, exact to double precision; the series ends at x = 2^22 - 1.",
            "philox4x32_10": [dict(zip(("counter", "key", "words", "source"), v)) for v in vectors],
            "gumbel": gumbels}


def one_case_per_line(value, indent=0) -> str:
    """JSON whose small objects stand on one line each, so that a difference reads well."""
    flat = json.dumps(value)
    if len(flat) < 100 or indent == 4 or not isinstance(value, (dict, list)):
        return flat
    pad = " " * (indent + 1)
    inner = [one_case_per_line(v, indent + 1) for v in value] if isinstance(value, list) else \
        [f"{json.dumps(k)}: {one_case_per_line(v, indent + 1)}" for k, v in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{opening}\n" + ",\n".join(pad + i for i in inner) + f"\n{' ' * indent}{closing}"


def main():
    shared = Path(__file__).parent.parent / "shared"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=shared / "sampler")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, make in {"noise": make_noise, "vanilla": lambda: make_vanilla(shared / "golden")}.items():
        (arguments.out / f"{name}.json").write_text(one_case_per_line(make()) + "\n")


if __name__ == "__main__":
    main()
