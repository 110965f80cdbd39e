"""An independent NumPy implementation of Sparse-dLLM (Song et al. 2025, arXiv 2508.02558), and the maker of its fixtures.

    python sparse_reference.py            writes ../shared/sampler/sparse.json

A block's first and second step compute all rows. In the second each layer scores the keys outside the block: the mean over
heads of the product with the mean of the block's queries, then the largest of kernel_size neighbours among them. It keeps
the floor(keep_ratio * keys) best. Further steps compute the block's rows against those and the block's own keys. With
shifted logits (Dream) the row before the block is part of it.

Scores must differ by 1e-4 relatively where the kept ones end; other prompts are drawn again.
"""

from dataclasses import dataclass

import numpy as np

import fast_dllm_reference
from fast_dllm_reference import CachedDream, CachedLlada, Sampler, write_fixture
from sampler_reference import TooClose

SELECTION_MARGIN = 1e-4


@dataclass(frozen=True)
class Options(fast_dllm_reference.Options):
    keep_ratio: float = 0.5
    kernel_size: int = 3


class Evicting:
    """Mixed into a Cached network: `block` is what its rows attend to besides the kept keys."""

    block, visible, evicts = range(0), {}, None

    def attend(self, q, k, v, layer):
        keys, values = self.kept.setdefault(layer, (np.zeros((k.shape[0], self.length, k.shape[2])),
                                                    np.zeros((v.shape[0], self.length, v.shape[2]))))
        keys[:, self.rows], values[:, self.rows] = k, v
        seen = self.visible.get(layer, np.arange(self.length))
        scores = np.exp(q @ keys[:, seen].transpose(0, 2, 1) / np.sqrt(q.shape[-1]))
        if self.evicts is not None:
            self.visible[layer] = np.concatenate([self.best(q, keys, self.evicts), np.array(self.block, dtype=int)])
        return (scores / scores.sum(-1, keepdims=True)) @ values[:, seen]

    def best(self, q, keys, o):
        others = np.array([p for p in range(self.length) if p not in self.block], dtype=int)
        count = int(o.keep_ratio * len(others))
        if count == 0:
            return others[:0]
        mean = q[:, list(self.block)].mean(1)
        scores = np.einsum("hd,hkd->k", mean, keys[:, others]) / len(mean)
        reach = o.kernel_size // 2
        pooled = np.array([scores[max(0, i - reach):i + reach + 1].max() for i in range(len(scores))])
        order = np.argsort(-pooled, kind="stable")
        last, next_one = pooled[order[count - 1]], pooled[order[count]] if count < len(order) else -np.inf
        # Neighbours may share one largest score; then position decides, and rounding changes nothing.
        if last != next_one and last - next_one <= SELECTION_MARGIN * np.abs(scores).max():
            raise TooClose
        return np.sort(others[order[:count]])


class EvictingLlada(Evicting, CachedLlada):
    pass


class EvictingDream(Evicting, CachedDream):
    pass


class Sparse(Sampler):
    def active(self, x, block, asked, first, o):
        self.step_of_block = 0 if first else self.step_of_block + 1
        network, begin = self.network, self.predicting(block.start)
        network.block = range(begin, block.stop)
        if first:
            network.visible = {}
        network.evicts = o if self.step_of_block == 1 else None
        return network.block if self.step_of_block > 1 else range(len(x))


CASES = [
    Options(length=24, block=8, steps=24, cache="sparse"),
    Options(length=24, block=24, steps=24, cache="sparse"),
    Options(length=24, block=8, steps=12, cache="sparse", keep_ratio=0.2, temperature=0.7),
    Options(length=24, block=12, steps=24, cache="sparse", keep_ratio=0.8, kernel_size=1, threshold=0.15),
    Options(length=16, block=8, steps=16, cache="sparse", keep_ratio=0.3, kernel_size=5),
    Options(length=16, block=8, steps=16, cache="sparse", keep_ratio=0.0),
]


def main():
    write_fixture("sparse", __file__,
                  {"llada_odd": EvictingLlada, "llada_grouped": EvictingLlada, "dream": EvictingDream},
                  lambda network, o: Sparse(network), lambda model: CASES, [5, 13])


if __name__ == "__main__":
    main()
