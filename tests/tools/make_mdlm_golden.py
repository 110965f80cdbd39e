"""Makes the golden MDLM models under tests/shared/golden: tiny random folders and what to expect of them.

    python make_mdlm_golden.py [--authors FOLDER] [--out ../shared/golden]

`mdlm` is copied from --authors (left alone without it): logits by the authors' own modelling code.
`mdlm_odd` and `mdlm_half` are made here, at unequal sizes, with logits by the network below: NumPy in double precision,
written from the paper (Sahoo et al. 2024) and from DiT's (Peebles and Xie 2023), with adaLN as it was trained. The
runtime folds adaLN into the weights, so that agreeing with these logits shows that folding changes nothing. With
--authors the script proves that the network below reproduces the authors' logits, so that both references agree.
`mdlm_tiny` has a vocabulary of few tokens, whose joint distribution under each sampler is computed by enumeration:
joint.json has the probability of every text.

Needs numpy and safetensors; the results are committed, so tests need neither.
"""

import argparse
import itertools
import json
import shutil
from functools import lru_cache
from math import comb
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

EPS = 1e-5


def silu(x):
    return x / (1.0 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


def layer_norm(x, weight):
    """Without a bias: adaLN's shift takes its place."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPS) * weight


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def rotate(x):
    """Half-rotation RoPE of [length, heads, head_dim], base 10000."""
    length, _, dim = x.shape
    angle = np.arange(length)[:, None] * 10000.0 ** (-np.arange(0, dim, 2) / dim)
    cos, sin = np.cos(angle)[:, None, :], np.sin(angle)[:, None, :]
    a, b = x[..., :dim // 2], x[..., dim // 2:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


class Network:
    """The diffusion transformer with its modulations, told noise level 0."""

    def __init__(self, folder: Path):
        self.config = json.loads((folder / "config.json").read_text())
        self.w = {name.removeprefix("backbone."): w.astype(np.float64)
                  for name, w in load_file(folder / "model.safetensors").items()}
        model = self.config.get("model", self.config)
        self.heads, self.blocks = model["n_heads"], model["n_blocks"]
        angles = 0.0 * np.exp(-np.log(10000.0) * np.arange(128) / 128)
        c = np.concatenate([np.cos(angles), np.sin(angles)])
        for layer in ("sigma_map.mlp.0", "sigma_map.mlp.2"):
            c = silu(self.linear(layer, c))
        self.condition = c

    def linear(self, name, x):
        y = x @ self.w[name + ".weight"].T
        return y + self.w[name + ".bias"] if name + ".bias" in self.w else y

    def modulation(self, name, count):
        return np.split(self.linear(name + ".adaLN_modulation", self.condition), count)

    def attention(self, name, x):
        length, hidden = x.shape
        q, k, v = self.linear(name + ".attn_qkv", x).reshape(length, 3, self.heads, -1).transpose(1, 0, 2, 3)
        scores = np.einsum("qhd,khd->hqk", rotate(q), rotate(k)) / np.sqrt(hidden / self.heads)
        mixed = np.einsum("hqk,khd->qhd", softmax(scores), v).reshape(length, hidden)
        return self.linear(name + ".attn_out", mixed)

    def block(self, name, x):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(name, 6)
        h = layer_norm(x, self.w[name + ".norm1.weight"]) * (1 + scale1) + shift1
        x = x + gate1 * self.attention(name, h)
        h = layer_norm(x, self.w[name + ".norm2.weight"]) * (1 + scale2) + shift2
        return x + gate2 * self.linear(name + ".mlp.2", gelu(self.linear(name + ".mlp.0", h)))

    def logits(self, tokens):
        """[length] ids -> [length, vocabulary], before SUBS."""
        x = self.w["vocab_embed.embedding"][np.asarray(tokens)]
        for i in range(self.blocks):
            x = self.block(f"blocks.{i}", x)
        shift, scale = self.modulation("output_layer", 2)
        h = layer_norm(x, self.w["output_layer.norm_final.weight"]) * (1 + scale) + shift
        return self.linear("output_layer.linear", h)


def random_weights(hidden, blocks, condition, vocabulary, head_gain, rng) -> dict:
    """Weights whose activations and logits are of order one, so that an error anywhere is seen at the end."""
    def layer(outputs, inputs, gain=1.0):
        return {"weight": rng.normal(size=(outputs, inputs)) * gain / inputs**0.5,
                "bias": rng.normal(size=outputs) * 0.3}

    def norm():
        return {"weight": rng.uniform(0.5, 1.5, hidden)}

    tree = {"vocab_embed": {"embedding": rng.normal(size=(vocabulary, hidden))},
            "sigma_map.mlp.0": layer(condition, 256), "sigma_map.mlp.2": layer(condition, condition, 2.0),
            "output_layer.norm_final": norm(), "output_layer.linear": layer(vocabulary, hidden, head_gain),
            "output_layer.adaLN_modulation": layer(2 * hidden, condition)}
    for i in range(blocks):
        name = f"blocks.{i}."
        tree |= {name + "norm1": norm(), name + "norm2": norm(), name + "attn_qkv": layer(3 * hidden, hidden),
                 name + "attn_out": layer(hidden, hidden), name + "mlp.0": layer(4 * hidden, hidden),
                 name + "mlp.2": layer(hidden, 4 * hidden), name + "adaLN_modulation": layer(6 * hidden, condition)}
        del tree[name + "attn_qkv"]["bias"], tree[name + "attn_out"]["bias"]
    return {f"backbone.{name}.{part}": w for name, parts in tree.items() for part, w in parts.items()}


def config(hidden, heads, blocks, condition, vocabulary, length) -> dict:
    """In the words of the published Hugging Face folders."""
    return {"architectures": ["MDLM"], "model_type": "mdlm", "vocab_size": vocabulary, "model_length": length,
            "hidden_dim": hidden, "cond_dim": condition, "n_blocks": blocks, "n_heads": heads, "dropout": 0.1,
            "time_conditioning": False}


def write_model(folder: Path, c: dict, dtype, head_gain: float, seed: int) -> np.random.Generator:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    weights = random_weights(c["hidden_dim"], c["n_blocks"], c["cond_dim"], c["vocab_size"], head_gain, rng)
    save_file({name: w.astype(dtype) for name, w in weights.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(c, indent=1) + "\n")
    return rng


def make_golden(folder: Path, c: dict, dtype, seed: int):
    rng = write_model(folder, c, dtype, 2.0, seed)
    tokens = rng.integers(c["vocab_size"] - 1, size=(2, c["model_length"]))
    tokens[rng.random(tokens.shape) < 0.4] = c["vocab_size"] - 1
    network = Network(folder)
    logits = np.stack([network.logits(row) for row in tokens]).astype(np.float32)
    save_file({"input_ids": tokens, "logits": logits}, folder / "golden.safetensors")
    print(f"{folder.name}: {sum(f.stat().st_size for f in folder.iterdir())} bytes, logits of size {logits.std():.2f}")


def copy_authors(source: Path, target: Path):
    target.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors", "golden.safetensors"):
        shutil.copyfile(source / name, target / name)
    golden, network = load_file(target / "golden.safetensors"), Network(target)
    got = np.stack([network.logits(row) for row in golden["input_ids"]])
    error = np.abs(got - golden["logits"]).max() / np.abs(golden["logits"]).max()
    print(f"{target.name}: this network differs from the authors' logits by {error:.1e}")
    assert error < 1e-5


# --- the law of the samplers --------------------------------------------------------------------------------------


class Law:
    """Distributions over whole texts, by enumeration of what may be revealed when."""

    def __init__(self, network: Network):
        self.network, self.mask = network, network.config["vocab_size"] - 1

    @lru_cache(maxsize=None)
    def predictions(self, text):
        """p_x0 of every position given a text with masks: SUBS never predicts the mask."""
        logits = self.network.logits(text)
        logits[:, self.mask] = -np.inf
        return softmax(logits)

    def reveal(self, text, positions):
        """(text, probability) of sampling these positions, each by itself, from one prediction."""
        p = self.predictions(text)
        for tokens in itertools.product(range(self.mask), repeat=len(positions)):
            revealed, probability = list(text), 1.0
            for position, token in zip(positions, tokens):
                revealed[position] = token
                probability *= p[position, token]
            yield tuple(revealed), probability

    def step(self, law: dict, chances) -> dict:
        """chances(masked positions) gives (positions to reveal, probability of revealing just these)."""
        after = {}
        for text, weight in law.items():
            masked = [i for i, token in enumerate(text) if token == self.mask]
            for positions, chance in chances(masked):
                if chance == 0.0:
                    continue
                for revealed, probability in self.reveal(text, positions):
                    after[revealed] = after.get(revealed, 0.0) + weight * chance * probability
        return after

    def ancestral(self, text, steps: int) -> dict:
        """Sahoo et al.'s reverse process: from t to s, a mask is revealed with probability (t - s) / t. What is left
        at the end (1e-5 of the masks) is neglected."""
        law = {text: 1.0}
        for i in range(steps):
            chance = 1.0 / (steps - i)
            law = self.step(law, lambda masked: [
                (positions, chance**len(positions) * (1 - chance)**(len(masked) - len(positions)))
                for count in range(len(masked) + 1) for positions in itertools.combinations(masked, count)])
        return law

    def first_hitting(self, text, reveals: list[int]) -> dict:
        """Zheng et al. 2024 (arXiv 2409.02908): uniformly random masked positions, so many per evaluation."""
        law = {text: 1.0}
        for count in reveals:
            law = self.step(law, lambda masked: [(positions, 1.0 / comb(len(masked), count))
                                                 for positions in itertools.combinations(masked, count)])
        return law


def make_tiny(folder: Path, seed: int):
    c = config(hidden=16, heads=2, blocks=2, condition=8, vocabulary=5, length=8)
    write_model(folder, c, np.float32, 2.0, seed)
    law, mask = Law(Network(folder)), c["vocab_size"] - 1
    cases = []
    for name, prompt, length, steps in [("ancestral", [], 3, 2), ("ancestral", [2], 3, 5), ("first_hitting", [], 3, 3),
                                        ("first_hitting", [1, 3], 3, 2)]:
        text = tuple(prompt + [mask] * length)
        reveals = [length // steps + (i < length % steps) for i in range(steps)]
        joint = law.ancestral(text, steps) if name == "ancestral" else law.first_hitting(text, reveals)
        probabilities = [joint[tuple(prompt) + end] for end in itertools.product(range(mask), repeat=length)]
        assert abs(sum(probabilities) - 1.0) < 1e-12
        print(f"{folder.name}: {name}, prompt {prompt}, likeliest text {max(probabilities):.3f}")
        cases.append({"strategy": name, "prompt": prompt, "length": length, "steps": steps,
                      "probabilities": [float(f"{p:.9g}") for p in probabilities]})
    (folder / "joint.json").write_text(json.dumps(
        {"about": "Made by tests/tools/make_mdlm_golden.py. probabilities: of every text after the prompt, the last "
                  "position varying fastest.", "tokens": mask, "cases": cases}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--authors", type=Path, help="folder with the authors' golden MDLM")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "shared" / "golden")
    arguments = parser.parse_args()
    if arguments.authors:
        copy_authors(arguments.authors, arguments.out / "mdlm")
    make_golden(arguments.out / "mdlm_odd", config(72, 3, 2, 20, 131, 37), np.float32, seed=3)
    make_golden(arguments.out / "mdlm_half", config(48, 2, 3, 24, 85, 29), np.float16, seed=5)
    make_tiny(arguments.out / "mdlm_tiny", seed=14)


if __name__ == "__main__":
    main()
