"""An independent NumPy implementation of dKV-Cache (Ma et al. 2025, arXiv 2505.15781), and the maker of its fixtures.

    python dkv_reference.py            writes ../shared/sampler/dkv.json

A row is settled when its token is known; with shifted logits (Dream), by shift_type, when the next token is known (un),
when both are (un_right), or when its own is (right). Steps are counted from 0 in each block.

dkv-decode: steps 0 and 1 and every cache_steps-th compute all rows; the others all but those that were settled before
the step before. dkv-prefill: the rows of the prompt that are settled in the very first step are computed in that one
only, the others always. dkv-pd: both. A row that is asked for is computed in any case.

dkv-greedy: masks are filled in random order. Every cache_steps-th step computes all rows; the others those to be filled
now, those filled in the step before, and for each of the former its nearest window_size masked neighbours, from the left
and from the right in turn.
"""

from dataclasses import dataclass

from fast_dllm_reference import CachedDream, CachedLlada, Sampler, write_fixture
import fast_dllm_reference
from sampler_reference import ANY_TOKEN, uniform, words


@dataclass(frozen=True)
class Options(fast_dllm_reference.Options):
    remasking: str = "low_confidence"
    cache_steps: int = 8
    window_size: int = 4
    shift_type: str = "un"


class Delayed(Sampler):
    def generate(self, prompt, o):
        self.prompt, self.frozen, self.settled_before = len(prompt), None, None
        return super().generate(prompt, o)

    def settled(self, x, row, o):
        own = x[row] != self.network.mask
        if not self.network.shifted:
            return own
        following = row + 1 == len(x) or x[row + 1] != self.network.mask
        return {"un": following, "un_right": own and following, "right": own}[o.shift_type]

    def active(self, x, block, asked, first, o):
        self.step_of_block = 0 if first else self.step_of_block + 1
        settled = {row for row in range(len(x)) if self.settled(x, row, o)}
        kept = set()
        if o.cache != "dkv-prefill" and self.step_of_block >= 2 and self.step_of_block % o.cache_steps:
            kept |= self.settled_before
        if self.frozen is None:
            self.frozen = {row for row in settled if row < self.prompt}
        elif o.cache != "dkv-decode":
            kept |= self.frozen
        self.settled_before = settled
        kept -= {self.predicting(position) for position in asked}
        return [row for row in range(len(x)) if row not in kept]


class Greedy(Sampler):
    def noise(self, x, position, o):
        return float(uniform(words(o.seed, x.count(self.network.mask), position, ANY_TOKEN)))

    def confidence(self, z, token, o, masks_left, position):
        return float(uniform(words(o.seed, masks_left, position, ANY_TOKEN)))

    def asked(self, x, masked, share, o):
        return sorted(sorted(masked, key=lambda position: -self.noise(x, position, o))[:share])

    def neighbours(self, x, position, o):
        masks = [p for p in range(len(x)) if x[p] == self.network.mask and p != position]
        sides = [[p for p in reversed(masks) if p < position], [p for p in masks if p > position]]
        found, side = [], 0
        while len(found) < min(o.window_size, len(masks)):
            side = side if sides[side] else 1 - side
            found.append(sides[side].pop(0))
            side = 1 - side
        return found

    def active(self, x, block, asked, first, o):
        self.step_of_block = 0 if first else self.step_of_block + 1
        filled_before, self.filled = ([] if self.step_of_block == 0 else self.filled), asked
        if self.step_of_block % o.cache_steps == 0:
            return range(len(x))
        return sorted(set(asked) | set(filled_before) | {n for p in asked for n in self.neighbours(x, p, o)})


def cases(model):
    found = [
        Options(length=24, block=24, steps=24, cache="dkv-decode"),
        Options(length=24, block=12, steps=12, cache="dkv-decode", cache_steps=3, temperature=0.7),
        Options(length=24, block=24, steps=24, cache="dkv-decode", cache_steps=100, threshold=0.15),
        Options(length=24, block=8, steps=24, cache="dkv-prefill"),
        Options(length=24, block=24, steps=16, cache="dkv-pd", cache_steps=4),
    ]
    if model == "dream":
        return found + [
            Options(length=16, block=16, steps=16, cache="dkv-decode", cache_steps=5, shift_type="un_right"),
            Options(length=16, block=16, steps=16, cache="dkv-pd", cache_steps=5, shift_type="right"),
        ]
    return found + [
        Options(length=24, block=24, steps=24, cache="dkv-greedy", cache_steps=2, remasking="random"),
        Options(length=24, block=12, steps=12, cache="dkv-greedy", cache_steps=4, window_size=3, remasking="random"),
        Options(length=16, block=16, steps=6, cache="dkv-greedy", cache_steps=3, window_size=0, remasking="random"),
    ]


def main():
    write_fixture("dkv", __file__, {"llada_odd": CachedLlada, "llada_grouped": CachedLlada, "dream": CachedDream},
                  lambda network, o: (Greedy if o.cache == "dkv-greedy" else Delayed)(network), cases, [5, 13])


if __name__ == "__main__":
    main()
