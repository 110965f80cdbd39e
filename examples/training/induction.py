"""What new models begin with: induction heads (Olsson et al. 2022, arXiv 2209.11895), which look something up in their
text. The first layer copies the neighbours of a token to it; the next layers look for tokens that are or stand beside
the same, and copy them.

From random weights, models as small as ours may take hours to find this; from these, minutes (mimetic initialisation:
Trockman and Kolter 2023, arXiv 2305.09828).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

NEIGHBOURS = (-1, -2, -3, 1)  # where the heads of the first layer look, from each token
LOOKING = 3  # layers after the first that look for like tokens; the others are random
EMBEDDING, SHARED = 0.5, 0.35  # root mean squares: of what is a token's own, and of what all tokens have in common
NOISE = 0.02  # standard deviation of weights that mean nothing yet
ALIKE, COPIED, SAID = 0.7, 0.3, 0.3  # scales of later queries and keys, of what attention adds, and of the output's


@dataclass
class Attention:
    """Weights of a layer [hidden, hidden] each, or views of them."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    out: torch.Tensor


@torch.no_grad()
def begin(embedding: torch.Tensor, output: torch.Tensor, layers: list[Attention], heads: int,
          cos: torch.Tensor, sin: torch.Tensor) -> None:
    """Sets the weights of embedding and output [vocabulary, hidden] and of attention. `cos` and `sin`: of the angles by
    which RoPE turns the pairs of a head from one row to the next [hidden / heads / 2]."""
    hidden = embedding.shape[1]
    shared = torch.randn(hidden)
    shared = F.normalize(shared - shared.mean(), dim=0)  # a LayerNorm leaves it as it is
    own = torch.eye(hidden) - torch.outer(shared, shared)  # takes what tokens share away
    embedding.copy_(EMBEDDING * hidden**0.5 * F.normalize(torch.randn_like(embedding) @ own))
    output.copy_(SAID * embedding)
    embedding.add_(SHARED * hidden**0.5 * shared)
    for index, layer in enumerate(layers):
        for matrix in (layer.query, layer.key, layer.value):
            matrix.normal_(std=NOISE)
        layer.out.normal_(std=NOISE / (2 * len(layers)) ** 0.5)
        if index > LOOKING:
            continue
        layer.value.add_(own)
        layer.out.add_(COPIED * torch.eye(hidden))
        if index > 0:
            layer.query.add_(ALIKE * torch.eye(hidden))
            layer.key.add_(ALIKE * torch.eye(hidden))
    _look_beside(layers[0], shared, heads, torch.atan2(sin, cos))


def _look_beside(layer: Attention, shared: torch.Tensor, heads: int, angles: torch.Tensor) -> None:
    """Every head looks at one neighbour: queries and keys are what all tokens share, and queries are rotated, by as
    much as rotates the neighbour's key. Of the pairs of elements only the faster half, which tell neighbours apart."""
    pairs = len(angles)
    offsets = torch.tensor([NEIGHBOURS[h % len(NEIGHBOURS)] for h in range(heads)])
    turned = torch.outer(offsets, angles)
    fast = (torch.arange(pairs) < pairs // 2).float()
    query = torch.cat((fast * turned.cos(), fast * turned.sin()), dim=1).flatten()
    key = torch.cat((fast.expand(heads, -1), torch.zeros(heads, pairs)), dim=1).flatten()
    layer.query.copy_(torch.outer(query, shared))
    layer.key.copy_(torch.outer(key, shared))
