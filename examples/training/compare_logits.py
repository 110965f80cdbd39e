"""Largest error of the engine's logits against torch's, over the largest logit.

    unmask logits --model DIR --tokens "1 2 3" --out logits.npy
    python compare_logits.py DIR logits.npy --tokens "1 2 3"
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from folder import load
from sdar import Sdar


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("logits", type=Path, help="what `unmask logits` wrote")
    parser.add_argument("--tokens", required=True, help="token ids, as given to `unmask logits`")
    a = parser.parse_args()
    model, tokens = load(a.model), torch.tensor([[int(t) for t in a.tokens.split()]])
    with torch.no_grad():
        right = (model.logits if isinstance(model, Sdar) else model)(tokens)[0].numpy()
    error = np.abs(np.load(a.logits) - right).max() / np.abs(right).max()
    print(f"{error:.1e} of the largest logit, {np.abs(right).max():.2f}, over {len(right)} rows")


if __name__ == "__main__":
    main()
